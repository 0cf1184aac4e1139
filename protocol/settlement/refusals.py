"""Why the rules refuse a move. The names are those of the contracts' custom errors."""

from __future__ import annotations

from enum import StrEnum

from protocol.errors import Conflict


class Refusal(StrEnum):
    """A reason, named as in `IMarketErrors`, `ICommitteeArbiter` and `ITerms`."""

    ZERO_AMOUNT = "ZeroAmount"
    INSUFFICIENT_BALANCE = "InsufficientBalance"
    INSUFFICIENT_STAKE = "InsufficientStake"
    NOTHING_UNSTAKING = "NothingUnstaking"
    STAKE_LOCKED = "StakeLocked"
    STAKE_IN_DISPUTE = "StakeInDispute"
    AMOUNT_TOO_LARGE = "AmountTooLarge"
    INTAKE_PAUSED = "IntakePaused"
    PAUSE_TOO_LONG = "PauseTooLong"
    PAUSED_TOO_SOON = "PausedTooSoon"
    UNKNOWN_SEAT = "UnknownSeat"
    NOT_SEAT_HOLDER = "NotSeatHolder"
    SEAT_ALREADY_VACATED = "SeatAlreadyVacated"
    SEAT_NOT_VACATED = "SeatNotVacated"
    SEAT_LOCKED = "SeatLocked"
    SEAT_ON_DUTY = "SeatOnDuty"
    SEAT_EMPTY = "SeatEmpty"
    BAD_SIGNATURE = "BadSignature"
    NONCE_OF_ANOTHER_EPOCH = "NonceOfAnotherEpoch"
    EPOCHS_USED_UP = "EpochsUsedUp"
    BAD_TASK_COUNT = "BadTaskCount"
    ZERO_PRICE = "ZeroPrice"
    DEADLINE_PASSED = "DeadlinePassed"
    EMPTY_TIME_WINDOW = "EmptyTimeWindow"
    UNKNOWN_JOB = "UnknownJob"
    JOB_NOT_NEW = "JobNotNew"
    JOB_ALREADY_CLOSED = "JobAlreadyClosed"
    JOB_ALREADY_CANCELLED = "JobAlreadyCancelled"
    JOB_NOT_CLOSABLE = "JobNotClosable"
    TOO_MANY = "TooMany"
    LENGTH_MISMATCH = "LengthMismatch"
    WRONG_OPERATOR = "WrongOperator"
    JOB_NOT_STARTED = "JobNotStarted"
    COMMIT_PERIOD_OVER = "CommitPeriodOver"
    TASK_RANGE_INVALID = "TaskRangeInvalid"
    TASK_ALREADY_COMMITTED = "TaskAlreadyCommitted"
    AMOUNT_OUT_OF_RANGE = "AmountOutOfRange"
    RESULT_IS_VOID = "ResultIsVoid"
    LEASES_NOT_IN_ORDER = "LeasesNotInOrder"
    TOO_FAR_AHEAD = "TooFarAhead"
    UNKNOWN_BATCH = "UnknownBatch"
    SEED_ALREADY_FIXED = "SeedAlreadyFixed"
    SEED_NOT_READY = "SeedNotReady"
    SEED_GONE = "SeedGone"
    WINDOW_OPEN = "WindowOpen"
    WINDOW_OVER = "WindowOver"
    NO_SUCH_LINE = "NoSuchLine"
    NOTHING_TO_SETTLE = "NothingToSettle"
    TASK_NOT_IN_LEASE = "TaskNotInLease"
    TASK_NOT_DRAWN = "TaskNotDrawn"
    VERIFIER_NOT_DRAWN = "VerifierNotDrawn"
    AUDIT_ALREADY_ACCEPTED = "AuditAlreadyAccepted"
    AUDIT_DISAGREES = "AuditDisagrees"
    AUDIT_NOT_ACCEPTED = "AuditNotAccepted"
    NO_FEE_LEFT = "NoFeeLeft"
    LEASE_NOT_FINISHED = "LeaseNotFinished"
    NOT_CONTRADICTED = "NotContradicted"
    NO_EQUIVOCATION = "NoEquivocation"
    LEASE_FINISHED = "LeaseFinished"
    TASK_ALREADY_DISPUTED = "TaskAlreadyDisputed"
    UNKNOWN_DISPUTE = "UnknownDispute"
    DISPUTE_NOT_OPEN = "DisputeNotOpen"
    NOT_THE_PROVIDER = "NotTheProvider"
    CONCEDE_PERIOD_OVER = "ConcedePeriodOver"
    CONCEDE_PHASE_RUNNING = "ConcedePhaseRunning"
    COMMITTEE_ALREADY_DRAWN = "CommitteeAlreadyDrawn"
    COMMITTEE_NOT_DRAWN = "CommitteeNotDrawn"
    COMMITTEE_SEED_NOT_READY = "CommitteeSeedNotReady"
    NOT_A_MEMBER = "NotAMember"
    EMPTY_COMMITMENT = "EmptyCommitment"
    ALREADY_COMMITTED = "AlreadyCommitted"
    COMMIT_PHASE_OVER = "CommitPhaseOver"
    COMMIT_PHASE_RUNNING = "CommitPhaseRunning"
    ALREADY_REVEALED = "AlreadyRevealed"
    COMMITMENT_MISMATCH = "CommitmentMismatch"
    REVEAL_PHASE_OVER = "RevealPhaseOver"
    REVEAL_PHASE_RUNNING = "RevealPhaseRunning"
    OPEN_PHASE_OVER = "OpenPhaseOver"
    OPEN_PHASE_RUNNING = "OpenPhaseRunning"
    CLAIM_ALREADY_OPENED = "ClaimAlreadyOpened"
    CLAIM_MISMATCH = "ClaimMismatch"
    INVALID_PARAMS = "InvalidParams"
    NO_PROPOSAL = "NoProposal"
    NOTICE_RUNNING = "NoticeRunning"
    PROPOSAL_LAPSED = "ProposalLapsed"


class Refused(Conflict):
    """The market's rules refuse this."""

    code = "settlement_refused"

    def __init__(self, reason: Refusal, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason


def require(holds: bool, reason: Refusal, detail: str = "") -> None:
    """Check a rule.

    Raises:
        Refused: it does not hold.
    """
    if not holds:
        raise Refused(reason, detail)

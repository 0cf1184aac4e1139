"""What the money rules know: frozen facts, replaced as a whole when something happens."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.dispute import DisputeStatus, DisputeTerms, Verdict
from protocol.job import Job
from protocol.lease import LeaseResult
from protocol.lifecycle import JobFacts
from protocol.pricing import (
    BOND_LEASE_PART,
    BOND_PRICES,
    CONCESSION,
    REPORTER_PERCENT,
    SLASH,
    Penalty,
)
from protocol.units import ZERO_BYTES32, Address, Bytes32

MAX_ITEMS = 64
MAX_LEASE_TASKS = 4096
MAX_FREED_TASKS = 24 * MAX_LEASE_TASKS
MAX_GAP = 65_536
MAX_EPOCH = 255
LONGEST_PAUSE_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """When something happens, as the chain tells time."""

    block: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Terms:
    """A market's parameters, as far as money depends on them; multiples are in `Rules`."""

    seat_stake_wei: int
    dispute_bond_wei: int
    minimum_stake_wei: int
    seed_delay_blocks: int
    dispute_window_seconds: int
    concede_seconds: int
    commit_seconds: int
    reveal_seconds: int
    open_seconds: int
    commit_grace_seconds: int
    unstake_delay_seconds: int
    committee_size: int


@dataclass(frozen=True, slots=True)
class Rules:
    """What the contracts do by their code. Another value shows what a rule is for."""

    concession: Penalty = CONCESSION
    slash: Penalty = SLASH
    bond_prices: int = BOND_PRICES
    bond_lease_part: int = BOND_LEASE_PART
    forfeits_after_slash: bool = True
    accepts_agreeing_audits_only: bool = True
    pays_audits_late: bool = True
    contradicted_verifier_loses_seat: bool = True
    equivocating_verifier_loses_seat: bool = True
    reporter_percent: int = REPORTER_PERCENT
    lost_bond_provider_percent: int = 0
    concedes_late: bool = False
    fines_operator: bool = True


@dataclass(frozen=True, slots=True)
class Account:
    """An account's money inside Market, in wei. Mirrors types/Account.sol."""

    balance_wei: int = 0
    stake_wei: int = 0
    forfeit_block: int = 0
    open_disputes: int = 0
    epoch: int = 0
    unstaking_wei: int = 0
    unstake_at: int = 0
    strikes: int = 0

    @property
    def slashable_wei(self) -> int:
        """What stands behind its work: stake, also what is being unstaked."""
        return self.stake_wei + self.unstaking_wei


@dataclass(frozen=True, slots=True)
class SeatStake:
    """The money behind a seat. Mirrors market/Seats.sol's `SeatStake`."""

    stake_wei: int
    releasable_at: int = 0
    duties: int = 0


@dataclass(frozen=True, slots=True)
class JobTerms:
    """What opening a job fixes. Mirrors the fields of `protocol.job.Job` that money depends on."""

    requester: Address
    operator: Address
    task_count: int
    max_price_per_task_wei: int
    audit_budget_wei: int
    deadline: int
    not_before: int = 0
    nonce: int = 0
    relayer_fee_wei: int = 0

    @classmethod
    def of(cls, job: Job) -> JobTerms:
        """From what a requester signed."""
        return cls(
            requester=job.requester,
            operator=job.operator,
            task_count=job.task_count,
            max_price_per_task_wei=job.max_price_per_task,
            audit_budget_wei=job.audit_budget,
            deadline=job.deadline,
            not_before=job.not_before,
            nonce=job.nonce,
            relayer_fee_wei=job.relayer_fee,
        )

    @property
    def escrow_wei(self) -> int:
        """Every task at its highest price."""
        return self.task_count * self.max_price_per_task_wei


@dataclass(frozen=True, slots=True)
class JobState:
    """A job's money and progress. Mirrors types/JobState.sol, and counts its open leases.

    Tasks from `frontier` on were never committed. One that was cancelled before it was opened is
    known, and never can be.
    """

    terms: JobTerms
    escrow_wei: int
    audit_escrow_wei: int
    frontier: int = 0
    committed_tasks: int = 0
    settled_tasks: int = 0
    open_leases: int = 0
    cancelled_at: int = 0
    closed_at: int = 0
    is_opened: bool = True
    is_released: bool = False

    @property
    def open_tasks(self) -> int:
        """Tasks that are committed and neither paid nor lost."""
        return self.committed_tasks - self.settled_tasks

    @property
    def facts(self) -> JobFacts:
        """What `protocol.lifecycle` derives the status from."""
        return JobFacts(
            self.terms.task_count,
            self.terms.deadline,
            self.committed_tasks,
            self.settled_tasks,
            self.open_leases,
            self.cancelled_at,
            self.closed_at,
        )


@dataclass(frozen=True, slots=True)
class LeaseEntry:
    """One lease of a batch, as far as money depends on it."""

    lease_id: Bytes32
    job_id: Bytes32
    provider: Address
    first_task: int
    count: int
    amount_wei: int
    result_root: Bytes32 = ZERO_BYTES32

    @classmethod
    def of(cls, result: LeaseResult) -> LeaseEntry:
        """From what a device signed."""
        return cls(
            result.lease_id,
            result.job_id,
            result.provider,
            result.first_task,
            result.count,
            result.amount,
            result.result_root,
        )

    @property
    def price_per_task_wei(self) -> int:
        """Rounded down, as the contract does."""
        return self.amount_wei // self.count

    @property
    def tasks(self) -> range:
        """The indices of the tasks."""
        return range(self.first_task, self.first_task + self.count)


@dataclass(frozen=True, slots=True)
class Batch:
    """Leases committed together, each with the audit rate that was fixed for it.

    Once it `is_over` the chain has forgotten it, and refuses whatever it is asked about it.
    """

    entries: tuple[LeaseEntry, ...]
    rates_ppm: tuple[int, ...]
    operator: Address
    commit_block: int
    committed_at: int
    seed_block: int
    window_ends_at: int
    seat_count: int
    seed: Bytes32 | None = None
    finished_bitmap: int = 0
    disputed_bitmap: int = 0
    is_over: bool = False

    @property
    def job_ids(self) -> tuple[Bytes32, ...]:
        """Its jobs by rising id, as the chain takes them."""
        return tuple(sorted({entry.job_id for entry in self.entries}))

    def is_finished(self, index: int) -> bool:
        """Whether lease `index` was paid, lost or forfeited."""
        return bool(self.finished_bitmap >> index & 1)

    def is_disputed(self, index: int) -> bool:
        """Whether lease `index` is in dispute now."""
        return bool(self.disputed_bitmap >> index & 1)

    def is_window_over(self, seconds: int) -> bool:
        """Whether its leases can no longer be contested."""
        return seconds > self.window_ends_at


@dataclass(frozen=True, slots=True)
class AuditClaim:
    """What a drawn verifier has a fee set aside for.

    `digest` is the one that it signed, `claimed_digest` the provider's, as its opening proves it
    against the resultRoot. `is_signed` tells whether the signature is the verifier's.
    """

    index: int
    task: int
    verifier: Address
    attempt: int
    digest: Bytes32
    claimed_digest: Bytes32
    is_signed: bool = True


@dataclass(frozen=True, slots=True)
class AuditRef:
    """Which of a batch's audits. Mirrors types/AuditResult.sol's `AuditRef`."""

    index: int
    task: int
    round: int


@dataclass(frozen=True, slots=True)
class AcceptedAudit:
    """An audit that agrees, and what its verifier stands for with its seat, once.

    Mirrors types/AuditResult.sol's `AcceptedAudit`, and names the verifier and its digest.
    `fee_wei` is set aside until the lease is finished, and 0 from when it is paid.
    """

    verifier: Address
    digest: Bytes32
    seat_id: int
    accepted_block: int
    fee_wei: int
    is_refuted: bool = False


@dataclass(frozen=True, slots=True)
class Dispute:
    """A contested task. Mirrors types/Dispute.sol.

    `seat_ids` are those of its committee; None until that is drawn. `digest` is what its majority
    found. Whatever is enacted later, it is judged by its `terms`.
    """

    batch_id: Bytes32
    index: int
    task: int
    entry: LeaseEntry
    challenger: Address
    bond_wei: int
    opened_at: int
    opened_block: int
    seat_count: int
    terms: DisputeTerms
    status: DisputeStatus = DisputeStatus.OPEN
    verdict: Verdict = Verdict.NONE
    seat_ids: tuple[int, ...] | None = None
    digest: Bytes32 | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a committee decided. Mirrors types/Dispute.sol's `Ruling`, and names the digest.

    Bit i of `offenders` and `absentees` stands for the dispute's seat i: the former lose it with
    its stake, the latter without.
    """

    verdict: Verdict
    majority: tuple[Address, ...] = ()
    digest: Bytes32 | None = None
    offenders: int = 0
    absentees: int = 0

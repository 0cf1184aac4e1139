"""What the chain knows: frozen copies of the contracts' structs, field by field, in their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import IntFlag
from typing import Any, Self

from protocol.dispute import DisputeStatus, Verdict
from protocol.errors import InvalidInput
from protocol.typed_data import Domain
from protocol.units import Address, Bytes32, parse_address, parse_uint


@dataclass(frozen=True)
class Params:
    """A market's terms. Mirrors types/Params.sol.

    They are as deployed, but what `DisputeTerms` names, which a governor can change: ask again for
    these, or a dispute for the ones that it was opened under.
    """

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
    slash_multiple: int
    concede_multiple: int
    committee_size: int

    def values(self) -> tuple[int, ...]:
        """As contract calls take it."""
        return tuple(getattr(self, field.name) for field in fields(self))

    def to_json(self) -> dict[str, int | str]:
        """Wei as decimal text, everything else as numbers."""
        return {k: str(v) if k.endswith("_wei") else v for k, v in asdict(self).items()}

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read what `to_json` wrote.

        Raises:
            InvalidInput: a field is missing, unknown, or no number.
        """
        names = {field.name for field in fields(cls)}
        if not isinstance(value, Mapping) or set(value) != names:
            raise InvalidInput(f"params have exactly the fields {', '.join(sorted(names))}")
        return cls(**{name: parse_uint(value[name], 96) for name in names})


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """An account's money inside Market, in wei. Mirrors types/Account.sol.

    While `open_disputes` is not 0, its pay is held back, at most for an unstaking delay; what it
    had committed by `forfeit_block`, its last slash, is forfeited when its window is over. Of what
    it signs, only nonces that start with `epoch` count.
    """

    balance_wei: int
    stake_wei: int
    forfeit_block: int
    open_disputes: int
    epoch: int
    unstaking_wei: int
    unstake_at: int
    strikes: int


class JobFlag(IntFlag):
    """What came true of a job, for ever. Mirrors types/JobState.sol."""

    OPENED = 1
    CANCELLED = 2
    CLOSED = 4
    RELEASED = 8


@dataclass(frozen=True, slots=True)
class JobState:
    """What changes of a job on chain. Mirrors types/JobState.sol; the rest is in the signed `Job`.

    Tasks from `frontier` on were never committed; of those below it, all but the released ones and
    the ones that were skipped are.
    """

    escrow_wei: int
    audit_escrow_wei: int
    frontier: int
    committed_tasks: int
    settled_tasks: int
    flags: int
    cancelled_at: int

    @property
    def exists(self) -> bool:
        """Whether this job was ever opened."""
        return bool(self.flags & JobFlag.OPENED)

    @property
    def is_cancelled(self) -> bool:
        """Whether its requester has stopped it, before it was opened or after."""
        return bool(self.flags & JobFlag.CANCELLED)

    @property
    def is_closed(self) -> bool:
        """Whether what it had not spent was returned."""
        return bool(self.flags & JobFlag.CLOSED)


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """What changes of a batch on chain. Mirrors types/BatchState.sol, and tells `seat_count`:
    how many seats there were before its block, which its draws are among.
    """

    commit_block: int
    committed_at: int
    line_count: int
    finished_bits: int
    disputed_bits: int
    seat_count: int

    @property
    def exists(self) -> bool:
        """False: it was never committed, or all of it is finished."""
        return self.line_count > 0

    def is_finished(self, line: int) -> bool:
        """Whether that lease was paid, slashed, conceded or forfeited."""
        return bool(self.finished_bits >> line & 1)

    def is_disputed(self, line: int) -> bool:
        """Whether that lease is in dispute now."""
        return bool(self.disputed_bits >> line & 1)


@dataclass(frozen=True, slots=True)
class DisputeFacts:
    """A contested task. Mirrors types/Dispute.sol; `ruled_digest` is zero unless one was found.

    Its bond, multiples and committee's size are those of when it was opened.
    """

    batch_id: Bytes32
    job_id: Bytes32
    lease_id: Bytes32
    result_root: Bytes32
    ruled_digest: Bytes32
    challenger: Address
    opened_at: int
    opened_block: int
    provider: Address
    first_task: int
    count: int
    task: int
    requester: Address
    seat_count: int
    operator: Address
    amount_wei: int
    bond_wei: int
    slash_multiple: int
    concede_multiple: int
    committee_size: int
    line: int
    status: DisputeStatus
    verdict: Verdict

    @property
    def is_open(self) -> bool:
        """Whether it still waits to be conceded or judged."""
        return self.status == DisputeStatus.OPEN


@dataclass(frozen=True, slots=True)
class CommitteeFacts:
    """A dispute's committee and its phases. Mirrors `ICommitteeArbiter.Committee`.

    The phases' ends are 0 until the committee is drawn. `seat_ids`, `commitments` and `digests`
    follow `members`; zero stands for missing.
    """

    seed_block: int
    commit_by: int
    reveal_by: int
    open_by: int
    committed: int
    revealed: int
    is_drawn: bool
    is_claim_opened: bool
    claimed_digest: Bytes32
    members: tuple[Address, ...]
    seat_ids: tuple[int, ...]
    commitments: tuple[Bytes32, ...]
    digests: tuple[Bytes32, ...]
    revealed_bitmap: int

    def has_committed(self, member: Address) -> bool:
        """Whether the member has committed a vote."""
        return member in self.members and any(self.commitments[self.members.index(member)])

    def has_revealed(self, member: Address) -> bool:
        """Whether the member has revealed its vote."""
        if member not in self.members:
            return False
        return bool(self.revealed_bitmap >> self.members.index(member) & 1)


@dataclass(frozen=True)
class Deployment:
    """Where a market lives."""

    chain_id: int
    token: Address
    market: Address
    arbiter: Address
    beacon: Address
    deployed_block: int

    @property
    def domain(self) -> Domain:
        """Where signatures for this market count."""
        return Domain(self.chain_id, self.market)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read what `to_json` wrote.

        Raises:
            InvalidInput: a field is missing, unknown, or of another form.
        """
        names = {field.name for field in fields(cls)}
        if not isinstance(value, Mapping) or set(value) != names:
            raise InvalidInput(f"a deployment has exactly the fields {', '.join(sorted(names))}")
        return cls(
            chain_id=parse_uint(value["chain_id"], 64),
            token=parse_address(value["token"]),
            market=parse_address(value["market"]),
            arbiter=parse_address(value["arbiter"]),
            beacon=parse_address(value["beacon"]),
            deployed_block=parse_uint(value["deployed_block"], 64),
        )


@dataclass(frozen=True, slots=True)
class AuditClaim:
    """What an audit's fee is set aside for. Mirrors types/AuditResult.sol's `AuditClaim`.

    `line` says where the lease stands in its batch, `attempt` is the draw's. `signature` is the
    verifier's over the matching `AuditResult`. `leaf_salt` and `proof` open the provider's leaf:
    the same digest stands there, or it is not accepted.
    """

    line: int
    task: int
    attempt: int
    verifier: Address
    task_digest: Bytes32
    salt: Bytes32
    signature: bytes
    leaf_salt: Bytes32
    proof: tuple[Bytes32, ...]

    def values(self) -> tuple[object, ...]:
        """As contract calls take it."""
        return (
            self.line,
            self.task,
            self.attempt,
            self.verifier,
            self.task_digest,
            self.salt,
            self.signature,
            self.leaf_salt,
            list(self.proof),
        )


@dataclass(frozen=True, slots=True)
class AuditRef:
    """Which of a batch's audits: of a task of the lease at `line`, in a round."""

    line: int
    task: int
    round: int

    def values(self) -> tuple[int, int, int]:
        """As contract calls take it."""
        return (self.line, self.task, self.round)


@dataclass(frozen=True, slots=True)
class AcceptedAudit:
    """What the chain keeps of an audit. Mirrors types/AuditResult.sol's `AcceptedAudit`.

    `fee_wei` is set aside until the lease is finished, and 0 from when it is paid.
    """

    seat_id: int
    accepted_block: int
    fee_wei: int
    is_refuted: bool


@dataclass(frozen=True, slots=True)
class Equivocation:
    """Two signed words of one verifier that do not go together. Mirrors types/AuditResult.sol.

    The signatures are over an `AuditCommitment` to `commitment`, and over the `AuditResult` of
    `task_digest` and `salt`, which do not come to it.
    """

    line: int
    task: int
    round: int
    commitment: Bytes32
    commitment_signature: bytes
    task_digest: Bytes32
    salt: Bytes32
    result_signature: bytes

    def values(self) -> tuple[object, ...]:
        """As contract calls take it."""
        return tuple(getattr(self, field.name) for field in fields(self))

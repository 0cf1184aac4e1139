"""What the chain knows: frozen copies of the contracts' structs, field by field, in their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import IntEnum
from typing import Any, Self

from protocol.errors import InvalidInput
from protocol.lease import CommittedLease
from protocol.lifecycle import JobFacts
from protocol.typed_data import Domain
from protocol.units import Address, Bytes32, parse_address, parse_uint


@dataclass(frozen=True)
class Params:
    """What a market is deployed with. Mirrors types/Params.sol."""

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
    """An account's money inside Market, in wei. Mirrors `IMarket.Account`.

    While `open_disputes` is not 0, its pay is held back, at most for an unstaking delay; what it
    had committed by `forfeit_block`, its last slash, is forfeited when its window is over.
    """

    balance_wei: int
    stake_wei: int
    unvested_wei: int
    unstaking_wei: int
    unstake_at: int
    strikes: int
    open_disputes: int
    forfeit_block: int


@dataclass(frozen=True, slots=True)
class JobState:
    """A job on chain. Mirrors `IMarket.JobState`; `requester` is zero for an unknown job."""

    requester: Address
    operator: Address
    task_count: int
    committed_tasks: int
    settled_tasks: int
    open_leases: int
    max_price_per_task_wei: int
    escrow_wei: int
    audit_escrow_wei: int
    not_before: int
    deadline: int
    cancelled_at: int
    closed_at: int

    @property
    def exists(self) -> bool:
        """Whether this job was ever opened."""
        return self.task_count > 0

    @property
    def facts(self) -> JobFacts:
        """What `protocol.lifecycle` derives the status from."""
        return JobFacts(
            self.task_count,
            self.deadline,
            self.committed_tasks,
            self.settled_tasks,
            self.open_leases,
            self.cancelled_at,
            self.closed_at,
        )


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """A batch of committed leases. Mirrors `IMarket.Batch`.

    `seed` and `window_ends_at`, until when it can be disputed, are zero until the seed is fixed.
    """

    root: Bytes32
    operator: Address
    lease_count: int
    commit_block: int
    seed_block: int
    committed_at: int
    seat_count: int
    seed: Bytes32
    finished_bitmap: int
    disputed_bitmap: int
    window_ends_at: int

    @property
    def is_seeded(self) -> bool:
        """Whether the seed is fixed, so that the draws can be made."""
        return any(self.seed)

    def is_finished(self, index: int) -> bool:
        """Whether lease `index` was paid, slashed or conceded."""
        return bool(self.finished_bitmap >> index & 1)

    def is_disputed(self, index: int) -> bool:
        """Whether lease `index` is in dispute now."""
        return bool(self.disputed_bitmap >> index & 1)


class DisputeStatus(IntEnum):
    """Where a dispute stands. Mirrors types/Dispute.sol."""

    UNKNOWN = 0
    OPEN = 1
    CONCEDED = 2
    RESOLVED = 3


class Verdict(IntEnum):
    """How a dispute ended; NONE is void, or not yet."""

    NONE = 0
    PROVIDER_LOST = 1
    CHALLENGER_LOST = 2


@dataclass(frozen=True, slots=True)
class DisputeFacts:
    """A contested task. Mirrors types/Dispute.sol."""

    batch_id: int
    job_id: Bytes32
    lease_id: Bytes32
    result_root: Bytes32
    challenger: Address
    opened_at: int
    opened_block: int
    provider: Address
    first_task: int
    count: int
    task: int
    seat_count: int
    amount_wei: int
    bond_wei: int
    index: int
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
    """What a verifier is paid for. Mirrors types/AuditResult.sol's `AuditClaim`.

    `index` and `proof` place the lease under the batch's root; `attempt` is the draw's.
    `signature` is the verifier's over the matching `AuditResult`.
    """

    lease: CommittedLease
    index: int
    proof: tuple[Bytes32, ...]
    task: int
    verifier: Address
    attempt: int
    task_digest: Bytes32
    salt: Bytes32
    signature: bytes

    def values(self) -> tuple[object, ...]:
        """As contract calls take it."""
        return (
            self.lease.values(),
            self.index,
            list(self.proof),
            self.task,
            self.verifier,
            self.attempt,
            self.task_digest,
            self.salt,
            self.signature,
        )

"""Rows as the services see them: frozen, and named as their columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, Table

from protocol.job import Job
from protocol.lease import Lease, LeaseResult
from protocol.lifecycle import JobFacts
from protocol.offer import Offer
from protocol.spec import Spec
from protocol.units import Address, Bytes32, ContentId

R = TypeVar("R")


def columns(record: type[Any], table: Table) -> list[ColumnElement[Any]]:
    """The columns of `table` that a record holds, in its order."""
    return [table.c[field.name] for field in fields(record)]


def one(record: Callable[..., R], row: Row[Any] | None) -> R | None:
    """A row as a record."""
    return None if row is None else record(*row)


def many(record: Callable[..., R], rows: Iterable[Row[Any]]) -> list[R]:
    """Rows as records."""
    return [record(*row) for row in rows]


@dataclass(frozen=True)
class JobRecord:
    """A signed job as it was posted."""

    job_id: Bytes32
    requester: Address
    message: dict[str, Any]
    signature: bytes
    spec: dict[str, Any]
    label: str
    task_count: int
    max_price_wei: int
    audit_budget_wei: int
    total_wei: int
    not_before: int
    deadline: int
    created_at: int
    rejected_because: str | None
    cancel_signature: bytes | None
    stopped_because: str | None

    @cached_property
    def job(self) -> Job:
        """The signed message."""
        return Job.from_json(self.message)

    @cached_property
    def parsed_spec(self) -> Spec:
        """The spec."""
        return Spec.from_json(self.spec)


@dataclass(frozen=True)
class ChainJobRecord:
    """What the chain says of a job."""

    job_id: Bytes32
    requester: Address
    opened_at: int
    committed_tasks: int
    settled_tasks: int
    open_leases: int
    paid_wei: int
    audit_fees_wei: int
    refunded_wei: int
    cancelled_at: int
    closed_at: int

    def facts(self, job: JobRecord) -> JobFacts:
        """What `protocol.lifecycle` derives a status from."""
        return JobFacts(
            job.task_count,
            job.deadline,
            self.committed_tasks,
            self.settled_tasks,
            self.open_leases,
            self.cancelled_at,
            self.closed_at,
        )


@dataclass(frozen=True)
class TaskRecord:
    """One task of a job."""

    job_id: Bytes32
    task: int
    input_blob: ContentId
    lease_id: Bytes32 | None
    attempts: int
    was_slashed: bool


@dataclass(frozen=True)
class OfferRecord:
    """A standing offer."""

    device: Address
    provider: Address
    offer_id: Bytes32
    message: dict[str, Any]
    ask_wei: int
    nonce: int
    expires_at: int
    is_withdrawn: bool
    seen_at: int

    @cached_property
    def offer(self) -> Offer:
        """The signed message."""
        return Offer.from_json(self.message)


@dataclass(frozen=True)
class DeviceRecord:
    """How a device has behaved."""

    device: Address
    finished_leases: int
    failures_in_row: int
    backoff_until: int


@dataclass(frozen=True)
class LeaseRecord:
    """A lease as it was granted, and what became of it here."""

    lease_id: Bytes32
    job_id: Bytes32
    provider: Address
    device: Address
    first_task: int
    count: int
    price_wei: int
    fence: int
    granted_at_ms: int
    expires_at: int
    last_expiry_at: int
    tasks_done: int
    finished_at_ms: int | None
    ended_at: int | None
    fault: str | None
    end_reason: str | None
    end_detail: str | None
    amount_wei: int | None
    result_root: Bytes32 | None
    signature: bytes | None
    lease_salt: Bytes32 | None
    batch_key: str | None

    @property
    def lease(self) -> Lease:
        """The granted message."""
        return Lease(
            self.job_id,
            self.provider,
            self.device,
            self.first_task,
            self.count,
            self.price_wei,
            self.fence,
        )

    @property
    def result(self) -> LeaseResult:
        """What the device signed; only of a finished lease."""
        assert self.amount_wei is not None
        assert self.result_root is not None
        return LeaseResult(
            self.lease_id,
            self.job_id,
            self.provider,
            self.first_task,
            self.count,
            self.amount_wei,
            self.result_root,
        )

    @property
    def last_task(self) -> int:
        """The last task's index."""
        return self.first_task + self.count - 1


@dataclass(frozen=True)
class ResultRecord:
    """One task's result under one lease."""

    lease_id: Bytes32
    task: int
    output_blob: ContentId | None
    failure: str | None
    digest: Bytes32
    size_bytes: int


@dataclass(frozen=True)
class AuditRecord:
    """A verifier's audit of one task."""

    lease_id: Bytes32
    task: int
    verifier: Address
    batch_id: Bytes32
    attempt: int
    peer: Address | None
    commitment: Bytes32
    committed_at: int
    digest: Bytes32 | None
    salt: Bytes32 | None
    signature: bytes | None
    agrees: bool | None
    claim_key: str | None
    is_tolerant: bool


@dataclass(frozen=True)
class DisputeCommitment:
    """What a committee's member is bound to, in a dispute of a job with a comparator."""

    dispute_id: int
    member: Address
    lease_id: Bytes32
    task: int
    commitment: Bytes32
    signature: bytes
    committed_at: int


@dataclass(frozen=True)
class RelayRecord:
    """A transaction that the operator sends."""

    key: str
    attempt: int
    kind: str
    to_address: Address
    data: bytes
    value_wei: int
    created_at: int
    status: str
    reason: str | None


@dataclass(frozen=True)
class BatchRecord:
    """A batch on chain, without its content."""

    batch_id: Bytes32
    operator: Address
    lease_count: int
    commit_block: int
    committed_at: int
    seed: Bytes32 | None
    finished_at: int | None


@dataclass(frozen=True)
class ChainLeaseRecord:
    """A committed lease."""

    lease_id: Bytes32
    batch_id: Bytes32
    line: int
    job_id: Bytes32
    provider: Address
    first_task: int
    count: int
    amount_wei: int
    result_root: Bytes32
    audit_rate_ppm: int
    committed_at: int
    dispute_id: int | None
    settled_at: int | None
    released_at: int | None

    @property
    def is_open(self) -> bool:
        """Neither paid nor released."""
        return self.settled_at is None and self.released_at is None


@dataclass(frozen=True)
class DisputeRecord:
    """A dispute on chain."""

    dispute_id: int
    lease_id: Bytes32
    batch_id: Bytes32
    job_id: Bytes32
    task: int
    provider: Address
    challenger: Address
    opened_block: int
    opened_at: int
    seed_block: int | None
    members: list[str] | None
    commit_by: int | None
    reveal_by: int | None
    open_by: int | None
    votes: int
    reveals: int
    is_claim_opened: bool
    is_conceded: bool
    resolved_at: int | None
    verdict: int | None
    slashed_wei: int


@dataclass(frozen=True, slots=True)
class SettleableBatch:
    """A batch of which some leases can be paid or are forfeited: how many."""

    batch_id: Bytes32
    committed_at: int
    leases: int


@dataclass(frozen=True, slots=True)
class DueFee:
    """An accepted audit of a finished lease, the `line`-th of its batch, whose fee can be paid."""

    batch_id: Bytes32
    line: int
    task: int
    round: int


@dataclass(frozen=True, slots=True)
class AcceptedElsewhere:
    """An audit that was committed to here, and accepted in somebody else's transaction."""

    batch_id: Bytes32
    lease_id: Bytes32
    task: int
    round: int
    verifier: Address
    commitment: Bytes32
    commitment_signature: bytes
    transaction_hash: Bytes32


@dataclass(frozen=True, slots=True)
class Contradiction:
    """An accepted audit that found what lost a dispute."""

    dispute_id: int
    lease_id: Bytes32
    task: int
    round: int

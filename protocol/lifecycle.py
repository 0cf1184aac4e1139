"""Facts + now -> status, and the table of legal moves. Statuses are derived, never stored."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from protocol.errors import IllegalMove


class JobStatus(StrEnum):
    """Where a job stands."""

    OPEN = "OPEN"
    RUNNING = "RUNNING"
    SETTLED = "SETTLED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


class LeaseStatus(StrEnum):
    """Where a lease stands."""

    GRANTED = "GRANTED"
    COMMITTED = "COMMITTED"
    DISPUTED = "DISPUTED"
    SETTLED = "SETTLED"
    EXPIRED = "EXPIRED"
    SLASHED = "SLASHED"


class Fault(StrEnum):
    """Why a lease ended without a result that counts."""

    OFFLINE = "offline"
    """No heartbeat came in time."""
    ERROR = "error"
    """The device gave it back, or did not get it done; a code says what was the matter."""
    WRONG = "wrong"
    """Its result was lost: conceded, lost in a dispute, or forfeited."""


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What a job's signed text and the chain's events tell of it."""

    task_count: int
    deadline: int
    committed_tasks: int
    settled_tasks: int
    open_leases: int
    cancelled_at: int = 0
    closed_at: int = 0


@dataclass(frozen=True, slots=True)
class LeaseFacts:
    """What a market and the chain know of a lease."""

    expires_at: int
    is_committed: bool = False
    is_disputed: bool = False
    is_settled: bool = False
    is_slashed: bool = False


def job_status(facts: JobFacts, now_seconds: int) -> JobStatus:
    """The job's status."""
    if facts.settled_tasks == facts.task_count:
        return JobStatus.SETTLED
    if facts.cancelled_at:
        return JobStatus.CANCELLED
    if now_seconds > facts.deadline:
        return JobStatus.EXPIRED
    return JobStatus.RUNNING if facts.committed_tasks else JobStatus.OPEN


def lease_status(facts: LeaseFacts, now_seconds: int) -> LeaseStatus:
    """The lease's status."""
    if facts.is_slashed:
        return LeaseStatus.SLASHED
    if facts.is_settled:
        return LeaseStatus.SETTLED
    if facts.is_disputed:
        return LeaseStatus.DISPUTED
    if facts.is_committed:
        return LeaseStatus.COMMITTED
    return LeaseStatus.EXPIRED if now_seconds >= facts.expires_at else LeaseStatus.GRANTED


JOB_MOVES: frozenset[tuple[JobStatus, JobStatus]] = frozenset(
    {
        (JobStatus.OPEN, JobStatus.RUNNING),
        (JobStatus.OPEN, JobStatus.CANCELLED),
        (JobStatus.OPEN, JobStatus.EXPIRED),
        (JobStatus.RUNNING, JobStatus.OPEN),  # its only committed lease was slashed
        (JobStatus.RUNNING, JobStatus.SETTLED),
        (JobStatus.RUNNING, JobStatus.CANCELLED),
        (JobStatus.RUNNING, JobStatus.EXPIRED),
        (JobStatus.CANCELLED, JobStatus.SETTLED),  # the last tasks were done all the same
        (JobStatus.EXPIRED, JobStatus.SETTLED),  # committed in time, settled after the deadline
        (JobStatus.EXPIRED, JobStatus.CANCELLED),
    }
)

LEASE_MOVES: frozenset[tuple[LeaseStatus, LeaseStatus]] = frozenset(
    {
        (LeaseStatus.GRANTED, LeaseStatus.COMMITTED),
        (LeaseStatus.GRANTED, LeaseStatus.EXPIRED),
        (LeaseStatus.COMMITTED, LeaseStatus.DISPUTED),
        (LeaseStatus.COMMITTED, LeaseStatus.SETTLED),
        (LeaseStatus.COMMITTED, LeaseStatus.SLASHED),  # forfeited: slashed for another lease
        (LeaseStatus.DISPUTED, LeaseStatus.COMMITTED),
        (LeaseStatus.DISPUTED, LeaseStatus.SLASHED),
    }
)


def require_job_move(before: JobStatus, after: JobStatus) -> None:
    """Check a change of a job's status.

    Raises:
        IllegalMove: the table has no such move.
    """
    if before != after and (before, after) not in JOB_MOVES:
        raise IllegalMove(f"a job cannot go from {before} to {after}")


def require_lease_move(before: LeaseStatus, after: LeaseStatus) -> None:
    """Check a change of a lease's status.

    Raises:
        IllegalMove: the table has no such move.
    """
    if before != after and (before, after) not in LEASE_MOVES:
        raise IllegalMove(f"a lease cannot go from {before} to {after}")

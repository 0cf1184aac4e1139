"""Queries of jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from market.store.leases import IS_REFUTED
from market.store.projected import chain_jobs
from market.store.records import ChainJobRecord, JobRecord, columns, many, one
from market.store.tables import jobs, leases, tasks
from protocol.units import Address, Bytes32

_COLUMNS = columns(JobRecord, jobs)
_CHAIN_COLUMNS = columns(ChainJobRecord, chain_jobs)


class Jobs:
    """Jobs as they were signed, joined with what the chain says of them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, row: Mapping[str, Any]) -> None:
        """Store a checked job."""
        self._connection.execute(insert(jobs), dict(row))

    def get(self, job_id: Bytes32) -> JobRecord | None:
        """A job."""
        query = select(*_COLUMNS).where(jobs.c.job_id == job_id)
        return one(JobRecord, self._connection.execute(query).one_or_none())

    def has_nonce(self, requester: Address, nonce: int) -> bool:
        """Whether `requester` has posted a job with that nonce."""
        query = select(jobs.c.job_id).where(jobs.c.requester == requester, jobs.c.nonce == nonce)
        return self._connection.execute(query).first() is not None

    def on_chain(self, job_id: Bytes32) -> ChainJobRecord | None:
        """What the chain says of it; None before it was opened."""
        query = select(*_CHAIN_COLUMNS).where(chain_jobs.c.job_id == job_id)
        return one(ChainJobRecord, self._connection.execute(query).one_or_none())

    def page(
        self, requester: Address, limit: int, before: tuple[int, Bytes32] | None
    ) -> list[JobRecord]:
        """Jobs of `requester`, newest first, older than `before` (created_at, job_id)."""
        query = select(*_COLUMNS).where(jobs.c.requester == requester)
        if before is not None:
            at, job_id = before
            older = or_(
                jobs.c.created_at < at, and_(jobs.c.created_at == at, jobs.c.job_id < job_id)
            )
            query = query.where(older)
        query = query.order_by(jobs.c.created_at.desc(), jobs.c.job_id.desc()).limit(limit)
        return many(JobRecord, self._connection.execute(query))

    def pending_wei(self, requester: Address) -> int:
        """What jobs of `requester` that are not yet on chain will take from its balance."""
        query = (
            select(jobs.c.total_wei)
            .outerjoin(chain_jobs, chain_jobs.c.job_id == jobs.c.job_id)
            .where(
                jobs.c.requester == requester,
                jobs.c.rejected_because.is_(None),
                chain_jobs.c.job_id.is_(None),
            )
        )
        return sum(self._connection.execute(query).scalars())

    def with_waiting_tasks(self, now: int) -> list[JobRecord]:
        """Jobs on chain that nobody cancelled or stopped and that take leases now, oldest first."""
        waiting = select(tasks.c.task).where(
            tasks.c.job_id == jobs.c.job_id, tasks.c.lease_id.is_(None)
        )
        query = (
            select(*_COLUMNS)
            .join(chain_jobs, chain_jobs.c.job_id == jobs.c.job_id)
            .where(
                jobs.c.cancel_signature.is_(None),  # asked for, and perhaps not on chain yet
                jobs.c.stopped_because.is_(None),
                chain_jobs.c.cancelled_at == 0,
                chain_jobs.c.closed_at == 0,
                jobs.c.deadline > now,
                jobs.c.not_before <= now,
                waiting.exists(),
            )
            .order_by(jobs.c.created_at, jobs.c.job_id)
        )
        return many(JobRecord, self._connection.execute(query))

    def closable(self) -> list[tuple[JobRecord, ChainJobRecord]]:
        """Jobs on chain that are not closed."""
        query = (
            select(*_COLUMNS, *_CHAIN_COLUMNS)
            .join(chain_jobs, chain_jobs.c.job_id == jobs.c.job_id)
            .where(chain_jobs.c.closed_at == 0)
        )
        split = len(_COLUMNS)
        rows = self._connection.execute(query)
        return [(JobRecord(*row[:split]), ChainJobRecord(*row[split:])) for row in rows]

    def next_fence(self, job_id: Bytes32) -> int:
        """A number that no lease of this job had before."""
        raised = (
            update(jobs)
            .where(jobs.c.job_id == job_id)
            .values(last_fence=jobs.c.last_fence + 1)
            .returning(jobs.c.last_fence)
        )
        return int(self._connection.execute(raised).scalar_one())

    def reject(self, job_id: Bytes32, reason: str) -> None:
        """The chain refused the job."""
        change = update(jobs).where(jobs.c.job_id == job_id, jobs.c.rejected_because.is_(None))
        self._connection.execute(change.values(rejected_because=reason))

    def refuted(self, providers: int, now: int) -> list[JobRecord]:
        """Open jobs that so many providers have found not to be deterministic."""
        found = (
            select(leases.c.job_id)
            .where(IS_REFUTED)
            .group_by(leases.c.job_id)
            .having(func.count(leases.c.provider.distinct()) >= providers)
        )
        query = (
            select(*_COLUMNS)
            .join(chain_jobs, chain_jobs.c.job_id == jobs.c.job_id)
            .where(
                jobs.c.job_id.in_(found),
                jobs.c.stopped_because.is_(None),
                jobs.c.cancel_signature.is_(None),
                jobs.c.deadline > now,
                chain_jobs.c.closed_at == 0,
            )
        )
        return many(JobRecord, self._connection.execute(query))

    def stop(self, job_id: Bytes32, reason: str) -> bool:
        """Lease nothing of it any more; False when it was stopped before."""
        change = update(jobs).where(jobs.c.job_id == job_id, jobs.c.stopped_because.is_(None))
        return self._connection.execute(change.values(stopped_because=reason)).rowcount == 1

    def cancel(self, job_id: Bytes32, signature: bytes) -> None:
        """Keep the requester's signed cancellation."""
        change = update(jobs).where(jobs.c.job_id == job_id, jobs.c.cancel_signature.is_(None))
        self._connection.execute(change.values(cancel_signature=signature))

    def count(self) -> int:
        """How many jobs were posted."""
        return int(self._connection.execute(select(func.count()).select_from(jobs)).scalar_one())

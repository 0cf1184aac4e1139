"""Queries of the projected chain: its events, jobs, batches and leases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from market.store.projected import (
    PROJECTIONS,
    chain_audits,
    chain_batches,
    chain_cursor,
    chain_disputes,
    chain_events,
    chain_jobs,
    chain_leases,
)
from market.store.records import BatchRecord, ChainLeaseRecord, columns, many, one
from market.store.sql import upsert
from protocol.units import Bytes32

_BATCH_COLUMNS = columns(BatchRecord, chain_batches)
_LEASE_COLUMNS = columns(ChainLeaseRecord, chain_leases)


class Chain:
    """One projector writes here; everybody reads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # The log and how far it was read.

    def cursor(self) -> Any | None:
        """The event reader's cursor as JSON; None at first."""
        return self._connection.execute(select(chain_cursor.c.cursor)).scalar()

    def head_at(self) -> int:
        """The chain's time when it was last read, 0 at first."""
        return int(self._connection.execute(select(chain_cursor.c.head_at)).scalar() or 0)

    def move_cursor(self, cursor: Any, head_at: int) -> None:
        """Remember how far was read; with the commit of what was read."""
        upsert(self._connection, chain_cursor, {"id": 1, "cursor": cursor, "head_at": head_at})

    def log(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep events as they came."""
        self._connection.execute(insert(chain_events), [dict(row) for row in rows])

    def logged(self) -> list[Mapping[str, Any]]:
        """All kept events in order."""
        query = select(chain_events).order_by(chain_events.c.block_number, chain_events.c.log_index)
        return [dict(row._mapping) for row in self._connection.execute(query)]

    def forget_after(self, block_number: int) -> None:
        """A reorganisation: drop later events, and every projection (to be made again)."""
        later = chain_events.c.block_number > block_number
        self._connection.execute(delete(chain_events).where(later))
        for table in PROJECTIONS:
            self._connection.execute(delete(table))

    # Jobs.

    def open_job(self, job_id: Bytes32, requester: str, at: int) -> None:
        """A job's escrow is locked."""
        row = {
            "job_id": job_id,
            "requester": requester,
            "opened_at": at,
            "paid_wei": 0,
            "audit_fees_wei": 0,
            "refunded_wei": 0,
        }
        self._connection.execute(insert(chain_jobs), row)

    def add_to_job(self, job_id: Bytes32, **amounts: int) -> None:
        """Add to a job's counters. Wei are text in SQL, so they are added here."""
        names = list(amounts)
        query = select(*(chain_jobs.c[name] for name in names)).where(chain_jobs.c.job_id == job_id)
        row = self._connection.execute(query).one_or_none()
        if row is not None:
            values = {name: row[i] + amounts[name] for i, name in enumerate(names)}
            self.set_job(job_id, **values)

    def set_job(self, job_id: Bytes32, **values: int) -> None:
        """Set a job's columns."""
        change = update(chain_jobs).where(chain_jobs.c.job_id == job_id)
        self._connection.execute(change.values(**values))

    # Batches and their leases.

    def add_batch(self, batch: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> None:
        """A batch was committed."""
        self._connection.execute(insert(chain_batches), dict(batch))
        self._connection.execute(insert(chain_leases), [dict(row) for row in rows])

    def set_batch(self, batch_id: int, **values: object) -> None:
        """Set a batch's columns."""
        change = update(chain_batches).where(chain_batches.c.batch_id == batch_id)
        self._connection.execute(change.values(**values))

    def batch(self, batch_id: int) -> BatchRecord | None:
        """A batch."""
        query = select(*_BATCH_COLUMNS).where(chain_batches.c.batch_id == batch_id)
        return one(BatchRecord, self._connection.execute(query).one_or_none())

    def unseeded(self, operator: str) -> list[BatchRecord]:
        """The operator's batches without a seed."""
        query = select(*_BATCH_COLUMNS).where(
            chain_batches.c.seed.is_(None), chain_batches.c.operator == operator
        )
        return many(BatchRecord, self._connection.execute(query))

    def settleable(self, operator: str, now: int, hold_seconds: int) -> dict[int, int]:
        """The operator's batches with leases that can be paid or are forfeited: how many in each.

        The window is over and the lease itself is in no dispute; its provider is in none either, or
        was slashed after the commitment, or the pay was held back for `hold_seconds` already.
        """
        leases, batches, disputes = chain_leases.c, chain_batches.c, chain_disputes.c
        is_open = disputes.resolved_at.is_(None)
        own = select(disputes.dispute_id).where(disputes.lease_id == leases.lease_id, is_open)
        any_ = select(disputes.dispute_id).where(disputes.provider == leases.provider)
        is_forfeited = any_.where(disputes.slash_block >= batches.commit_block).exists()
        is_over = batches.seed.is_not(None) & (batches.window_ends_at < now)
        is_held_enough = batches.window_ends_at < now - hold_seconds
        query = (
            select(leases.batch_id, leases.lease_id)
            .join(chain_batches, batches.batch_id == leases.batch_id)
            .where(
                batches.operator == operator,
                leases.settled_at.is_(None),
                leases.released_at.is_(None),
                ~own.exists(),
                is_over,
                is_forfeited | is_held_enough | ~any_.where(is_open).exists(),
            )
        )
        counts: dict[int, int] = {}
        for row in self._connection.execute(query):
            counts[row.batch_id] = counts.get(row.batch_id, 0) + 1
        return counts

    def leases_of(self, batch_id: int) -> list[ChainLeaseRecord]:
        """A batch's leases in their order."""
        query = select(*_LEASE_COLUMNS).where(chain_leases.c.batch_id == batch_id)
        return many(
            ChainLeaseRecord, self._connection.execute(query.order_by(chain_leases.c.index))
        )

    def lease(self, lease_id: Bytes32) -> ChainLeaseRecord | None:
        """A committed lease."""
        query = select(*_LEASE_COLUMNS).where(chain_leases.c.lease_id == lease_id)
        return one(ChainLeaseRecord, self._connection.execute(query).one_or_none())

    def set_lease(self, lease_id: Bytes32, **values: object) -> None:
        """Set a committed lease's columns."""
        change = update(chain_leases).where(chain_leases.c.lease_id == lease_id)
        self._connection.execute(change.values(**values))

    def add_audit(self, row: Mapping[str, Any]) -> None:
        """An audit was paid."""
        self._connection.execute(insert(chain_audits), dict(row))

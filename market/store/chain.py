"""Queries of the projected chain: its events, jobs, batches and leases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

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
from market.store.records import (
    BatchRecord,
    ChainLeaseRecord,
    DueFee,
    SettleableBatch,
    columns,
    many,
    one,
)
from market.store.sql import upsert
from protocol.batch import Batch
from protocol.units import Address, Bytes32

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

    def advance_frontier(self, job_id: Bytes32, end: int) -> None:
        """Tasks below `end` were committed: none of a later one's commitment lies further ahead."""
        change = update(chain_jobs).where(
            chain_jobs.c.job_id == job_id, chain_jobs.c.frontier < end
        )
        self._connection.execute(change.values(frontier=end))

    # Batches and their leases.

    def add_batch(self, batch: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> None:
        """A batch was committed."""
        self._connection.execute(insert(chain_batches), dict(batch))
        self._connection.execute(insert(chain_leases), [dict(row) for row in rows])

    def set_batch(self, batch_id: Bytes32, **values: object) -> None:
        """Set a batch's columns."""
        change = update(chain_batches).where(chain_batches.c.batch_id == batch_id)
        self._connection.execute(change.values(**values))

    def batch(self, batch_id: Bytes32) -> BatchRecord | None:
        """A batch."""
        query = select(*_BATCH_COLUMNS).where(chain_batches.c.batch_id == batch_id)
        return one(BatchRecord, self._connection.execute(query).one_or_none())

    def content(self, batch_id: Bytes32) -> Batch:
        """A known batch as it was published: what the chain wants to see again."""
        query = select(chain_batches.c.content).where(chain_batches.c.batch_id == batch_id)
        return Batch.from_json(self._connection.execute(query).scalar_one())

    def settleable(
        self, operator: str, *, committed_before: int, seeded_by_block: int, held_before: int
    ) -> list[SettleableBatch]:
        """The operator's batches with leases that can be paid or are forfeited.

        The window is over (committed before that time, and in a block before `seeded_by_block`) and
        the lease itself is in no dispute; its provider is in none either, or was slashed after the
        commitment, or the pay was held back for long enough (committed before `held_before`).
        """
        leases, batches, disputes = chain_leases.c, chain_batches.c, chain_disputes.c
        is_open = disputes.resolved_at.is_(None)
        own = select(disputes.dispute_id).where(disputes.lease_id == leases.lease_id, is_open)
        any_ = select(disputes.dispute_id).where(disputes.provider == leases.provider)
        is_forfeited = any_.where(disputes.slash_block >= batches.commit_block).exists()
        is_held_enough = batches.committed_at < held_before
        query = (
            select(batches.batch_id, batches.committed_at, func.count())
            .join(chain_leases, batches.batch_id == leases.batch_id)
            .where(
                batches.operator == operator,
                batches.finished_at.is_(None),
                batches.committed_at < committed_before,
                batches.commit_block < seeded_by_block,
                leases.settled_at.is_(None),
                leases.released_at.is_(None),
                ~own.exists(),
                is_forfeited | is_held_enough | ~any_.where(is_open).exists(),
            )
            .group_by(batches.batch_id, batches.committed_at)
            .order_by(batches.committed_at, batches.batch_id)
        )
        return many(SettleableBatch, self._connection.execute(query))

    def is_all_finished(self, batch_id: Bytes32) -> bool:
        """Whether every lease of a batch is paid or released, and none is in dispute any more."""
        leases, disputes = chain_leases.c, chain_disputes.c
        open_leases = select(leases.lease_id).where(
            leases.batch_id == batch_id, leases.settled_at.is_(None), leases.released_at.is_(None)
        )
        open_disputes = select(disputes.dispute_id).where(
            disputes.batch_id == batch_id, disputes.resolved_at.is_(None)
        )
        query = select(open_leases.exists() | open_disputes.exists())
        return not self._connection.execute(query).scalar_one()

    def leases_of(self, batch_id: Bytes32) -> list[ChainLeaseRecord]:
        """A batch's leases in the order of its lines."""
        query = select(*_LEASE_COLUMNS).where(chain_leases.c.batch_id == batch_id)
        return many(ChainLeaseRecord, self._connection.execute(query.order_by(chain_leases.c.line)))

    def lease(self, lease_id: Bytes32) -> ChainLeaseRecord | None:
        """A committed lease."""
        query = select(*_LEASE_COLUMNS).where(chain_leases.c.lease_id == lease_id)
        return one(ChainLeaseRecord, self._connection.execute(query).one_or_none())

    def set_lease(self, lease_id: Bytes32, **values: object) -> None:
        """Set a committed lease's columns."""
        change = update(chain_leases).where(chain_leases.c.lease_id == lease_id)
        self._connection.execute(change.values(**values))

    def add_audit(self, row: Mapping[str, Any]) -> None:
        """An audit was accepted."""
        self._connection.execute(insert(chain_audits), dict(row))

    def pay_audit(
        self, lease_id: Bytes32, task: int, number: int, payee: Address, paid_in: Bytes32
    ) -> Address:
        """An accepted audit's fee was paid; return its verifier."""
        change = (
            update(chain_audits)
            .where(
                chain_audits.c.lease_id == lease_id,
                chain_audits.c.task == task,
                chain_audits.c.round == number,
            )
            .values(payee=payee, paid_in=paid_in)
            .returning(chain_audits.c.verifier)
        )
        return Address(self._connection.execute(change).scalar_one())

    def fees_due(self, operator: Address, limit: int) -> list[DueFee]:
        """Accepted audits of finished leases whose fees wait, by batch."""
        audits, leases, batches = chain_audits.c, chain_leases.c, chain_batches.c
        query = (
            select(audits.batch_id, leases.line, audits.task, audits.round)
            .join(
                chain_leases,
                (leases.lease_id == audits.lease_id) & (leases.batch_id == audits.batch_id),
            )
            .join(chain_batches, batches.batch_id == audits.batch_id)
            .where(
                batches.operator == operator,
                audits.payee.is_(None),
                audits.fee_wei != 0,
                leases.settled_at.is_not(None) | leases.released_at.is_not(None),
            )
            .order_by(batches.committed_at, audits.batch_id, leases.line, audits.task, audits.round)
            .limit(limit)
        )
        return many(DueFee, self._connection.execute(query))

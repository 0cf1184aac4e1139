"""Queries of leases."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    func,
    insert,
    literal_column,
    select,
    update,
)

from market.store.projected import chain_jobs, chain_leases
from market.store.records import LeaseRecord, columns, many, one
from market.store.tables import leases
from protocol.lease import Lease, LeaseResult
from protocol.lifecycle import Fault
from protocol.units import Address, Bytes32

_COLUMNS = columns(LeaseRecord, leases)
_IS_RUNNING: ColumnElement[bool] = and_(
    leases.c.finished_at_ms.is_(None), leases.c.ended_at.is_(None)
)
# As text, so that the databases see that their partial index will do.
IS_REFUTED: ColumnElement[bool] = leases.c.end_reason == literal_column("'not_deterministic'")
_HAS_ERRED: ColumnElement[bool] = leases.c.fault == literal_column("'error'")
_MOST_LOST = 2000


@dataclass(frozen=True, slots=True)
class DeviceLoad:
    """What a device has in hand."""

    running_leases: int
    settled_leases: int


class Leases:
    """A lease runs, is finished once, or ends once: each step is a compare-and-set."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, lease: Lease, now_ms: int, expires_at: int, last_expiry_at: int) -> None:
        """Store a grant."""
        row = {
            "lease_id": lease.lease_id,
            "job_id": lease.job_id,
            "provider": lease.provider,
            "device": lease.device,
            "first_task": lease.first_task,
            "count": lease.count,
            "price_wei": lease.price_per_task,
            "fence": lease.fence,
            "granted_at_ms": now_ms,
            "expires_at": expires_at,
            "last_expiry_at": last_expiry_at,
        }
        self._connection.execute(insert(leases), row)

    def get(self, lease_id: Bytes32) -> LeaseRecord | None:
        """A lease."""
        query = select(*_COLUMNS).where(leases.c.lease_id == lease_id)
        return one(LeaseRecord, self._connection.execute(query).one_or_none())

    def load_of(self, device: Address) -> DeviceLoad:
        """How many leases a device runs, and how many of its were paid."""
        running = select(func.count()).where(leases.c.device == device, _IS_RUNNING)
        settled = (
            select(func.count())
            .select_from(leases.join(chain_leases, chain_leases.c.lease_id == leases.c.lease_id))
            .where(leases.c.device == device, chain_leases.c.settled_at.is_not(None))
        )
        query = select(running.scalar_subquery(), settled.scalar_subquery())
        return DeviceLoad(*self._connection.execute(query).one())

    def last_finished(self, job_id: Bytes32, device: Address) -> LeaseRecord | None:
        """The device's newest finished lease of a job: how fast it is."""
        query = (
            select(*_COLUMNS)
            .where(
                leases.c.job_id == job_id,
                leases.c.device == device,
                leases.c.finished_at_ms.is_not(None),
            )
            .order_by(leases.c.finished_at_ms.desc())
            .limit(1)
        )
        return one(LeaseRecord, self._connection.execute(query).one_or_none())

    def extend(self, lease_id: Bytes32, expires_at: int, tasks_done: int) -> bool:
        """A heartbeat; False when the lease no longer runs."""
        change = update(leases).where(leases.c.lease_id == lease_id, _IS_RUNNING)
        values = change.values(expires_at=expires_at, tasks_done=tasks_done)
        return self._connection.execute(values).rowcount == 1

    def finish(
        self, result: LeaseResult, signature: bytes, lease_salt: Bytes32, now_ms: int
    ) -> bool:
        """Keep a signed result; False when the lease no longer runs."""
        change = update(leases).where(leases.c.lease_id == result.lease_id, _IS_RUNNING)
        values = change.values(
            finished_at_ms=now_ms,
            tasks_done=result.count,
            amount_wei=result.amount,
            result_root=result.result_root,
            signature=signature,
            lease_salt=lease_salt,
        )
        return self._connection.execute(values).rowcount == 1

    def end(self, lease_id: Bytes32, fault: Fault, code: str, detail: str, now: int) -> bool:
        """A running lease ends without a result; False when it no longer ran."""
        return self._end(lease_id, _IS_RUNNING, fault, code, detail, now)

    def drop(self, lease_id: Bytes32, fault: Fault, code: str, detail: str, now: int) -> bool:
        """A finished lease no longer counts: the chain refused or released it."""
        return self._end(lease_id, leases.c.ended_at.is_(None), fault, code, detail, now)

    def erred_jobs(self, device: Address, since: int, blameless: Collection[str]) -> set[Bytes32]:
        """The jobs that a device gave back since then, not for its own reasons."""
        query = select(leases.c.job_id).where(
            leases.c.device == device,
            _HAS_ERRED,
            leases.c.ended_at > since,
            leases.c.end_reason.not_in(blameless),
        )
        return set(self._connection.execute(query.distinct()).scalars())

    def lost_by_fault(self, job_id: Bytes32) -> dict[Fault, int]:
        """How many leases of a job ended without a result, and why."""
        query = (
            select(leases.c.fault, func.count())
            .where(leases.c.job_id == job_id, leases.c.fault.is_not(None))
            .group_by(leases.c.fault)
        )
        found = {Fault(row[0]): int(row[1]) for row in self._connection.execute(query)}
        return {fault: found[fault] for fault in Fault if fault in found}

    def last_faults(self, job_id: Bytes32, first: int, count: int) -> dict[int, tuple[Fault, str]]:
        """For some tasks: the fault and the code of the last lease that lost each."""
        query = (
            select(leases.c.first_task, leases.c.count, leases.c.fault, leases.c.end_reason)
            .where(
                leases.c.job_id == job_id,
                leases.c.fault.is_not(None),
                leases.c.first_task < first + count,
                leases.c.first_task + leases.c.count > first,
            )
            .order_by(leases.c.ended_at.desc())
            .limit(_MOST_LOST)
        )
        found: dict[int, tuple[Fault, str]] = {}
        for begin, length, fault, code in self._connection.execute(query):
            for task in range(begin, begin + length):
                found.setdefault(task, (Fault(fault), code))
        return found

    def refuters(self, job_id: Bytes32) -> set[Address]:
        """The providers with a device that has had two results for one task of a job."""
        query = select(leases.c.provider).where(leases.c.job_id == job_id, IS_REFUTED)
        return set(self._connection.execute(query.distinct()).scalars())

    def refuting_devices(self, job_id: Bytes32) -> set[Address]:
        """The devices that have had two results for one task of a job."""
        query = select(leases.c.device).where(leases.c.job_id == job_id, IS_REFUTED)
        return set(self._connection.execute(query.distinct()).scalars())

    def refuted_by(self, device: Address) -> set[Bytes32]:
        """The jobs that this device has found not to be deterministic."""
        query = select(leases.c.job_id).where(leases.c.device == device, IS_REFUTED)
        return set(self._connection.execute(query.distinct()).scalars())

    def expired(self, now: int) -> list[LeaseRecord]:
        """Running leases whose time is over."""
        query = select(*_COLUMNS).where(_IS_RUNNING, leases.c.expires_at <= now)
        return many(LeaseRecord, self._connection.execute(query))

    def to_commit(self, limit: int, max_gap: int) -> list[LeaseRecord]:
        """Finished leases that no batch has, oldest first.

        Those whose first task is more than `max_gap` ahead of all that is committed of their job
        wait until it is not: the chain would refuse them.
        """
        query = (
            select(*_COLUMNS)
            .join(chain_jobs, chain_jobs.c.job_id == leases.c.job_id)
            .where(
                leases.c.first_task <= chain_jobs.c.frontier + max_gap,
                leases.c.finished_at_ms.is_not(None),
                leases.c.ended_at.is_(None),
                leases.c.batch_key.is_(None),
            )
            .order_by(leases.c.finished_at_ms, leases.c.lease_id)
            .limit(limit)
        )
        return many(LeaseRecord, self._connection.execute(query))

    def put_in_batch(self, lease_ids: Sequence[Bytes32], key: str) -> bool:
        """Give leases to a batch: all of them, or False."""
        change = update(leases).where(
            leases.c.lease_id.in_(list(lease_ids)),
            leases.c.batch_key.is_(None),
            leases.c.ended_at.is_(None),
        )
        if self._connection.execute(change.values(batch_key=key)).rowcount == len(lease_ids):
            return True
        self.take_out_of_batch(key)  # some would be marked as sent, and never be sent
        return False

    def of_batch(self, key: str) -> list[LeaseRecord]:
        """The leases of a batch that was sent, in its order: by job and task."""
        query = select(*_COLUMNS).where(leases.c.batch_key == key)
        query = query.order_by(leases.c.job_id, leases.c.first_task)
        return many(LeaseRecord, self._connection.execute(query))

    def take_out_of_batch(self, key: str) -> None:
        """The chain refused the batch: its leases wait again."""
        change = update(leases).where(leases.c.batch_key == key)
        self._connection.execute(change.values(batch_key=None))

    def _end(
        self,
        lease_id: Bytes32,
        condition: ColumnElement[bool],
        fault: Fault,
        code: str,
        detail: str,
        now: int,
    ) -> bool:
        change = update(leases).where(leases.c.lease_id == lease_id, condition)
        values = change.values(ended_at=now, fault=fault, end_reason=code, end_detail=detail)
        return self._connection.execute(values).rowcount == 1

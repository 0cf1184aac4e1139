"""Queries of tasks."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Select, and_, func, insert, select, true, update

from market.store.records import TaskRecord, columns, many, one
from market.store.tables import leases, tasks
from protocol.lifecycle import Fault
from protocol.units import Address, Bytes32, ContentId

_COLUMNS = columns(TaskRecord, tasks)
_CHUNK = 10_000


class Tasks:
    """A task waits while its `lease_id` is null; every change of it is a compare-and-set."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, job_id: Bytes32, inputs: Sequence[ContentId]) -> None:
        """Store a job's tasks, one for each input."""
        for start in range(0, len(inputs), _CHUNK):
            part = inputs[start : start + _CHUNK]
            rows = [
                {"job_id": job_id, "task": task, "input_blob": blob}
                for task, blob in enumerate(part, start)
            ]
            self._connection.execute(insert(tasks), rows)

    def get(self, job_id: Bytes32, task: int) -> TaskRecord | None:
        """One task."""
        query = select(*_COLUMNS).where(tasks.c.job_id == job_id, tasks.c.task == task)
        return one(TaskRecord, self._connection.execute(query).one_or_none())

    def page(self, job_id: Bytes32, first: int, limit: int) -> list[TaskRecord]:
        """Tasks from `first` on."""
        query = select(*_COLUMNS).where(tasks.c.job_id == job_id, tasks.c.task >= first)
        return many(TaskRecord, self._connection.execute(query.order_by(tasks.c.task).limit(limit)))

    def inputs(self, job_id: Bytes32, first: int, count: int) -> list[ContentId]:
        """The inputs of a range of tasks."""
        query = select(tasks.c.input_blob).where(
            tasks.c.job_id == job_id, tasks.c.task.between(first, first + count - 1)
        )
        return [
            ContentId(b) for b in self._connection.execute(query.order_by(tasks.c.task)).scalars()
        ]

    def waiting(
        self, job_id: Bytes32, limit: int, device: Address, is_retry_allowed: bool
    ) -> list[int]:
        """The first waiting tasks; without retries, none that this device gave up or lost."""
        query = _waiting(job_id).where(_is_open_to(device, is_retry_allowed))
        query = query.order_by(tasks.c.task).limit(limit)
        return [row.task for row in self._connection.execute(query)]

    def waiting_count(self, job_id: Bytes32, at_most: int) -> int:
        """How many tasks wait; no more than `at_most` of them are counted."""
        query = select(func.count()).select_from(_waiting(job_id).limit(at_most).subquery())
        return int(self._connection.execute(query).scalar_one())

    def lease(self, job_id: Bytes32, first: int, count: int, lease_id: Bytes32) -> bool:
        """Give waiting tasks to a lease: all of them, or False when one no longer waits."""
        change = (
            update(tasks)
            .where(
                tasks.c.job_id == job_id,
                tasks.c.task.between(first, first + count - 1),
                tasks.c.lease_id.is_(None),
            )
            .values(lease_id=lease_id, attempts=tasks.c.attempts + 1, was_slashed=False)
        )
        return self._connection.execute(change).rowcount == count

    def free(self, lease_id: Bytes32, *, was_slashed: bool = False) -> int:
        """Let the tasks of a lease that no longer counts wait again."""
        change = update(tasks).where(tasks.c.lease_id == lease_id)
        values = change.values(lease_id=None, was_slashed=was_slashed)
        return self._connection.execute(values).rowcount


def _waiting(job_id: Bytes32) -> Select[tuple[int]]:
    return select(tasks.c.task).where(tasks.c.job_id == job_id, tasks.c.lease_id.is_(None))


def _is_open_to(device: Address, is_retry_allowed: bool) -> ColumnElement[bool]:
    lost = and_(
        leases.c.job_id == tasks.c.job_id,
        leases.c.device == device,
        leases.c.ended_at.is_not(None),
        tasks.c.task.between(leases.c.first_task, leases.c.first_task + leases.c.count - 1),
    )
    if is_retry_allowed:  # whose result was wrong: never this device again
        lost = and_(lost, leases.c.fault == Fault.WRONG)
    return and_(true(), ~select(leases.c.lease_id).where(lost).exists())

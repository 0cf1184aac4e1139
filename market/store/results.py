"""Queries of task results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, Select, insert, select

from market.store.projected import chain_leases
from market.store.records import ResultRecord, columns, many, one
from market.store.tables import results, tasks
from protocol.units import Bytes32

_COLUMNS = columns(ResultRecord, results)


class Results:
    """Results of leases. The one that counts is that of the task's committed lease."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, rows: Sequence[ResultRecord]) -> None:
        """Store a finished lease's results."""
        names = [column.name for column in results.c]
        self._connection.execute(
            insert(results), [{n: getattr(row, n) for n in names} for row in rows]
        )

    def of_lease(self, lease_id: Bytes32) -> list[ResultRecord]:
        """A lease's results in task order."""
        query = select(*_COLUMNS).where(results.c.lease_id == lease_id)
        return many(ResultRecord, self._connection.execute(query.order_by(results.c.task)))

    def of_tasks(self, job_id: Bytes32, first: int, limit: int) -> list[ResultRecord]:
        """The counting results of some tasks, committed or not."""
        query = (
            select(*_COLUMNS)
            .join(
                tasks,
                (tasks.c.lease_id == results.c.lease_id) & (tasks.c.task == results.c.task),
            )
            .where(tasks.c.job_id == job_id, tasks.c.task.between(first, first + limit - 1))
        )
        return many(ResultRecord, self._connection.execute(query))

    def committed(self, job_id: Bytes32, task: int) -> ResultRecord | None:
        """The result that stands on chain for a task."""
        query = _committed(job_id).where(tasks.c.task == task)
        return one(ResultRecord, self._connection.execute(query).one_or_none())

    def all_committed(self, job_id: Bytes32) -> Iterator[ResultRecord]:
        """Every result of a job that stands on chain, in task order."""
        rows = self._connection.execute(_committed(job_id).order_by(tasks.c.task))
        return iter(many(ResultRecord, rows))


def _committed(job_id: Bytes32) -> Select[tuple[object, ...]]:
    return (
        select(*_COLUMNS)
        .join(tasks, (tasks.c.lease_id == results.c.lease_id) & (tasks.c.task == results.c.task))
        .join(chain_leases, chain_leases.c.lease_id == results.c.lease_id)
        .where(tasks.c.job_id == job_id, chain_leases.c.released_at.is_(None))
    )

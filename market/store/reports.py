"""Sums and lists for people: a job's tasks by state, an account's earnings, receipts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, literal, or_, select

from market.store.projected import chain_audits, chain_batches, chain_disputes, chain_leases
from market.store.tables import leases, tasks
from protocol.units import Address, Bytes32


@dataclass(frozen=True, slots=True)
class LeaseState:
    """What decides the state of a lease's tasks."""

    lease_id: Bytes32 | None
    provider: Address | None
    is_committed: bool
    is_settled: bool
    is_disputed: bool
    disputed_task: int | None


_open_dispute = and_(
    chain_disputes.c.lease_id == chain_leases.c.lease_id, chain_disputes.c.resolved_at.is_(None)
)


class Reports:
    """Read-only."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def tasks_by_lease(self, job_id: Bytes32) -> list[tuple[Bytes32 | None, bool, int]]:
        """(lease, was_slashed, tasks) for each lease that holds tasks of a job, None: waiting."""
        query = (
            select(tasks.c.lease_id, tasks.c.was_slashed, func.count())
            .where(tasks.c.job_id == job_id)
            .group_by(tasks.c.lease_id, tasks.c.was_slashed)
        )
        return [(row[0], row[1], row[2]) for row in self._connection.execute(query)]

    def lease_states(self, job_id: Bytes32) -> dict[Bytes32, LeaseState]:
        """The committed leases of a job that count."""
        query = (
            select(
                chain_leases.c.lease_id,
                chain_leases.c.provider,
                chain_leases.c.settled_at,
                chain_disputes.c.task,
            )
            .outerjoin(chain_disputes, _open_dispute)
            .where(chain_leases.c.job_id == job_id, chain_leases.c.released_at.is_(None))
        )
        return {
            row.lease_id: LeaseState(
                row.lease_id,
                row.provider,
                is_committed=True,
                is_settled=row.settled_at is not None,
                is_disputed=row.task is not None,
                disputed_task=row.task,
            )
            for row in self._connection.execute(query)
        }

    def audited_tasks(self, job_id: Bytes32) -> dict[Bytes32, set[int]]:
        """Tasks whose audit was accepted, by lease."""
        query = select(chain_audits.c.lease_id, chain_audits.c.task).where(
            chain_audits.c.job_id == job_id
        )
        found: dict[Bytes32, set[int]] = {}
        for row in self._connection.execute(query):
            found.setdefault(row.lease_id, set()).add(row.task)
        return found

    def providers(self, lease_ids: set[Bytes32]) -> dict[Bytes32, Address]:
        """Who holds some leases."""
        query = select(leases.c.lease_id, leases.c.provider).where(leases.c.lease_id.in_(lease_ids))
        return {row.lease_id: row.provider for row in self._connection.execute(query)}

    def payments(self, job_id: Bytes32) -> list[Row[Any]]:
        """Settled leases of a job."""
        query = select(chain_leases).where(
            chain_leases.c.job_id == job_id, chain_leases.c.settled_at.is_not(None)
        )
        return list(self._connection.execute(query.order_by(chain_leases.c.first_task)))

    def audit_payments(self, job_id: Bytes32) -> list[Row[Any]]:
        """Audits of a job whose fees their verifiers have got."""
        query = select(chain_audits).where(
            chain_audits.c.job_id == job_id, chain_audits.c.payee == chain_audits.c.verifier
        )
        return list(self._connection.execute(query.order_by(chain_audits.c.task)))

    def has_waiting_fees(self, job_id: Bytes32) -> bool:
        """Whether fees of accepted audits of a job are still set aside."""
        query = select(chain_audits.c.task).where(
            chain_audits.c.job_id == job_id,
            chain_audits.c.payee.is_(None),
            chain_audits.c.fee_wei != 0,
        )
        return self._connection.execute(query.limit(1)).first() is not None

    def slashes(self, job_id: Bytes32) -> list[Row[Any]]:
        """Slashed disputes of a job."""
        query = select(chain_disputes).where(
            chain_disputes.c.job_id == job_id, chain_disputes.c.slash_transaction.is_not(None)
        )
        return list(self._connection.execute(query.order_by(chain_disputes.c.dispute_id)))

    def earned_wei(self, account: Address) -> int:
        """What leases and audits paid to an account, all told."""
        pay = select(chain_leases.c.amount_wei).where(
            chain_leases.c.provider == account, chain_leases.c.settled_at.is_not(None)
        )
        fees = select(chain_audits.c.fee_wei).where(
            chain_audits.c.verifier == account, chain_audits.c.payee == account
        )
        return self._sum_wei(pay) + self._sum_wei(fees)

    def unvested_wei(self, account: Address) -> int:
        """Pay for committed work of an account that is neither paid nor lost yet."""
        slashes = select(func.max(chain_disputes.c.slash_block)).where(
            chain_disputes.c.provider == account
        )
        query = (
            select(chain_leases.c.amount_wei)
            .join(chain_batches, chain_batches.c.batch_id == chain_leases.c.batch_id)
            .where(
                chain_leases.c.provider == account,
                chain_leases.c.settled_at.is_(None),
                chain_leases.c.released_at.is_(None),
                chain_batches.c.commit_block > func.coalesce(slashes.scalar_subquery(), -1),
            )
        )
        return self._sum_wei(query)

    def slashed_wei(self, account: Address) -> int:
        """What an account lost in disputes as a provider."""
        query = select(chain_disputes.c.slashed_wei).where(chain_disputes.c.provider == account)
        return self._sum_wei(query)

    def _sum_wei(self, query: Select[Any]) -> int:
        """Wei are text in SQL, so they are added here."""
        return sum(int(row[0]) for row in self._connection.execute(query))

    def leases_of(
        self, names: frozenset[Address], limit: int | None, before: tuple[int, Bytes32] | None
    ) -> list[Row[Any]]:
        """Leases of a provider or a device, newest first, with the chain's facts."""
        query = (
            select(
                leases,
                chain_leases.c.committed_at,
                chain_leases.c.settled_at,
                chain_leases.c.released_at,
                select(literal(1))
                .where(_open_dispute)
                .correlate(chain_leases)
                .exists()
                .label("is_disputed"),
            )
            .outerjoin(chain_leases, chain_leases.c.lease_id == leases.c.lease_id)
            .where(or_(leases.c.provider.in_(names), leases.c.device.in_(names)))
        )
        if before is not None:
            at, lease_id = before
            same = and_(leases.c.granted_at_ms == at, leases.c.lease_id < lease_id)
            query = query.where(or_(leases.c.granted_at_ms < at, same))
        query = query.order_by(leases.c.granted_at_ms.desc(), leases.c.lease_id.desc())
        return list(self._connection.execute(query.limit(limit)))

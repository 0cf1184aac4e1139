"""Queries of blobs and of who may see them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, exists, insert, literal, or_, select

from market.store.projected import chain_disputes, chain_leases
from market.store.sql import insert_new
from market.store.tables import (
    audit_grants,
    audits,
    blob_owners,
    blobs,
    dispute_commitments,
    job_blobs,
    jobs,
    leases,
    results,
    tasks,
)
from protocol.units import Address, Bytes32, ContentId

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class BlobFacts:
    """A complete blob."""

    size_bytes: int
    outcome_digest: Bytes32


class Blobs:
    """A blob is here when it has a row: its bytes were on the disk before."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, blob_id: ContentId, facts: BlobFacts, owner: Address, now: int) -> None:
        """Record a complete blob and that `owner` sent it."""
        blob = {
            "blob_id": blob_id,
            "size_bytes": facts.size_bytes,
            "outcome_digest": facts.outcome_digest,
            "created_at": now,
        }
        insert_new(self._connection, blobs, blob)
        insert_new(self._connection, blob_owners, {"account": owner, "blob_id": blob_id})

    def share(self, blob_id: ContentId, owners: Collection[Address], account: Address) -> None:
        """Let `account` see a blob that one of `owners` sent, if one has."""
        if self.owned_size(blob_id, owners) is not None:
            insert_new(self._connection, blob_owners, {"account": account, "blob_id": blob_id})

    def owned_size(self, blob_id: ContentId, owners: Collection[Address]) -> int | None:
        """The size of a complete blob that one of `owners` sent."""
        query = select(blobs.c.size_bytes).where(
            blobs.c.blob_id == blob_id, _is_owned(blob_id, owners)
        )
        return self._connection.execute(query).scalar()

    def owned(
        self, blob_ids: Iterable[ContentId], owners: Collection[Address]
    ) -> dict[ContentId, BlobFacts]:
        """Those of `blob_ids` that are complete and were sent by one of `owners`."""
        wanted, found = sorted(set(blob_ids)), {}
        for start in range(0, len(wanted), _CHUNK):
            query = (
                select(blobs.c.blob_id, blobs.c.size_bytes, blobs.c.outcome_digest)
                .join(blob_owners, blob_owners.c.blob_id == blobs.c.blob_id)
                .where(
                    blobs.c.blob_id.in_(wanted[start : start + _CHUNK]),
                    blob_owners.c.account.in_(list(owners)),
                )
            )
            for row in self._connection.execute(query):
                found[ContentId(row.blob_id)] = BlobFacts(row.size_bytes, row.outcome_digest)
        return found

    def add_to_job(self, job_id: Bytes32, blob_ids: Iterable[ContentId]) -> None:
        """Record the blobs that every task of a job needs."""
        rows = [{"job_id": job_id, "blob_id": blob_id} for blob_id in sorted(set(blob_ids))]
        self._connection.execute(insert(job_blobs), rows)

    def is_entitled(self, blob_id: ContentId, who: Collection[Address]) -> bool:
        """Whether one of `who` sent it, or has a job, a lease, an audit or a vote that needs it."""
        names = list(who)
        checks = [
            _is_owned(blob_id, who),
            _by_job(blob_id, names),
            _by_input(blob_id, names),
            _by_comparison(blob_id, names),
        ]
        return bool(self._connection.execute(select(literal(1)).where(or_(*checks))).scalar())


def _is_owned(blob_id: ContentId, owners: Collection[Address]) -> ColumnElement[bool]:
    return exists().where(blob_owners.c.blob_id == blob_id, blob_owners.c.account.in_(list(owners)))


def _by_job(blob_id: ContentId, names: list[Address]) -> ColumnElement[bool]:
    """A blob of the whole job: its requester's, and that of whoever works on any of its tasks."""
    job_id = job_blobs.c.job_id
    return exists().where(
        job_blobs.c.blob_id == blob_id,
        or_(
            exists().where(jobs.c.job_id == job_id, jobs.c.requester.in_(names)),
            exists().where(leases.c.job_id == job_id, _is_running(names)),
            exists().where(audit_grants.c.job_id == job_id, audit_grants.c.account.in_(names)),
        ),
    )


def _by_input(blob_id: ContentId, names: list[Address]) -> ColumnElement[bool]:
    """One task's own input: its requester's, its lease's device's, its verifier's."""
    job_id, task = tasks.c.job_id, tasks.c.task
    return exists().where(
        tasks.c.input_blob == blob_id,
        or_(
            exists().where(jobs.c.job_id == job_id, jobs.c.requester.in_(names)),
            exists().where(leases.c.lease_id == tasks.c.lease_id, _is_running(names)),
            exists().where(
                and_(audit_grants.c.job_id == job_id, audit_grants.c.task == task),
                audit_grants.c.account.in_(names),
            ),
        ),
    )


def _by_comparison(blob_id: ContentId, names: list[Address]) -> ColumnElement[bool]:
    """An output of a job with a comparator: for who is bound to another one, until it is over."""
    bound, lease = dispute_commitments.c, chain_leases.c
    is_lease_open = and_(
        lease.lease_id == results.c.lease_id,
        lease.settled_at.is_(None),
        lease.released_at.is_(None),
    )
    is_resolved = exists().where(
        chain_disputes.c.dispute_id == bound.dispute_id,
        chain_disputes.c.resolved_at.is_not(None),
    )
    return exists().where(
        results.c.output_blob == blob_id,
        or_(
            exists().where(
                audits.c.lease_id == results.c.lease_id,
                audits.c.task == results.c.task,
                audits.c.verifier.in_(names),
                audits.c.is_tolerant.is_(True),
                is_lease_open,
                lease.batch_id == audits.c.batch_id,
            ),
            exists().where(
                bound.lease_id == results.c.lease_id,
                bound.task == results.c.task,
                bound.member.in_(names),
                is_lease_open,
                ~is_resolved,
            ),
        ),
    )


def _is_running(names: list[Address]) -> ColumnElement[bool]:
    return and_(leases.c.device.in_(names), leases.c.ended_at.is_(None))

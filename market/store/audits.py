"""Queries of audits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, insert, or_, select, tuple_, update

from market.store.projected import (
    chain_audits,
    chain_batches,
    chain_disputes,
    chain_jobs,
    chain_leases,
)
from market.store.records import AcceptedElsewhere, AuditRecord, columns, many, one
from market.store.relays import REJECTED
from market.store.sql import insert_new
from market.store.tables import audit_grants, audits, relays
from protocol.audit import AuditResult
from protocol.dispute import LOST_VERDICTS
from protocol.units import Address, Bytes32

_COLUMNS = columns(AuditRecord, audits)


class Audits:
    """A verifier commits once and reveals once for one task of one lease."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def grant(self, account: Address, job_id: Bytes32, task: int, now: int) -> None:
        """Let an account fetch what it needs to re-run a task."""
        row = {"account": account, "job_id": job_id, "task": task, "granted_at": now}
        insert_new(self._connection, audit_grants, row)

    def get(self, lease_id: Bytes32, task: int, verifier: Address) -> AuditRecord | None:
        """One audit."""
        query = select(*_COLUMNS).where(
            audits.c.lease_id == lease_id, audits.c.task == task, audits.c.verifier == verifier
        )
        return one(AuditRecord, self._connection.execute(query).one_or_none())

    def add(self, audit: AuditRecord, commitment_signature: bytes) -> None:
        """Keep a commitment."""
        row = {name: getattr(audit, name) for name in AuditRecord.__dataclass_fields__}
        row["commitment_signature"] = commitment_signature
        self._connection.execute(insert(audits), row)

    def reveal(
        self, verifier: Address, result: AuditResult, signature: bytes, agrees: bool
    ) -> bool:
        """Keep a reveal; False when there was one before."""
        change = update(audits).where(
            audits.c.lease_id == result.lease_id,
            audits.c.task == result.task,
            audits.c.verifier == verifier,
            audits.c.digest.is_(None),
        )
        values = change.values(
            digest=result.task_digest, salt=result.salt, signature=signature, agrees=agrees
        )
        return self._connection.execute(values).rowcount == 1

    def to_accept(self, limit: int, published_before: int) -> list[AuditRecord]:
        """Agreeing audits that can be accepted and that nobody claimed yet, by batch.

        A claim shows everybody the digest. So where two verifiers were drawn for a task, the first
        is shown only when the other one is bound as well, or when the batch was committed before
        `published_before`: nothing of it can be contested any more.
        """
        other = audits.alias("other")
        is_peer_bound = (
            select(other.c.verifier)
            .where(
                other.c.lease_id == audits.c.lease_id,
                other.c.task == audits.c.task,
                other.c.verifier == audits.c.peer,
                other.c.batch_id == audits.c.batch_id,
            )
            .exists()
        )
        query = (
            _unaccepted(*_COLUMNS)
            .join(chain_jobs, chain_jobs.c.job_id == chain_leases.c.job_id)
            .where(
                chain_jobs.c.closed_at == 0,
                audits.c.agrees.is_(True),
                audits.c.claim_key.is_(None),
                or_(
                    audits.c.peer.is_(None),
                    is_peer_bound,
                    chain_batches.c.committed_at < published_before,
                ),
            )
            .order_by(audits.c.batch_id, audits.c.lease_id, audits.c.task, audits.c.attempt)
            .limit(limit)
        )
        return many(AuditRecord, self._connection.execute(query))

    def unaccepted_batches(self) -> set[Bytes32]:
        """Batches with agreeing audits that are not accepted, and not refused, yet."""
        query = (
            _unaccepted(audits.c.batch_id)
            .outerjoin(relays, relays.c.key == audits.c.claim_key)
            .where(
                audits.c.agrees.is_(True),
                or_(audits.c.claim_key.is_(None), relays.c.status != REJECTED),
            )
            .distinct()
        )
        return set(self._connection.execute(query).scalars())

    def seeds_needed(self, committed_by_block: int) -> list[Bytes32]:
        """Batches as old as that whose audits still need the seed, and that have not kept it."""
        query = (
            _unaccepted(audits.c.batch_id)
            .where(
                audits.c.agrees.is_not(False),
                chain_batches.c.seed.is_(None),
                chain_batches.c.commit_block <= committed_by_block,
            )
            .distinct()
        )
        return list(self._connection.execute(query).scalars())

    def claim(self, claimed: Sequence[AuditRecord], key: str) -> None:
        """Put audits into one claim."""
        names = [(audit.lease_id, audit.task, audit.verifier) for audit in claimed]
        named = tuple_(audits.c.lease_id, audits.c.task, audits.c.verifier).in_(names)
        self._connection.execute(update(audits).where(named).values(claim_key=key))

    def of_claim(self, key: str) -> list[AuditRecord]:
        """The audits of a claim."""
        query = select(*_COLUMNS).where(audits.c.claim_key == key)
        return many(AuditRecord, self._connection.execute(query))

    def accepted_elsewhere(self, limit: int, committed_after: int) -> list[AcceptedElsewhere]:
        """Audits of batches since then that others had accepted, not compared yet."""
        query = (
            select(
                audits.c.batch_id,
                audits.c.lease_id,
                audits.c.task,
                chain_audits.c.round,
                audits.c.verifier,
                audits.c.commitment,
                audits.c.commitment_signature,
                chain_audits.c.transaction_hash,
            )
            .join(
                chain_audits,
                (chain_audits.c.batch_id == audits.c.batch_id)
                & (chain_audits.c.lease_id == audits.c.lease_id)
                & (chain_audits.c.task == audits.c.task)
                & (chain_audits.c.verifier == audits.c.verifier),
            )
            .join(chain_batches, chain_batches.c.batch_id == audits.c.batch_id)
            .outerjoin(
                relays,
                (relays.c.key == audits.c.claim_key)
                & (relays.c.transaction_hash == chain_audits.c.transaction_hash),
            )
            .where(
                chain_batches.c.committed_at > committed_after,
                relays.c.key.is_(None),
                audits.c.is_tolerant.is_(False),  # who agrees there signs another digest, rightly
                audits.c.compared_in.is_distinct_from(chain_audits.c.transaction_hash),
            )
            .order_by(chain_batches.c.committed_at, audits.c.lease_id, audits.c.task)
            .limit(limit)
        )
        return many(AcceptedElsewhere, self._connection.execute(query))

    def compared(self, paid: AcceptedElsewhere) -> None:
        """What was accepted of its verifier was compared with what it had committed to."""
        change = update(audits).where(
            audits.c.lease_id == paid.lease_id,
            audits.c.task == paid.task,
            audits.c.verifier == paid.verifier,
        )
        self._connection.execute(change.values(compared_in=paid.transaction_hash))

    def unclaim(self, key: str) -> None:
        """The chain refused a claim of several: each is claimed alone."""
        change = update(audits).where(audits.c.claim_key == key)
        self._connection.execute(change.values(claim_key=None))


def _unaccepted(*columns_: ColumnElement[Any]) -> Select[Any]:
    """Audits not accepted, of leases that are not finished, and of no task that is contested."""
    contested = (
        select(chain_disputes.c.dispute_id)
        .where(
            chain_disputes.c.lease_id == audits.c.lease_id,
            chain_disputes.c.task == audits.c.task,
            or_(
                chain_disputes.c.resolved_at.is_(None),
                chain_disputes.c.verdict.in_(LOST_VERDICTS),
            ),
        )
        .exists()
    )
    return (
        select(*columns_)
        .join(
            chain_leases,
            # A reorganisation may have put the lease into another batch: other audits.
            (chain_leases.c.lease_id == audits.c.lease_id)
            & (chain_leases.c.batch_id == audits.c.batch_id),
        )
        .join(chain_batches, chain_batches.c.batch_id == audits.c.batch_id)
        .outerjoin(
            chain_audits,
            (chain_audits.c.lease_id == audits.c.lease_id)
            & (chain_audits.c.task == audits.c.task)
            & (chain_audits.c.verifier == audits.c.verifier),
        )
        .where(
            chain_audits.c.lease_id.is_(None),
            chain_batches.c.finished_at.is_(None),
            chain_leases.c.settled_at.is_(None),
            chain_leases.c.released_at.is_(None),
            ~contested,
        )
    )

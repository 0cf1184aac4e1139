"""Queries of audits."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, tuple_, update

from market.store.projected import chain_audits, chain_leases
from market.store.records import AuditRecord, columns, many, one
from market.store.sql import insert_new
from market.store.tables import audit_grants, audits
from protocol.audit import AuditResult
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

    def to_pay(self, limit: int) -> list[AuditRecord]:
        """Agreeing audits of open leases that nobody claimed yet, by batch."""
        query = (
            select(*_COLUMNS)
            .join(
                chain_leases,
                # A reorganisation may have put the lease into another batch: other audits.
                (chain_leases.c.lease_id == audits.c.lease_id)
                & (chain_leases.c.batch_id == audits.c.batch_id),
            )
            .outerjoin(
                chain_audits,
                (chain_audits.c.lease_id == audits.c.lease_id)
                & (chain_audits.c.task == audits.c.task),
            )
            .where(
                audits.c.agrees.is_(True),
                audits.c.claim_key.is_(None),
                chain_audits.c.lease_id.is_(None),
                chain_leases.c.released_at.is_(None),
            )
            .order_by(audits.c.batch_id, audits.c.lease_id, audits.c.task)
            .limit(limit)
        )
        return many(AuditRecord, self._connection.execute(query))

    def claim(self, claimed: Sequence[AuditRecord], key: str) -> None:
        """Put audits into one claim."""
        names = [(audit.lease_id, audit.task, audit.verifier) for audit in claimed]
        named = tuple_(audits.c.lease_id, audits.c.task, audits.c.verifier).in_(names)
        self._connection.execute(update(audits).where(named).values(claim_key=key))

    def of_claim(self, key: str) -> list[AuditRecord]:
        """The audits of a claim."""
        query = select(*_COLUMNS).where(audits.c.claim_key == key)
        return many(AuditRecord, self._connection.execute(query))

    def unclaim(self, key: str) -> None:
        """The chain refused a claim of several: each is claimed alone."""
        change = update(audits).where(audits.c.claim_key == key)
        self._connection.execute(change.values(claim_key=None))

"""Paying verifiers whose revealed digest agrees with the provider's."""

from __future__ import annotations

import hashlib
from itertools import groupby

from market.store.records import AuditRecord, ChainLeaseRecord, RelayRecord
from market.store.unit import Store, Unit
from protocol import merkle
from protocol.chain.contracts import Contracts
from protocol.chain.facts import AuditClaim

MAX_CLAIMS = 32


class AuditFees:
    """One claim transaction a batch; a refused one is split, and a single refusal is final."""

    def __init__(self, store: Store, contracts: Contracts) -> None:
        self._store = store
        self._contracts = contracts

    def advance(self, now: int) -> None:
        """Claim what nobody has claimed yet."""
        with self._store.read() as unit:
            unpaid = unit.audits.to_pay(MAX_CLAIMS)
        for batch_id, group in groupby(unpaid, key=lambda audit: audit.batch_id):
            with self._store.write() as unit:
                self._claim(unit, batch_id, list(group), now)

    def rejected(self, unit: Unit, relay: RelayRecord, _reason: str, now: int) -> None:
        """Try the audits of a refused claim one by one."""
        audits = unit.audits.of_claim(relay.key)
        if len(audits) > 1:
            unit.audits.unclaim(relay.key)
            for audit in audits:
                self._claim(unit, audit.batch_id, [audit], now)

    def _claim(self, unit: Unit, batch_id: int, audits: list[AuditRecord], now: int) -> None:
        leases = unit.chain.leases_of(batch_id)
        claims = [_audit_claim(leases, audit) for audit in audits]
        names = b"".join(
            a.lease_id + a.task.to_bytes(4, "big") + a.verifier.encode() for a in audits
        )
        key = f"audits:{batch_id}:{hashlib.sha256(names).hexdigest()[:40]}"
        unit.audits.claim(audits, key)
        unit.relays.add(key, self._contracts.pay_audits(batch_id, claims), now)


def _audit_claim(leases: list[ChainLeaseRecord], audit: AuditRecord) -> AuditClaim:
    index = next(i for i, lease in enumerate(leases) if lease.lease_id == audit.lease_id)
    assert audit.digest is not None
    assert audit.salt is not None
    return AuditClaim(
        lease=leases[index].committed,
        index=index,
        proof=merkle.proof([lease.committed.leaf() for lease in leases], index),
        task=audit.task,
        verifier=audit.verifier,
        attempt=audit.attempt,
        task_digest=audit.digest,
        salt=audit.salt,
        signature=bytes(audit.signature or b""),
    )

"""The fees of verifiers whose revealed digest agrees with the provider's.

First they are set aside, while the lease can be contested; when it is finished they are paid.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import groupby

from market.audits.service import opening
from market.settlement.pokes import poke
from market.store.records import AuditRecord, RelayRecord
from market.store.unit import Store, Unit
from protocol.batch import MAX_ITEMS
from protocol.chain.contracts import Contracts
from protocol.chain.facts import AuditClaim, AuditRef, Params
from protocol.units import Address, Bytes32, to_hex

MAX_CLAIMS = 32
REMEMBERED_BATCHES = 256
# Without EIP-2935's history, a chain remembers the hashes of 256 blocks.
KEEP_SEED_BLOCKS = 128


class AuditFees:
    """One claim transaction a batch; a refused one is split, and a single refusal is final."""

    def __init__(
        self, store: Store, contracts: Contracts, params: Params, operator: Address
    ) -> None:
        self._store = store
        self._contracts = contracts
        self._params = params
        self._operator = operator
        self._seat_counts: dict[Bytes32, int] = {}

    def claim(self, now: int) -> None:
        """Have audits accepted that nobody has claimed yet. `now` is the chain's time."""
        published_before = now - self._params.dispute_window_seconds
        with self._store.read() as unit:
            unclaimed = unit.audits.to_accept(MAX_CLAIMS, published_before)
        for batch_id, group in groupby(unclaimed, key=lambda audit: audit.batch_id):
            self._seat_count(batch_id)  # asks the chain, so not while the store is locked
            with self._store.write() as unit:
                self._claim(unit, batch_id, list(group), now)

    def pay(self, now: int) -> None:
        """Pay what was set aside for audits of leases that are finished."""
        with self._store.read() as unit:
            due = unit.chain.fees_due(self._operator, MAX_ITEMS)
        for batch_id, group in groupby(due, key=lambda fee: fee.batch_id):
            audits = [AuditRef(fee.line, fee.task, fee.round) for fee in group]
            with self._store.write() as unit:
                call = self._contracts.pay_audits(unit.chain.content(batch_id), audits)
                poke(unit, f"pay-audits:{to_hex(batch_id)}:{_named(audits)}", call, now)

    def keep_seeds(self, block: int, now: int) -> None:
        """Have the chain keep seeds that it would forget before their audits are accepted."""
        known_by_block = block - self._params.seed_delay_blocks - KEEP_SEED_BLOCKS
        with self._store.read() as unit:
            needed = unit.audits.seeds_needed(known_by_block)
        for batch_id in needed:
            with self._store.write() as unit:
                poke(unit, f"fix-seed:{to_hex(batch_id)}", self._contracts.fix_seed(batch_id), now)

    def rejected(self, unit: Unit, relay: RelayRecord, _reason: str, now: int) -> None:
        """Try the audits of a refused claim one by one."""
        audits = unit.audits.of_claim(relay.key)
        if len(audits) > 1:
            unit.audits.unclaim(relay.key)
            for audit in audits:
                self._claim(unit, audit.batch_id, [audit], now)

    def _claim(self, unit: Unit, batch_id: Bytes32, audits: list[AuditRecord], now: int) -> None:
        lines = {lease.lease_id: lease.line for lease in unit.chain.leases_of(batch_id)}
        claims = [_audit_claim(unit, lines[audit.lease_id], audit) for audit in audits]
        names = b"".join(
            a.lease_id + a.task.to_bytes(4, "big") + a.verifier.encode() for a in audits
        )
        key = f"audits:{hashlib.sha256(batch_id + names).hexdigest()[:40]}"
        unit.audits.claim(audits, key)
        batch = unit.chain.content(batch_id)
        call = self._contracts.accept_audits(batch, self._seat_count(batch_id), claims)
        unit.relays.add(key, call, now)

    def _seat_count(self, batch_id: Bytes32) -> int:
        """How many seats the batch's draws are among; 0 once it is finished."""
        if batch_id not in self._seat_counts:
            if len(self._seat_counts) >= REMEMBERED_BATCHES:
                self._seat_counts.clear()
            self._seat_counts[batch_id] = self._contracts.batch(batch_id).seat_count
        return self._seat_counts[batch_id]


def _named(audits: Sequence[AuditRef]) -> str:
    """Other audits are another action."""
    return hashlib.sha256(repr(audits).encode()).hexdigest()[:16]


def _audit_claim(unit: Unit, line: int, audit: AuditRecord) -> AuditClaim:
    assert audit.digest is not None
    assert audit.salt is not None
    opened = opening(unit, audit.lease_id, audit.task)
    return AuditClaim(
        line=line,
        task=audit.task,
        attempt=audit.attempt,
        verifier=audit.verifier,
        task_digest=audit.digest,
        salt=audit.salt,
        signature=bytes(audit.signature or b""),
        leaf_salt=opened.salt,
        proof=opened.proof,
    )

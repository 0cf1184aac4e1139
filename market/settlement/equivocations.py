"""Whose accepted audit is not what it had committed to here loses its seat."""

from __future__ import annotations

from market.store.records import AcceptedElsewhere
from market.store.unit import Store, Unit
from protocol.audit import commitment
from protocol.chain.contracts import Contracts
from protocol.chain.facts import AuditClaim, Equivocation, Params
from protocol.sampling import MAX_DRAWS
from protocol.units import to_hex

AT_ONCE = 16


class Equivocations:
    """Looks at claims that others have sent: what this market claims opens its commitment."""

    def __init__(self, store: Store, contracts: Contracts, params: Params) -> None:
        self._store = store
        self._contracts = contracts
        self._params = params

    def report(self, now: int) -> None:
        """Compare each once, as long as its seat's stake must still be there."""
        params = self._params
        since = now - params.dispute_window_seconds - params.unstake_delay_seconds
        with self._store.read() as unit:
            found = unit.audits.accepted_elsewhere(AT_ONCE, since)
        for audit in found:
            # Asks the chain, so not while the store is locked.
            claims = self._contracts.accepted_claims(audit.transaction_hash)
            if claims is None:
                continue  # an endpoint that lags behind
            with self._store.write() as unit:
                self._compare(unit, audit, claims, now)

    def _compare(
        self, unit: Unit, audit: AcceptedElsewhere, claims: tuple[AuditClaim, ...], now: int
    ) -> None:
        lease = unit.chain.lease(audit.lease_id)
        if lease is None or lease.batch_id != audit.batch_id:
            return  # reorganised away meanwhile
        unit.audits.compared(audit)
        place = (lease.line, audit.task, audit.round, audit.verifier)
        for claim in claims:
            is_it = (claim.line, claim.task, claim.attempt // MAX_DRAWS, claim.verifier) == place
            made = commitment(claim.verifier, claim.task_digest, claim.salt)
            if is_it and made != audit.commitment:
                batch = unit.chain.content(audit.batch_id)
                call = self._contracts.report_equivocation(batch, _words(audit, claim))
                name = f"equivocation:{to_hex(audit.lease_id)}:{audit.task}:{audit.round}"
                unit.relays.add(name, call, now)


def _words(audit: AcceptedElsewhere, claim: AuditClaim) -> Equivocation:
    return Equivocation(
        line=claim.line,
        task=audit.task,
        round=audit.round,
        commitment=audit.commitment,
        commitment_signature=bytes(audit.commitment_signature),
        task_digest=claim.task_digest,
        salt=claim.salt,
        result_signature=claim.signature,
    )

"""Drawn verifiers are paid for their audits, and stand for them. Mirrors market/Audits.sol."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from protocol import pricing
from protocol.sampling import Draw, audit_rounds, draw_verifiers, seat_index
from protocol.settlement.batches import Batches
from protocol.settlement.facts import (
    MAX_ITEMS,
    AuditClaim,
    Batch,
    LeaseEntry,
    Moment,
    PaidAudit,
    Rules,
    Terms,
)
from protocol.settlement.refusals import Refusal, Refused, require
from protocol.units import Address, Bytes32

# A batch, the lease's index in it, the task, and the round.
AuditKey = tuple[Bytes32, int, int, int]


class Audits(Batches):
    """One payment for each round of a task's audits."""

    def __init__(self, terms: Terms, rules: Rules | None = None) -> None:
        super().__init__(terms, rules)
        self._paid_audits: dict[AuditKey, PaidAudit] = {}

    def audit_draws(self, batch_id: Bytes32, index: int, task: int) -> tuple[Draw, ...]:
        """Who audits a task of a batch whose seed is fixed; nobody if it is not drawn."""
        state = self.batch(batch_id)
        entry = self._entry(batch_id, index, task)
        if state.seed is None:
            return ()
        return draw_verifiers(
            state.seed,
            entry.lease_id,
            task,
            state.rates_ppm[index],
            self.seats(state.seat_count),
            state.commit_block,
            self._parties(state, entry),
        )

    @property
    def paid_audits(self) -> Mapping[AuditKey, PaidAudit]:
        """All that was paid, by batch, index, task and round."""
        return self._paid_audits

    def paid_audit(self, batch_id: Bytes32, index: int, task: int, number: int) -> PaidAudit | None:
        """What was paid for one round of a task's audits."""
        return self._paid_audits.get((batch_id, index, task, number))

    def pay_audits(
        self,
        batch_id: Bytes32,
        claims: Sequence[AuditClaim],
        at: Moment,
        seed: Bytes32 | None = None,
    ) -> int:
        """Pay drawn verifiers whose digests are the provider's; return the fees.

        This also fixes the batch's seed, as `fix_seed` does.
        """
        require(0 < len(claims) <= MAX_ITEMS, Refusal.TOO_MANY)
        before = self._live_batch(batch_id)
        if before.seed is None:
            self._fix_seed(batch_id, seed, at)
        try:
            keys: set[AuditKey] = set()
            for claim in claims:
                keys.add(self._payable(batch_id, claim, keys))
        except Refused:
            self._batches[batch_id] = before
            raise
        return sum(self._pay_audit(batch_id, claim) for claim in claims)

    def _payable(
        self, batch_id: Bytes32, claim: AuditClaim, keys: Collection[AuditKey]
    ) -> AuditKey:
        """Check a claim; return which audit it is for. `keys` are paid in the same call."""
        state = self.batch(batch_id)
        require(claim.index < len(state.entries), Refusal.NO_SUCH_LINE)
        # Nothing of it can be contested any more: whoever is paid now stands for nothing.
        require(not state.is_finished(claim.index), Refusal.LEASE_FINISHED)
        self._entry(batch_id, claim.index, claim.task)
        draw = Draw(claim.verifier, claim.attempt)
        require(draw.round < self._rounds(state, claim), Refusal.TASK_NOT_DRAWN)
        draws = self.audit_draws(batch_id, claim.index, claim.task)
        require(draw in draws, Refusal.VERIFIER_NOT_DRAWN)
        require(claim.is_signed, Refusal.BAD_SIGNATURE)
        agrees = claim.digest == claim.claimed_digest
        require(agrees or not self.rules.pays_agreeing_audits_only, Refusal.AUDIT_DISAGREES)
        key = (batch_id, claim.index, claim.task, draw.round)
        is_paid = key in self._paid_audits or key in keys
        require(not is_paid, Refusal.AUDIT_ALREADY_PAID)
        return key

    def _pay_audit(self, batch_id: Bytes32, claim: AuditClaim) -> int:
        state = self.batch(batch_id)
        entry = state.entries[claim.index]
        number = Draw(claim.verifier, claim.attempt).round
        seat_id = self._drawn_seat(state, entry, claim)
        paid = PaidAudit(claim.verifier, seat_id, claim.digest)
        self._paid_audits[batch_id, claim.index, claim.task, number] = paid
        job = self._jobs[entry.job_id]
        fee_wei = min(pricing.audit_fee_wei(entry.price_per_task_wei), job.audit_escrow_wei)
        self._jobs[entry.job_id] = replace(job, audit_escrow_wei=job.audit_escrow_wei - fee_wei)
        self._credit(claim.verifier, fee_wei)
        return fee_wei

    def _rounds(self, state: Batch, claim: AuditClaim) -> int:
        if state.seed is None:
            return 0
        lease_id = state.entries[claim.index].lease_id
        return audit_rounds(state.seed, lease_id, claim.task, state.rates_ppm[claim.index])

    def _parties(self, state: Batch, entry: LeaseEntry) -> tuple[Address, ...]:
        return (entry.provider, self._jobs[entry.job_id].terms.requester, state.operator)

    def _drawn_seat(self, state: Batch, entry: LeaseEntry, claim: AuditClaim) -> int:
        if state.seed is None:
            return -1
        return seat_index(state.seed, entry.lease_id, claim.task, claim.attempt, state.seat_count)

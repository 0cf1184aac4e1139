"""Drawn verifiers are paid for their audits, and stand for them. Mirrors market/Audits.sol."""

from __future__ import annotations

from dataclasses import replace

from protocol import pricing
from protocol.sampling import Draw, draw_verifiers, seat_index
from protocol.settlement.batches import Batches
from protocol.settlement.facts import AuditClaim, Batch, LeaseEntry, PaidAudit, Rules, Terms
from protocol.settlement.refusals import Refusal, require
from protocol.units import Address


class Audits(Batches):
    """One payment for each round of a task's audits."""

    def __init__(self, terms: Terms, rules: Rules | None = None) -> None:
        super().__init__(terms, rules)
        self._paid_audits: dict[tuple[int, int, int, int], PaidAudit] = {}

    def audit_draws(self, batch_id: int, index: int, task: int) -> tuple[Draw, ...]:
        """Who audits a task of a batch whose seed is fixed; nobody if it is not drawn."""
        state = self.batch(batch_id)
        entry = self._entry(batch_id, index, task)
        require(state.seed is not None, Refusal.SEED_NOT_FIXED)
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

    def paid_audit(self, batch_id: int, index: int, task: int, number: int) -> PaidAudit | None:
        """What was paid for one round of a task's audits."""
        return self._paid_audits.get((batch_id, index, task, number))

    def pay_audit(self, claim: AuditClaim) -> int:
        """Pay a drawn verifier whose digest is the provider's; return the fee."""
        state = self.batch(claim.batch_id)
        require(state.seed is not None, Refusal.SEED_NOT_FIXED)
        entry = self._entry(claim.batch_id, claim.index, claim.task)
        draws = self.audit_draws(claim.batch_id, claim.index, claim.task)
        require(bool(draws), Refusal.TASK_NOT_DRAWN)
        draw = Draw(claim.verifier, claim.attempt)
        require(draw in draws, Refusal.VERIFIER_NOT_DRAWN)
        agrees = claim.digest == claim.claimed_digest
        require(agrees or not self.rules.pays_agreeing_audits_only, Refusal.AUDIT_DISAGREES)
        key = (claim.batch_id, claim.index, claim.task, draw.round)
        require(key not in self._paid_audits, Refusal.AUDIT_ALREADY_PAID)
        job = self._live_job(entry.job_id)
        fee_wei = min(pricing.audit_fee_wei(entry.price_per_task_wei), job.audit_escrow_wei)
        self._paid_audits[key] = PaidAudit(
            claim.verifier, self._drawn_seat(state, entry, claim), claim.digest
        )
        self._jobs[entry.job_id] = replace(job, audit_escrow_wei=job.audit_escrow_wei - fee_wei)
        self._credit(claim.verifier, fee_wei)
        return fee_wei

    def _parties(self, state: Batch, entry: LeaseEntry) -> tuple[Address, ...]:
        return (entry.provider, self._jobs[entry.job_id].terms.requester, state.operator)

    def _drawn_seat(self, state: Batch, entry: LeaseEntry, claim: AuditClaim) -> int:
        if state.seed is None:
            return -1
        return seat_index(state.seed, entry.lease_id, claim.task, claim.attempt, state.seat_count)

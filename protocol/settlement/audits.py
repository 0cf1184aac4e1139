"""Drawn verifiers' audits are accepted, and paid for in the end. Mirrors market/Audits.sol."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from protocol import pricing
from protocol.sampling import Draw, audit_rounds, draw_verifiers, seat_index
from protocol.settlement.batches import Batches
from protocol.settlement.facts import (
    MAX_ITEMS,
    AcceptedAudit,
    AuditClaim,
    AuditRef,
    Batch,
    LeaseEntry,
    Moment,
    Rules,
    Terms,
)
from protocol.settlement.refusals import Refusal, Refused, require
from protocol.units import Address, Bytes32

# A batch, the lease's index in it, the task, and the round.
AuditKey = tuple[Bytes32, int, int, int]


class Audits(Batches):
    """One audit, and one fee, for each round of a task."""

    def __init__(self, terms: Terms, rules: Rules | None = None) -> None:
        super().__init__(terms, rules)
        self._audits: dict[AuditKey, AcceptedAudit] = {}

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
    def accepted_audits(self) -> Mapping[AuditKey, AcceptedAudit]:
        """All that were accepted, by batch, index, task and round."""
        return self._audits

    def accepted_audit(self, batch_id: Bytes32, audit: AuditRef) -> AcceptedAudit | None:
        """What is kept of one round of a task's audits; None if it was not accepted."""
        return self._audits.get(_key(batch_id, audit))

    def accept_audits(
        self,
        batch_id: Bytes32,
        claims: Sequence[AuditClaim],
        at: Moment,
        seed: Bytes32 | None = None,
    ) -> int:
        """Set fees aside for drawn verifiers whose digests are the provider's; return their sum.

        This also fixes the batch's seed, as `fix_seed` does.
        """
        require(0 < len(claims) <= MAX_ITEMS, Refusal.TOO_MANY)
        before = self._live_batch(batch_id)
        if before.seed is None:
            self._fix_seed(batch_id, seed, at)
        try:
            keys: set[AuditKey] = set()
            for claim in claims:
                keys.add(self._acceptable(batch_id, claim, keys))
        except Refused:
            self._batches[batch_id] = before
            raise
        return sum(self._accept(batch_id, claim, at) for claim in claims)

    def pay_audits(self, batch_id: Bytes32, audits: Sequence[AuditRef]) -> int:
        """Pay the fees of accepted audits whose leases are finished, of a forgotten batch too.

        Of a lease that was paid they go to the verifiers; otherwise, or where the audit was refuted
        or its seat is somebody else's by now, back to the requester. Returns what verifiers got.
        """
        require(0 < len(audits) <= MAX_ITEMS, Refusal.TOO_MANY)
        for i, audit in enumerate(audits):
            done = self.accepted_audit(batch_id, audit)
            is_left = done is not None and done.fee_wei > 0 and audit not in audits[:i]
            require(is_left, Refusal.NO_FEE_LEFT)
            is_finished = self.batch(batch_id).is_finished(audit.index)
            require(is_finished, Refusal.LEASE_NOT_FINISHED)
        return sum(self._pay_fee(_key(batch_id, audit)) for audit in audits)

    def total_wei(self) -> int:
        """The sum of every claim; always `held_wei`."""
        fees_wei = sum(audit.fee_wei for audit in self._audits.values())
        return super().total_wei() + fees_wei

    def _acceptable(
        self, batch_id: Bytes32, claim: AuditClaim, keys: Collection[AuditKey]
    ) -> AuditKey:
        """Check a claim; return which audit it is for. `keys` are accepted in the same call."""
        state = self.batch(batch_id)
        require(claim.index < len(state.entries), Refusal.NO_SUCH_LINE)
        # Nothing of it can be contested any more: whoever agrees now stands for nothing.
        require(not state.is_finished(claim.index), Refusal.LEASE_FINISHED)
        self._entry(batch_id, claim.index, claim.task)
        draw = Draw(claim.verifier, claim.attempt)
        require(draw.round < self._rounds(state, claim), Refusal.TASK_NOT_DRAWN)
        draws = self.audit_draws(batch_id, claim.index, claim.task)
        require(draw in draws, Refusal.VERIFIER_NOT_DRAWN)
        require(claim.is_signed, Refusal.BAD_SIGNATURE)
        agrees = claim.digest == claim.claimed_digest
        require(agrees or not self.rules.accepts_agreeing_audits_only, Refusal.AUDIT_DISAGREES)
        key = (batch_id, claim.index, claim.task, draw.round)
        is_accepted = key in self._audits or key in keys
        require(not is_accepted, Refusal.AUDIT_ALREADY_ACCEPTED)
        return key

    def _accept(self, batch_id: Bytes32, claim: AuditClaim, at: Moment) -> int:
        """Keep the audit, with its fee as far as the job's audit escrow goes."""
        state = self.batch(batch_id)
        entry = state.entries[claim.index]
        key = (batch_id, claim.index, claim.task, Draw(claim.verifier, claim.attempt).round)
        job = self._jobs[entry.job_id]
        fee_wei = min(pricing.audit_fee_wei(entry.price_per_task_wei), job.audit_escrow_wei)
        self._jobs[entry.job_id] = replace(job, audit_escrow_wei=job.audit_escrow_wei - fee_wei)
        seat_id = self._drawn_seat(state, entry, claim)
        self._audits[key] = AcceptedAudit(claim.verifier, claim.digest, seat_id, at.block, fee_wei)
        if not self.rules.pays_audits_late:
            self._pay_fee(key)
        return fee_wei

    def _pay_fee(self, key: AuditKey) -> int:
        """Pay what was set aside; return what the verifier got of it."""
        done = self._audits[key]
        entry = self.batch(key[0]).entries[key[1]]
        self._audits[key] = replace(done, fee_wei=0)
        if not self._is_earned(entry, done):
            self._credit(self._jobs[entry.job_id].terms.requester, done.fee_wei)
            return 0
        self._credit(self.seats()[done.seat_id].holder, done.fee_wei)
        return done.fee_wei

    def _is_earned(self, entry: LeaseEntry, done: AcceptedAudit) -> bool:
        """Who agreed with what was lost gets nothing: its friend could else earn by nonsense."""
        is_taken_after = self.seats()[done.seat_id].taken_block >= done.accepted_block
        return not (done.is_refuted or entry in self._void_results or is_taken_after)

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


def _key(batch_id: Bytes32, audit: AuditRef) -> AuditKey:
    return (batch_id, audit.index, audit.task, audit.round)

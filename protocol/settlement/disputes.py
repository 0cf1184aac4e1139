"""Contested tasks: bonds, concessions, rulings and penalties. Mirrors market/Disputes.sol."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from protocol.dispute import DisputeStatus, DisputeTerms, Verdict
from protocol.pricing import Penalty, Split, bond_wei
from protocol.sampling import draw_committee
from protocol.settlement.audits import AuditKey, Audits
from protocol.settlement.facts import (
    AcceptedAudit,
    Dispute,
    LeaseEntry,
    Moment,
    Rules,
    Ruling,
    Terms,
)
from protocol.settlement.refusals import Refusal, Refused, require
from protocol.units import Address, Bytes32


class Disputes(Audits):
    """Who contests what, and what it costs whom."""

    def __init__(self, terms: Terms, rules: Rules | None = None) -> None:
        super().__init__(terms, rules)
        self._disputes: list[Dispute] = []
        self._disputed_tasks: set[tuple[Bytes32, int, int]] = set()
        self._open_disputes: Counter[tuple[Bytes32, int]] = Counter()
        self._contested_since: dict[tuple[Bytes32, int], int] = {}

    def dispute(self, dispute_id: int) -> Dispute:
        """A dispute's facts."""
        require(0 < dispute_id <= len(self._disputes), Refusal.UNKNOWN_DISPUTE)
        return self._disputes[dispute_id - 1]

    @property
    def dispute_count(self) -> int:
        """Disputes are numbered from 1 to this."""
        return len(self._disputes)

    @property
    def dispute_terms(self) -> DisputeTerms:
        """What a dispute that is opened now keeps."""
        return DisputeTerms(
            self.terms.dispute_bond_wei,
            self.rules.slash.prices,
            self.rules.concession.prices,
            self.terms.committee_size,
        )

    def open_dispute(
        self, challenger: Address, batch_id: Bytes32, index: int, task: int, at: Moment
    ) -> int:
        """Contest a task with a bond."""
        state = self._live_batch(batch_id)
        require(not state.is_window_over(at.seconds), Refusal.WINDOW_OVER)
        entry = self._entry(batch_id, index, task)
        require(not state.is_finished(index), Refusal.LEASE_FINISHED)
        key = (batch_id, index, task)
        require(key not in self._disputed_tasks, Refusal.TASK_ALREADY_DISPUTED)
        terms = self.dispute_terms
        put_down_wei = self._bond_wei(entry, terms)
        self._spend(challenger, put_down_wei)
        self._disputed_tasks.add(key)
        self._contested_since.setdefault((batch_id, index), at.seconds)
        self._open_disputes[batch_id, index] += 1
        provider = self.account(entry.provider)
        self._change(entry.provider, open_disputes=provider.open_disputes + 1)
        disputed = state.disputed_bitmap | 1 << index
        self._store_batch(batch_id, replace(state, disputed_bitmap=disputed))
        self._disputes.append(
            Dispute(
                batch_id,
                index,
                task,
                entry,
                challenger,
                put_down_wei,
                opened_at=at.seconds,
                opened_block=at.block,
                seat_count=len(self.seats()),
                terms=terms,
            )
        )
        return len(self._disputes)

    def is_moot(self, dispute_id: int) -> bool:
        """Whether an open dispute's lease was lost in another one."""
        contested = self.dispute(dispute_id)
        is_finished = self.batch(contested.batch_id).is_finished(contested.index)
        return contested.status == DisputeStatus.OPEN and is_finished

    def concede(self, provider: Address, dispute_id: int, at: Moment) -> int:
        """Admit a wrong result; return what it took from the stake.

        The first time it costs less than a lost dispute; from the second on it counts as one. The
        time for it runs from when the lease came into dispute: else who fights could concede
        another task of it when it sees the votes.
        """
        contested = self._open_dispute(dispute_id)
        require(provider == contested.entry.provider, Refusal.NOT_THE_PROVIDER)
        since = self._contested_since[contested.batch_id, contested.index]
        is_late = at.seconds > since + self.terms.concede_seconds
        require(not is_late or self.rules.concedes_late, Refusal.CONCEDE_PERIOD_OVER)
        require(not self.is_moot(dispute_id), Refusal.LEASE_FINISHED)
        self._end_dispute(
            dispute_id, replace(contested, status=DisputeStatus.CONCEDED, verdict=_LOST)
        )
        self._credit(contested.challenger, contested.bond_wei)
        if self._strike(provider) == 1:
            taken_wei = self._pay_part(contested, ())
        else:
            taken_wei = self._slash(contested, (), at)
        self._finish(contested)
        return taken_wei

    def committee_seats(self, dispute_id: int, seed: Bytes32) -> tuple[int, ...]:
        """The seats that a seed draws for a dispute's committee."""
        contested = self.dispute(dispute_id)
        job = self._jobs[contested.entry.job_id].terms
        parties = {contested.entry.provider, contested.challenger, job.requester, job.operator}
        return draw_committee(
            seed,
            dispute_id,
            self.seats(contested.seat_count),
            contested.opened_block,
            parties,
            contested.terms.committee_size,
            self._empty_seats(),
        )

    def convene(self, dispute_id: int, seed: Bytes32, at: Moment) -> tuple[Address, ...]:
        """Draw the committee, after the concede window; return its members."""
        contested = self._require_convenable(dispute_id, at)
        seat_ids = self.committee_seats(dispute_id, seed)
        self._hold(seat_ids)
        self._disputes[dispute_id - 1] = replace(contested, seat_ids=seat_ids)
        return tuple(self.seats()[seat_id].holder for seat_id in seat_ids)

    def rule(self, dispute_id: int, ruling: Ruling, at: Moment) -> int:
        """Carry out what a committee decided; return what it took from the provider's stake.

        A provider that is out of tolerance pays what a first concession costs, whatever it lost
        before; where inputs are unavailable it is only not paid, and the batch's operator pays. A
        lease that was finished in the meantime makes the dispute moot: nobody loses anything.
        """
        contested = self._open_dispute(dispute_id)
        is_moot = self.is_moot(dispute_id)
        require(is_moot or contested.seat_ids is not None, Refusal.COMMITTEE_NOT_DRAWN)
        verdict = Verdict.NONE if is_moot else ruling.verdict
        digest = None if is_moot else ruling.digest
        self._end_dispute(
            dispute_id,
            replace(contested, status=DisputeStatus.RESOLVED, verdict=verdict, digest=digest),
        )
        for i, seat_id in enumerate(contested.seat_ids or ()):
            is_absent = not is_moot and bool(ruling.absentees >> i & 1)
            is_offender = not is_moot and bool(ruling.offenders >> i & 1)
            self._end_duty(seat_id, at, is_absent=is_absent, is_offender=is_offender)
        if verdict == Verdict.CHALLENGER_LOST:
            self._forfeit_bond(contested, ruling.majority)
            return 0
        self._credit(contested.challenger, contested.bond_wei)
        if verdict == Verdict.NONE:
            return 0
        taken_wei = 0
        if verdict == Verdict.PROVIDER_LOST:
            self._strike(contested.entry.provider)
            taken_wei = self._slash(contested, ruling.majority, at)
        elif verdict == Verdict.OUT_OF_TOLERANCE:
            taken_wei = self._pay_part(contested, ruling.majority)
        elif self.rules.fines_operator:
            self._fine_operator(contested)
        self._finish(contested)
        return taken_wei

    def contradict(
        self,
        reporter: Address,
        dispute_id: int,
        number: int,
        claimed_digest: Bytes32 | None,
        at: Moment,
    ) -> int:
        """Take the drawn seat of whose accepted audit found another digest than a committee.

        `number` is the round of its audit, `claimed_digest` the provider's, as its opening proves
        it, or None if that proves nothing. A concession contradicts nobody: a provider could admit
        what is right to have its verifier's seat taken. Returns the reporter's part.
        """
        contested = self.dispute(dispute_id)
        is_found = contested.digest is not None and contested.verdict == _LOST
        is_rule = self.rules.contradicted_verifier_loses_seat
        is_other = claimed_digest not in (None, contested.digest)
        require(is_found and is_rule and is_other, Refusal.NOT_CONTRADICTED)
        key = (contested.batch_id, contested.index, contested.task, number)
        done = self._accused(key)
        # Only where other audits than agreeing ones are accepted can these differ.
        require(done.digest != contested.digest, Refusal.NOT_CONTRADICTED)
        is_taken_after = self.seats()[done.seat_id].taken_block >= contested.opened_block
        require(not is_taken_after, Refusal.SEAT_EMPTY)
        return self._punish(reporter, key, at)

    def report_equivocation(
        self,
        reporter: Address,
        batch_id: Bytes32,
        index: int,
        task: int,
        number: int,
        at: Moment,
        *,
        signer: Address,
        is_kept: bool = False,
    ) -> int:
        """Take the drawn seat of whose accepted audit is not the digest that it had committed to.

        `signer` is whose both signatures are, `is_kept` whether the result is what was committed to
        after all. Returns the reporter's part.
        """
        if self.has_batch(batch_id):
            require(index < len(self.batch(batch_id).entries), Refusal.NO_SUCH_LINE)
        key = (batch_id, index, task, number)
        holder = self.seats()[self._accused(key).seat_id].holder
        require(signer == holder, Refusal.BAD_SIGNATURE)
        is_rule = self.rules.equivocating_verifier_loses_seat
        require(is_rule and not is_kept, Refusal.NO_EQUIVOCATION)
        return self._punish(reporter, key, at)

    def total_wei(self) -> int:
        """The sum of every claim; always `held_wei`."""
        is_open = DisputeStatus.OPEN
        bonds_wei = sum(d.bond_wei for d in self._disputes if d.status == is_open)
        return super().total_wei() + bonds_wei

    def _bond_wei(self, entry: LeaseEntry, terms: DisputeTerms) -> int:
        return bond_wei(
            entry.price_per_task_wei,
            entry.amount_wei,
            terms.dispute_bond_wei,
            prices=self.rules.bond_prices,
            lease_part=self.rules.bond_lease_part,
        )

    def _accused(self, key: AuditKey) -> AcceptedAudit:
        """An accepted audit that nobody has refuted."""
        done = self._audits.get(key)
        if done is None or done.is_refuted:
            raise Refused(Refusal.AUDIT_NOT_ACCEPTED)
        return done

    def _punish(self, reporter: Address, key: AuditKey, at: Moment) -> int:
        """Take what a verifier's drawn seat holds: a part to whoever found it out, the rest burnt.

        Nothing to anybody while the seat is on a committee, lest it save a part so.
        """
        done = self._audits[key]
        self._audits[key] = replace(done, is_refuted=True)
        seized_wei = self._seize(done.seat_id, at)
        is_on_duty = self.seat_stake(done.seat_id).duties != 0
        reward_wei = 0 if is_on_duty else seized_wei * self.rules.reporter_percent // 100
        self._credit(reporter, reward_wei)
        self.burnt_wei += seized_wei - reward_wei
        return reward_wei

    def _end_dispute(self, dispute_id: int, ended: Dispute) -> None:
        self._disputes[dispute_id - 1] = ended
        provider = self.account(ended.entry.provider)
        self._change(ended.entry.provider, open_disputes=provider.open_disputes - 1)
        place = (ended.batch_id, ended.index)
        self._open_disputes[place] -= 1
        if not self._open_disputes[place]:
            del self._open_disputes[place], self._contested_since[place]
            state = self.batch(ended.batch_id)
            disputed = state.disputed_bitmap & ~(1 << ended.index)
            self._store_batch(ended.batch_id, replace(state, disputed_bitmap=disputed))

    def _finish(self, contested: Dispute) -> None:
        """The provider has lost the lease: no pay, its tasks are free again."""
        state = self.batch(contested.batch_id)
        finished = state.finished_bitmap | 1 << contested.index
        self._store_batch(contested.batch_id, replace(state, finished_bitmap=finished))
        self._release_lease(contested.batch_id, contested.index)

    def _strike(self, provider: Address) -> int:
        """Count that it was wrong; return how often that is by now."""
        strikes = self.account(provider).strikes + 1
        self._change(provider, strikes=strikes)
        return strikes

    def _pay_part(self, contested: Dispute, majority: tuple[Address, ...]) -> int:
        """Less than losing: a first concession, or a result that is out of tolerance."""
        rule = replace(
            self.rules.concession,
            prices=contested.terms.concede_multiple,
            committee_percent=self.rules.slash.committee_percent,
        )
        return self._penalise(contested, rule, majority, contested.entry.provider)

    def _fine_operator(self, contested: Dispute) -> None:
        """Inputs were kept back: what a first concession costs, from its operator's stake.

        Nothing to the committee, which could say so of any task.
        """
        rule = replace(self.rules.concession, prices=contested.terms.concede_multiple)
        self._penalise(contested, rule, (), self.batch(contested.batch_id).operator)

    def _slash(self, contested: Dispute, majority: tuple[Address, ...], at: Moment) -> int:
        self._change(contested.entry.provider, forfeit_block=at.block)
        rule = replace(self.rules.slash, prices=contested.terms.slash_multiple)
        return self._penalise(contested, rule, majority, contested.entry.provider)

    def _penalise(
        self, contested: Dispute, rule: Penalty, majority: tuple[Address, ...], owner: Address
    ) -> int:
        price_wei = contested.entry.price_per_task_wei
        due_wei = rule.due_wei(price_wei, self.account(owner).slashable_wei)
        taken_wei = self._take_stake(owner, due_wei)
        self._pay_out(contested, rule.split(taken_wei, price_wei), majority)
        return taken_wei

    def _pay_out(self, contested: Dispute, split: Split, majority: tuple[Address, ...]) -> None:
        given_wei = self._share(split.committee_wei, majority)
        self._credit(self._jobs[contested.entry.job_id].terms.requester, split.requester_wei)
        self._credit(contested.challenger, split.challenger_wei)
        self.burnt_wei += split.burnt_wei + split.committee_wei - given_wei

    def _forfeit_bond(self, contested: Dispute, majority: tuple[Address, ...]) -> None:
        """Nothing to the provider: it could have its challenger contest, by hiding its digest."""
        provider_wei = contested.bond_wei * self.rules.lost_bond_provider_percent // 100
        self._credit(contested.entry.provider, provider_wei)
        given_wei = self._share(contested.bond_wei // 2, majority)
        self.burnt_wei += contested.bond_wei - provider_wei - given_wei

    def _require_convenable(self, dispute_id: int, at: Moment) -> Dispute:
        contested = self._open_dispute(dispute_id)
        require(contested.seat_ids is None, Refusal.COMMITTEE_ALREADY_DRAWN)
        concede_by = contested.opened_at + self.terms.concede_seconds
        require(at.seconds > concede_by, Refusal.CONCEDE_PHASE_RUNNING)
        return contested

    def _open_dispute(self, dispute_id: int) -> Dispute:
        contested = self.dispute(dispute_id)
        require(contested.status == DisputeStatus.OPEN, Refusal.DISPUTE_NOT_OPEN)
        return contested


_LOST = Verdict.PROVIDER_LOST

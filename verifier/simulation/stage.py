"""One small world for one trial: a market's money, its verifiers, a requester, and an attacker.

Everything that decides about money is the real code: `protocol.settlement` keeps the books,
`protocol.sampling` draws, `protocol.pricing` sets rates. What is modelled here is behaviour: who
works, who lies, who contests what.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from protocol import pricing
from protocol.dispute import DisputeStatus, Verdict
from protocol.sampling import Draw
from protocol.settlement import Settlement
from protocol.settlement.committee import Vote, decide
from protocol.settlement.facts import (
    MAX_ITEMS,
    AuditClaim,
    AuditRef,
    JobTerms,
    LeaseEntry,
    Moment,
)
from protocol.settlement.refusals import Refusal, Refused
from protocol.units import PPM, Address, Bytes32
from verifier.simulation.setting import Setting

BLOCK_SECONDS = 12
START = Moment(1000, 1_800_000_000)
YEAR_SECONDS = 365 * 24 * 3600
RIGHT = Bytes32(b"\x01" * 32)
WRONG = Bytes32(b"\x02" * 32)
FUNDS_PRICES = 10**9


@dataclass(frozen=True, slots=True)
class Finding:
    """A wrong task that an honest verifier was drawn for, and will contest."""

    index: int
    task: int
    verifier: Address


@dataclass(slots=True)
class Tally:
    """What the books do not tell. Work is counted in the honest cost of one task."""

    tasks: int = 0
    cheated: int = 0
    cheated_until_caught: int | None = None
    work_wei: int = 0
    honest_income_wei: int = 0
    unpaid_work_wei: int = 0
    unpaid_audits: int = 0
    right_value_wei: int = 0
    refusals: list[Refusal] = field(default_factory=list)

    def note_caught(self) -> None:
        """What was cheated so far was found out; only the first time counts."""
        if self.cheated_until_caught is None:
            self.cheated_until_caught = self.cheated


class Stage:
    """A trial's world. `coalition` are the attacker's accounts; all others are honest."""

    def __init__(self, setting: Setting, random: Random) -> None:
        self.setting = setting
        self.random = random
        self.market = Settlement(setting.terms, setting.rules)
        self.at = START
        self.tally = Tally()
        self.coalition: set[Address] = set()
        self.friendly: set[Address] = set()
        self.operator = Address("operator")
        self.is_wary = False
        self._names = 0
        self._next_task: dict[Bytes32, int] = {}
        self._wrong: set[tuple[Bytes32, int]] = set()
        self._batches: list[Bytes32] = []
        self._accepted: dict[Bytes32, list[AuditRef]] = defaultdict(list)
        self._batch_names = 0
        self._lease_names = 0
        self._valued: set[Bytes32] = set()
        self._deposited: dict[Address, int] = {}
        self._seat_verifiers()
        self.job_id = self.open_job(self.fund(self.name("requester")), setting.price_wei)

    # ------------------------------------------------------------------------------ parties

    def name(self, role: str) -> Address:
        """A fresh account."""
        self._names += 1
        return Address(f"{role} {self._names}")

    def fund(self, owner: Address, amount_wei: int | None = None) -> Address:
        """Give an account money that is counted against it at the end."""
        given_wei = FUNDS_PRICES * self.setting.price_wei if amount_wei is None else amount_wei
        given_wei = max(given_wei, 100 * self.setting.terms.seat_stake_wei)
        self.market.deposit(owner, given_wei, self.at)
        self._deposited[owner] = self._deposited.get(owner, 0) + given_wei
        return owner

    def attacker(self, role: str, stake_prices: float = 0) -> Address:
        """A funded account of the coalition, with a stake of so many prices."""
        owner = self.fund(self.name(role))
        self.coalition.add(owner)
        stake_wei = round(stake_prices * self.setting.price_wei)
        if stake_wei:
            self.market.stake(owner, stake_wei)
        return owner

    def honest(self, role: str, stake_prices: float = 0) -> Address:
        """A funded account of nobody's."""
        owner = self.attacker(role, stake_prices)
        self.coalition.remove(owner)
        return owner

    def stake_operator(self, prices: float) -> None:
        """Fund the market's operator, and have it put up so many prices."""
        self.fund(self.operator)
        self.market.stake(self.operator, round(prices * self.setting.price_wei))

    def open_job(
        self,
        requester: Address,
        price_wei: int,
        *,
        operator: Address | None = None,
        tasks: int | None = None,
    ) -> Bytes32:
        """A job that lasts for the whole trial."""
        job_id = self.fresh_id()
        count = tasks or self.setting.job_tasks
        terms = JobTerms(
            requester,
            operator or self.operator,
            count,
            price_wei,
            count * pricing.audit_fee_wei(price_wei),
            deadline=self.at.seconds + 1000 * YEAR_SECONDS,
            nonce=len(self._next_task),
        )
        self.market.open_job(job_id, terms, self.at, signer=requester, relayer=requester)
        self._next_task[job_id] = 0
        return job_id

    def batch_id(self) -> Bytes32:
        """The next batch's id: not drawn, since nothing is drawn from it."""
        self._batch_names += 1
        return Bytes32(self._batch_names.to_bytes(32, "big"))

    def lease_id(self) -> Bytes32:
        """The next lease's id: above all before, and nobody could foresee it."""
        self._lease_names += 1
        return Bytes32(self._lease_names.to_bytes(8, "big") + self.fresh_id()[8:])

    def fresh_id(self) -> Bytes32:
        """32 bytes that nobody could foresee."""
        return Bytes32(self.random.randbytes(32))

    # ------------------------------------------------------------------------------ work

    def lease(
        self,
        provider: Address,
        count: int = 1,
        wrong: int = 0,
        *,
        job_id: Bytes32 | None = None,
        price_wei: int | None = None,
        saved_ppm: int = PPM,
    ) -> LeaseEntry:
        """Do a lease's tasks, `wrong` of them wrongly, which saves that part of their cost."""
        job_id = job_id or self.job_id
        price_wei = price_wei or self.setting.price_wei
        first = self._next_task[job_id]
        self._next_task[job_id] += count
        entry = LeaseEntry(self.lease_id(), job_id, provider, first, count, count * price_wei)
        chosen = self.random.sample(range(first, first + count), wrong)
        self._wrong.update((entry.lease_id, task) for task in chosen)
        cost_wei = self.cost_wei(price_wei)
        if provider in self.coalition and job_id == self.job_id:
            self.tally.tasks += count
            self.tally.work_wei += count * cost_wei - wrong * cost_wei * saved_ppm // PPM
            self.tally.honest_income_wei += count * (price_wei - cost_wei)
        return entry

    def renew(self, entry: LeaseEntry, provider: Address | None = None) -> LeaseEntry:
        """The same work under another lease, as a market may grant it before it is committed."""
        renewed = replace(entry, lease_id=self.lease_id(), provider=provider or entry.provider)
        wrong = [task for task in entry.tasks if self.is_wrong(entry, task)]
        self._wrong.update((renewed.lease_id, task) for task in wrong)
        return renewed

    def is_wrong(self, entry: LeaseEntry, task: int) -> bool:
        """Whether a committed digest is not the task's."""
        return (entry.lease_id, task) in self._wrong

    def commit(self, entries: Sequence[LeaseEntry], *, operator: Address | None = None) -> Bytes32:
        """Commit leases; their seed is not known to anybody yet."""
        batch_id = self.batch_id()
        self.market.commit_batch(batch_id, operator or self.operator, entries, self.at)
        self._batches.append(batch_id)
        return batch_id

    def seed(self, batch_id: Bytes32, value: Bytes32 | None = None) -> None:
        """Let the seed's block pass, and fix the seed."""
        self.wait(blocks=self.setting.terms.seed_delay_blocks + 1)
        self.market.fix_seed(batch_id, value or self.fresh_id(), self.at)

    def wait(self, seconds: int = 0, blocks: int = 0) -> None:
        """Let time pass."""
        passed = max(seconds, blocks * BLOCK_SECONDS)
        self.at = Moment(
            self.at.block + max(blocks, passed // BLOCK_SECONDS), self.at.seconds + passed
        )

    def close_window(self, batch_id: Bytes32) -> None:
        """Let the window pass, and settle what can be."""
        end = self.market.batch(batch_id).window_ends_at + 1
        self.wait(max(0, end - self.at.seconds), blocks=1)
        self.settle(batch_id)

    def settle(self, batch_id: Bytes32) -> None:
        """Pay or forfeit what can be, then the fees, and count what its results are worth."""
        try:
            self.market.settle_batch(batch_id, self.at)
        except Refused as refused:
            if refused.reason not in (Refusal.NOTHING_TO_SETTLE, Refusal.UNKNOWN_BATCH):
                raise
        self._pay_fees(batch_id)
        after = self.market.batch(batch_id)
        for index, entry in enumerate(after.entries):
            if after.is_finished(index) and entry.lease_id not in self._valued:
                self._valued.add(entry.lease_id)
                is_paid = self.market.lease_facts(batch_id, index).is_settled
                self._value(entry, is_paid=is_paid)
                if not is_paid:
                    self._count_unpaid_audits(batch_id, index, entry)

    def _pay_fees(self, batch_id: Bytes32) -> None:
        """Those that wait for leases which are finished now."""
        state = self.market.batch(batch_id)
        waiting = self._accepted.pop(batch_id, [])
        due = [audit for audit in waiting if state.is_finished(audit.index)]
        self._accepted[batch_id] = [audit for audit in waiting if audit not in due]
        for start in range(0, len(due), MAX_ITEMS):
            self.market.pay_audits(batch_id, due[start : start + MAX_ITEMS])

    def _value(self, entry: LeaseEntry, *, is_paid: bool) -> None:
        """A right result is worth its price to a requester, and its price is due to its provider.

        Between two of one side that is nothing, except that lost work was done for nothing.
        """
        right = sum(not self.is_wrong(entry, task) for task in entry.tasks)
        value_wei = right * entry.price_per_task_wei
        is_ours = entry.provider in self.coalition
        is_for_us = self.market.job(entry.job_id).terms.requester in self.coalition
        if is_ours and not is_for_us and is_paid:
            self.tally.right_value_wei += value_wei
        elif is_for_us and not is_ours:
            self.tally.right_value_wei -= value_wei
            self.tally.work_wei -= value_wei if is_paid else 0
        elif not is_ours and not is_paid:
            self.tally.unpaid_work_wei += self.cost_wei(value_wei)

    # ------------------------------------------------------------------------------ audits

    def audit(self, batch_id: Bytes32) -> list[Finding]:
        """Audit the wrong tasks that are drawn; return those that an honest verifier found.

        Right tasks are left out: they move a fee from requester to verifier, whoever attacks.
        """
        findings = []
        for index, entry in enumerate(self.market.batch(batch_id).entries):
            for task in entry.tasks:
                if not self.is_wrong(entry, task):
                    continue
                self.tally.cheated += 1
                finding = self._audit(batch_id, index, entry, task)
                if finding is not None:
                    findings.append(finding)
                    self.tally.note_caught()
        return findings

    def draws(self, batch_id: Bytes32, index: int, task: int) -> tuple[Draw, ...]:
        """Who is drawn for a task, as far as there are rounds."""
        draws = self.market.audit_draws(batch_id, index, task)
        return tuple(draw for draw in draws if draw.round < self.setting.audit_rounds)

    def accept_audit(
        self, batch_id: Bytes32, index: int, task: int, draw: Draw, digest: Bytes32
    ) -> int:
        """Have a fee set aside for a digest; 0 if the rules refuse. It is paid with the lease."""
        entry = self.market.batch(batch_id).entries[index]
        claimed = WRONG if self.is_wrong(entry, task) else RIGHT
        claim = AuditClaim(index, task, draw.holder, draw.attempt, digest, claimed)
        try:
            fee_wei = self.market.accept_audits(batch_id, [claim], self.at)
        except Refused as refused:
            self.tally.refusals.append(refused.reason)
            return 0
        if fee_wei and self.setting.rules.pays_audits_late:
            self._accepted[batch_id].append(AuditRef(index, task, draw.round))
        return fee_wei

    def _audit(self, batch_id: Bytes32, index: int, entry: LeaseEntry, task: int) -> Finding | None:
        draws = self.draws(batch_id, index, task)
        honest = [draw for draw in draws if draw.holder not in self.friendly]
        for draw in draws:
            if draw.holder in self.friendly:
                self._audit_blindly(batch_id, index, entry, task, draw, is_alone=not honest)
        for _ in honest[1:]:
            self._audit_for_nothing(entry)
        return Finding(index, task, honest[0].holder) if honest else None

    def _audit_blindly(
        self,
        batch_id: Bytes32,
        index: int,
        entry: LeaseEntry,
        task: int,
        draw: Draw,
        *,
        is_alone: bool,
    ) -> None:
        """A verifier of the coalition signs what the provider tells it.

        Both rounds are drawn by one seed: it sees that an honest one will look too. If that ends
        before a committee, a wary one signs nothing that could be contradicted.

        It could do so about right results too, so that the work it saves is nothing gained by a
        wrong one; `shared-digests` measures that.
        """
        self.tally.honest_income_wei += pricing.audit_fee_wei(entry.price_per_task_wei)
        if is_alone or not self.is_wary:
            self.accept_audit(batch_id, index, task, draw, WRONG)

    def _audit_for_nothing(self, entry: LeaseEntry) -> None:
        self.tally.unpaid_work_wei += self.cost_wei(entry.price_per_task_wei)

    def _count_unpaid_audits(self, batch_id: Bytes32, index: int, entry: LeaseEntry) -> None:
        """Of a lost lease also who found right what was right has run it for nothing."""
        for task in entry.tasks:
            draws = () if self.is_wrong(entry, task) else self.draws(batch_id, index, task)
            for draw in draws:
                if draw.holder not in self.coalition:
                    self.tally.unpaid_audits += 1
                    self._audit_for_nothing(entry)

    # ------------------------------------------------------------------------------ disputes

    def contest(self, batch_id: Bytes32, finding: Finding, by: Address | None = None) -> int | None:
        """Open the dispute; None if the rules refuse, which is when somebody else was first."""
        entry = self.market.batch(batch_id).entries[finding.index]
        challenger = by or finding.verifier
        if challenger not in self.coalition:
            self._audit_for_nothing(entry)
        try:
            return self.market.open_dispute(
                challenger, batch_id, finding.index, finding.task, self.at
            )
        except Refused as refused:
            self.tally.refusals.append(refused.reason)
            return None

    def concede(self, dispute_id: int) -> int:
        """Its provider admits it; returns what that took from the stake."""
        provider = self.market.dispute(dispute_id).entry.provider
        return self.market.concede(provider, dispute_id, self.at)

    def has_captured(self, dispute_id: int, seed: Bytes32) -> bool:
        """Whether a seed's committee has a majority of the coalition's verifiers."""
        seat_ids = self.market.committee_seats(dispute_id, seed)
        seats = self.market.seats()
        ours = sum(seats[seat_id].holder in self.friendly for seat_id in seat_ids)
        return 2 * ours > len(seat_ids)

    def judge(
        self,
        dispute_id: int,
        seed: Bytes32 | None = None,
        *,
        opens_claim: bool = True,
        lie: Bytes32 = WRONG,
    ) -> Verdict:
        """Let a committee decide. The coalition's members `lie` if they are the majority."""
        contested = self.market.dispute(dispute_id)
        self.wait(self.setting.terms.concede_seconds + 1)
        members = self.market.convene(dispute_id, seed or self.fresh_id(), self.at)
        is_wrong = self.is_wrong(contested.entry, contested.task)
        ours = sum(member in self.friendly for member in members)
        digest = lie if 2 * ours > len(members) else RIGHT
        votes = [Vote(m, digest if m in self.friendly else RIGHT) for m in members]
        claimed = WRONG if is_wrong else RIGHT
        ruling = decide(votes, claimed if opens_claim else None)
        self._count_votes(contested.entry, members, ruling.majority)
        self.wait(self.setting.judging_seconds)
        self.market.rule(dispute_id, ruling, self.at)
        self._report_contradicted(dispute_id)
        return self.market.dispute(dispute_id).verdict

    def _count_votes(
        self, entry: LeaseEntry, members: Iterable[Address], majority: Collection[Address]
    ) -> None:
        cost_wei = self.cost_wei(entry.price_per_task_wei)
        for member in members:
            if member in self.coalition:
                self.tally.work_wei += cost_wei
            elif member not in majority:
                self.tally.unpaid_work_wei += cost_wei

    def _report_contradicted(self, dispute_id: int) -> None:
        """Whoever contested also reports the verifiers that agreed with another digest."""
        contested = self.market.dispute(dispute_id)
        claimed = WRONG if self.is_wrong(contested.entry, contested.task) else RIGHT
        for number in range(self.setting.audit_rounds):
            try:
                self.market.contradict(contested.challenger, dispute_id, number, claimed, self.at)
            except Refused as refused:
                self.tally.refusals.append(refused.reason)

    # ------------------------------------------------------------------------------ the end

    def finish(self) -> None:
        """Judge what is open, and settle everything that waits."""
        for batch_id in self._batches:
            state = self.market.batch(batch_id)
            for index in range(len(state.entries)):
                if state.is_disputed(index):
                    self._judge_all(batch_id)
            if state.seed is None:
                self.seed(batch_id)
            self.close_window(batch_id)

    def gain_wei(self) -> int:
        """What the coalition has more than honest work would have brought it."""
        earned_wei = self._change_wei(self.coalition) - self.tally.work_wei
        return earned_wei - self.tally.honest_income_wei

    def harm_wei(self) -> int:
        """What the others lost: money without right results, and work that nobody paid."""
        others = self._deposited.keys() - self.coalition
        lost_wei = -self._change_wei(others) - self.tally.right_value_wei
        return lost_wei + self.tally.unpaid_work_wei

    def cost_wei(self, price_wei: int) -> int:
        """What a task costs who runs it honestly."""
        return price_wei * self.setting.cost_ppm // PPM

    def _judge_all(self, batch_id: Bytes32) -> None:
        for number in range(1, self.market.dispute_count + 1):
            contested = self.market.dispute(number)
            if contested.batch_id == batch_id and contested.status == DisputeStatus.OPEN:
                self.judge(number)

    def _change_wei(self, owners: Collection[Address]) -> int:
        owned = self.market.owned_by_wei(owners)
        return owned - sum(self._deposited.get(owner, 0) for owner in owners)

    def _seat_verifiers(self) -> None:
        colluding = self.setting.colluding_seats
        for number in range(self.setting.seat_count):
            holder = self.fund(Address(f"verifier {number}"))
            self.market.take_seats(holder, 1, self.at)
            if number < colluding:
                self.friendly.add(holder)
                self.coalition.add(holder)
        self.wait(blocks=1)

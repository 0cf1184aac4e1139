"""A market of honest people with ordinary devices: what verification costs them, and whom it hurts.

Devices leave in the middle of a lease, deliver late, and now and then flip a bit. Every lease runs
through the real lifecycle, every draw and payment through the real rules.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from protocol.dispute import Verdict
from protocol.lifecycle import (
    JobStatus,
    LeaseFacts,
    LeaseStatus,
    job_status,
    lease_status,
    require_job_move,
    require_lease_move,
)
from protocol.sampling import Draw, audited_tasks
from protocol.settlement.facts import LeaseEntry
from protocol.settlement.refusals import Refusal, Refused
from protocol.units import PPM, Address, Bytes32
from verifier.simulation.setting import Setting
from verifier.simulation.stage import RIGHT, Finding, Stage
from verifier.simulation.trials import trial_random

# Nightingale, Douceur and Orgovan, "Cycles, Cells and Platters" (EuroSys 2011), a million consumer
# PCs over eight months: of those with 30 days of CPU time or more, one in 190 had a CPU failure
# that was noticed; about 7e-6 an hour, 6e-7 a task of five minutes. Silent corruption is not
# noticed (Dixit et al., "Silent Data Corruptions at Scale", 2021): sixteen times that is assumed.
BIT_FLIPS_PPM = 10
# Assumed of idle devices: how many leave during a lease, and how many deliver after it expired.
LEAVING_SHARE = 0.03
LATE_SHARE = 0.01
NEWCOMER_SHARE = 0.05
STAKES_PRICES = (60, 400)
LEASE_TASKS = 20
BATCH_LEASES = 64
JOB_TASKS = 5_000
TICK_SECONDS = 600
LEASE_SECONDS = 900


@dataclass(slots=True)
class Census:
    """What happened to honest people. Money in wei; `steady_*` is of established providers.

    `unpaid_audits` found right what was right, in leases that another task has lost.
    """

    providers: int
    tasks: int = 0
    leases: int = 0
    audits: int = 0
    re_audits: int = 0
    expired_leases: int = 0
    late_results_refused: int = 0
    bit_flips: int = 0
    wrong_results_paid: int = 0
    concessions: int = 0
    conceded_wei: int = 0
    false_accusations: int = 0
    false_slashes: int = 0
    unpaid_audits: int = 0
    steady_pay_wei: int = 0
    steady_fees_wei: int = 0
    newcomer_pay_wei: int = 0
    newcomer_fees_wei: int = 0

    @property
    def steady_overhead(self) -> float:
        """Audit fees of established providers' work for each unit of its pay."""
        return self.steady_fees_wei / max(1, self.steady_pay_wei)

    @property
    def newcomer_overhead(self) -> float:
        """The same while stake is still being earned."""
        return self.newcomer_fees_wei / max(1, self.newcomer_pay_wei)


class Population:
    """Honest providers, drawn at random for one lease after another."""

    def __init__(self, setting: Setting, random: Random, providers: int) -> None:
        self.stage = Stage(setting, random)
        self.random = random
        self.census = Census(providers)
        self.price_wei = setting.price_wei
        self._established: set[Address] = set()
        self._providers = [self._join() for _ in range(providers)]
        self._waiting: deque[Bytes32] = deque()
        self._fees_wei: Counter[Bytes32] = Counter()
        self._job_ids: list[Bytes32] = []
        self._left = 0
        self._job_status = JobStatus.OPEN
        self._requester = self.stage.fund(self.stage.name("requester"))

    def run(self, tasks: int, on_batch: Callable[[int], None] = lambda _: None) -> Census:
        """Do so many tasks, batch by batch, and settle them all."""
        while self.census.tasks < tasks:
            entries = self._deliver(tasks - self.census.tasks)
            batch_id = self.stage.commit(entries)
            self._waiting.append(batch_id)
            self.stage.seed(batch_id)
            self._audit(batch_id)
            self.stage.wait(TICK_SECONDS)
            self._settle_due()
            on_batch(self.census.tasks)
        while self._waiting:
            self.stage.close_window(self._waiting[0])
            self._settle_due()
        self.census.unpaid_audits = self.stage.tally.unpaid_audits
        return self.census

    def _join(self) -> Address:
        is_new = self.random.random() < NEWCOMER_SHARE
        stake = 0 if is_new else self.random.uniform(*STAKES_PRICES)
        provider = self.stage.honest("provider", stake)
        if not is_new:
            self._established.add(provider)
        return provider

    def _deliver(self, tasks: int) -> list[LeaseEntry]:
        """Leases that were delivered in time, up to a batch of them."""
        entries: list[LeaseEntry] = []
        while len(entries) < BATCH_LEASES and tasks > 0:
            count = min(LEASE_TASKS, tasks)
            entries.append(self._lease(count))
            tasks -= count
            self.census.tasks += count
            self.census.leases += 1
        return entries

    def _lease(self, count: int) -> LeaseEntry:
        """One range of tasks, granted until a device delivers it in time."""
        job_id = self._job(count)
        wrong = int(self.random.random() < count * BIT_FLIPS_PPM / PPM)
        self.census.bit_flips += wrong
        entry = self.stage.lease(self._someone(), count, wrong, job_id=job_id)
        while self.random.random() < LEAVING_SHARE:
            self._expire()
            entry = self._grant_again(entry)
        if self.random.random() < LATE_SHARE:
            self._expire()
            late, entry = entry, self._grant_again(entry)
            self._refuse_late(late, entry)
        require_lease_move(LeaseStatus.GRANTED, lease_status(LeaseFacts(1, is_committed=True), 0))
        return entry

    def _grant_again(self, entry: LeaseEntry) -> LeaseEntry:
        return self.stage.renew(entry, self._someone())

    def _expire(self) -> None:
        self.census.expired_leases += 1
        now = self.stage.at.seconds
        require_lease_move(
            lease_status(LeaseFacts(now + LEASE_SECONDS), now),
            lease_status(LeaseFacts(now + LEASE_SECONDS), now + LEASE_SECONDS),
        )

    def _refuse_late(self, late: LeaseEntry, entry: LeaseEntry) -> None:
        """The late result and the new one are for the same tasks: only one can be committed."""
        try:
            self.stage.market.commit_batch(
                self.stage.batch_id(), self.stage.operator, [late, entry], self.stage.at
            )
        except Refused as refused:
            if refused.reason != Refusal.TASK_ALREADY_COMMITTED:
                raise
            self.census.late_results_refused += 1

    def _job(self, count: int) -> Bytes32:
        """A job with room for so many tasks."""
        if self._left < count:
            self._job_ids.append(
                self.stage.open_job(self._requester, self.price_wei, tasks=JOB_TASKS)
            )
            self._left, self._job_status = JOB_TASKS, JobStatus.OPEN
        self._left -= count
        return self._job_ids[-1]

    def _someone(self) -> Address:
        return self.random.choice(self._providers)

    def _audit(self, batch_id: Bytes32) -> None:
        """Every drawn task is run again, by devices that flip bits too."""
        state = self.stage.market.batch(batch_id)
        if state.seed is None:
            return
        for index, entry in enumerate(state.entries):
            rate_ppm = state.rates_ppm[index]
            for task in audited_tasks(state.seed, entry.lease_id, entry.tasks, rate_ppm):
                for draw in self.stage.draws(batch_id, index, task):
                    self._audit_once(batch_id, index, entry, task, draw)
        self._check_job(state.entries[-1].job_id)

    def _audit_once(
        self, batch_id: Bytes32, index: int, entry: LeaseEntry, task: int, draw: Draw
    ) -> None:
        self.census.audits += 1
        self.census.re_audits += draw.round
        flipped = self.random.random() < BIT_FLIPS_PPM / PPM
        is_wrong = self.stage.is_wrong(entry, task)
        if flipped or is_wrong:
            self._contest(batch_id, Finding(index, task, draw.holder), is_wrong=is_wrong)
            return
        fee_wei = self.stage.accept_audit(batch_id, index, task, draw, RIGHT)
        self._fees_wei[entry.lease_id] += fee_wei

    def _contest(self, batch_id: Bytes32, finding: Finding, *, is_wrong: bool) -> None:
        """A provider that runs the task again sees who was wrong, and concedes or does not."""
        dispute_id = self.stage.contest(batch_id, finding)
        if dispute_id is None:
            return
        if is_wrong:
            strikes = self.stage.market.account(
                self.stage.market.dispute(dispute_id).entry.provider
            ).strikes
            self.census.conceded_wei += self.stage.concede(dispute_id)
            self.census.concessions += 1
            self.census.false_slashes += int(strikes > 0)
            return
        verdict = self.stage.judge(dispute_id)
        self.census.false_accusations += 1
        self.census.false_slashes += int(verdict == Verdict.PROVIDER_LOST)

    def _settle_due(self) -> None:
        """Settle the batches whose window is over."""
        market, now = self.stage.market, self.stage.at.seconds
        while self._waiting and market.batch(self._waiting[0]).is_window_over(now):
            batch_id = self._waiting.popleft()
            self.stage.settle(batch_id)
            self._count_pay(batch_id)

    def _count_pay(self, batch_id: Bytes32) -> None:
        for index, entry in enumerate(self.stage.market.batch(batch_id).entries):
            facts = self.stage.market.lease_facts(batch_id, index)
            status = lease_status(facts, self.stage.at.seconds)
            fees_wei = self._fees_wei.pop(entry.lease_id, 0)
            if status is not LeaseStatus.SETTLED:
                continue
            require_lease_move(LeaseStatus.COMMITTED, status)
            self.census.wrong_results_paid += sum(
                self.stage.is_wrong(entry, task) for task in entry.tasks
            )
            if entry.provider in self._established:
                self.census.steady_pay_wei += entry.amount_wei
                self.census.steady_fees_wei += fees_wei
            else:
                self.census.newcomer_pay_wei += entry.amount_wei
                self.census.newcomer_fees_wei += fees_wei

    def _check_job(self, job_id: Bytes32) -> None:
        status = job_status(self.stage.market.job(job_id).facts, self.stage.at.seconds)
        if job_id == self._job_ids[-1]:
            require_job_move(self._job_status, status)
            self._job_status = status


def take_census(
    setting: Setting,
    tasks: int,
    providers: int,
    seed: int,
    on_batch: Callable[[int], None] = lambda _: None,
) -> Census:
    """Let honest people do so many tasks."""
    population = Population(setting, trial_random(seed, "population", 0), providers)
    census = population.run(tasks, on_batch)
    market = population.stage.market
    if market.total_wei() != market.held_wei:
        raise AssertionError("money was made or lost")
    return census

"""Each money rule, to the wei."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocol.dispute import OUT_OF_TOLERANCE, UNAVAILABLE, Verdict
from protocol.pricing import audit_fee_wei
from protocol.settlement import Settlement
from protocol.settlement.committee import Vote, decide
from protocol.settlement.facts import (
    AuditClaim,
    AuditRef,
    JobTerms,
    LeaseEntry,
    Moment,
    Rules,
    Ruling,
    Terms,
)
from protocol.settlement.refusals import Refusal, Refused
from protocol.units import Address, Bytes32

TERMS = Terms(
    seat_stake_wei=100_001,
    dispute_bond_wei=15_003,
    minimum_stake_wei=40_000,
    seed_delay_blocks=1,
    dispute_window_seconds=100,
    concede_seconds=10,
    commit_seconds=20,
    reveal_seconds=15,
    open_seconds=15,
    commit_grace_seconds=60,
    unstake_delay_seconds=1000,
    committee_size=3,
)
PRICE = 1000
REQUESTER, OPERATOR, PROVIDER, CHALLENGER, REPORTER = (
    Address(name) for name in ("requester", "operator", "provider", "challenger", "reporter")
)
VERIFIERS = [Address(f"verifier {i}") for i in range(5)]
JOB, SEED = Bytes32(b"j" * 32), Bytes32(b"s" * 32)
RIGHT, WRONG = Bytes32(b"\x01" * 32), Bytes32(b"\x02" * 32)


class World:
    """A market with a job of 100 tasks, a provider, and five verifiers with a seat each."""

    def __init__(
        self, stake: int = 60_000, rules: Rules | None = None, budget: int = 10_000
    ) -> None:
        self.market = Settlement(TERMS, rules)
        self.at = Moment(100, 10_000)
        for who in (REQUESTER, PROVIDER, CHALLENGER, *VERIFIERS):
            self.market.deposit(who, 1_000_000, self.at)
        for verifier in VERIFIERS:
            self.market.take_seats(verifier, 1, self.at)
        if stake:
            self.market.stake(PROVIDER, stake)
        self.wait(1, 12)
        terms = JobTerms(REQUESTER, OPERATOR, 100, PRICE, budget, self.at.seconds + 5000)
        self.market.open_job(JOB, terms, self.at, signer=REQUESTER, relayer=OPERATOR)
        self._first = 0

    def wait(self, blocks: int, seconds: int) -> None:
        self.at = Moment(self.at.block + blocks, self.at.seconds + seconds)

    def work(self, count: int = 4) -> Bytes32:
        """Commit a lease of `count` tasks and fix its seed; return its batch."""
        lease_id = batch_id = Bytes32(self._first.to_bytes(32, "big"))
        entry = LeaseEntry(lease_id, JOB, PROVIDER, self._first, count, count * PRICE)
        self._first += count
        self.market.commit_batch(batch_id, OPERATOR, [entry], self.at)
        self.wait(2, 24)
        self.market.fix_seed(batch_id, SEED, self.at)
        return batch_id

    def contest(self, batch_id: Bytes32) -> int:
        task = self.market.batch(batch_id).entries[0].first_task
        return self.market.open_dispute(CHALLENGER, batch_id, 0, task, self.at)

    def judge(self, dispute_id: int, ruling: Ruling) -> None:
        self.wait(1, TERMS.concede_seconds + 1)
        self.market.convene(dispute_id, SEED, self.at)
        self.market.rule(dispute_id, ruling, self.at)

    def pass_window(self, batch_id: Bytes32) -> None:
        end = self.market.batch(batch_id).window_ends_at + 1
        self.wait(1, max(0, end - self.at.seconds))

    def balance(self, who: Address) -> int:
        return self.market.account(who).balance_wei


def refuses(reason: Refusal) -> pytest.RaisesExc[Refused]:
    return pytest.raises(Refused, match=f"^{reason}$")


def test_a_first_concession_costs_50_prices_and_the_leases_pay() -> None:
    world = World()
    other = world.work()
    dispute = world.contest(world.work())
    before = world.balance(REQUESTER), world.balance(CHALLENGER)
    assert world.market.concede(PROVIDER, dispute, world.at) == 50 * PRICE
    provider = world.market.account(PROVIDER)
    assert (provider.stake_wei, provider.strikes, provider.forfeit_block) == (10_000, 1, 0)
    assert world.balance(REQUESTER) - before[0] == PRICE
    assert world.balance(CHALLENGER) - before[1] == 5_000 + TERMS.dispute_bond_wei
    assert world.market.burnt_wei == 44_000
    world.pass_window(other)
    world.market.settle_batch(other, world.at)
    assert world.market.job(JOB).settled_tasks == 4


def test_a_second_concession_is_a_slash_that_forfeits_the_rest() -> None:
    world = World(stake=200_000)
    world.market.concede(PROVIDER, world.contest(world.work()), world.at)
    other = world.work()
    burnt = world.market.burnt_wei
    dispute = world.contest(world.work())
    assert world.market.concede(PROVIDER, dispute, world.at) == 60 * PRICE
    # Nobody met: what a committee would have shared burns too.
    assert world.market.burnt_wei - burnt == 50_000
    world.pass_window(other)
    world.market.settle_batch(other, world.at)
    assert world.market.job(JOB).settled_tasks == 0
    assert world.market.batch(other).is_over


def test_a_lost_dispute_pays_requester_challenger_and_committee() -> None:
    world = World(stake=61_000)
    dispute = world.contest(world.work())
    before = {who: world.balance(who) for who in (REQUESTER, CHALLENGER, *VERIFIERS)}
    world.judge(dispute, Ruling(Verdict.PROVIDER_LOST, tuple(VERIFIERS[:3]), RIGHT))
    assert world.market.account(PROVIDER).stake_wei == 1000
    assert world.balance(REQUESTER) - before[REQUESTER] == PRICE
    assert world.balance(CHALLENGER) - before[CHALLENGER] == 9_000 + TERMS.dispute_bond_wei
    assert [world.balance(v) - before[v] for v in VERIFIERS] == [4000, 4000, 4000, 0, 0]
    assert world.market.burnt_wei == 38_000
    assert world.market.job(JOB).committed_tasks == 0


def test_stake_that_is_being_unstaked_is_slashed_after_the_rest() -> None:
    world = World(stake=60_000)
    dispute = world.contest(world.work())
    world.market.request_unstake(PROVIDER, 45_000, world.at)
    assert world.market.concede(PROVIDER, dispute, world.at) == 50_000
    account = world.market.account(PROVIDER)
    assert (account.stake_wei, account.unstaking_wei) == (0, 10_000)


def test_half_of_a_lost_bond_is_the_majoritys_and_none_the_providers() -> None:
    world = World()
    dispute = world.contest(world.work())
    before = world.balance(PROVIDER), world.balance(VERIFIERS[0])
    world.judge(dispute, Ruling(Verdict.CHALLENGER_LOST, tuple(VERIFIERS[:3]), WRONG))
    assert world.balance(PROVIDER) == before[0]
    assert world.balance(VERIFIERS[0]) - before[1] == 2500
    assert world.market.burnt_wei == 15_003 - 3 * 2500
    assert world.market.account(PROVIDER).stake_wei == 60_000


def test_pay_becomes_stake_first() -> None:
    world = World(stake=38_500)
    batch = world.work()
    before = world.balance(PROVIDER)
    world.pass_window(batch)
    world.market.settle_batch(batch, world.at)
    assert world.market.account(PROVIDER).stake_wei == 40_000
    assert world.balance(PROVIDER) - before == 4 * PRICE - 1500


def test_forfeits_wait_for_their_window() -> None:
    world = World(stake=300_000)
    other = world.work()
    world.judge(world.contest(world.work()), Ruling(Verdict.PROVIDER_LOST, (), RIGHT))
    with refuses(Refusal.WINDOW_OPEN):
        world.market.settle_batch(other, world.at)
    task = world.market.batch(other).entries[0].first_task
    contested = world.market.open_dispute(CHALLENGER, other, 0, task, world.at)
    assert world.market.concede(PROVIDER, contested, world.at) == 60 * PRICE


def test_other_disputes_hold_pay_back_for_one_unstaking_delay() -> None:
    world = World()
    paid, contested = world.work(), world.work()
    world.contest(contested)
    world.pass_window(paid)
    with refuses(Refusal.NOTHING_TO_SETTLE):
        world.market.settle_batch(paid, world.at)
    world.wait(1, TERMS.unstake_delay_seconds + 1)
    assert world.market.settle_batch(paid, world.at) == 1


def _claims(world: World, batch_id: Bytes32, digest: Bytes32, claimed: Bytes32) -> list[AuditClaim]:
    task = world.market.batch(batch_id).entries[0].first_task
    return [
        AuditClaim(0, task, draw.holder, draw.attempt, digest, claimed)
        for draw in world.market.audit_draws(batch_id, 0, task)
    ]


def test_an_audit_is_accepted_if_its_digest_is_the_providers() -> None:
    world = World(stake=0)
    batch = world.work()
    claim = _claims(world, batch, RIGHT, RIGHT)[0]
    with refuses(Refusal.AUDIT_DISAGREES):
        world.market.accept_audits(batch, [replace(claim, digest=WRONG)], world.at)
    with refuses(Refusal.AUDIT_ALREADY_ACCEPTED):
        world.market.accept_audits(batch, [claim, claim], world.at)
    assert world.market.accept_audits(batch, [claim], world.at) == audit_fee_wei(PRICE)
    with refuses(Refusal.AUDIT_ALREADY_ACCEPTED):
        world.market.accept_audits(batch, [claim], world.at)


def _accepted(world: World, batch_id: Bytes32, digest: Bytes32 = RIGHT) -> tuple[Address, AuditRef]:
    """One of the provider's audits, which is accepted."""
    claim = _claims(world, batch_id, digest, digest)[0]
    world.market.accept_audits(batch_id, [claim], world.at)
    return claim.verifier, AuditRef(0, claim.task, 0)


def test_a_fee_is_set_aside_until_the_lease_is_settled() -> None:
    world = World(stake=0)
    batch = world.work()
    budget = world.market.job(JOB).audit_escrow_wei
    verifier, audit = _accepted(world, batch)
    before = world.balance(verifier)
    assert world.market.job(JOB).audit_escrow_wei == budget - audit_fee_wei(PRICE)
    with refuses(Refusal.LEASE_NOT_FINISHED):
        world.market.pay_audits(batch, [audit])
    world.pass_window(batch)
    world.market.settle_batch(batch, world.at)
    for wrong in ([audit, audit], [replace(audit, round=1)]):
        with refuses(Refusal.NO_FEE_LEFT):
            world.market.pay_audits(batch, wrong)
    assert world.market.pay_audits(batch, [audit]) == audit_fee_wei(PRICE)
    assert world.balance(verifier) - before == audit_fee_wei(PRICE)
    with refuses(Refusal.NO_FEE_LEFT):
        world.market.pay_audits(batch, [audit])
    assert world.market.total_wei() == world.market.held_wei


def test_the_fee_of_a_lost_leases_audit_is_the_requesters_again() -> None:
    """Who agrees with a friend's nonsense could else empty a stranger's audit budget."""
    world = World(stake=0)
    batch = world.work()
    verifier, audit = _accepted(world, batch, WRONG)
    world.market.concede(PROVIDER, world.contest(batch), world.at)
    before = world.balance(verifier), world.balance(REQUESTER)
    assert world.market.pay_audits(batch, [audit]) == 0
    assert world.balance(verifier) == before[0]
    assert world.balance(REQUESTER) - before[1] == audit_fee_wei(PRICE)


def test_a_refuted_audit_is_not_paid() -> None:
    world = World(stake=0)
    batch = world.work()
    verifier, audit = _accepted(world, batch)
    world.market.report_equivocation(
        REPORTER, batch, 0, audit.task, audit.round, world.at, signer=verifier
    )
    world.pass_window(batch)
    world.market.settle_batch(batch, world.at)
    before = world.balance(REQUESTER)
    assert world.market.pay_audits(batch, [audit]) == 0
    assert world.balance(REQUESTER) - before == audit_fee_wei(PRICE)


@pytest.mark.parametrize("waits", [False, True])
def test_who_stands_up_is_paid_until_somebody_else_sits_there(waits: bool) -> None:
    world = World(stake=0)
    batch = world.work()
    verifier, audit = _accepted(world, batch)
    seat_id = VERIFIERS.index(verifier)
    world.market.leave_seats(verifier, [seat_id], world.at)
    world.wait(1, TERMS.unstake_delay_seconds)
    world.market.release_seats(verifier, [seat_id], world.at)
    world.market.settle_batch(batch, world.at)
    if waits:
        world.market.take_seats(CHALLENGER, 1, world.at)
    paid = world.market.pay_audits(batch, [audit])
    assert paid == (0 if waits else audit_fee_wei(PRICE))


def test_an_empty_budget_pays_no_fee() -> None:
    world = World(stake=0, budget=7)
    batch = world.work()
    (verifier, audit), other = _accepted(world, batch), world.work()
    _, unpaid = _accepted(world, other)
    for waiting in (batch, other):
        world.pass_window(waiting)
        world.market.settle_batch(waiting, world.at)
    before = world.balance(verifier)
    assert world.market.pay_audits(batch, [audit]) == world.balance(verifier) - before == 7
    with refuses(Refusal.NO_FEE_LEFT):
        world.market.pay_audits(other, [unpaid])
    assert world.market.total_wei() == world.market.held_wei


def test_out_of_tolerance_costs_a_first_concession_each_time() -> None:
    """A fifth of it is the committee's. It is no strike, and nothing else is forfeited."""
    world = World(stake=200_000)
    other = world.work()
    for strikes in (0, 1):
        dispute = world.contest(world.work())
        before = {who: world.balance(who) for who in (REQUESTER, CHALLENGER, *VERIFIERS)}
        burnt = world.market.burnt_wei
        ruling = Ruling(Verdict.OUT_OF_TOLERANCE, tuple(VERIFIERS[:3]), OUT_OF_TOLERANCE)
        world.judge(dispute, ruling)
        assert world.balance(REQUESTER) - before[REQUESTER] == PRICE
        assert world.balance(CHALLENGER) - before[CHALLENGER] == 5_000 + TERMS.dispute_bond_wei
        assert [world.balance(v) - before[v] for v in VERIFIERS] == [3333, 3333, 3333, 0, 0]
        assert world.market.burnt_wei - burnt == 50_000 - PRICE - 5_000 - 9_999
        account = world.market.account(PROVIDER)
        assert (account.strikes, account.forfeit_block) == (strikes, 0)
        if not strikes:
            world.market.concede(PROVIDER, world.contest(world.work()), world.at)
    assert world.market.account(PROVIDER).stake_wei == 50_000
    world.pass_window(other)
    assert world.market.settle_batch(other, world.at) == 1
    assert world.market.job(JOB).settled_tasks == 4


def test_an_operator_pays_for_inputs_that_nobody_got_as_far_as_its_stake_goes() -> None:
    """What a first concession costs, each time; nothing to the committee, and no strike."""
    world = World()
    world.market.deposit(OPERATOR, 103_000, world.at)
    world.market.stake(OPERATOR, 103_000)
    world.market.request_unstake(OPERATOR, 60_000, world.at)
    for taken, left in ((50_000, 53_000), (50_000, 3_000), (3_000, 0), (0, 0)):
        dispute = world.contest(world.work())
        before = {who: world.balance(who) for who in (REQUESTER, CHALLENGER, *VERIFIERS)}
        burnt = world.market.burnt_wei
        ruling = Ruling(Verdict.UNAVAILABLE, tuple(VERIFIERS[:3]), UNAVAILABLE)
        world.judge(dispute, ruling)
        operator = world.market.account(OPERATOR)
        assert (operator.slashable_wei, operator.strikes, operator.forfeit_block) == (left, 0, 0)
        requesters = min(taken // 2, PRICE)
        assert world.balance(REQUESTER) - before[REQUESTER] == requesters
        earned = world.balance(CHALLENGER) - before[CHALLENGER] - TERMS.dispute_bond_wei
        assert earned == taken // 10
        assert all(world.balance(who) == before[who] for who in VERIFIERS)
        assert world.market.burnt_wei - burnt == taken - requesters - taken // 10
    assert world.market.account(PROVIDER).stake_wei == 60_000
    assert world.market.total_wei() == world.market.held_wei


def test_a_lease_is_fined_once_and_only_for_want_of_its_inputs() -> None:
    world = World()
    world.market.deposit(OPERATOR, 200_000, world.at)
    world.market.stake(OPERATOR, 200_000)
    batch = world.work()
    first = world.contest(batch)
    other = world.market.open_dispute(CHALLENGER, batch, 0, 1, world.at)
    world.judge(first, Ruling(Verdict.UNAVAILABLE, (), UNAVAILABLE))
    world.market.rule(other, Ruling(Verdict.UNAVAILABLE, (), UNAVAILABLE), world.at)
    for verdict in set(Verdict) - {Verdict.UNAVAILABLE}:
        world.judge(world.contest(world.work()), Ruling(verdict))
    assert world.market.account(OPERATOR).stake_wei == 150_000


def test_a_bond_is_a_third_of_a_large_leases_pay() -> None:
    world = World()
    before = world.balance(CHALLENGER)
    dispute = world.contest(world.work(80))
    assert world.market.dispute(dispute).bond_wei == 80 * PRICE // 3
    assert world.balance(CHALLENGER) == before - 80 * PRICE // 3
    world.judge(dispute, Ruling(Verdict.NONE))
    assert world.balance(CHALLENGER) == before


def test_a_lease_that_nobody_could_check_is_not_paid_and_costs_nobody_without_a_stake() -> None:
    world = World()
    before = world.balance(CHALLENGER)
    world.judge(world.contest(world.work()), Ruling(Verdict.UNAVAILABLE, (), UNAVAILABLE))
    account = world.market.account(PROVIDER)
    assert (account.stake_wei, account.strikes, account.forfeit_block) == (60_000, 0, 0)
    assert (world.balance(CHALLENGER), world.market.burnt_wei) == (before, 0)
    assert world.market.job(JOB).committed_tasks == 0


@pytest.mark.parametrize("verdict", [Verdict.OUT_OF_TOLERANCE, Verdict.UNAVAILABLE])
def test_only_a_committee_that_found_a_digest_contradicts(verdict: Verdict) -> None:
    world = World(stake=0)
    batch = world.work()
    _accepted(world, batch, WRONG)
    dispute = world.contest(batch)
    world.judge(dispute, Ruling(verdict, (), OUT_OF_TOLERANCE))
    with refuses(Refusal.NOT_CONTRADICTED):
        world.market.contradict(REPORTER, dispute, 0, WRONG, world.at)


def test_a_contradicted_verifier_loses_its_drawn_seat() -> None:
    world = World(stake=0)
    batch = world.work()
    claim = _claims(world, batch, WRONG, WRONG)[0]
    world.market.accept_audits(batch, [claim], world.at)
    dispute = world.contest(batch)
    world.judge(dispute, Ruling(Verdict.PROVIDER_LOST, (), RIGHT))
    assert world.market.contradict(REPORTER, dispute, 0, WRONG, world.at) == 15_000
    assert world.balance(REPORTER) == 15_000
    with refuses(Refusal.AUDIT_NOT_ACCEPTED):
        world.market.contradict(REPORTER, dispute, 0, WRONG, world.at)
    seat_id = VERIFIERS.index(claim.verifier)
    assert world.market.seat_stake(seat_id).stake_wei == 0
    assert world.market.seats()[seat_id].vacated_block == world.at.block


def test_a_verifier_that_said_what_the_committee_found_keeps_its_seat() -> None:
    world = World(stake=0)
    batch = world.work()
    world.market.accept_audits(batch, _claims(world, batch, WRONG, WRONG)[:1], world.at)
    dispute = world.contest(batch)
    world.judge(dispute, Ruling(Verdict.PROVIDER_LOST, (), WRONG))
    with refuses(Refusal.NOT_CONTRADICTED):
        world.market.contradict(REPORTER, dispute, 0, WRONG, world.at)


def test_a_concession_contradicts_no_verifier() -> None:
    """Else a provider could admit what is right, to have an honest verifier's seat taken."""
    world = World(stake=0)
    batch = world.work()
    world.market.accept_audits(batch, _claims(world, batch, RIGHT, RIGHT)[:1], world.at)
    dispute = world.contest(batch)
    world.market.concede(PROVIDER, dispute, world.at)
    with refuses(Refusal.NOT_CONTRADICTED):
        world.market.contradict(REPORTER, dispute, 0, RIGHT, world.at)


def test_a_dear_tasks_bond_follows_its_price() -> None:
    world = World()
    task = world.market.batch(batch := world.work()).entries[0].first_task
    before = world.balance(CHALLENGER)
    world.market.terms = replace(TERMS, dispute_bond_wei=14_999)
    world.market.open_dispute(CHALLENGER, batch, 0, task, world.at)
    assert before - world.balance(CHALLENGER) == 15 * PRICE


def test_an_equivocating_verifier_loses_its_seat_once() -> None:
    world = World(stake=0)
    batch = world.work()
    claim = _claims(world, batch, RIGHT, RIGHT)[0]
    world.market.accept_audits(batch, [claim], world.at)

    def report(index: int = 0, who: Address = claim.verifier, *, is_kept: bool = False) -> int:
        return world.market.report_equivocation(
            REPORTER, batch, index, claim.task, 0, world.at, signer=who, is_kept=is_kept
        )

    with refuses(Refusal.NO_SUCH_LINE):
        report(1)
    with refuses(Refusal.BAD_SIGNATURE):
        report(who=REPORTER)
    with refuses(Refusal.NO_EQUIVOCATION):
        report(is_kept=True)
    assert report() == 15_000
    assert world.balance(REPORTER) == 15_000
    with refuses(Refusal.AUDIT_NOT_ACCEPTED):
        report()


def test_a_seat_on_a_committee_is_worth_nothing_to_who_reports_it() -> None:
    """A member that lied there would save a part of its stake from the ruling."""
    world = World(stake=0)
    batch = world.work()
    claims = [world.market.audit_draws(batch, 0, task) for task in range(4)]
    dispute = world.contest(world.work())
    world.wait(1, TERMS.concede_seconds + 1)
    members = world.market.convene(dispute, SEED, world.at)
    task, draw = next(
        (task, draw) for task in range(4) for draw in claims[task] if draw.holder in members
    )
    claim = AuditClaim(0, task, draw.holder, draw.attempt, RIGHT, RIGHT)
    world.market.accept_audits(batch, [claim], world.at)
    burnt = world.market.burnt_wei
    reward = world.market.report_equivocation(
        draw.holder, batch, 0, task, draw.round, world.at, signer=draw.holder
    )
    assert reward == 0
    assert world.market.burnt_wei - burnt == TERMS.seat_stake_wei


def test_who_fights_one_dispute_cannot_concede_a_later_one_of_the_lease() -> None:
    """By then it may have seen the votes, and would keep its other pay."""
    world = World()
    batch = world.work()
    first = world.contest(batch)
    world.wait(1, TERMS.concede_seconds + 1)
    own = world.market.open_dispute(PROVIDER, batch, 0, 1, world.at)
    with refuses(Refusal.CONCEDE_PERIOD_OVER):
        world.market.concede(PROVIDER, own, world.at)
    for dispute in (first, own):
        world.judge(dispute, Ruling(Verdict.NONE))
    again = world.market.open_dispute(CHALLENGER, batch, 0, 2, world.at)
    assert world.market.concede(PROVIDER, again, world.at) == 50 * PRICE


def test_no_audit_is_accepted_that_can_no_longer_be_contradicted() -> None:
    world = World(stake=0)
    batch = world.work()
    claim = _claims(world, batch, WRONG, WRONG)[0]
    world.market.concede(PROVIDER, world.contest(batch), world.at)
    with refuses(Refusal.LEASE_FINISHED):
        world.market.accept_audits(batch, [claim], world.at)


def test_a_batch_that_a_concession_ended_is_forgotten_when_it_is_settled() -> None:
    world = World()
    batch = world.work()
    world.market.concede(PROVIDER, world.contest(batch), world.at)
    world.pass_window(batch)
    assert world.market.settle_batch(batch, world.at) == 0
    assert world.market.batch(batch).is_over


def test_released_seats_are_not_on_committees() -> None:
    """Their holders have nothing to lose, and soon it is somebody else's seat."""
    world = World()
    dispute = world.contest(world.work())
    world.wait(1, TERMS.concede_seconds + 1)
    drawn = world.market.committee_seats(dispute, SEED)
    leaver = VERIFIERS[drawn[0]]
    world.market.leave_seats(leaver, [drawn[0]], world.at)
    assert world.market.committee_seats(dispute, SEED) == drawn
    world.wait(1, TERMS.unstake_delay_seconds)
    world.market.release_seats(leaver, [drawn[0]], world.at)
    assert drawn[0] not in world.market.committee_seats(dispute, SEED)


def test_leases_come_by_rising_id_each_once() -> None:
    """An honest audit of one line could be held against the verifier for another of that id."""
    world = World()
    first = LeaseEntry(Bytes32(b"b" * 32), JOB, PROVIDER, 0, 4, 4 * PRICE)
    for lease_id in (b"a", b"b"):
        second = replace(first, lease_id=Bytes32(lease_id * 32), first_task=4)
        with refuses(Refusal.LEASES_NOT_IN_ORDER):
            world.market.commit_batch(Bytes32(b"b" * 32), OPERATOR, [first, second], world.at)


def test_a_refused_batch_changes_nothing() -> None:
    """Its second lease takes a task of its first."""
    world = World()
    batch = Bytes32(b"b" * 32)
    first = LeaseEntry(Bytes32(b"a" * 32), JOB, PROVIDER, 0, 4, 4 * PRICE)
    second = replace(first, lease_id=Bytes32(b"b" * 32), first_task=3)
    with refuses(Refusal.TASK_ALREADY_COMMITTED):
        world.market.commit_batch(batch, OPERATOR, [first, second], world.at)
    assert world.market.job(JOB).committed_tasks == 0
    world.market.commit_batch(batch, OPERATOR, [first], world.at)
    assert world.market.job(JOB).committed_tasks == 4


@pytest.mark.parametrize(
    ("digests", "claimed", "verdict", "offenders"),
    [
        ((RIGHT, RIGHT, WRONG), RIGHT, Verdict.CHALLENGER_LOST, 0b100),
        ((RIGHT, RIGHT, WRONG), WRONG, Verdict.PROVIDER_LOST, 0b100),
        ((RIGHT, RIGHT, None), None, Verdict.PROVIDER_LOST, 0b100),
        ((RIGHT, None, None), RIGHT, Verdict.CHALLENGER_LOST, 0b110),
        ((RIGHT, WRONG, None), RIGHT, Verdict.NONE, 0b100),
        ((None, None, None), RIGHT, Verdict.NONE, 0b111),
    ],
)
def test_a_committee_decides_by_the_majority_of_the_votes_revealed(
    digests: tuple[Bytes32 | None, ...],
    claimed: Bytes32 | None,
    verdict: Verdict,
    offenders: int,
) -> None:
    votes = [Vote(who, digest) for who, digest in zip(VERIFIERS, digests, strict=False)]
    ruling = decide(votes, claimed)
    assert (ruling.verdict, ruling.offenders, ruling.absentees) == (verdict, offenders, 0)


@pytest.mark.parametrize(
    ("digests", "verdict", "offenders", "absentees"),
    [
        ("OOR", Verdict.OUT_OF_TOLERANCE, 0b100, 0),
        ("OOW", Verdict.OUT_OF_TOLERANCE, 0, 0b100),
        ("OOU", Verdict.OUT_OF_TOLERANCE, 0, 0b100),
        ("RRO", Verdict.PROVIDER_LOST, 0, 0b100),
        ("RRU", Verdict.PROVIDER_LOST, 0, 0b100),
        ("RRW", Verdict.PROVIDER_LOST, 0b100, 0),
        ("WWO", Verdict.CHALLENGER_LOST, 0, 0b100),
        ("UUR", Verdict.UNAVAILABLE, 0, 0),
        ("UUUR-", Verdict.UNAVAILABLE, 0, 0),
        ("RRRU-", Verdict.PROVIDER_LOST, 0, 0),
        ("RRRRU-", Verdict.PROVIDER_LOST, 0, 0b110000),
        ("UO", Verdict.NONE, 0, 0),
        ("O", Verdict.OUT_OF_TOLERANCE, 0, 0),
    ],
)
def test_doubtful_votes_cost_the_seat_at_most(
    digests: str, verdict: Verdict, offenders: int, absentees: int
) -> None:
    """The provider's digest is WRONG. Nobody leaves where many were not given the inputs."""
    named = {"R": RIGHT, "W": WRONG, "O": OUT_OF_TOLERANCE, "U": UNAVAILABLE}
    votes = [Vote(Address(f"{i}"), named.get(d), d != "-") for i, d in enumerate(digests)]
    ruling = decide(votes, WRONG)
    assert (ruling.verdict, ruling.offenders, ruling.absentees) == (verdict, offenders, absentees)


def test_a_claim_that_was_never_opened_may_be_what_was_voted_for() -> None:
    votes = [
        Vote(v, d) for v, d in zip(VERIFIERS, (OUT_OF_TOLERANCE,) * 2 + (WRONG,), strict=False)
    ]
    assert decide(votes, None).absentees == 0b100
    assert decide(votes, RIGHT).offenders == 0b100


def test_who_never_voted_loses_the_seat_and_keeps_the_stake() -> None:
    world = World()
    dispute = world.contest(world.work())
    world.judge(dispute, Ruling(Verdict.NONE, absentees=0b111))
    drawn = world.market.dispute(dispute).seat_ids or ()
    assert len(drawn) == 3
    for seat_id in drawn:
        assert world.market.seat_stake(seat_id).stake_wei == TERMS.seat_stake_wei
        assert world.market.seats()[seat_id].vacated_block == world.at.block

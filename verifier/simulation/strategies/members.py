"""Committee members that say that they could not run a task, or that it is out of tolerance."""

from __future__ import annotations

from functools import partial

from protocol.dispute import OUT_OF_TOLERANCE, UNAVAILABLE
from protocol.settlement.committee import Vote, decide
from protocol.units import Address, Bytes32
from verifier.simulation.stage import RIGHT, WRONG, Finding, Stage
from verifier.simulation.strategies.base import Strategy, a_few_seats, a_third

ROUNDS = 3
# The bond is 15 prices here, and of a larger lease a third of its pay: nowhere else is it less for
# what a captured committee takes.
LEASE_TASKS = 45
# The most that a market grants at once.
LARGE_LEASE_TASKS = 256


def accuse(stage: Stage, lie: Bytes32, lease_tasks: int = LEASE_TASKS) -> None:
    """Requester, challenger and a third of the seats contest an honest provider's whole lease.

    Where they are the majority they vote `lie`, and the requester has the lease's results for
    nothing, and a part of what the operator or the provider pays; elsewhere they vote like
    everybody.
    """
    stage.stake_operator(60 * ROUNDS)
    requester = stage.attacker("requester")
    job_id = stage.open_job(requester, stage.setting.price_wei)
    for _ in range(ROUNDS):
        provider = stage.honest("provider", 60)
        batch_id = stage.commit([stage.lease(provider, lease_tasks, job_id=job_id)])
        stage.seed(batch_id)
        _contest(stage, batch_id, lie)
        stage.close_window(batch_id)


def _contest(stage: Stage, batch_id: Bytes32, lie: Bytes32) -> None:
    entry = stage.market.batch(batch_id).entries[0]
    challenger = stage.attacker("challenger")
    finding = Finding(0, entry.first_task, challenger)
    dispute_id = stage.contest(batch_id, finding, challenger)
    if dispute_id is None:
        return
    stage.tally.cheated += 1
    stage.judge(dispute_id, lie=lie)
    if stage.market.batch(batch_id).is_finished(0):
        stage.tally.work_wei -= entry.amount_wei


def vote_unavailable(stage: Stage) -> None:
    """Sit on committees, run nothing, and say that there was nothing to run.

    One provider is guilty and the next one is not, so that both kinds of pay are missed.
    """
    challenger = stage.honest("challenger")
    for number in range(2 * ROUNDS):
        wrong = number % 2
        batch_id = stage.commit([stage.lease(stage.honest("provider", 60), 1, wrong)])
        stage.seed(batch_id)
        task = stage.market.batch(batch_id).entries[0].first_task
        dispute_id = stage.market.open_dispute(challenger, batch_id, 0, task, stage.at)
        stage.wait(stage.setting.terms.concede_seconds + 1)
        members = stage.market.convene(dispute_id, stage.fresh_id(), stage.at)
        votes = [Vote(m, UNAVAILABLE if m in stage.friendly else RIGHT) for m in members]
        _count_missed_pay(stage, members, is_wrong=bool(wrong))
        stage.market.rule(dispute_id, decide(votes, WRONG if wrong else RIGHT), stage.at)
        stage.close_window(batch_id)


def _count_missed_pay(stage: Stage, members: tuple[Address, ...], *, is_wrong: bool) -> None:
    """An honest member would have run the task, and had its part of the slash or of the bond."""
    rules, price_wei = stage.setting.rules, stage.setting.price_wei
    shared_wei = rules.bond_prices * price_wei // 2
    if is_wrong:
        slash_wei = rules.slash.due_wei(price_wei, 60 * price_wei)
        shared_wei = slash_wei * rules.slash.committee_percent // 100
    for member in members:
        if member in stage.friendly:
            stage.tally.cheated += 1
            share_wei = shared_wei // len(members)
            stage.tally.honest_income_wei += share_wei - stage.cost_wei(price_wei)


STRATEGIES = (
    Strategy(
        "coalition-unavailable",
        "requester, challenger and a third of the seats say that honest work cannot be checked",
        partial(accuse, lie=UNAVAILABLE),
        a_third,
        weight=4,
    ),
    Strategy(
        "coalition-out-of-tolerance",
        "the same, but they say that it is out of tolerance",
        partial(accuse, lie=OUT_OF_TOLERANCE),
        a_third,
        weight=4,
    ),
    Strategy(
        "coalition-wrong-digest",
        "the same, but they find another digest",
        partial(accuse, lie=WRONG),
        a_third,
        weight=4,
    ),
    Strategy(
        "coalition-large-lease",
        "requester, challenger and a third of the seats free a lease of 256 tasks from its price",
        partial(accuse, lie=UNAVAILABLE, lease_tasks=LARGE_LEASE_TASKS),
        a_third,
        weight=4,
    ),
    Strategy(
        "unavailable-member",
        "votes in committees that there was nothing to run",
        vote_unavailable,
        a_few_seats,
        weight=2,
    ),
)

"""Providers that deliver wrong results, and what they do when they see that they were drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from protocol.pricing import audit_rate_ppm
from protocol.sampling import is_audited
from protocol.settlement.facts import LeaseEntry
from protocol.settlement.refusals import Refused
from protocol.units import PPM, Address, Bytes32
from verifier.simulation.setting import Setting
from verifier.simulation.stage import Finding, Stage
from verifier.simulation.strategies.base import Strategy, a_third

Answer = Callable[[Stage, Bytes32, Finding], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a provider cheats: leases of so many tasks, so many of them wrong, in every window."""

    stake_prices: float = 60
    lease_tasks: int = 1
    wrong_tasks: int = 1
    leases: int = 8
    windows: int = 12
    honest_windows: int = 0
    saved_ppm: int = PPM
    leaves_when_caught: bool = True


def cheat(stage: Stage, plan: Plan, answer: Answer) -> None:
    """Deliver; when honest verifiers are drawn for wrong tasks, `answer` each of them."""
    provider = stage.attacker("cheater", plan.stake_prices)
    stage.is_wary = answer in FIGHTING
    for window in range(plan.honest_windows + plan.windows):
        wrong = plan.wrong_tasks if window >= plan.honest_windows else 0
        batch_id = stage.commit(_leases(stage, provider, plan, wrong))
        stage.seed(batch_id)
        findings = stage.audit(batch_id)
        for finding in findings:
            answer(stage, batch_id, finding)
        stage.close_window(batch_id)
        if findings and plan.leaves_when_caught:
            return


def _leases(stage: Stage, provider: Address, plan: Plan, wrong: int) -> list[LeaseEntry]:
    return [
        stage.lease(provider, plan.lease_tasks, wrong, saved_ppm=plan.saved_ppm)
        for _ in range(plan.leases)
    ]


# ---------------------------------------------------------------------------------- answers


def concede(stage: Stage, batch_id: Bytes32, finding: Finding) -> None:
    """Admit it to whoever found it."""
    dispute_id = stage.contest(batch_id, finding)
    if dispute_id is not None:
        stage.concede(dispute_id)


def fight(stage: Stage, batch_id: Bytes32, finding: Finding) -> None:
    """Let the committee decide."""
    dispute_id = stage.contest(batch_id, finding)
    if dispute_id is not None:
        stage.judge(dispute_id)


def hide_claim(stage: Stage, batch_id: Bytes32, finding: Finding) -> None:
    """Let the committee decide, and never open the claimed digest."""
    dispute_id = stage.contest(batch_id, finding)
    if dispute_id is not None:
        stage.judge(dispute_id, opens_claim=False)


def concede_to_friend(stage: Stage, batch_id: Bytes32, finding: Finding) -> None:
    """A friend contests first, so that the challenger's part comes back."""
    dispute_id = stage.contest(batch_id, finding, stage.attacker("friend"))
    if dispute_id is not None:
        stage.concede(dispute_id)


def fight_friend(stage: Stage, batch_id: Bytes32, finding: Finding) -> None:
    """A friend contests first, and the committee decides: perhaps it is the coalition's."""
    dispute_id = stage.contest(batch_id, finding, stage.attacker("friend"))
    if dispute_id is not None:
        stage.judge(dispute_id)


def concede_once_then_fight(stage: Stage, batch_id: Bytes32, finding: Finding) -> None:
    """Concede to a friend while that is cheap, then let a friend's disputes be judged."""
    provider = stage.market.batch(batch_id).entries[finding.index].provider
    has_conceded = stage.market.account(provider).strikes > 0
    (fight_friend if has_conceded else concede_to_friend)(stage, batch_id, finding)


def shield(stage: Stage, batch_id: Bytes32, finding: Finding) -> None:
    """Lose the whole stake in a job of one's own first, to one's own requester and friend."""
    entry = stage.market.batch(batch_id).entries[finding.index]
    account = stage.market.account(entry.provider)
    rule = stage.setting.rules.slash if account.strikes else stage.setting.rules.concession
    price_wei = -(-account.slashable_wei // max(1, rule.prices))
    if price_wei:
        _wash(stage, entry.provider, price_wei)
    concede(stage, batch_id, finding)


def choose_committee(stage: Stage, batch_id: Bytes32, finding: Finding) -> None:
    """Fight before a committee of one's own, concede to a friend before any other.

    Where the committee's seed comes after the concede window, the choice has to be made blindly.
    """
    dispute_id = stage.contest(batch_id, finding, stage.attacker("friend"))
    if dispute_id is None:
        return
    seed = stage.fresh_id()
    is_known = not stage.setting.committee_follows_concession
    if is_known and stage.has_captured(dispute_id, seed):
        stage.judge(dispute_id, seed)
    else:
        stage.concede(dispute_id)


def concede_at_the_votes(stage: Stage, batch_id: Bytes32, finding: Finding) -> None:
    """Fight; unless the votes are one's own, then have a friend contest another task of the lease,
    and concede that instead.
    """
    dispute_id = stage.contest(batch_id, finding, stage.attacker("friend"))
    if dispute_id is None:
        return
    seed = stage.fresh_id()
    if not stage.has_captured(dispute_id, seed):
        stage.wait(stage.setting.terms.concede_seconds + 1)
        tasks = stage.market.batch(batch_id).entries[finding.index].tasks
        other = next(task for task in tasks if task != finding.task)
        friend = stage.attacker("friend")
        own = stage.market.open_dispute(friend, batch_id, finding.index, other, stage.at)
        try:
            stage.concede(own)
        except Refused as refused:
            stage.tally.refusals.append(refused.reason)
    stage.judge(dispute_id, seed)


def _wash(stage: Stage, provider: Address, price_wei: int) -> None:
    owner = stage.attacker("own requester")
    job_id = stage.open_job(owner, price_wei, operator=owner)
    entry = stage.lease(provider, 1, 1, job_id=job_id, price_wei=price_wei)
    own_batch = stage.commit([entry], operator=owner)
    friend = stage.attacker("friend")
    stage.concede(stage.market.open_dispute(friend, own_batch, 0, entry.first_task, stage.at))


# These end before a committee, which may contradict a verifier that signed.
FIGHTING: tuple[Answer, ...] = (
    fight,
    hide_claim,
    fight_friend,
    concede_once_then_fight,
    concede_at_the_votes,
)

# ---------------------------------------------------------------------------------- plays


def unstake_between(stage: Stage) -> None:
    """Commit at a veteran's rate, then ask for the stake back before anybody looks."""
    provider = stage.attacker("cheater", 60)
    for _ in range(8):
        batch_id = stage.commit([stage.lease(provider, 1, 1) for _ in range(8)])
        stake_wei = stage.market.account(provider).stake_wei
        if stake_wei:
            stage.market.request_unstake(provider, stake_wei, stage.at)
        stage.seed(batch_id)
        findings = stage.audit(batch_id)
        _try_unstake(stage, provider)
        for finding in findings:
            concede(stage, batch_id, finding)
        stage.close_window(batch_id)
        if findings:
            return
        stage.wait(stage.setting.terms.unstake_delay_seconds)
        stage.market.unstake(provider, stage.at)
        stage.market.stake(provider, stake_wei)


def _try_unstake(stage: Stage, provider: Address) -> None:
    try:
        stage.market.unstake(provider, stage.at)
    except Refused as refused:
        stage.tally.refusals.append(refused.reason)


def grind(stage: Stage) -> None:
    """Cheat only where the draw spares it: choose among leases by the seed that is known.

    The seed follows the commitment, so what is known is the last batch's. With the rule turned off
    the batch's own is known, and no wrong task is ever drawn.
    """
    provider = stage.attacker("cheater", 60)
    known = stage.fresh_id()
    for _ in range(12):
        seed = stage.fresh_id()
        foreseen = known if stage.setting.seed_follows_commitment else seed
        entries = [_spared_lease(stage, provider, foreseen) for _ in range(8)]
        batch_id = stage.commit(entries)
        stage.seed(batch_id, seed)
        findings = stage.audit(batch_id)
        for finding in findings:
            concede(stage, batch_id, finding)
        stage.close_window(batch_id)
        if findings:
            return
        known = seed


def _spared_lease(stage: Stage, provider: Address, seed: Bytes32) -> LeaseEntry:
    price_wei = stage.setting.price_wei
    rate_ppm = audit_rate_ppm(price_wei, stage.market.account(provider).stake_wei)
    entry = stage.lease(provider, 1, 1)
    while is_audited(seed, entry.lease_id, entry.first_task, rate_ppm):
        entry = stage.renew(entry)
    return entry


def commit_again(stage: Stage) -> None:
    """Operator and provider together: a drawn wrong lease is committed anew, for another draw."""
    provider = stage.attacker("cheater", 60)
    for _ in range(12):
        entries = [stage.lease(provider, 1, 1) for _ in range(8)]
        batch_id = stage.commit(entries)
        stage.seed(batch_id)
        findings = stage.audit(batch_id)
        for finding in findings:
            _commit_again(stage, entries[finding.index])
            concede_to_friend(stage, batch_id, finding)
        stage.close_window(batch_id)
        if findings:
            return


def _commit_again(stage: Stage, entry: LeaseEntry) -> None:
    for again in (entry, replace(entry, lease_id=stage.lease_id())):
        try:
            stage.commit([again])
        except Refused as refused:
            stage.tally.refusals.append(refused.reason)


# ---------------------------------------------------------------------------------- the list


def dust(setting: Setting) -> Setting:
    """Prices of a few wei, where every floor counts."""
    return replace(a_third(setting), price_wei=10)


def _cheater(
    name: str,
    summary: str,
    plan: Plan,
    answer: Answer = concede,
    adapt: Callable[[Setting], Setting] = a_third,
    weight: float = 1.0,
) -> Strategy:
    return Strategy(name, summary, partial(cheat, plan=plan, answer=answer), adapt, weight)


ONE_IN_TWENTY = "wrong-one-in-twenty"
_TWENTY = Plan(stake_prices=100, lease_tasks=20, leases=4, windows=240)
_MANY = Plan(lease_tasks=20, wrong_tasks=20, leases=4, windows=3)
_FEW = Plan(leases=1, windows=60)
_NEWCOMER = Plan(stake_prices=0, leases=1, windows=1)

STRATEGIES = (
    _cheater("wrong-always", "every task of 20-task leases wrong", _MANY),
    _cheater(ONE_IN_TWENTY, "one wrong task in each 20-task lease", _TWENTY, weight=3),
    _cheater("skipped-layers", "does 60 % of the work, always", replace(_MANY, saved_ppm=400_000)),
    _cheater("stale-result", "returns an old result, in single-task leases", Plan()),
    _cheater(
        "persistent",
        "goes on after being caught, until its stake is gone",
        Plan(windows=10, leaves_when_caught=False),
    ),
    _cheater(
        "veteran-that-turns",
        "hundreds of good tasks first, then all wrong",
        replace(_MANY, stake_prices=100, honest_windows=4),
    ),
    _cheater("newcomer", "an identity without stake, wrong at once", _NEWCOMER, weight=4),
    _cheater("newcomer-pair", "the same, with two tasks", replace(_NEWCOMER, lease_tasks=2)),
    *(
        _cheater(
            f"sybil-{stake}",
            f"stakes {stake} prices, concedes once, leaves",
            replace(_FEW, stake_prices=stake),
        )
        for stake in (1, 5, 20, 45, 59)
    ),
    _cheater("sybil-in-bulk", "the same with 16 leases a window", Plan(59, leases=16, windows=4)),
    _cheater("fight", "never concedes", _FEW, fight),
    _cheater("hidden-claim", "never opens its claim", _FEW, hide_claim),
    _cheater(
        "friend", "a friend contests first; concedes to it", _FEW, concede_to_friend, weight=8
    ),
    _cheater("friend-and-fight", "a friend contests first; fights", _FEW, fight_friend, weight=8),
    _cheater(
        "friend-in-bulk",
        "16 wrong leases a window; concedes one to a friend, fights the rest",
        Plan(leases=16, windows=4),
        concede_once_then_fight,
        weight=8,
    ),
    *(
        _cheater(
            f"own-job-shield-{stake}",
            f"a stake of {stake} prices is first lost to itself in its own job",
            replace(_FEW, stake_prices=stake),
            shield,
            weight=2,
        )
        for stake in (20, 60, 90)
    ),
    _cheater(
        "own-committee",
        "fights before a friendly committee, concedes to a friend before others",
        _FEW,
        choose_committee,
        weight=8,
    ),
    _cheater(
        "late-concession",
        "fights; concedes another task of the lease when it sees the votes",
        Plan(lease_tasks=2, leases=1, windows=60),
        concede_at_the_votes,
        weight=8,
    ),
    _cheater("dust-prices", "tasks of ten wei", replace(_FEW, stake_prices=60), adapt=dust),
    Strategy(
        "unstake-between", "asks for its stake back before the verdict", unstake_between, a_third
    ),
    Strategy("seed-grinding", "cheats where the seed it knows spares it", grind, a_third),
    Strategy("commit-again", "operator re-commits what was drawn", commit_again, a_third, weight=8),
)

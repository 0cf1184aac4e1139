"""Verifiers and challengers that lie, do nothing, or make a nuisance of themselves."""

from __future__ import annotations

from functools import partial

from protocol import pricing
from protocol.sampling import Draw
from protocol.settlement.committee import Vote, decide
from protocol.settlement.refusals import Refused
from protocol.units import Address, Bytes32
from verifier.simulation.stage import RIGHT, WRONG, Finding, Stage
from verifier.simulation.strategies.base import Strategy, a_few_seats, a_third

# Nobody's digest: what comes of not computing.
NONSENSE = Bytes32(b"\x03" * 32)
ROUNDS = 3


def _honest_batch(stage: Stage, stake_prices: float, leases: int = 2) -> Bytes32:
    """Right results of an honest provider, drawn."""
    provider = stage.honest("provider", stake_prices)
    batch_id = stage.commit([stage.lease(provider, 20) for _ in range(leases)])
    stage.seed(batch_id)
    return batch_id


def _own_draws(stage: Stage, batch_id: Bytes32) -> list[tuple[int, int, Draw]]:
    """The audits that the attacker's verifiers are drawn for, and what those would earn."""
    mine = []
    for index, entry in enumerate(stage.market.batch(batch_id).entries):
        price_wei = entry.price_per_task_wei
        for task in entry.tasks:
            for draw in stage.draws(batch_id, index, task):
                if draw.holder in stage.friendly:
                    mine.append((index, task, draw))
                    fee_wei = pricing.audit_fee_wei(price_wei)
                    stage.tally.honest_income_wei += fee_wei - stage.cost_wei(price_wei)
                    stage.tally.tasks += 1
    return mine


def lazy(stage: Stage) -> None:
    """Commit to nonsense, look at the opening, then sign the provider's digest for the fee."""
    for _ in range(ROUNDS):
        batch_id = _honest_batch(stage, stake_prices=10)
        for index, task, draw in _own_draws(stage, batch_id):
            stage.tally.cheated += 1
            if stage.accept_audit(batch_id, index, task, draw, RIGHT):
                _report_equivocation(stage, batch_id, index, task, draw)
        stage.close_window(batch_id)


def quiet(stage: Stage, *, is_choosy: bool = False) -> None:
    """Find a stranger's wrong result, and sign it for the fee instead of contesting it.

    A choosy one does so only where it sees that no honest verifier is drawn too. Each stranger has
    one task: what else it did would be lost with it, and then no audit of it is paid.
    """
    for _ in range(ROUNDS):
        strangers = [stage.honest("cheater", 0) for _ in range(8)]
        batch_id = stage.commit([stage.lease(stranger, 1, 1) for stranger in strangers])
        stage.seed(batch_id)
        disputes = [
            _keep_quiet(stage, batch_id, index, entry.first_task, is_choosy=is_choosy)
            for index, entry in enumerate(stage.market.batch(batch_id).entries)
        ]
        for dispute_id in disputes:
            if dispute_id is not None:
                _judge(stage, dispute_id)
        stage.close_window(batch_id)


def _keep_quiet(
    stage: Stage, batch_id: Bytes32, index: int, task: int, *, is_choosy: bool
) -> int | None:
    """The honest way is to contest, and be paid of a stake that is not there.

    Returns the dispute that an honest verifier opens, if one is drawn.
    """
    draws = stage.draws(batch_id, index, task)
    honest = [draw for draw in draws if draw.holder not in stage.friendly]
    price_wei = stage.setting.price_wei
    for draw in () if is_choosy and honest else draws:
        if draw.holder in stage.friendly:
            stage.tally.cheated += 1
            stage.tally.tasks += 1
            stage.tally.work_wei += stage.cost_wei(price_wei)
            stage.tally.honest_income_wei -= stage.cost_wei(price_wei)
            if stage.accept_audit(batch_id, index, task, draw, WRONG):
                _report_equivocation(stage, batch_id, index, task, draw)
    return stage.contest(batch_id, Finding(index, task, honest[0].holder)) if honest else None


def _judge(stage: Stage, dispute_id: int) -> None:
    """Its votes in the committee are work that it would have had in any case."""
    before_wei = stage.tally.work_wei
    stage.judge(dispute_id)
    stage.tally.honest_income_wei -= stage.tally.work_wei - before_wei


def _report_equivocation(
    stage: Stage, batch_id: Bytes32, index: int, task: int, draw: Draw
) -> None:
    """Whoever holds both signatures reports it: the market has them."""
    reporter = stage.honest("reporter")
    try:
        stage.market.report_equivocation(
            reporter, batch_id, index, task, draw.round, stage.at, signer=draw.holder
        )
    except Refused as refused:
        stage.tally.refusals.append(refused.reason)
        return
    stage.tally.note_caught()


def claim_another_digest(stage: Stage) -> None:
    """Sign nonsense for the fee, run nothing, and contest nothing."""
    for _ in range(ROUNDS):
        batch_id = _honest_batch(stage, stake_prices=10)
        for index, task, draw in _own_draws(stage, batch_id):
            stage.tally.cheated += 1
            stage.accept_audit(batch_id, index, task, draw, NONSENSE)
        stage.close_window(batch_id)


def flag_honest_work(stage: Stage) -> None:
    """Contest right results, for the challenger's part of a slash."""
    for _ in range(ROUNDS):
        batch_id = _honest_batch(stage, stake_prices=60)
        mine = _own_draws(stage, batch_id)
        for index, task, draw in mine[:1]:
            stage.tally.cheated += 1
            _accuse(stage, batch_id, index, task, draw.holder)
        stage.close_window(batch_id)


def coalition_flags(stage: Stage) -> None:
    """Requester, challenger and a third of the seats together accuse an honest provider."""
    requester = stage.attacker("requester")
    job_id = stage.open_job(requester, stage.setting.price_wei)
    for _ in range(ROUNDS):
        provider = stage.honest("provider", 60)
        batch_id = stage.commit([stage.lease(provider, 1, job_id=job_id)])
        stage.seed(batch_id)
        task = stage.market.batch(batch_id).entries[0].first_task
        stage.tally.cheated += 1
        _accuse(stage, batch_id, 0, task, stage.attacker("challenger"))
        stage.close_window(batch_id)


def _accuse(stage: Stage, batch_id: Bytes32, index: int, task: int, by: Address) -> None:
    dispute_id = stage.contest(batch_id, Finding(index, task, by), by)
    if dispute_id is not None:
        stage.judge(dispute_id)


def spam(stage: Stage) -> None:
    """Contest one honest provider's leases one after another, to hold its pay back."""
    provider = stage.honest("provider", 60)
    challenger = stage.attacker("challenger")
    for _ in range(ROUNDS):
        batch_id = stage.commit([stage.lease(provider, 20) for _ in range(2)])
        stage.seed(batch_id)
        for index, entry in enumerate(stage.market.batch(batch_id).entries):
            stage.tally.cheated += 1
            _accuse(stage, batch_id, index, entry.first_task, challenger)
        stage.close_window(batch_id)


def vote_nonsense(stage: Stage) -> None:
    """Sit on committees without running the task."""
    _vote(stage, NONSENSE)


def vote_and_hide(stage: Stage) -> None:
    """Commit a vote and never reveal it."""
    _vote(stage, None)


def _vote(stage: Stage, digest: Bytes32 | None) -> None:
    """A guilty provider's disputes; the attacker's members vote like that."""
    guilty = stage.honest("cheater", 60)
    challenger = stage.honest("challenger")
    for _ in range(ROUNDS):
        batch_id = stage.commit([stage.lease(guilty, 1, 1)])
        stage.seed(batch_id)
        task = stage.market.batch(batch_id).entries[0].first_task
        dispute_id = stage.market.open_dispute(challenger, batch_id, 0, task, stage.at)
        stage.wait(stage.setting.terms.concede_seconds + 1)
        members = stage.market.convene(dispute_id, stage.fresh_id(), stage.at)
        votes = [Vote(m, digest if m in stage.friendly else RIGHT) for m in members]
        ruling = decide(votes, WRONG)
        _count_lazy_votes(stage, members, len(members))
        stage.market.rule(dispute_id, ruling, stage.at)
        stage.close_window(batch_id)


def _count_lazy_votes(stage: Stage, members: tuple[Address, ...], count: int) -> None:
    """An honest member would have run the task, and had its part of the slash."""
    setting = stage.setting
    slash_wei = setting.rules.slash.due_wei(setting.price_wei, 60 * setting.price_wei)
    share_wei = slash_wei * setting.rules.slash.committee_percent // 100 // max(1, count)
    for member in members:
        if member in stage.friendly:
            stage.tally.cheated += 1
            stage.tally.honest_income_wei += share_wei - stage.cost_wei(setting.price_wei)


def shared_digests(stage: Stage) -> None:
    """Honest newcomers tell their friends' verifiers the digests: right, but run only once."""
    provider = stage.attacker("provider", 0)
    batch_id = stage.commit([stage.lease(provider, 20) for _ in range(2)])
    stage.seed(batch_id)
    tasks = stage.tally.tasks
    for index, task, draw in _own_draws(stage, batch_id):
        stage.tally.cheated += 1
        stage.accept_audit(batch_id, index, task, draw, RIGHT)
    stage.tally.tasks = tasks
    stage.close_window(batch_id)


STRATEGIES = (
    Strategy("lazy-verifier", "signs what the opening shows, without running", lazy, a_few_seats),
    Strategy("quiet-verifier", "signs a wrong result of who has no stake", quiet, a_few_seats),
    Strategy(
        "choosy-verifier",
        "the same, only where no honest verifier is drawn too",
        partial(quiet, is_choosy=True),
        a_few_seats,
        weight=2,
    ),
    Strategy("nonsense-audit", "claims fees for nonsense", claim_another_digest, a_few_seats),
    Strategy("flags-honest-work", "contests right results", flag_honest_work, a_few_seats),
    Strategy(
        "coalition-flags",
        "requester, challenger and a third of the seats accuse",
        coalition_flags,
        a_third,
        weight=4,
    ),
    Strategy("dispute-spam", "contests one provider's leases to hold its pay", spam),
    Strategy("lazy-member", "votes nonsense in committees", vote_nonsense, a_few_seats, weight=2),
    Strategy(
        "withheld-reveal", "commits votes, reveals none", vote_and_hide, a_few_seats, weight=2
    ),
    Strategy(
        "shared-digests",
        "an honest newcomer spares its friends' verifiers the work",
        shared_digests,
        a_third,
        known_limit="no result is wrong; nobody can see that an audit was not run",
    ),
)

"""Who guesses where results have few possible values, before a requester that knows some of them.

Half of the answers are yes: whoever says yes without a look is right as often. Ringers are spread
among the tasks in the share that `protocol.ringers` asks for, and nobody can tell them apart.
"""

from __future__ import annotations

from collections.abc import Iterator

from protocol import pricing
from protocol.ringers import Stakes, share_ppm
from protocol.settlement.facts import LeaseEntry
from protocol.units import PPM, Address, Bytes32
from verifier.simulation.setting import Setting
from verifier.simulation.stage import RIGHT, WRONG, Finding, Stage
from verifier.simulation.strategies.base import Strategy, a_few_seats, a_third
from verifier.simulation.strategies.providers import concede

GUESS_PPM = 500_000
VETERANS_STAKE_PRICES = 60
LEASES = 8
ALONE_LEASES = 32


def guess_as_provider(stage: Stage) -> None:
    """Answer every task with a guess, and concede to whoever finds a wrong one."""
    provider = stage.attacker("guesser", VETERANS_STAKE_PRICES)
    for _ in range(12):
        if _guess_window(stage, provider):
            return


def guess_as_newcomer(stage: Stage) -> None:
    """The same without a stake, once for each identity: a wrong guess costs its own price."""
    _guess_window(stage, stage.attacker("guesser"), leases=1)


def _guess_window(stage: Stage, provider: Address, leases: int = LEASES) -> bool:
    """Whether a wrong guess was found, by a verifier or as a ringer."""
    batch_id = stage.commit([_guessed(stage, provider) for _ in range(leases)])
    stage.seed(batch_id)
    findings = stage.audit(batch_id)
    for finding in findings:
        concede(stage, batch_id, finding)
    ringers = [f for f in _wrong_ringers(stage, batch_id) if f not in findings]
    for finding in ringers:
        if not stage.market.batch(batch_id).is_finished(finding.index):
            stage.concede(_contest(stage, batch_id, finding))
    if ringers:
        stage.tally.note_caught()
    stage.close_window(batch_id)
    return bool(findings or ringers)


def guess_as_verifier(stage: Stage) -> None:
    """Sign what a stranger has guessed, without a look, where no honest verifier is drawn too.

    The stranger has no stake: to find it wrong brings nothing. It does not answer disputes.
    """
    for _ in range(6):
        stranger = stage.honest("guesser")
        batch_id = stage.commit([_guessed(stage, stranger) for _ in range(ALONE_LEASES)])
        stage.seed(batch_id)
        for index, entry in enumerate(stage.market.batch(batch_id).entries):
            _agree(stage, batch_id, index, entry)
        disputes = [_contest(stage, batch_id, f) for f in _wrong_ringers(stage, batch_id)]
        for dispute_id in disputes:
            before_wei = stage.tally.work_wei
            stage.judge(dispute_id)
            # Its votes in the committee are work that it would have had in any case.
            stage.tally.honest_income_wei -= stage.tally.work_wei - before_wei
        if disputes:
            stage.tally.note_caught()
        stage.close_window(batch_id)


def _agree(stage: Stage, batch_id: Bytes32, index: int, entry: LeaseEntry) -> None:
    """An honest verifier would have run it, and been paid where the guess was right."""
    task, price_wei = entry.first_task, entry.price_per_task_wei
    draws = stage.draws(batch_id, index, task)
    if not draws or any(draw.holder not in stage.friendly for draw in draws):
        return
    is_wrong = stage.is_wrong(entry, task)
    for draw in draws:
        stage.tally.tasks += 1
        stage.tally.cheated += 1
        honest_wei = 0 if is_wrong else pricing.audit_fee_wei(price_wei)
        stage.tally.honest_income_wei += honest_wei - stage.cost_wei(price_wei)
        stage.accept_audit(batch_id, index, task, draw, WRONG if is_wrong else RIGHT)


def _guessed(stage: Stage, provider: Address) -> LeaseEntry:
    """A task's answer that cost nothing, whether or not it is right."""
    is_wrong = stage.random.random() * PPM >= GUESS_PPM
    entry = stage.lease(provider, wrong=int(is_wrong))
    if provider in stage.coalition and not is_wrong:
        stage.tally.work_wei -= stage.cost_wei(entry.price_per_task_wei)
    return entry


def _wrong_ringers(stage: Stage, batch_id: Bytes32) -> Iterator[Finding]:
    """The wrong results that the requester knows to be wrong."""
    share = _share_ppm(stage.setting)
    for index, entry in enumerate(stage.market.batch(batch_id).entries):
        owner = stage.market.job(entry.job_id).terms.requester
        for task in entry.tasks:
            if stage.is_wrong(entry, task) and stage.random.random() * PPM < share:
                yield Finding(index, task, owner)


def _share_ppm(setting: Setting) -> int:
    """What a requester takes who reckons with established providers only."""
    if not setting.has_ringers:
        return 0
    price_wei, terms = setting.price_wei, setting.terms
    return share_ppm(Stakes(price_wei, terms.minimum_stake_wei, terms.seat_stake_wei), GUESS_PPM)


def _contest(stage: Stage, batch_id: Bytes32, finding: Finding) -> int:
    """By the requester, which has run nothing for it."""
    return stage.market.open_dispute(
        finding.verifier, batch_id, finding.index, finding.task, stage.at
    )


STRATEGIES = (
    Strategy(
        "guessing-provider",
        "guesses yes or no, in single-task leases",
        guess_as_provider,
        a_third,
        weight=2,
    ),
    Strategy(
        "guessing-verifier",
        "signs a stranger's guesses where it is drawn alone",
        guess_as_verifier,
        a_few_seats,
        weight=2,
    ),
    Strategy(
        "guessing-newcomer",
        "guesses yes or no with an identity without stake",
        guess_as_newcomer,
        a_third,
        known_limit="who has nothing to lose is only denied the pay of wrong guesses",
    ),
)

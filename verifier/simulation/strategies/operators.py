"""Operators, requesters and hoarders: who hold back, or trade with themselves."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from protocol.dispute import UNAVAILABLE
from protocol.lifecycle import LeaseFacts, LeaseStatus, lease_status
from protocol.settlement.committee import Vote, decide
from protocol.settlement.facts import MAX_ITEMS
from protocol.units import Address, Bytes32
from verifier.simulation.stage import Finding, Stage
from verifier.simulation.strategies.base import Strategy, a_third
from verifier.simulation.strategies.providers import concede

LEASE_SECONDS = 900
# Covers a fine of 50 prices.
OPERATOR_PRICES = 60


def hoard(stage: Stage) -> None:
    """Take leases and let them expire: the tasks are leased again, the hoarder is paid nothing."""
    hoarder = stage.attacker("hoarder", 60)
    worker = stage.honest("provider", 60)
    for _ in range(4):
        granted_at = stage.at.seconds
        kept = stage.lease(hoarder, 20, 20)
        stage.wait(LEASE_SECONDS + 1)
        status = lease_status(LeaseFacts(granted_at + LEASE_SECONDS), stage.at.seconds)
        stage.tally.cheated += 20 if status is LeaseStatus.EXPIRED else 0
        again = replace(kept, provider=worker, lease_id=stage.lease_id())
        batch_id = stage.commit([again])
        stage.seed(batch_id)
        stage.close_window(batch_id)


def wash(stage: Stage) -> None:
    """Requester, provider and a third of the verifiers are one: work that is never run."""
    owner = stage.attacker("requester")
    provider = stage.attacker("provider", 60)
    job_id = stage.open_job(owner, stage.setting.price_wei)
    for _ in range(4):
        batch_id = stage.commit([stage.lease(provider, 4, 4, job_id=job_id) for _ in range(4)])
        stage.seed(batch_id)
        for finding in stage.audit(batch_id):
            concede(stage, batch_id, finding)
        stage.close_window(batch_id)


def waste_audits(stage: Stage) -> None:
    """Wrong results without stake in one's own job: auditors run them and are paid nothing."""
    owner = stage.attacker("requester")
    job_id = stage.open_job(owner, stage.setting.price_wei)
    for _ in range(3):
        provider = stage.attacker("provider", 0)
        batch_id = stage.commit([stage.lease(provider, 4, 4, job_id=job_id)])
        stage.seed(batch_id)
        for finding in stage.audit(batch_id):
            concede(stage, batch_id, finding)
        stage.close_window(batch_id)


def censor(stage: Stage) -> None:
    """An operator that does nothing after committing: others fix the seed and settle."""
    stage.coalition.add(stage.operator)
    provider = stage.honest("provider", 60)
    batch_id = stage.commit([stage.lease(provider, 20)])
    stage.tally.cheated += 20
    stage.seed(batch_id)
    stage.close_window(batch_id)


def withhold_inputs(stage: Stage, operator_prices: float, leases: int = 2) -> None:
    """Operator and provider keep the inputs from verifiers and committee, who can only say so."""
    stage.coalition.add(stage.operator)
    if operator_prices:
        stage.stake_operator(operator_prices)
    provider = stage.attacker("cheater", 60)
    batch_id = stage.commit([stage.lease(provider, 20, 20) for _ in range(leases)])
    stage.seed(batch_id)
    disputes = [stage.contest(batch_id, finding) for finding in stage.audit(batch_id)]
    stage.wait(stage.setting.terms.concede_seconds + 1)
    for dispute_id in disputes:
        if dispute_id is not None:
            members = stage.market.convene(dispute_id, stage.fresh_id(), stage.at)
            votes = [_vote_blindly(stage, member) for member in members]
            stage.market.rule(dispute_id, decide(votes, None), stage.at)
    stage.close_window(batch_id)


def _vote_blindly(stage: Stage, member: Address) -> Vote:
    if stage.setting.votes_unavailable:
        return Vote(member, UNAVAILABLE)
    return Vote(member, None, has_committed=False)


def withhold_openings(stage: Stage) -> None:
    """Right results, which verifiers see only with the committee's votes: their bonds are lost."""
    owner = stage.attacker("requester")
    provider = stage.attacker("provider")
    job_id = stage.open_job(owner, stage.setting.price_wei)
    for _ in range(2):
        batch_id = stage.commit([stage.lease(provider, 2, job_id=job_id) for _ in range(2)])
        stage.seed(batch_id)
        for index, entry in enumerate(stage.market.batch(batch_id).entries):
            for task in entry.tasks:
                _have_contested(stage, batch_id, index, task)
        stage.close_window(batch_id)


def _have_contested(stage: Stage, batch_id: Bytes32, index: int, task: int) -> None:
    for draw in stage.draws(batch_id, index, task)[:1]:
        dispute_id = stage.contest(batch_id, Finding(index, task, draw.holder))
        if dispute_id is not None:
            stage.tally.cheated += 1
            stage.judge(dispute_id)


STRATEGIES = (
    Strategy("lease-hoarding", "takes leases and lets them expire", hoard),
    Strategy("wash-job", "requester = provider = a third of the verifiers", wash, a_third),
    Strategy("wasted-audits", "unstaked wrong results in its own job, out of spite", waste_audits),
    Strategy("censoring-operator", "an operator that stops after committing", censor),
    Strategy(
        "withheld-openings",
        "operator and provider show right results only with the votes",
        withhold_openings,
    ),
    Strategy(
        "withheld-inputs",
        "operator and provider keep inputs from everybody; the operator has a stake of 60 R",
        partial(withhold_inputs, operator_prices=OPERATOR_PRICES),
    ),
    Strategy(
        "withheld-inputs-unstaked",
        "the same, of an operator without stake",
        partial(withhold_inputs, operator_prices=0),
        known_limit="an operator without stake has nothing to lose",
    ),
    Strategy(
        "withheld-inputs-at-once",
        "the same with a stake of 60 R, of 1280 tasks in one window",
        partial(withhold_inputs, operator_prices=OPERATOR_PRICES, leases=MAX_ITEMS),
        weight=0.25,
        known_limit="an operator has no more to lose than its stake",
    ),
)

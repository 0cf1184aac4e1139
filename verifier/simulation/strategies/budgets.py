"""Verifiers and providers in league against a stranger's audit budget."""

from __future__ import annotations

from protocol import pricing
from protocol.units import Bytes32
from verifier.simulation.stage import WRONG, Finding, Stage
from verifier.simulation.strategies.base import Strategy, a_third
from verifier.simulation.strategies.providers import concede

IDENTITIES = 5
LEASE_TASKS = 20


def drain_budget(stage: Stage) -> None:
    """Identities without stake hand in nonsense; friends agree, before anybody else contests it.

    Each of its tasks is audited, so that every lease is lost, and costs nothing.
    """
    for _ in range(IDENTITIES):
        identity = stage.attacker("identity")
        batch_id = stage.commit([stage.lease(identity, LEASE_TASKS, LEASE_TASKS)])
        stage.seed(batch_id)
        found = [
            _agree(stage, batch_id, task) for task in stage.market.batch(batch_id).entries[0].tasks
        ]
        for finding in found:
            if finding is not None:
                concede(stage, batch_id, finding)
        stage.close_window(batch_id)


def _agree(stage: Stage, batch_id: Bytes32, task: int) -> Finding | None:
    """Friends that are drawn sign it, unrun; an honest verifier that is drawn will contest it.

    Honest friends would have run their audits, and been paid.
    """
    stage.tally.cheated += 1
    price_wei, finding = stage.setting.price_wei, None
    for draw in stage.draws(batch_id, 0, task):
        if draw.holder in stage.friendly:
            fee_wei = pricing.audit_fee_wei(price_wei)
            stage.tally.honest_income_wei += fee_wei - stage.cost_wei(price_wei)
            stage.accept_audit(batch_id, 0, task, draw, WRONG)
        else:
            finding = finding or Finding(0, task, draw.holder)
    if finding is not None:
        stage.tally.note_caught()
    return finding


STRATEGIES = (
    Strategy(
        "drained-budget",
        "stakeless nonsense that friends among the verifiers agree with, for their fees",
        drain_budget,
        a_third,
    ),
)

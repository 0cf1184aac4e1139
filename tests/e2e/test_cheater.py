"""A cheater among honest providers: caught by blind audits, judged by a committee, slashed.

Its stake is so small that every task of its first lease is audited, and it cheats in it: so it is
caught in every run, whatever the seed.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.stack import ProviderPlan
from protocol.chain.events import ChainEvent
from protocol.client.wire import Receipt
from protocol.dispute import Verdict
from protocol.units import WEI_PER_CREDIT
from requester.requester import Requester
from tests.support.grinding import GRINDING, grinding_inputs, run_locally
from tests.support.stacks import BUDGET_WEI, QUICK, QuickStack, quick_stack, require_paid_once
from verifier.enrolment import held_seats

pytestmark = pytest.mark.timeout(240)
VERIFIERS = ("v1", "v2", "v3", "v4", "v5")
TASKS = 8
PRICE_WEI = 60 * WEI_PER_CREDIT // 1000
# The rate of audits is 1.8 R / (S + R): with S = 0.8 R it is 1.
CHEATER_STAKE_WEI = PRICE_WEI * 8 // 10


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickStack]:
    mallory = ProviderPlan("mallory", CHEATER_STAKE_WEI, module="deploy.demo.mallory")
    providers = [ProviderPlan("p1"), mallory]
    with quick_stack(tmp_path_factory.mktemp("stack"), VERIFIERS, providers) as started:
        yield started


@pytest.fixture(scope="module")
def requester(stack: QuickStack) -> Iterator[Requester]:
    with stack.requester() as found:
        yield found


@pytest.fixture(scope="module")
def receipt(stack: QuickStack, requester: Requester) -> Receipt:
    """Of a job that mallory cheats in, and during whose first dispute a judge dies.

    The job is settled, every wei accounted for, and every result right.
    """
    inputs = grinding_inputs(TASKS, 0.15, "cheated")
    handle = requester.submit(GRINDING, inputs, BUDGET_WEI)
    stack.until(lambda: stack.events("CommitteeDrawn"), "a committee")
    silent, *others = members(stack)
    # The others wait until it has committed, so that it cannot have revealed when it dies.
    with stack.processes.stopped(*others):
        stack.until(lambda: by(stack, "VoteCommitted", silent), "its vote", QUICK.commit_seconds)
        stack.processes.kill(silent)
    found = stack.settle(handle)
    assert [r.outcome for r in handle.results()] == run_locally(GRINDING, inputs)
    require_paid_once(found, TASKS, PRICE_WEI)
    return found


def test_a_cheater_loses_its_stake_and_all_its_pay(stack: QuickStack, receipt: Receipt) -> None:
    mallory = stack.address("mallory")
    assert {slash.provider for slash in receipt.slashes} == {mallory}
    assert mallory not in {payment.provider for payment in receipt.payments}
    slashed_wei = sum(slash.amount_wei for slash in receipt.slashes)
    assert slashed_wei == sum(e.args["amount_wei"] for e in stack.events("Slashed"))
    assert slashed_wei >= CHEATER_STAKE_WEI
    facts = stack.contracts().account(mallory)
    assert (facts.stake_wei, facts.balance_wei) == (0, 0)
    # It was caught blindly, by somebody drawn.
    challengers = {slash.challenger for slash in receipt.slashes}
    assert challengers <= {stack.address(name) for name in VERIFIERS}
    verdicts = {event.args["verdict"] for event in stack.events("DisputeResolved")}
    assert Verdict.PROVIDER_LOST in verdicts
    assert Verdict.CHALLENGER_LOST not in verdicts


@pytest.mark.usefixtures("receipt")
def test_a_judge_that_never_reveals_loses_its_seat(stack: QuickStack) -> None:
    silent = members(stack)[0]
    dispute_id = first_committee(stack).args["dispute_id"]
    assert not by(stack, "VoteRevealed", silent)
    resolved = [e for e in stack.events("DisputeResolved") if e.args["dispute_id"] == dispute_id]
    assert [event.args["verdict"] for event in resolved] == [Verdict.PROVIDER_LOST]
    # It may be missed in several committees, but has one seat to lose. The others keep theirs.
    vacated = stack.events("SeatVacated")
    assert [event.args["holder"] for event in vacated] == [stack.address(silent)]
    for name in VERIFIERS:
        assert bool(held_seats(stack.contracts(), stack.address(name))) == (name != silent)
    stack.processes.start_again(silent)
    stack.wait_seated([silent])  # another seat, for another stake


@pytest.mark.usefixtures("receipt")
def test_a_cheater_that_was_slashed_gets_no_more_work(
    stack: QuickStack, requester: Requester
) -> None:
    inputs = grinding_inputs(6, 0.15, "afterwards")
    handle = requester.submit(GRINDING, inputs, BUDGET_WEI)
    handle.wait(timeout_seconds=60)
    assert [r.outcome for r in handle.results()] == run_locally(GRINDING, inputs)
    tasks = requester.client.tasks(handle.job_id).tasks
    assert {task.provider for task in tasks} == {stack.address("p1")}


def first_committee(stack: QuickStack) -> ChainEvent:
    return stack.events("CommitteeDrawn")[0]


def members(stack: QuickStack) -> list[str]:
    """Who was drawn to judge the first dispute."""
    names = {stack.address(name): name for name in VERIFIERS}
    return [names[member] for member in first_committee(stack).args["members"]]


def by(stack: QuickStack, kind: str, name: str) -> list[ChainEvent]:
    """What that judge did in the first dispute."""
    wanted = (first_committee(stack).args["dispute_id"], stack.address(name))
    return [e for e in stack.events(kind) if (e.args["dispute_id"], e.args["member"]) == wanted]

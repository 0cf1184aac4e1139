"""Cheaters among honest providers: caught by blind audits, judged by a committee, slashed.

Their stake is so small that every task of their first lease is audited, and they cheat in it: so
they are caught in every run, whatever the seed.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.stack import ProviderPlan
from protocol.chain.events import ChainEvent
from protocol.chain.facts import Verdict
from protocol.client.wire import Receipt
from protocol.units import WEI_PER_CREDIT, Address
from requester.handle import JobHandle, Until
from requester.requester import Requester
from tests.support.grinding import GRINDING, grinding_inputs, run_locally
from tests.support.stacks import BUDGET_WEI, QuickStack, quick_stack, require_paid_once
from verifier.enrolment import held_seats

pytestmark = pytest.mark.timeout(240)
VERIFIERS = ("v1", "v2", "v3", "v4", "v5")
TASKS = 8
SETTLE_SECONDS = 150.0
PRICE_WEI = 60 * WEI_PER_CREDIT // 1000
# The rate of audits is 1.8 R / (S + E + R): with S = 0.8 R and nothing unvested, it is 1.
CHEATER_STAKE_WEI = PRICE_WEI * 8 // 10


def cheater(name: str) -> ProviderPlan:
    return ProviderPlan(name, CHEATER_STAKE_WEI, module="deploy.demo.mallory")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickStack]:
    providers = [ProviderPlan("p1"), cheater("mallory")]
    with quick_stack(tmp_path_factory.mktemp("stack"), VERIFIERS, providers) as started:
        yield started


@pytest.fixture(scope="module")
def requester(stack: QuickStack) -> Iterator[Requester]:
    with stack.requester() as found:
        yield found


def require_right(
    stack: QuickStack, handle: JobHandle, inputs: list[bytes], guilty: str
) -> Receipt:
    """Settle: only `guilty` was slashed, its tasks were done again, every result is right."""
    handle.wait(until=Until.RESULTS, timeout_seconds=SETTLE_SECONDS)
    handle.wait(until=Until.SETTLED, timeout_seconds=SETTLE_SECONDS)
    books, receipt = stack.books(handle), handle.receipt()
    assert books.are_balanced, books
    wallet = stack.address(guilty)
    assert {slash.provider for slash in receipt.slashes} == {wallet}
    assert [r.outcome for r in handle.results()] == run_locally(GRINDING, inputs)
    require_paid_once(receipt, len(inputs), PRICE_WEI)
    assert wallet not in {payment.provider for payment in receipt.payments}
    assert stack.contracts().account(wallet).stake_wei == 0
    return receipt


def test_a_cheater_loses_its_stake_and_the_requester_nothing(
    stack: QuickStack, requester: Requester
) -> None:
    inputs = grinding_inputs(TASKS, 0.15, "cheated")
    handle = requester.submit(GRINDING, inputs, BUDGET_WEI)
    receipt = require_right(stack, handle, inputs, "mallory")
    slashed_wei = sum(slash.amount_wei for slash in receipt.slashes)
    assert slashed_wei == sum(e.args["amount_wei"] for e in stack.events("Slashed"))
    assert slashed_wei >= CHEATER_STAKE_WEI
    for slash in receipt.slashes:
        # It was caught blindly, by somebody drawn: a verifier, and not of its own.
        assert slash.challenger in {stack.address(name) for name in VERIFIERS}
    # Nobody else lost anything.
    assert not stack.events("SeatSlashed")
    assert all(
        event.args["verdict"] == Verdict.PROVIDER_LOST for event in stack.events("DisputeResolved")
    )


def test_a_cheater_that_was_slashed_gets_no_more_work(
    stack: QuickStack, requester: Requester
) -> None:
    inputs = grinding_inputs(6, 0.15, "afterwards")
    handle = requester.submit(GRINDING, inputs, BUDGET_WEI)
    handle.wait(timeout_seconds=60)
    assert [r.outcome for r in handle.results()] == run_locally(GRINDING, inputs)
    honest = stack.address("p1")
    tasks = requester.client.tasks(handle.job_id).tasks
    assert {task.provider for task in tasks} == {honest}


def test_a_committee_member_that_never_reveals_loses_its_seat(
    stack: QuickStack, requester: Requester
) -> None:
    stack.start_providers([cheater("marvin")])
    stack.until(lambda: "daemon: working" in stack.processes.log("marvin"), "another cheater")
    seen = len(stack.events("CommitteeDrawn"))
    inputs = grinding_inputs(TASKS, 0.15, "never revealed")
    handle = requester.submit(GRINDING, inputs, BUDGET_WEI)
    stack.until(lambda: len(stack.events("CommitteeDrawn")) > seen, "a committee")
    drawn = stack.events("CommitteeDrawn")[seen]
    silent, *others = (name_of(stack, member) for member in drawn.args["members"])
    # The others wait until it has committed, so that it cannot have revealed when it dies.
    with stack.processes.stopped(*others):
        stack.until(lambda: votes(stack, drawn, silent), "its vote", 7)
        stack.processes.kill(silent)
    require_right(stack, handle, inputs, "marvin")

    dispute_id = drawn.args["dispute_id"]
    assert not [e for e in of_dispute(stack, "VoteRevealed", dispute_id) if is_by(stack, e, silent)]
    (resolved,) = of_dispute(stack, "DisputeResolved", dispute_id)
    assert resolved.args["verdict"] == Verdict.PROVIDER_LOST
    # It may be missed in several committees, but has one seat to lose. The others keep theirs.
    slashed = stack.events("SeatSlashed")
    assert [event.args["holder"] for event in slashed] == [stack.address(silent)]
    assert not held_seats(stack.contracts(), stack.address(silent))
    for name in set(VERIFIERS) - {silent}:
        assert held_seats(stack.contracts(), stack.address(name))


def name_of(stack: QuickStack, address: Address) -> str:
    return next(name for name in VERIFIERS if stack.address(name) == address)


def of_dispute(stack: QuickStack, kind: str, dispute_id: int) -> list[ChainEvent]:
    return [event for event in stack.events(kind) if event.args["dispute_id"] == dispute_id]


def is_by(stack: QuickStack, event: ChainEvent, name: str) -> bool:
    return bool(event.args["member"] == stack.address(name))


def votes(stack: QuickStack, drawn: ChainEvent, name: str) -> list[ChainEvent]:
    committed = of_dispute(stack, "VoteCommitted", drawn.args["dispute_id"])
    return [event for event in committed if is_by(stack, event, name)]

"""A right result is contested in bad faith: provider, market and verifiers play, as processes.

The challenger is the test. The state that the committee starts from travels through the market.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from deploy.stack import ProviderPlan
from protocol.bisection import Game, GamePhase, GameTimes
from protocol.chain import params
from protocol.chain.calls import Call
from protocol.chain.connection import connect
from protocol.chain.sender import MemoryJournal, Sender
from protocol.dispute import Verdict
from protocol.spec import Limits, Resources
from protocol.units import WEI_PER_CREDIT, Address
from requester.draft import WasmDraft
from tests.provider.executors.step_modules import counting
from tests.support.grinding import run_locally
from tests.support.stacks import BUDGET_WEI, QUICK, QuickStack, quick_stack

pytestmark = pytest.mark.timeout(240)
TIMES = GameTimes(accept_seconds=10, clock_seconds=15, extension_seconds=2, appeal_seconds=4)
VERIFIERS = ("v1", "v2", "v3", "v4")
TASK, LIE_FROM = 0, 9
COUNTING = WasmDraft(
    counting(steps=60),
    resources=Resources(cpu_millis=1000, memory_bytes=1 << 24, disk_bytes=0),
    limits=Limits(wall_seconds=60, fuel=10**7, output_bytes=1 << 12),
    label="counting in steps",
)


class GameStack(QuickStack):
    """Concede windows are long enough for a device to execute a task again."""

    params = params.with_games(replace(QUICK, concede_seconds=5), TIMES)
    games = TIMES


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickStack]:
    folder = tmp_path_factory.mktemp("stack")
    with quick_stack(folder, VERIFIERS, [ProviderPlan("p1")], GameStack) as started:
        yield started


def test_a_challenger_in_bad_faith_is_left_with_one_stretch_that_is_right(
    stack: QuickStack,
) -> None:
    inputs = [b"one", b"two"]
    with stack.requester() as requester:
        handle = requester.submit(COUNTING, inputs, BUDGET_WEI)
        stack.until(lambda: stack.committed(handle), "a batch")
        dispute_id = contest(stack)
        game = play_in_bad_faith(stack, dispute_id)
        assert (game.low, game.high) == (LIE_FROM - 1, LIE_FROM)
        stack.until(lambda: stack.events("DisputeResolved"), "a verdict")
        votes = {event.args["task_digest"] for event in stack.events("VoteRevealed")}
        assert votes == {game.high_state}
        (resolved,) = stack.events("DisputeResolved")
        assert resolved.args["verdict"] == Verdict.CHALLENGER_LOST
        members = [name for name in VERIFIERS if stack.address(name) in judges(stack)]
        assert len(members) == 3
        for name in members:
            assert "the state is not shown" not in stack.processes.log(name)
        stack.settle(handle)
        assert [r.outcome for r in handle.results()] == run_locally(COUNTING, inputs)


def contest(stack: QuickStack) -> int:
    """The challenger disputes the job's first task."""
    wallet = stack.key("challenger")
    stack.fund(wallet)
    contracts = stack.contracts()
    amount_wei = 100 * WEI_PER_CREDIT
    send(stack, contracts.token_approve(amount_wei))
    send(stack, contracts.deposit(amount_wei))
    batch = next(
        event.args["batch"]
        for event in stack.events("BatchCommitted")
        if event.args["batch"].result(0).first_task == TASK
    )
    send(stack, contracts.open_dispute(batch, 0, TASK))
    stack.until(lambda: stack.events("DisputeOpened"), "the dispute")
    return int(stack.events("DisputeOpened")[-1].args["dispute_id"])


def play_in_bad_faith(stack: QuickStack, dispute_id: int) -> Game:
    """Agree with what comes before a state, and with nothing from it on."""
    contracts = stack.contracts()
    await_phase(stack, dispute_id, GamePhase.OFFERED)
    send(stack, contracts.accept_game(dispute_id))
    while True:
        game = await_phase(stack, dispute_id, GamePhase.ANSWERING, GamePhase.NARROWED)
        if game.phase is GamePhase.NARROWED:
            return game
        call = contracts.answer_state(dispute_id, game.middle, game.middle < LIE_FROM)
        send(stack, call)


def await_phase(stack: QuickStack, dispute_id: int, *phases: GamePhase) -> Game:
    """The game, once it is in one of these phases."""
    contracts = stack.contracts()
    stack.until(lambda: contracts.game(dispute_id).phase in phases, f"one of {phases}", 40)
    return contracts.game(dispute_id)


def send(stack: QuickStack, call: Call) -> None:
    """By the challenger."""
    sender = Sender(connect(stack.chain_url), stack.key("challenger"), MemoryJournal())
    name = f"test {time.monotonic_ns()}"
    sender.submit(name, call)
    sender.wait(name, 30)


def judges(stack: QuickStack) -> tuple[Address, ...]:
    """Who was drawn; there is one committee."""
    (drawn,) = stack.events("CommitteeDrawn")
    return tuple(drawn.args["members"])

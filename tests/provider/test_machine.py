"""The slot's machine: every order of events keeps its promises."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from protocol.errors import IllegalMove
from protocol.units import Bytes32
from provider import machine
from provider.machine import Phase, State, step

LEASE = Bytes32(b"\x01" * 32)
OTHER = Bytes32(b"\x02" * 32)


def run(*events: machine.Event) -> tuple[State, list[machine.Command]]:
    state = State()
    commands: list[machine.Command] = []
    for event in events:
        state, new = step(state, event)
        commands += new
    return state, commands


def test_a_lease_from_asking_to_the_next_question() -> None:
    done = machine.Done()
    state, commands = run(machine.WorkAllowed(), machine.Granted(LEASE), done, done, done)
    assert state == State(Phase.ASKING, is_allowed=True)
    assert commands == [
        machine.Ask(),
        machine.Fetch(),
        machine.Execute(),
        machine.Report(),
        machine.Ask(),
    ]


def test_nothing_is_asked_for_before_work_is_allowed() -> None:
    assert run(machine.WaitOver()) == (State(), [])


def test_no_work_is_asked_for_again_at_once_and_failures_wait_longer_each_time() -> None:
    state, commands = run(machine.WorkAllowed(), machine.NothingGranted())
    assert commands == [machine.Ask(), machine.Ask()]
    waits = []
    for _ in range(8):
        state, (wait,) = step(state, machine.AskFailed())
        assert isinstance(wait, machine.Wait)
        waits.append(wait.seconds)
        state, _ = step(state, machine.WaitOver())
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_failed_execution_is_given_back_and_followed_by_a_rest() -> None:
    failed = machine.Failed("execution_failed", "took too long")
    state, commands = run(
        machine.WorkAllowed(), machine.Granted(LEASE), machine.Done(), failed, machine.Done()
    )
    assert commands[-2:] == [machine.GiveBack("execution_failed", "took too long"), machine.Wait(1)]
    assert state.phase is Phase.RESTING


def test_a_lost_lease_is_dropped_without_a_word() -> None:
    state, _ = run(machine.WorkAllowed(), machine.Granted(LEASE), machine.Done())
    assert step(state, machine.LeaseWasLost(OTHER)) == (state, ())
    state, commands_2 = step(state, machine.LeaseWasLost(LEASE))
    assert commands_2 == (machine.Cancel(),)
    state, commands_3 = step(state, machine.Failed("execution_stopped", ""))
    assert commands_3 == (machine.Ask(),)
    assert state.lease_id is None


@pytest.mark.parametrize(
    ("event", "code", "phase"),
    [
        (machine.StopAsked(), "shutdown", Phase.STOPPED),
        (machine.WorkForbidden("on battery"), "paused", Phase.RESTING),
    ],
)
def test_what_is_held_is_given_back_when_work_is_not_wanted(
    event: machine.Event, code: str, phase: Phase
) -> None:
    state, _ = run(machine.WorkAllowed(), machine.Granted(LEASE), machine.Done())
    state, commands = step(state, event)
    assert (state.phase, commands) == (Phase.ABANDONING, (machine.Cancel(),))
    state, (give_back,) = step(state, machine.Failed("execution_stopped", ""))
    assert isinstance(give_back, machine.GiveBack)
    assert give_back.code == code
    state, commands = step(state, machine.Done())
    assert (state.phase, commands) == (phase, ())


def test_a_result_that_is_being_handed_in_may_finish() -> None:
    done = machine.Done()
    state, _ = run(machine.WorkAllowed(), machine.Granted(LEASE), done, done)
    assert step(state, machine.StopAsked())[1] == ()
    state, _ = run(machine.WorkAllowed(), machine.Granted(LEASE), done, done, machine.StopAsked())
    assert step(state, done)[0].phase is Phase.STOPPED


def test_a_lease_granted_when_work_is_no_longer_wanted_is_given_back() -> None:
    state, commands = run(
        machine.WorkAllowed(), machine.WorkForbidden("paused"), machine.Granted(LEASE)
    )
    assert state.phase is Phase.RETURNING
    assert commands == [machine.Ask(), machine.GiveBack("paused", "not wanted now")]


def test_stopping_does_not_wait_for_the_answer_to_a_question() -> None:
    state, commands = run(machine.WorkAllowed(), machine.StopAsked())
    assert (state.phase, commands) == (Phase.STOPPED, [machine.Ask()])


@pytest.mark.parametrize("event", [machine.Granted(LEASE), machine.Done(), machine.AskFailed()])
def test_an_answer_to_no_question_is_the_callers_mistake(event: machine.Event) -> None:
    with pytest.raises(IllegalMove):
        step(State(), event)


def test_a_state_that_contradicts_itself_is_noticed() -> None:
    for state in (
        State(Phase.EXECUTING),
        State(Phase.RESTING, lease_id=LEASE),
        State(Phase.STOPPED),
        State(Phase.EXECUTING, lease_id=LEASE, give_back=machine.GiveBack("x", "")),
    ):
        with pytest.raises(IllegalMove):
            machine.validate_state(state)


class SlotMachine(RuleBasedStateMachine):
    """Performs the machine's commands in every possible way, and counts what is outstanding."""

    def __init__(self) -> None:
        super().__init__()
        self.state = State()
        self.outstanding: machine.Command | None = None
        self.market_holds = False
        self.grants = 0

    def tell(self, event: machine.Event) -> None:
        self.state, commands = step(self.state, event)
        for command in commands:
            if isinstance(command, machine.Cancel | machine.Wait):
                continue
            assert self.outstanding is None, "one command at a time"
            self.outstanding = command

    def answer(self, event: machine.Event) -> None:
        self.outstanding = None
        self.tell(event)

    @rule()
    def allow(self) -> None:
        self.tell(machine.WorkAllowed())

    @rule()
    def forbid(self) -> None:
        self.tell(machine.WorkForbidden("reason"))

    @rule()
    def wait_is_over(self) -> None:
        self.tell(machine.WaitOver())

    @precondition(lambda self: self.state.phase is not Phase.RESTING)
    @rule()
    def stop(self) -> None:
        if isinstance(self.outstanding, machine.Ask):
            self.outstanding = None
        self.tell(machine.StopAsked())

    @rule(lease=st.sampled_from([LEASE, OTHER]))
    def lose(self, lease: Bytes32) -> None:
        if self.state.lease_id == lease:
            self.market_holds = False
        self.tell(machine.LeaseWasLost(lease))

    @precondition(lambda self: isinstance(self.outstanding, machine.Ask))
    @rule(event=st.sampled_from([machine.NothingGranted(), machine.AskFailed()]))
    def refuse(self, event: machine.Event) -> None:
        self.answer(event)

    @precondition(lambda self: isinstance(self.outstanding, machine.Ask))
    @rule()
    def grant(self) -> None:
        self.grants += 1
        self.market_holds = True
        self.answer(machine.Granted(LEASE if self.grants % 2 else OTHER))

    @precondition(lambda self: isinstance(self.outstanding, machine.Fetch | machine.Execute))
    @rule(is_done=st.booleans())
    def end_work(self, is_done: bool) -> None:
        self.answer(machine.Done() if is_done else machine.Failed("failed", ""))

    @precondition(lambda self: isinstance(self.outstanding, machine.Report))
    @rule(is_done=st.booleans())
    def end_report(self, is_done: bool) -> None:
        self.market_holds = self.market_holds and not is_done
        self.answer(machine.Done() if is_done else machine.Failed("failed", ""))

    @precondition(lambda self: isinstance(self.outstanding, machine.GiveBack))
    @rule()
    def end_give_back(self) -> None:
        self.market_holds = False
        self.answer(machine.Done())

    @invariant()
    def a_busy_slot_waits_for_exactly_one_answer(self) -> None:
        assert (self.state.phase in machine.BUSY) == (self.outstanding is not None)

    @invariant()
    def no_lease_is_forgotten(self) -> None:
        if self.state.lease_id is None:
            assert not self.market_holds

    @invariant()
    def the_state_is_sound(self) -> None:
        machine.validate_state(self.state)


TestSlotMachine = SlotMachine.TestCase
TestSlotMachine.settings = settings(max_examples=150, stateful_step_count=40)

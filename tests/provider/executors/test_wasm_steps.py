"""Step modules: the same states from the start and from any snapshot, and nothing hidden."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from protocol.bisection import LEAST_CHECKPOINT_FUEL, START, ended, state_at
from protocol.errors import ExecutionFailed, InvalidInput
from protocol.result import Outcome
from provider.executors.base import ExecutionStopped, LeaseWork, ignore_task_done
from provider.executors.wasm import WasmExecutor
from provider.executors.wasm_snapshot import Snapshot, digest_of, end_of, is_end
from provider.executors.wasm_steps import (
    NoStepModule,
    all_states,
    next_state,
    snapshot_at,
    stretches,
)
from tests.provider.executors.step_modules import (
    FUEL,
    HIDDEN,
    assemble,
    counting,
    ending,
    step_module,
)

MakeWork = Callable[..., LeaseWork]


@pytest.fixture
def make_steps(make_work: MakeWork) -> MakeWork:
    """Work of one task, with little fuel, so that there are many stretches."""

    def make(code: bytes, task_input: bytes = b"seed", fuel: int = FUEL) -> LeaseWork:
        return make_work(code, (task_input,), fuel=fuel)

    return make


def outcome_of(work: LeaseWork) -> Outcome:
    (outcome,) = WasmExecutor().run(work, ignore_task_done)
    return outcome


def test_the_states_lead_from_the_start_to_the_outcome(make_steps: MakeWork) -> None:
    work = make_steps(counting(steps=40))
    found = all_states(work)
    assert found[0] == START
    assert found[-1] == ended(outcome_of(work).digest)
    assert len(set(found)) == len(found) > 10
    assert all_states(work) == found


def test_any_state_can_be_gone_on_from(make_steps: MakeWork) -> None:
    work = make_steps(counting(steps=40))
    states = all_states(work)
    assert next_state(work, None) == states[1]
    for index in range(1, len(states) - 1):
        data = snapshot_at(work, index)
        assert digest_of(data) == states[index]
        assert next_state(work, data) == states[index + 1]


def test_from_a_snapshot_everything_follows_to_the_end(make_steps: MakeWork) -> None:
    work = make_steps(counting(steps=40))
    states = all_states(work)
    middle = Snapshot.decode(snapshot_at(work, 5))
    assert len(middle.global_values) == 2
    assert middle.memory_pages > 1  # it has grown
    assert middle.output
    rest = [digest_of(data) for data in stretches(work, middle)]
    assert tuple(rest) == states[6:]


def test_another_input_gives_other_states(make_steps: MakeWork) -> None:
    one = all_states(make_steps(counting(steps=8), b"one"))
    two = all_states(make_steps(counting(steps=8), b"two"))
    assert set(one) & set(two) == {START}


def test_stretches_use_the_fuel_of_a_checkpoint(make_steps: MakeWork) -> None:
    found = [data for data in stretches(make_steps(counting(steps=40))) if not is_end(data)]
    used = [0, *(Snapshot.decode(data).fuel_used for data in found)]
    spent = [after - before for before, after in pairwise(used)]
    assert all(fuel >= LEAST_CHECKPOINT_FUEL for fuel in spent[1:])  # the first one begins only
    assert max(spent) < LEAST_CHECKPOINT_FUEL + 8_000  # and one step more


@pytest.mark.parametrize(
    ("body", "failure"),
    [("unreachable", "trap"), ("(i32.const 7)", "exit_code"), ("(loop br 0) (i32.const 0)", None)],
)
def test_a_failure_is_an_end(make_steps: MakeWork, body: str, failure: str | None) -> None:
    work = make_steps(ending(after_steps=20, body=body))
    outcome = outcome_of(work)
    assert outcome.failure == (failure or "fuel_exhausted")
    states = all_states(work)
    assert states[-1] == ended(outcome.digest)
    assert next_state(work, snapshot_at(work, len(states) - 2)) == states[-1]


def test_fuel_may_run_out_between_checkpoints(make_steps: MakeWork) -> None:
    whole = len(all_states(make_steps(counting(steps=40))))
    work = make_steps(counting(steps=40), fuel=100_000)
    assert outcome_of(work).failure == "fuel_exhausted"
    states = all_states(work)
    assert states[-1] == ended(Outcome(failure="fuel_exhausted").digest)
    assert 2 < len(states) < whole
    assert next_state(work, snapshot_at(work, len(states) - 2)) == states[-1]


def test_fuel_is_the_same_whole_in_stretches_and_from_a_snapshot(make_steps: MakeWork) -> None:
    """To the last unit: with one less than it needs, it fails in every way."""
    code = counting(steps=10)

    def suffices(fuel: int) -> bool:
        return outcome_of(make_steps(code, fuel=fuel)).failure is None

    enough = bisect_left(range(200_000), True, key=suffices)
    for fuel, failure in ((enough, None), (enough - 1, "fuel_exhausted")):
        work = make_steps(code, fuel=fuel)
        outcome = outcome_of(work)
        assert outcome.failure == failure
        states = all_states(work)
        assert states[-1] == ended(outcome.digest)
        assert next_state(work, snapshot_at(work, len(states) - 2)) == states[-1]


def test_a_failure_in_initialize_ends_the_first_stretch(make_steps: MakeWork) -> None:
    code = step_module("(i32.const 0)", initialize="unreachable")
    work = make_steps(code)
    assert all_states(work) == (START, ended(Outcome(failure="trap").digest))
    assert outcome_of(work).failure == "trap"


def test_what_a_host_function_refuses_ends_it(make_steps: MakeWork) -> None:
    body = "(call $output_write (i32.const 0) (i32.const -1)) (i32.const 1)"
    work = make_steps(step_module(body))
    assert outcome_of(work).failure == "trap"
    assert all_states(work)[-1] == ended(Outcome(failure="trap").digest)


def test_a_module_may_be_done_at_once(make_steps: MakeWork) -> None:
    work = make_steps(step_module("(i32.const 0)"))
    states = all_states(work)
    assert len(states) == 3
    assert states[-1] == ended(Outcome(b"").digest)
    assert state_at(states, 99) == states[-1]


def test_after_the_end_comes_the_same_end(make_steps: MakeWork) -> None:
    """Else an honest end could not be told from a wrong one that is said to come later."""
    work = make_steps(counting(steps=8))
    states = all_states(work)
    for index in (len(states) - 1, len(states), len(states) + 7):
        end = snapshot_at(work, index)
        assert digest_of(end) == state_at(states, index) == states[-1]
        assert next_state(work, end) == states[-1]


@pytest.mark.parametrize("name", HIDDEN)
def test_a_module_that_could_hide_state_is_refused(make_steps: MakeWork, name: str) -> None:
    work = make_steps(assemble(HIDDEN[name]))
    assert outcome_of(work).failure == "bad_module"
    with pytest.raises(NoStepModule):
        all_states(work)


def test_a_run_module_has_no_stretches(make_steps: MakeWork) -> None:
    code = assemble(
        '(module (memory (export "memory") 1) (func (export "run") (result i32) i32.const 0))'
    )
    with pytest.raises(NoStepModule, match="no step"):
        all_states(make_steps(code))


def test_a_run_module_may_have_a_step_of_its_own(make_steps: MakeWork) -> None:
    text = """(module (memory (export "memory") 1) (global $hidden (mut i32) (i32.const 0))
      (func (export "step") (result i32) unreachable)
      (func (export "run") (result i32) i32.const 0))"""
    assert outcome_of(make_steps(assemble(text))).failure is None


def test_an_unknown_import_is_refused(make_steps: MakeWork) -> None:
    text = """(module (import "fallow" "random" (func)) (memory (export "memory") 1)
      (func (export "step") (result i32) i32.const 0))"""
    work = make_steps(assemble(text))
    assert outcome_of(work).failure == "bad_module"
    with pytest.raises(NoStepModule):
        all_states(work)


def test_only_states_of_this_program_can_be_gone_on_from(make_steps: MakeWork) -> None:
    work = make_steps(counting(steps=40))
    good = Snapshot.decode(snapshot_at(work, 3))
    wrong = [
        replace(good, fuel_used=FUEL + 1),
        replace(good, global_values=good.global_values[1:]),
        replace(good, global_values=(1 << 40, *good.global_values[1:])),
        replace(good, memory_pages=0, pages={}),
        replace(good, memory_pages=1 << 16),
        replace(good, output=bytes(1 << 21)),
    ]
    for snapshot in wrong:
        with pytest.raises(InvalidInput):
            next_state(work, snapshot.encode())


def test_an_execution_can_be_stopped(make_steps: MakeWork) -> None:
    work = make_steps(step_module("(loop br 0) (i32.const 0)"), fuel=10**15)
    threading.Timer(0.2, work.stop.set).start()
    with pytest.raises(ExecutionStopped):
        all_states(work)
    with pytest.raises(ExecutionStopped):
        all_states(work)


def test_wall_time_is_no_end(make_work: MakeWork) -> None:
    work = make_work(step_module("(loop br 0) (i32.const 0)"), (b"",), fuel=10**15, wall_seconds=1)
    with pytest.raises(ExecutionFailed, match="longer"):
        all_states(work)


def test_the_end_has_a_form_of_its_own() -> None:
    digest = Outcome(b"output").digest
    assert digest_of(end_of(digest)) == ended(digest)
    assert is_end(end_of(digest))

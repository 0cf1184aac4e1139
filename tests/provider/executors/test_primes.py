"""The shipped program in steps: right, and the same from any of its states."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from protocol.bisection import MAX_STRETCHES, ended
from protocol.result import Outcome
from provider.executors.base import LeaseWork, ignore_task_done
from provider.executors.wasm import WasmExecutor
from provider.executors.wasm_steps import all_states, next_state, snapshot_at

PRIMES = Path(__file__).parents[3] / "images" / "wasm" / "built" / "primes.wasm"
FUEL = 200_000_000
MakeWork = Callable[..., LeaseWork]


def work_of(make_work: MakeWork, task_input: bytes) -> LeaseWork:
    return make_work(PRIMES.read_bytes(), (task_input,), fuel=FUEL, memory_bytes=1 << 25)


@pytest.mark.parametrize(("limit", "primes"), [(0, 0), (3, 1), (100, 25), (1_000_000, 78_498)])
def test_primes_are_counted(make_work: MakeWork, limit: int, primes: int) -> None:
    work = work_of(make_work, struct.pack("<I", limit))
    (outcome,) = WasmExecutor().run(work, ignore_task_done)
    assert outcome == Outcome(struct.pack("<I", primes))


@pytest.mark.parametrize("task_input", [b"", b"\xff\xff\xff\xff"])
def test_bad_inputs_are_errors(make_work: MakeWork, task_input: bytes) -> None:
    (outcome,) = WasmExecutor().run(work_of(make_work, task_input), ignore_task_done)
    assert outcome.failure == "exit_code"


def test_its_execution_can_be_divided(make_work: MakeWork) -> None:
    work = work_of(make_work, struct.pack("<I", 1_000_000))
    states = all_states(work)
    assert 50 < len(states) < MAX_STRETCHES
    assert states[-1] == ended(Outcome(struct.pack("<I", 78_498)).digest)
    for index in (1, len(states) // 2, len(states) - 2):
        assert next_state(work, snapshot_at(work, index)) == states[index + 1]

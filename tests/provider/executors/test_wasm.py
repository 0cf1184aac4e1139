"""The wasm executor on the project's modules, on hostile ones, and under limits."""

from __future__ import annotations

import json
import struct
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import wasmtime

from protocol.errors import ExecutionFailed
from protocol.result import Outcome
from protocol.spec import Spec
from provider.executors.base import ExecutionStopped, LeaseWork, ignore_task_done
from provider.executors.wasm import WasmExecutor
from provider.executors.wasm_host import MAX_LOG_BYTES, InputFile

IMAGES = Path(__file__).parents[3] / "images" / "wasm"
MakeWork = Callable[..., LeaseWork]

IMPORTS = """
(import "fallow" "input_count" (func $input_count (result i32)))
(import "fallow" "input_size" (func $input_size (param i32) (result i64)))
(import "fallow" "input_read" (func $input_read (param i32 i64 i32 i32) (result i32)))
(import "fallow" "output_write" (func $output_write (param i32 i32)))
(import "fallow" "log_write" (func $log_write (param i32 i32)))
(memory (export "memory") 1 100)
"""


def built(name: str) -> bytes:
    return (IMAGES / "built" / f"{name}.wasm").read_bytes()


def hostile(name: str) -> bytes:
    return assemble((IMAGES / "hostile" / f"{name}.wat").read_text())


def assemble(text: str) -> bytes:
    return bytes(wasmtime.wat2wasm(text))


def with_run(body: str) -> bytes:
    return assemble(f'(module {IMPORTS} (func (export "run") (result i32) {body}))')


def execute(work: LeaseWork) -> list[Outcome]:
    return WasmExecutor().run(work, ignore_task_done)


def test_noop_copies_every_input_and_reports_tasks_in_order(make_work: MakeWork) -> None:
    done: list[tuple[int, Outcome]] = []
    work = make_work(built("noop"), (b"one", b"", b"three" * 30_000), first_task=7)
    outcomes = WasmExecutor().run(work, lambda task, outcome: done.append((task, outcome)))
    assert [outcome.output for outcome in outcomes] == [b"one", b"", b"three" * 30_000]
    assert done == list(enumerate(outcomes, 7))


def test_textstats_gives_real_statistics(make_work: MakeWork) -> None:
    (outcome,) = execute(make_work(built("textstats"), ("größe zählt\nja\n".encode(),)))
    assert json.loads(outcome.output)["words"] == 3
    assert json.loads(outcome.output)["lines"] == 2


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        ("trap", "trap"),
        ("endless_loop", "fuel_exhausted"),
        ("endless_start", "fuel_exhausted"),
        ("endless_initialize", "fuel_exhausted"),
        ("huge_memory", "memory_exceeded"),
        ("memory_hog", "exit_code"),
        ("table_hog", "exit_code"),
        ("output_flood", "output_exceeded"),
        ("output_negative_length", "trap"),
        ("output_outside_memory", "trap"),
        ("read_negative_offset", "trap"),
        ("read_outside_memory", "trap"),
        ("read_unknown_input", "trap"),
        ("returns_seven", "exit_code"),
        ("forbidden_import", "bad_module"),
        ("unknown_import", "bad_module"),
        ("wrong_import_type", "bad_module"),
        ("no_memory", "bad_module"),
        ("no_run", "bad_module"),
        ("wrong_run_type", "bad_module"),
        ("shared_memory", "bad_module"),
        ("relaxed_simd", "bad_module"),
    ],
)
def test_a_hostile_module_is_a_deterministic_failure(
    make_work: MakeWork, name: str, failure: str
) -> None:
    work = make_work(hostile(name), (b"", b""), fuel=10**7)
    assert execute(work) == [Outcome(failure=failure)] * 2


def test_the_end_of_the_stack_is_no_result(make_work: MakeWork) -> None:
    """It lies elsewhere on another processor: an honest provider could be slashed for it."""
    with pytest.raises(ExecutionFailed, match="stack"):
        execute(make_work(hostile("endless_recursion"), fuel=10**7))


@pytest.mark.parametrize(
    ("source", "failure"),
    [
        ("(table 3000000 funcref)", "memory_exceeded"),
        ("(table 1 funcref)" * 5, "bad_module"),
        ('(memory $two 1) (export "two" (memory $two))', "bad_module"),
        ('(func (export "_initialize") (param i32))', "bad_module"),
        ('(data (i32.const 65536) "x")', "trap"),
        ("(func $start unreachable) (start $start)", "trap"),
    ],
)
def test_a_module_that_is_wrong_before_it_runs(
    make_work: MakeWork, source: str, failure: str
) -> None:
    module = f'(module {IMPORTS} {source} (func (export "run") (result i32) i32.const 0))'
    assert execute(make_work(assemble(module))) == [Outcome(failure=failure)]


@pytest.mark.parametrize("data", [b"", b"\x00asm", b"(module)", b"\x7fELF" * 9])
def test_bytes_that_are_no_module(make_work: MakeWork, data: bytes) -> None:
    assert execute(make_work(data)) == [Outcome(failure="bad_module")]


def test_a_full_log_does_not_stop_a_task(make_work: MakeWork) -> None:
    assert execute(make_work(hostile("log_flood"))) == [Outcome(b"done")]
    assert MAX_LOG_BYTES == 65536


def test_nans_are_canonical(make_work: MakeWork) -> None:
    (outcome,) = execute(make_work(hostile("nan_bits")))
    assert struct.unpack("<IIQ4I", outcome.output) == (
        0x7FC00000,
        0x7FC00000,
        0x7FF8000000000000,
        *[0x7FC00000] * 4,
    )


def test_a_refusal_counts_even_if_the_guest_returns_success_at_once(make_work: MakeWork) -> None:
    body = "(call $output_write (i32.const 0) (i32.const 65536)) i32.const 0"
    assert execute(make_work(with_run(body), output_bytes=65535)) == [
        Outcome(failure="output_exceeded")
    ]


def test_output_at_its_limit_is_kept(make_work: MakeWork) -> None:
    body = "(call $output_write (i32.const 0) (i32.const 65536)) i32.const 0"
    (outcome,) = execute(make_work(with_run(body), output_bytes=65536))
    assert outcome == Outcome(bytes(65536))


def test_fuel_is_exact(make_work: MakeWork) -> None:
    body = """
      (local $i i32)
      (loop (br_if 0 (i32.lt_u
        (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
      i32.const 0"""
    module = with_run(body)

    def ends_well(fuel: int) -> bool:
        return execute(make_work(module, fuel=fuel))[0].failure is None

    low, high = 1, 1 << 16
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if ends_well(middle) else (middle + 1, high)
    assert [ends_well(low - 1), ends_well(low)] == [False, True]
    assert low == 6995  # metering is part of the protocol: a new engine must not change it


def test_each_task_gets_a_fresh_instance(make_work: MakeWork) -> None:
    body = """
      (i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1)))
      (call $output_write (i32.const 0) (i32.const 1)) i32.const 0"""
    assert execute(make_work(with_run(body), (b"", b""))) == [Outcome(b"\x01")] * 2


def test_inputs_are_counted_sized_and_read_to_their_end(make_work: MakeWork) -> None:
    body = """
      (i32.store (i32.const 0) (call $input_count))
      (i64.store (i32.const 8) (call $input_size (i32.const 1)))
      (i64.store (i32.const 16) (call $input_size (i32.const 2)))
      (i64.store (i32.const 24) (call $input_size (i32.const -1)))
      (i32.store (i32.const 32)
        (call $input_read (i32.const 1) (i64.const 3) (i32.const 64) (i32.const 50)))
      (i32.store (i32.const 36)
        (call $input_read (i32.const 1) (i64.const 99) (i32.const 64) (i32.const 50)))
      (i32.store (i32.const 40)
        (call $input_read (i32.const 0) (i64.const 0) (i32.const 65536) (i32.const 0)))
      (call $output_write (i32.const 0) (i32.const 72)) i32.const 0"""
    (outcome,) = execute(make_work(with_run(body), (b"own",), (b"abcdef",)))
    assert outcome.failure is None
    assert struct.unpack("<Ixxxxqqqiii", outcome.output[:44]) == (2, 6, -1, -1, 3, 0, 0)
    assert outcome.output[64:] == b"def\0\0\0\0\0"


def test_a_large_shared_input_is_copied_quickly(make_work: MakeWork) -> None:
    body = """
      (drop (memory.grow (i32.const 1500)))
      (drop (call $input_read (i32.const 1) (i64.const 0) (i32.const 0) (i32.const 90000000)))
      (call $output_write (i32.const 89999990) (i32.const 10)) i32.const 0"""
    module = assemble(
        f'(module {IMPORTS.replace("1 100", "1 2000")} (func (export "run") (result i32) {body}))'
    )
    shared = bytes(45_000_000) + b"0123456789" * 4_500_000
    work = make_work(module, (b"",), (shared,), memory_bytes=1 << 28)
    started = time.monotonic()
    assert execute(work) == [Outcome(b"0123456789")]
    assert time.monotonic() - started < 2


def test_wall_time_is_no_result(make_work: MakeWork) -> None:
    work = make_work(hostile("endless_loop"), fuel=1 << 52, wall_seconds=1)
    started = time.monotonic()
    with pytest.raises(ExecutionFailed, match="task 0 took longer than 1 s"):
        execute(work)
    assert time.monotonic() - started < 5


def test_stop_ends_an_endless_task_soon(make_work: MakeWork) -> None:
    stop = threading.Event()
    work = make_work(hostile("endless_loop"), fuel=1 << 52, stop=stop)
    threading.Timer(0.2, stop.set).start()
    with pytest.raises(ExecutionStopped):
        execute(work)


def test_stop_before_the_start_runs_nothing(make_work: MakeWork) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(ExecutionStopped):
        execute(make_work(built("noop"), stop=stop))


def test_an_input_that_shrinks_is_the_hosts_fault(make_work: MakeWork, tmp_path: Path) -> None:
    path = tmp_path / "input"
    path.write_bytes(b"12345678")
    source = InputFile(path)
    path.write_bytes(b"1234")
    with pytest.raises(ExecutionFailed, match="shrank"):
        source.read_into(memoryview(bytearray(8)), 0)
    source.close()


def test_executions_in_parallel_do_not_mix(make_work: MakeWork) -> None:
    executor = WasmExecutor()
    good, bad = built("noop"), hostile("output_flood")
    works = [make_work(good if n % 2 else bad, (b"%d" % n,) * 20) for n in range(16)]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda work: executor.run(work, ignore_task_done), works))
    for n, outcomes in enumerate(results):
        expected = Outcome(b"%d" % n) if n % 2 else Outcome(failure="output_exceeded")
        assert outcomes == [expected] * 20


def test_a_cached_module_gives_the_same_outcome(make_work: MakeWork) -> None:
    executor = WasmExecutor()
    work = make_work(built("textstats"), (b"a b c",))
    assert executor.run(work, ignore_task_done) == executor.run(work, ignore_task_done)


def test_it_supports_wasm_only(make_work: MakeWork, container_spec: Spec) -> None:
    assert WasmExecutor().supports(make_work(built("noop")).spec)
    assert not WasmExecutor().supports(container_spec)


def test_large_modules_do_not_stay_in_memory(
    make_work: MakeWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor = WasmExecutor()
    executor.run(make_work(built("noop")), ignore_task_done)
    kept = sum(map(len, executor._compiled.values()))
    monkeypatch.setattr("provider.executors.wasm.MAX_CACHED_BYTES", kept)
    executor.run(make_work(built("textstats")), ignore_task_done)
    assert sum(map(len, executor._compiled.values())) <= kept

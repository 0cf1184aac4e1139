"""Comparing outcomes: bit for bit, by a comparator, or by the requester's own module."""

from __future__ import annotations

import struct
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import wasmtime

from protocol.result import FAILURE_CODES, Outcome, failure_of
from protocol.spec import Limits, Resources, Spec, WasmRuntime
from protocol.units import content_id
from protocol.verification import Close, Comparator, Custom
from provider.executors import comparison
from provider.executors.base import ExecutionStopped
from provider.executors.comparison import Place, is_within

EXACT = Spec(
    runtime=WasmRuntime(content_id(b"program")),
    resources=Resources(1000, 1 << 20, 0),
    limits=Limits(10, 10**6, 1 << 20),
    task_list=content_id(b"[]"),
)
CLOSE = Close("float32", "1e-3", "0")
COMPARATOR = """(module
(import "fallow" "input_count" (func $input_count (result i32)))
(import "fallow" "input_size" (func $input_size (param i32) (result i64)))
(import "fallow" "input_read" (func $input_read (param i32 i64 i32 i32) (result i32)))
(import "fallow" "output_write" (func $output_write (param i32 i32)))
(memory (export "memory") 1 100)
(func $byte (param $input i32) (result i32)
  (drop (call $input_read (local.get $input) (i64.const 0) (i32.const 0) (i32.const 1)))
  (i32.load8_u (i32.const 0)))
(func $is_own_less (result i32) (i32.lt_u (call $byte (i32.const 0)) (call $byte (i32.const 1))))
(func (export "run") (result i32) $RULE))"""
"""A comparator's frame: `$is_own_less` answers 1, out, where one's own first byte is the lesser."""


def assemble(text: str) -> bytes:
    return bytes(wasmtime.wat2wasm(text))


def packed(*values: float) -> Outcome:
    return Outcome(struct.pack(f"<{len(values)}f", *values))


def tolerant(comparator: Comparator) -> Spec:
    return replace(EXACT, comparator=comparator)


def by_module(tmp_path: Path, module: bytes, own: bytes, claimed: bytes) -> bool:
    file = tmp_path / "module"
    file.write_bytes(module)
    place = Place(file, tmp_path)
    spec = tolerant(Custom(content_id(module)))
    found = is_within(spec, Outcome(own), Outcome(claimed), place)
    assert [left.name for left in tmp_path.iterdir()] == ["module"]
    return found


def test_exact_specs_compare_every_bit(tmp_path: Path) -> None:
    place = Place(None, tmp_path)
    assert is_within(EXACT, packed(1.0), packed(1.0), place)
    assert not is_within(EXACT, packed(1.0), packed(1.0001), place)
    assert not is_within(EXACT, packed(0.0), packed(-0.0), place)


def test_a_comparator_decides_about_outputs(tmp_path: Path) -> None:
    place = Place(None, tmp_path)
    assert is_within(tolerant(CLOSE), packed(1.0), packed(1.0001), place)
    assert not is_within(tolerant(CLOSE), packed(1.0), packed(1.01), place)


def test_failures_are_compared_exactly(tmp_path: Path) -> None:
    place, trap, code = Place(None, tmp_path), Outcome(failure="trap"), Outcome(failure="exit_code")
    assert is_within(tolerant(CLOSE), trap, Outcome(failure="trap"), place)
    for own, claimed in [(trap, code), (trap, Outcome()), (Outcome(), trap)]:
        assert not is_within(tolerant(CLOSE), own, claimed, place)


def test_a_failure_is_known_by_its_digest() -> None:
    for code in FAILURE_CODES:
        assert failure_of(Outcome(failure=code).digest) == code
    assert failure_of(Outcome(b"trap").digest) is None


def test_a_custom_comparator_gets_its_own_output_first(tmp_path: Path) -> None:
    module = assemble(COMPARATOR.replace("$RULE", "call $is_own_less"))
    assert by_module(tmp_path, module, b"\x02", b"\x01")
    assert not by_module(tmp_path, module, b"\x01", b"\x02")


def test_a_custom_comparator_sees_two_inputs_and_no_more(tmp_path: Path) -> None:
    rule = "(i32.ne (call $input_count) (i32.const 2))"
    assert by_module(tmp_path, assemble(COMPARATOR.replace("$RULE", rule)), b"", b"a")
    rule = "(i64.ne (call $input_size (i32.const 1)) (i64.const 3))"
    assert by_module(tmp_path, assemble(COMPARATOR.replace("$RULE", rule)), b"", b"abc")


@pytest.mark.parametrize(
    "rule",
    [
        "i32.const 1",
        "i32.const 2",
        "i32.const -1",
        "unreachable",
        "(loop $on (br $on)) i32.const 0",
        "(call $output_write (i32.const 0) (i32.const 2)) i32.const 0",
    ],
)
def test_whatever_is_not_zero_is_out(
    tmp_path: Path, rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    little = replace(comparison.COMPARING_LIMITS, fuel=10**6)
    monkeypatch.setattr(comparison, "COMPARING_LIMITS", little)
    module = assemble(COMPARATOR.replace("$RULE", rule))
    assert not by_module(tmp_path, module, b"a", b"b")
    assert by_module(tmp_path, module, b"a", b"a")


@pytest.mark.parametrize("module", [b"", b"no module", b"\x00asm"])
def test_a_module_that_is_none_finds_nothing_to_be_within(tmp_path: Path, module: bytes) -> None:
    assert not by_module(tmp_path, module, b"a", b"b")


def test_a_comparator_can_be_stopped(tmp_path: Path) -> None:
    module = assemble(COMPARATOR.replace("$RULE", "(loop $on (br $on)) i32.const 0"))
    file = tmp_path / "module"
    file.write_bytes(module)
    stop = threading.Event()
    stop.set()
    spec = tolerant(Custom(content_id(module)))
    with pytest.raises(ExecutionStopped):
        is_within(spec, Outcome(b"a"), Outcome(b"b"), Place(file, tmp_path, stop))

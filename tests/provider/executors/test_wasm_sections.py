"""Reading instructions: real modules are read to the byte; tables may be used if none changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from provider.executors import wasm_sections
from provider.executors.wasm_reader import Reader
from provider.executors.wasm_sections import hidden_state
from tests.provider.executors.step_modules import assemble

BUILT = Path(__file__).parents[3] / "images" / "wasm" / "built"
_BLOCKS, _END = (0x02, 0x03, 0x04), 0x0B
_CODE = 10


def bodies(code: bytes) -> list[Reader]:
    section = Reader(dict(wasm_sections._sections(code))[_CODE])
    return [Reader(section.take(section.number())) for _ in range(section.number())]


@pytest.mark.parametrize("name", ["noop", "textstats", "minilm", "primes"])
def test_every_function_ends_where_its_blocks_do(name: str) -> None:
    read = 0
    for body in bodies((BUILT / f"{name}.wasm").read_bytes()):
        for _ in range(body.number()):
            body.number()
            body.number()
        depth = 1
        while body.has_more():
            assert depth > 0
            opcode, _ = body.instruction()
            depth += (opcode in _BLOCKS) - (opcode == _END)
            read += 1
        assert depth == 0
    assert read > 50


def test_tables_may_be_called_through_and_memory_copied() -> None:
    text = """(module (memory 1) (table 2 funcref) (type $t (func (param i32) (result i64)))
      (func $f (type $t) (i64.const -9)) (elem (i32.const 0) $f)
      (data "abc") (data (i32.const 4) "x")
      (func (result i64) (local f32 f64 v128)
        (memory.copy (i32.const 0) (i32.const 1) (i32.const 1))
        (memory.fill (i32.const 0) (i32.const 1) (i32.const 1))
        (memory.init 0 (i32.const 0) (i32.const 1) (i32.const 1))
        (local.set 0 (f32.const 0x1.267p3)) (local.set 1 (f64.const 0x1.267p3))
        (local.set 2 (v128.const i64x2 0x26fc0f26fc0f 0x26fc0ffc11))
        (drop (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (local.get 2) (local.get 2)))
        (drop (i8x16.extract_lane_s 13 (local.get 2)))
        (drop (v128.load8_lane 2 (i32.const 0) (local.get 2)))
        (drop (v128.load32_zero offset=38 (i32.const 0)))
        (drop (i32.trunc_sat_f32_s (local.get 0)))
        (drop (select (result i32) (i32.const 38) (i32.const 252) (table.size 0)))
        (block $a (block $b (br_table $a $b $a (i32.load offset=38 align=1 (i32.const 252)))))
        (call_indirect (type $t) (i32.const 1) (i32.const 0))))"""
    assert hidden_state(assemble(text)) is None


def test_a_change_is_found_behind_them() -> None:
    text = """(module (table 2 funcref)
      (func (drop (i32.const 38)) (drop (f32.const 0)) (drop (v128.const i64x2 0 0))
        (block (result funcref) (table.get 0 (i32.const 0)))
        drop (table.set 0 (i32.const 1) (table.get 0 (i32.const 0)))))"""
    assert "no table.set" in str(hidden_state(assemble(text)))

"""A wasm program that says yes or no: the last bit that grinding gives."""

from __future__ import annotations

from dataclasses import replace

import wasmtime

from protocol.result import Outcome
from tests.support.grinding import GRINDING, TEXT, run_locally

_STATE = """(i64.store (i32.const 0) (local.get $state))
    (call $write (i32.const 0) (i32.const 8))"""
_BIT = """(i32.store8 (i32.const 0) (i32.wrap_i64 (i64.shr_u (local.get $state) (i64.const 63))))
    (call $write (i32.const 0) (i32.const 1))"""
assert _STATE in TEXT
YES_NO = replace(GRINDING, module=bytes(wasmtime.wat2wasm(TEXT.replace(_STATE, _BIT))))
YES, NO = Outcome(b"\x01"), Outcome(b"\x00")


def says(data: bytes) -> Outcome:
    """What the program says."""
    (outcome,) = run_locally(YES_NO, [data])
    assert outcome in (YES, NO)
    return outcome


def question(right: Outcome, name: str) -> bytes:
    """An input with that right answer; nothing about it tells."""
    rounds = (1000).to_bytes(4, "little")
    inputs = (rounds + f"{name} {number}".encode() for number in range(1000))
    return next(data for data in inputs if says(data) == right)

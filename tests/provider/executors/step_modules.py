"""Step modules in text, for tests: honest ones, and ones that hide something."""

from __future__ import annotations

import wasmtime

FUEL = 10_000_000
_IMPORTS = """
(import "fallow" "input_read" (func $input_read (param i32 i64 i32 i32) (result i32)))
(import "fallow" "output_write" (func $output_write (param i32 i32)))
"""


def assemble(text: str) -> bytes:
    """The binary."""
    return bytes(wasmtime.wat2wasm(text))


def step_module(body: str, initialize: str = "") -> bytes:
    """A module whose step is `body`."""
    return assemble(
        f"""(module {_IMPORTS}
        (memory (export "memory") 1 100)
        (global $done (export "done") (mut i32) (i32.const 0))
        (global $sum (export "sum") (mut i64) (i64.const 0))
        (global $fixed i32 (i32.const 3))
        (func (export "_initialize") {initialize})
        (func (export "step") (result i32) (local $left i32) {body}))"""
    )


def counting(steps: int) -> bytes:
    """Each step mixes its input into a sum, writes it out, and now and then grows the memory."""
    return step_module(
        f"""
        (local.set $left (i32.const 500))
        (loop $again
          (global.set $sum (i64.add (i64.mul (global.get $sum) (i64.const 6364136223846793005))
                                    (i64.add (i64.load (i32.const 0)) (i64.const 1))))
          (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (global.set $done (i32.add (global.get $done) (i32.const 1)))
        (i64.store (i32.const 64) (global.get $sum))
        (call $output_write (i32.const 64) (i32.const 8))
        (if (i32.eqz (i32.rem_u (global.get $done) (i32.const 5)))
          (then (i64.store (i32.shl (memory.grow (i32.const 1)) (i32.const 16))
                           (global.get $sum))))
        (i32.lt_u (global.get $done) (i32.const {steps}))""",
        "(drop (call $input_read (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 8)))",
    )


def ending(after_steps: int, body: str) -> bytes:
    """Counts for so many steps; then its step is `body`."""
    return step_module(
        f"""
        (local.set $left (i32.const 500))
        (loop $again
          (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (global.set $done (i32.add (global.get $done) (i32.const 1)))
        (if (result i32) (i32.lt_u (global.get $done) (i32.const {after_steps}))
          (then (i32.const 1)) (else {body}))"""
    )


_STEP = '(memory (export "memory") 1) (func (export "step") (result i32) i32.const 0)'
HIDDEN = {
    "a global that is not exported": f"(module {_STEP} (global (mut i32) (i32.const 0)))",
    "one among others": f"""(module {_STEP}
        (global (export "seen") (mut i32) (i32.const 0)) (global f64 (f64.const 0))
        (global v128 (v128.const i64x2 0 11)) (global f32 (f32.const 11))
        (global (mut i64) (i64.const -11)))""",
    "a float's NaN": f'(module {_STEP} (global (export "x") (mut f32) (f32.const 0)))',
    "a start function": f"(module {_STEP} (func $begin) (start $begin))",
    "a table that changes": f"""(module {_STEP} (table 2 funcref)
        (func (table.set (i32.const 0) (ref.null func))))""",
    "a table that grows": f"""(module {_STEP} (table 2 funcref)
        (func (drop (table.grow (ref.null func) (i32.const 1)))))""",
    "a table that is copied": f"""(module {_STEP} (table 2 funcref)
        (func (table.copy (i32.const 0) (i32.const 1) (i32.const 1))))""",
    "elements that are dropped": f"""(module {_STEP} (table 2 funcref) (func $f)
        (elem $late funcref (ref.func $f)) (func (elem.drop $late)))""",
    "data that is dropped": f"""(module {_STEP} (data $late "abc") (func (data.drop $late)))""",
    "a step of another type": '(module (memory (export "memory") 1) (func (export "step")))',
}

"""A wasm program that takes as long as its input says: no sleep, so it is the same everywhere.

Its input is a 4-byte number of rounds and anything after it; its output the 8-byte state of a
generator that was seeded with the input's bytes and stepped that often.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import wasmtime

from protocol.result import Outcome
from protocol.spec import Limits, Resources
from protocol.units import content_id
from provider.executors.base import LeaseWork, ignore_task_done
from provider.executors.wasm import WasmExecutor
from requester.draft import Draft, WasmDraft, spec_of

ROUNDS_A_SECOND = 250_000_000  # about, on one core
MASK = (1 << 64) - 1
MULTIPLIER, INCREMENT = 6364136223846793005, 1442695040888963407
TEXT = f"""
(module
  (import "fallow" "input_size" (func $size (param i32) (result i64)))
  (import "fallow" "input_read" (func $read (param i32 i64 i32 i32) (result i32)))
  (import "fallow" "output_write" (func $write (param i32 i32)))
  (memory (export "memory") 1)
  (func $step (param $state i64) (param $more i64) (result i64)
    (i64.add
      (i64.mul (i64.xor (local.get $state) (local.get $more)) (i64.const {MULTIPLIER}))
      (i64.const {INCREMENT})))
  (func (export "run") (result i32)
    (local $state i64) (local $left i32) (local $at i32) (local $end i32)
    (local.set $end (i32.wrap_i64 (call $size (i32.const 0))))
    (drop (call $read (i32.const 0) (i64.const 0) (i32.const 16) (local.get $end)))
    (loop $bytes
      (local.set $state (call $step (local.get $state)
        (i64.load8_u (i32.add (i32.const 16) (local.get $at)))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $bytes (i32.lt_u (local.get $at) (local.get $end))))
    (local.set $left (i32.load (i32.const 16)))
    (block $done
      (loop $rounds
        (br_if $done (i32.eqz (local.get $left)))
        (local.set $state (call $step (local.get $state) (i64.const 0)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $rounds)))
    (i64.store (i32.const 0) (local.get $state))
    (call $write (i32.const 0) (i32.const 8))
    (i32.const 0)))
"""
MODULE = bytes(wasmtime.wat2wasm(TEXT))
GRINDING = WasmDraft(
    MODULE,
    resources=Resources(cpu_millis=1000, memory_bytes=1 << 20, disk_bytes=0),
    limits=Limits(wall_seconds=60, fuel=10**12, output_bytes=1 << 10),
    label="grinding",
)


def grinding_inputs(count: int, seconds: float, name: str) -> list[bytes]:
    """`count` different inputs of about `seconds` of one core each."""
    rounds = int(seconds * ROUNDS_A_SECOND).to_bytes(4, "little")
    return [rounds + f"{name} {i}".encode() for i in range(count)]


def run_locally(draft: Draft, inputs: Sequence[bytes]) -> list[Outcome]:
    """What an honest provider must answer: the tasks in the very same sandbox, here."""
    assert isinstance(draft.program, bytes | Path)
    with TemporaryDirectory() as name:
        folder = Path(name)
        shared = [_file(folder, f"shared-{i}", source) for i, source in enumerate(draft.shared)]
        work = LeaseWork(
            spec=spec_of(draft, content_id(b"[]")),
            tasks=range(len(inputs)),
            code=_file(folder, "code", draft.program),
            task_inputs=[_file(folder, f"task-{i}", data) for i, data in enumerate(inputs)],
            shared_inputs=shared,
            scratch=folder,
            stop=threading.Event(),
        )
        return WasmExecutor().run(work, ignore_task_done)


def _file(folder: Path, name: str, source: Path | bytes) -> Path:
    if isinstance(source, Path):
        return source
    path = folder / name
    path.write_bytes(source)
    return path

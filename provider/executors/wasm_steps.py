"""Executes a step module in stretches, from its start or from a snapshot of any state.

Fuel decides where a stretch ends: at the first return of `step` by which it has used
`checkpoint_fuel` of the spec's limit. So everybody has the same states, whatever their machine.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import wasmtime

from protocol.bisection import START, checkpoint_fuel
from protocol.errors import InvalidInput
from protocol.result import Outcome
from protocol.units import Bytes32
from provider.executors.base import ExecutionStopped, LeaseWork
from provider.executors.wasm import (
    MORE_STEPS,
    BadModule,
    Sandbox,
    Watchdog,
    call_entry,
    compile_module,
    engine_config,
    failure_of,
    is_step_module,
    limit_store,
    opened_sandbox,
)
from provider.executors.wasm_snapshot import (
    PAGE_BYTES,
    ZERO_PAGE,
    Snapshot,
    digest_of,
    end_of,
    is_end,
    used_pages,
)


class NoStepModule(InvalidInput):
    """The task's program cannot be executed in stretches."""

    code = "no_step_module"


def all_states(work: LeaseWork) -> tuple[Bytes32, ...]:
    """Execute the first task of `work`: the digest of every state, from its start to its end.

    Raises:
        NoStepModule: it exports no `step`, or is refused.
        ExecutionFailed, ExecutionStopped: this device could not finish.
    """
    return (START, *(digest_of(data) for data in stretches(work)))


def snapshot_at(work: LeaseWork, index: int) -> bytes:
    """State `index`, from 1 on, executing everything before it; after the end, the end.

    Raises:
        NoStepModule, ExecutionFailed, ExecutionStopped: see `all_states`.
    """
    with closing(stretches(work)) as found:
        reached = next(found)
        for _ in range(1, index):
            reached = next(found, reached)
        return reached


def next_state(work: LeaseWork, snapshot: bytes | None) -> Bytes32:
    """The digest of what follows from a state (None: the start), by running one stretch.

    After the end comes the same end.

    Raises:
        InvalidInput: it is no state of a running execution of this module.
        NoStepModule, ExecutionFailed, ExecutionStopped: see `all_states`.
    """
    if snapshot is not None and is_end(snapshot):
        return digest_of(snapshot)
    start = None if snapshot is None else Snapshot.decode(snapshot)
    with closing(stretches(work, start)) as following:
        return digest_of(next(following))


def stretches(work: LeaseWork, snapshot: Snapshot | None = None) -> Generator[bytes, None, None]:
    """What each stretch leads to, in its one form, from a state (None: the start) to the end.

    Only the first task of `work` is executed. Close it when it is not used up.

    Raises:
        InvalidInput, NoStepModule, ExecutionFailed, ExecutionStopped: see `next_state`.
    """
    with _opened(work) as (module, sandbox), wasmtime.Store(sandbox.engine) as store:
        yield from _Run(module, sandbox, store, work).stretches(snapshot)


@contextmanager
def _opened(work: LeaseWork) -> Iterator[tuple[wasmtime.Module, Sandbox]]:
    engine = wasmtime.Engine(engine_config())
    try:
        module = compile_module(engine, work)
        if not is_step_module(module):
            raise NoStepModule("its program exports no step: () -> i32")
        with (
            Watchdog(engine, work.stop) as watchdog,
            opened_sandbox(engine, module, work, watchdog) as sandbox,
        ):
            yield module, sandbox
    except BadModule as bad:
        raise NoStepModule(str(bad)) from None


class _Ended(Exception):
    """The program has failed, with that code."""


class _Run:
    """One instance, from where it is put on."""

    def __init__(
        self,
        module: wasmtime.Module,
        sandbox: Sandbox,
        store: wasmtime.Store,
        work: LeaseWork,
    ) -> None:
        self._module = module
        self._sandbox = sandbox
        self._host = sandbox.host
        self._store = store
        self._work = work
        self._least_fuel = checkpoint_fuel(work.spec.limits.fuel)
        self._exports: Mapping[Any, object]

    def stretches(self, snapshot: Snapshot | None) -> Iterator[bytes]:
        """See the module's `stretches`."""
        if self._work.stop.is_set():
            raise ExecutionStopped("stopped before its last stretch")
        limit_store(self._store, self._work.spec)
        self._host.begin(self._store, self._work.task_inputs[0])
        try:
            if snapshot is None:
                self._guarded(self._begin)
                yield self._snapshot().encode()
            else:
                self._restore(snapshot)
            while not self._guarded(self._stretch):
                yield self._snapshot().encode()
            yield end_of(Outcome(bytes(self._host.output)).digest)
        except _Ended as ended:
            yield end_of(Outcome(failure=str(ended)).digest)

    def _guarded(self, part: Callable[[], bool]) -> bool:
        """Run a part of the program.

        Raises:
            _Ended: the program failed.
        """
        self._sandbox.watchdog.arm(self._work.spec.limits.wall_seconds)
        try:
            is_done = part()
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            self._host.check()
            raise _Ended(self._host.failure or failure_of(error, self._work, 0)) from None
        finally:
            self._sandbox.watchdog.disarm()
        self._host.check()
        if self._host.failure:
            raise _Ended(self._host.failure)
        return is_done

    def _begin(self) -> bool:
        self._instantiate()
        initialize = self._exports.get("_initialize")
        if isinstance(initialize, wasmtime.Func):
            initialize(self._store)
        return False

    def _stretch(self) -> bool:
        """Call `step` until enough fuel is used, or it is done."""
        step, first = self._exports["step"], self._fuel_used()
        while (code := call_entry(step, self._store)) == MORE_STEPS:
            if self._fuel_used() - first >= self._least_fuel or self._host.failure:
                return False
        if code != 0 and not self._host.failure:
            raise _Ended("exit_code")
        return True

    def _fuel_used(self) -> int:
        return self._work.spec.limits.fuel - self._store.get_fuel()

    def _instantiate(self) -> None:
        instance = self._sandbox.ready.instantiate(self._store)
        self._exports = instance.exports(self._store)

    # Snapshots.

    def _snapshot(self) -> Snapshot:
        memory = self._memory()
        return Snapshot(
            fuel_used=self._fuel_used(),
            memory_pages=memory.size(self._store),
            global_values=tuple(value.value(self._store) for value in self._globals()),
            output=bytes(self._host.output),
            pages=used_pages(self._whole(memory)),
        )

    def _restore(self, snapshot: Snapshot) -> None:
        """Put a fresh instance where the snapshot was taken.

        Raises:
            InvalidInput: no instance of this module within its limits can stand there.
        """
        try:
            self._instantiate()
            self._fill(snapshot)
        except (wasmtime.Trap, wasmtime.WasmtimeError, ValueError, OverflowError) as error:
            raise InvalidInput(f"no state of this program: {error}") from None
        if self._snapshot() != snapshot:
            raise InvalidInput("no state of this program: a value does not fit")

    def _fill(self, snapshot: Snapshot) -> None:
        limits, memory = self._work.spec.limits, self._memory()
        if snapshot.fuel_used > limits.fuel or len(snapshot.output) > limits.output_bytes:
            raise InvalidInput("no state of this program: it is over its limits")
        missing = snapshot.memory_pages - memory.size(self._store)
        values = self._globals()
        if missing < 0 or len(values) != len(snapshot.global_values):
            raise InvalidInput("no state of this program: it is of another shape")
        memory.grow(self._store, missing)
        for number in range(snapshot.memory_pages):
            page = snapshot.pages.get(number, ZERO_PAGE)
            memory.write(self._store, page, number * PAGE_BYTES)
        for value, content in zip(values, snapshot.global_values, strict=True):
            value.set_value(self._store, content)
        self._host.output = bytearray(snapshot.output)
        self._store.set_fuel(limits.fuel - snapshot.fuel_used)

    def _memory(self) -> wasmtime.Memory:
        memory = self._exports["memory"]
        assert isinstance(memory, wasmtime.Memory)  # checked when the module was compiled
        return memory

    def _whole(self, memory: wasmtime.Memory) -> memoryview:
        length = memory.data_len(self._store)
        if length == 0:
            return memoryview(b"")
        return memoryview(memory.get_buffer_ptr(self._store, length, 0)).cast("B")

    def _globals(self) -> list[wasmtime.Global]:
        found = [self._exports[export.name] for export in self._module.exports]
        return [
            value
            for value in found
            if isinstance(value, wasmtime.Global) and value.type(self._store).mutable
        ]

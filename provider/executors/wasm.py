"""The wasm executor: a fresh wasmtime instance for each task, with nothing but the task ABI.

The same module, inputs and limits give the same outcome on every machine: fuel is counted, NaNs
are canonicalised, and every proposal whose results may differ is off. Growing memory past
`resources.memory_bytes` answers -1, as the specification says; asking for more than that before
running is the failure `memory_exceeded`. Wall time is not deterministic, so it is never a result;
neither is how deep the stack goes.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import wasmtime

from protocol.errors import ExecutionFailed
from protocol.result import Outcome
from protocol.spec import Spec
from protocol.units import ContentId
from provider.executors.base import ExecutionStopped, LeaseWork, OnTaskDone
from provider.executors.wasm_host import TaskHost
from provider.executors.wasm_sections import hidden_state

MAX_MODULE_BYTES = 32 << 20
MAX_STEP_MODULE_BYTES = 4 << 20  # its instructions are read in Python
MAX_STACK_BYTES = 1 << 20
MAX_TABLE_ELEMENTS = 1 << 20
MAX_TABLES = 4
MAX_CACHED_BYTES = 256 << 20
WATCH_SECONDS = 0.05
_MAGIC = b"\x00asm"
_OFF = (
    "wasm_threads",
    "shared_memory",
    "wasm_relaxed_simd",
    "wasm_memory64",
    "wasm_multi_memory",
    "wasm_tail_call",
    "wasm_exceptions",
    "wasm_function_references",
    "wasm_gc",
    "wasm_wide_arithmetic",
    "wasm_custom_page_sizes",
    "wasm_stack_switching",
    "wasm_component_model",
)
MORE_STEPS = 1
"""What `step` returns while there is more to do."""
# What wasmtime says when a module asks for more than `limit_store` allows, before it has run.
_LIMIT_FAILURES = {
    "exceeds memory limits": "memory_exceeded",
    "exceeds table limits": "memory_exceeded",
    "table count too high": "bad_module",
}
# The binding keeps host functions in one table for the process, without a lock of its own.
_linking = threading.Lock()
_log = logging.getLogger(__name__)


class WasmExecutor:
    """Executes wasm tasks. May be used from several threads; each run has its own engine."""

    kind = "wasm"

    def __init__(self) -> None:
        self._compiled: OrderedDict[ContentId, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def supports(self, spec: Spec) -> bool:
        """Every wasm spec."""
        return spec.runtime.kind == self.kind

    def run(self, work: LeaseWork, on_task_done: OnTaskDone) -> list[Outcome]:
        """See `base.Executor.run`."""
        engine = wasmtime.Engine(engine_config())
        try:
            module = self._module(engine, work)
            with Watchdog(engine, work.stop) as watchdog:
                return _run_tasks(engine, module, work, watchdog, on_task_done)
        except BadModule as bad:
            _log.info("refused a module: %s", bad)
            return _all_bad(work, on_task_done)

    def _module(self, engine: wasmtime.Engine, work: LeaseWork) -> wasmtime.Module:
        """The compiled module: from memory when this executor has compiled it before.

        Compiled code stays in memory on purpose: a file of it would be machine code that the
        daemon trusts, and compiling is quick.
        """
        name = work.spec.blobs[0]
        with self._lock:
            compiled = self._compiled.get(name)
            if compiled is not None:
                self._compiled.move_to_end(name)
                return wasmtime.Module.deserialize(engine, compiled)
        module = compile_module(engine, work)
        with self._lock:
            self._compiled[name] = bytes(module.serialize())
            # Strangers choose how large: what stays in memory is counted in bytes.
            while sum(map(len, self._compiled.values())) > MAX_CACHED_BYTES:
                self._compiled.popitem(last=False)
        return module


class BadModule(Exception):
    """The module breaks a rule that is checked before it runs."""


class Watchdog:
    """Interrupts a guest whose wall time is over, or whose execution is to stop."""

    def __init__(self, engine: wasmtime.Engine, stop: threading.Event) -> None:
        self._engine = engine
        self._stop = stop
        self._lock = threading.Lock()
        self._deadline: float | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="wasm-watchdog", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()

    def arm(self, seconds: float) -> None:
        """Give the guest that starts now this long."""
        with self._lock:
            self._deadline = time.monotonic() + seconds

    def disarm(self) -> None:
        """The guest has ended."""
        with self._lock:
            self._deadline = None

    def _watch(self) -> None:
        while not self._done.wait(WATCH_SECONDS):
            with self._lock:
                deadline = self._deadline
                if deadline is None:
                    continue
                if self._stop.is_set() or time.monotonic() >= deadline:
                    self._engine.increment_epoch()


def engine_config() -> wasmtime.Config:
    config = wasmtime.Config()
    config.consume_fuel = True
    config.epoch_interruption = True
    config.cranelift_nan_canonicalization = True
    config.max_wasm_stack = MAX_STACK_BYTES
    config.parallel_compilation = False  # a device offers some cores, not all
    for feature in _OFF:
        setattr(config, feature, False)
    return config


def compile_module(engine: wasmtime.Engine, work: LeaseWork) -> wasmtime.Module:
    if work.code.stat().st_size > MAX_MODULE_BYTES:
        raise BadModule(f"a module has at most {MAX_MODULE_BYTES} bytes")
    code = work.code.read_bytes()
    if not code.startswith(_MAGIC):
        raise BadModule("not a binary module")
    try:
        module = wasmtime.Module(engine, code)
    except wasmtime.WasmtimeError as error:
        raise BadModule(str(error)) from None
    _check_exports(module)
    if is_step_module(module):
        _check_state(code)
    return module


def is_step_module(module: wasmtime.Module) -> bool:
    """Whether it exports `step` in place of `run`."""
    names = {export.name for export in module.exports}
    return "step" in names and "run" not in names


def _check_state(code: bytes) -> None:
    """Hold a step module against the ABI: all that lasts from step to step can be seen."""
    if len(code) > MAX_STEP_MODULE_BYTES:
        raise BadModule(f"a step module has at most {MAX_STEP_MODULE_BYTES} bytes")
    hidden = hidden_state(code)
    if hidden is not None:
        raise BadModule(hidden)


def _check_exports(module: wasmtime.Module) -> None:
    """Hold the exports against the ABI: `memory`, `run`, and `_initialize` if there is one."""
    exports = {export.name: export.type for export in module.exports}
    if not isinstance(exports.get("memory"), wasmtime.MemoryType):
        raise BadModule("it exports no memory")
    if _signature(exports.get("run", exports.get("step"))) != ([], ["i32"]):
        raise BadModule("it exports no run: () -> i32, nor step")
    if "_initialize" in exports and _signature(exports["_initialize"]) != ([], []):
        raise BadModule("its _initialize is no () -> ()")


def _signature(exported: object) -> tuple[list[str], list[str]] | None:
    if not isinstance(exported, wasmtime.FuncType):
        return None
    return [str(kind) for kind in exported.params], [str(kind) for kind in exported.results]


def _all_bad(work: LeaseWork, on_task_done: OnTaskDone) -> list[Outcome]:
    outcome = Outcome(failure="bad_module")
    for task in work.tasks:
        on_task_done(task, outcome)
    return [outcome] * len(work.tasks)


@dataclass(frozen=True)
class Sandbox:
    """What the executions of one lease share: compiled code and the host's functions."""

    engine: wasmtime.Engine
    ready: wasmtime.InstancePre
    host: TaskHost
    watchdog: Watchdog


def _run_tasks(
    engine: wasmtime.Engine,
    module: wasmtime.Module,
    work: LeaseWork,
    watchdog: Watchdog,
    on_task_done: OnTaskDone,
) -> list[Outcome]:
    with opened_sandbox(engine, module, work, watchdog) as sandbox:
        outcomes = []
        for index, task in enumerate(work.tasks):
            outcomes.append(_run_task(sandbox, work, index))
            on_task_done(task, outcomes[-1])
        return outcomes


@contextmanager
def opened_sandbox(
    engine: wasmtime.Engine, module: wasmtime.Module, work: LeaseWork, watchdog: Watchdog
) -> Iterator[Sandbox]:
    """A sandbox for `module`, with the inputs that all tasks of `work` share.

    Raises:
        BadModule: it imports what no host function is.
    """
    host = TaskHost(work.shared_inputs, work.spec.limits.output_bytes)
    linker = wasmtime.Linker(engine)
    try:
        with _linking:
            host.define(linker)
        try:
            ready = linker.instantiate_pre(module)
        except wasmtime.WasmtimeError as error:
            raise BadModule(str(error)) from None
        yield Sandbox(engine, ready, host, watchdog)
    finally:
        host.close()
        with _linking:
            linker.close()


def _run_task(sandbox: Sandbox, work: LeaseWork, index: int) -> Outcome:
    if work.stop.is_set():
        raise ExecutionStopped("stopped before its last task")
    host = sandbox.host
    with wasmtime.Store(sandbox.engine) as store:
        limit_store(store, work.spec)
        host.begin(store, work.task_inputs[index])
        sandbox.watchdog.arm(work.spec.limits.wall_seconds)
        failure: str | None
        try:
            failure = None if _call(sandbox.ready, store) == 0 else "exit_code"
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            host.check()
            failure = host.failure or failure_of(error, work, index)
        finally:
            sandbox.watchdog.disarm()
        host.check()
        if host.log:
            _log.debug("task %d logged: %r", work.tasks[index], bytes(host.log))
        failure = host.failure or failure
        return Outcome(failure=failure) if failure else Outcome(bytes(host.output))


def limit_store(store: wasmtime.Store, spec: Spec) -> None:
    store.set_fuel(spec.limits.fuel)
    store.set_epoch_deadline(1)
    store.set_limits(
        memory_size=spec.resources.memory_bytes,
        table_elements=MAX_TABLE_ELEMENTS,
        instances=1,
        tables=MAX_TABLES,
        memories=1,
    )


def _call(ready: wasmtime.InstancePre, store: wasmtime.Store) -> int:
    exports = ready.instantiate(store).exports(store)
    initialize, run = exports.get("_initialize"), exports.get("run")
    if isinstance(initialize, wasmtime.Func):
        initialize(store)
    if run is not None:
        return call_entry(run, store)
    while (code := call_entry(exports["step"], store)) == MORE_STEPS:
        pass
    return code


def call_entry(entry: object, store: wasmtime.Store) -> int:
    """Call a module's `run`, or its `step`."""
    assert isinstance(entry, wasmtime.Func)  # checked when the module was compiled
    code = entry(store)
    assert isinstance(code, int)
    return code


def failure_of(error: wasmtime.Trap | wasmtime.WasmtimeError, work: LeaseWork, index: int) -> str:
    """The deterministic failure behind a trap.

    Raises:
        ExecutionStopped, ExecutionFailed: it was not the program's own doing.
    """
    if not isinstance(error, wasmtime.Trap):
        for message, failure in _LIMIT_FAILURES.items():
            if message in str(error):
                return failure
        raise ExecutionFailed(f"wasmtime could not run the task: {error}")
    code = error.trap_code
    if code == wasmtime.TrapCode.INTERRUPT:
        if work.stop.is_set():
            raise ExecutionStopped(f"stopped in task {work.tasks[index]}")
        seconds = work.spec.limits.wall_seconds
        raise ExecutionFailed(f"task {work.tasks[index]} took longer than {seconds} s")
    if code == wasmtime.TrapCode.STACK_OVERFLOW:
        # How deep a stack goes depends on the processor and the compiler: as a result, it would
        # let whoever wrote the program get honest providers of another kind slashed.
        raise ExecutionFailed(f"task {work.tasks[index]} ran out of stack")
    return "fuel_exhausted" if code == wasmtime.TrapCode.OUT_OF_FUEL else "trap"

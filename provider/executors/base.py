"""What an executor is: a sandbox that turns a lease's tasks into outcomes.

Providers execute leases with it and verifiers re-execute single tasks with the very same code.
Every input is a local file that the caller has already verified against its content id.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

from protocol.errors import ExecutionFailed, ExecutorUnavailable, InvalidInput
from protocol.result import Outcome
from protocol.spec import Spec
from provider.executors.cpus import require_cpu_class

APART_SECONDS = 1.1
"""Between two executions that are compared: a clock that is read in seconds has moved on."""
OnTaskDone = Callable[[int, Outcome], None]
"""Called as `(task index in the job, outcome)`, in task order, on the thread that called `run`."""


class ExecutionStopped(ExecutionFailed):
    """The execution was stopped before its end, because the caller asked for it."""

    code: ClassVar[str] = "execution_stopped"


@dataclass(frozen=True)
class LeaseWork:
    """Some tasks of one job, ready to execute.

    `tasks[i]` is a task's index in the job and `task_inputs[i]` the file of its own input. `code`
    is the wasm module or the image archive, `shared_inputs` follow the spec's order. `scratch` is
    an existing directory for this execution alone; the caller removes it. Setting `stop` ends the
    execution soon, with ExecutionStopped. `comparator` is the module of a custom comparator, which
    no executor runs: it is for whoever compares outcomes.
    """

    spec: Spec
    tasks: Sequence[int]
    code: Path
    task_inputs: Sequence[Path]
    shared_inputs: Sequence[Path]
    scratch: Path
    stop: threading.Event = field(default_factory=threading.Event)
    comparator: Path | None = None

    def __post_init__(self) -> None:
        if not self.tasks or len(self.tasks) != len(self.task_inputs):
            raise InvalidInput("an execution needs tasks, and exactly one input file for each")
        if len(self.shared_inputs) != len(self.spec.shared_inputs):
            raise InvalidInput("an execution needs every shared input of its spec")
        # An engine mounts what lies in it, and takes absolute paths only.
        object.__setattr__(self, "scratch", self.scratch.absolute())


@runtime_checkable
class Executor(Protocol):
    """A sandbox for one kind of runtime. One object may serve several threads."""

    kind: str
    """The `runtime.kind` it executes: "wasm" or "container"."""

    def supports(self, spec: Spec) -> bool:
        """Whether this device can execute `spec` (kind and sandbox; not how much is free)."""
        ...

    def run(self, work: LeaseWork, on_task_done: OnTaskDone) -> list[Outcome]:
        """Execute the tasks and return their outcomes in order, failed programs included.

        Raises:
            ExecutorUnavailable: the sandbox cannot be had on this device (no engine, ...).
            ExecutionFailed: the device could not finish (wall time, host trouble); no result.
            ExecutionStopped: `work.stop` was set.
        """
        ...


def executor_for(spec: Spec, available: Sequence[Executor]) -> Executor:
    """The first executor that supports `spec`.

    Raises:
        ExecutorUnavailable: there is none, or the machine is not of the CPU class demanded.
    """
    require_cpu_class(spec)
    for executor in available:
        if executor.supports(spec):
            return executor
    raise ExecutorUnavailable(f"this device has no sandbox for {spec.runtime.kind} tasks")


def ignore_task_done(task: int, outcome: Outcome) -> None:
    """An `on_task_done` for callers that only want the returned outcomes."""

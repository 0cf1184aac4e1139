"""Whether two outcomes of one task count as the same, by the comparator of its spec.

Exact specs compare every bit, and failures of a program are always compared so. A custom
comparator is a wasm module of the task ABI: input 0 is one's own output, input 1 the claimed one.
It runs in the same sandbox as tasks do, within limits of its own, on outputs that differ.
"""

from __future__ import annotations

import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path

from protocol import comparators
from protocol.result import Outcome
from protocol.spec import Limits, Resources, Spec, WasmRuntime
from protocol.verification import Custom
from provider.executors.base import LeaseWork, ignore_task_done
from provider.executors.wasm import WasmExecutor

COMPARING = Resources(cpu_millis=1000, memory_bytes=256 << 20, disk_bytes=0)
COMPARING_LIMITS = Limits(wall_seconds=300, fuel=10**10, output_bytes=1)
"""A custom comparator that needs more fuel or memory finds nothing to be within."""


@dataclass(frozen=True)
class Place:
    """Where a comparator runs: its module's file (None: not a custom one), and scratch space."""

    module: Path | None
    scratch: Path
    stop: threading.Event = field(default_factory=threading.Event)


def is_within(spec: Spec, own: Outcome, claimed: Outcome, place: Place) -> bool:
    """Whether `claimed` counts as the same as `own`.

    Raises:
        ExecutionFailed, ExecutionStopped: a custom comparator was not run to its end.
    """
    if own == claimed:
        return True
    if spec.comparator is None or own.failure is not None or claimed.failure is not None:
        return False
    if isinstance(spec.comparator, Custom):
        return _is_within_custom(spec, spec.comparator, own, claimed, place)
    return comparators.is_within(spec.comparator, own.output, claimed.output)


def _is_within_custom(
    spec: Spec, comparator: Custom, own: Outcome, claimed: Outcome, place: Place
) -> bool:
    assert place.module is not None  # one of the spec's blobs
    with tempfile.TemporaryDirectory(dir=place.scratch, ignore_cleanup_errors=True) as name:
        scratch = Path(name)
        own_file, claimed_file = scratch / "own", scratch / "claimed"
        own_file.write_bytes(own.output)
        claimed_file.write_bytes(claimed.output)
        comparing = Spec(
            runtime=WasmRuntime(comparator.module),
            resources=COMPARING,
            limits=COMPARING_LIMITS,
            task_list=spec.task_list,
            shared_inputs=(comparator.module,),  # as many as there are: one
        )
        work = LeaseWork(
            comparing, (0,), place.module, (own_file,), (claimed_file,), scratch, place.stop
        )
        return WasmExecutor().run(work, ignore_task_done)[0].failure is None

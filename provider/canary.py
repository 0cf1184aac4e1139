"""The canary: a container job's claim to be deterministic is tried before results of it are signed.

Where the job's spec declares a tolerance, the claim is that two executions are within it.

The first lease of a job on a device executes one of its tasks twice: alone, as a verifier would,
and a while later among the others. It costs one more execution, once. If the outcomes differ,
nothing is signed: whoever audits the result would find another one, and the device could lose its
stake. A comparator that is rigged to find honest results too far apart is found by it as well. What
it cannot find: programs that differ between machines and not between two executions on one, that
differ rarely, or by the day.

A wasm task needs none, whatever its comparator: its sandbox has nothing to differ by, and
identical outputs are within every comparator.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from protocol.errors import NotDeterministic
from protocol.result import Outcome
from protocol.spec import ContainerRuntime, Spec
from protocol.units import Bytes32, to_hex
from provider.executors.base import (
    APART_SECONDS,
    ExecutionStopped,
    Executor,
    LeaseWork,
    ignore_task_done,
)
from provider.executors.comparison import Place, is_within
from provider.ledger import write_durably

MOST_REMEMBERED = 4096


class Finding(StrEnum):
    """What a job's canary came to."""

    PASSED = "passed"
    NOT_DETERMINISTIC = "not_deterministic"


class Canaries:
    """What the canaries found: a file a job, the oldest forgotten first. Thread-safe.

    A job is named together with its spec: which spec it signs is only known for certain later, and
    a market must not have one spec tried in the place of another.
    """

    def __init__(self, root: Path, most: int = MOST_REMEMBERED) -> None:
        self._root = root
        self._most = most
        self._lock = threading.Lock()
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def of(self, job_id: Bytes32, spec: Spec) -> Finding | None:
        """What is known of a job; None: its canary is still to be executed."""
        try:
            return Finding(self._file(job_id, spec).read_text())
        except (FileNotFoundError, ValueError):
            return None

    def note(self, job_id: Bytes32, spec: Spec, finding: Finding) -> None:
        """Remember a finding, durably."""
        with self._lock:
            write_durably(self._file(job_id, spec), finding.value)
            files = sorted(self._root.iterdir(), key=lambda file: file.stat().st_mtime_ns)
            for file in files[: -self._most]:
                file.unlink()

    def is_due(self, job_id: Bytes32, spec: Spec) -> bool:
        """Whether a task of the job must be tried before anything is signed."""
        return isinstance(spec.runtime, ContainerRuntime) and self.of(job_id, spec) is None

    def require_not_refuted(self, job_id: Bytes32, spec: Spec) -> None:
        """Check that this device has not found the job wanting before.

        Raises:
            NotDeterministic: it has.
        """
        if self.of(job_id, spec) is Finding.NOT_DETERMINISTIC:
            raise NotDeterministic(
                "this device has had two results for one task of this job before"
            )

    def _file(self, job_id: Bytes32, spec: Spec) -> Path:
        return self._root / f"{job_id.hex()}-{spec.hash.hex()}"


class Canary:
    """One task of a lease's work, executed alone before all of them are.

    Raises what `Executor.run` raises, and ExecutionStopped while it waits.
    """

    def __init__(self, executor: Executor, work: LeaseWork) -> None:
        self._work = work
        self._index = _chosen(len(work.tasks))
        self._task = work.tasks[self._index]
        self._outcome = executor.run(_alone(work, self._index), ignore_task_done)[0]
        if work.stop.wait(APART_SECONDS):
            raise ExecutionStopped("stopped after the canary")

    def compare(self, outcomes: Sequence[Outcome]) -> None:
        """Hold the outcome that the task had alone against the one that it has among all.

        By the spec's comparator, and both ways: either may be the one that is claimed.

        Raises:
            NotDeterministic: they differ.
            ExecutionFailed, ExecutionStopped: a custom comparator was not run to its end.
        """
        alone, among_all = self._outcome, outcomes[self._index]
        work = self._work
        place = Place(work.comparator, work.scratch, work.stop)
        is_same = is_within(work.spec, alone, among_all, place)
        if not (is_same and is_within(work.spec, among_all, alone, place)):
            raise NotDeterministic(
                f"task {self._task} gave {_shown(alone)} alone and {_shown(among_all)} in its lease"
            )


def _chosen(count: int) -> int:
    """Any task, so that nobody can prepare one; not the first, which is first when alone too."""
    return 0 if count == 1 else 1 + secrets.randbelow(count - 1)


def _alone(work: LeaseWork, index: int) -> LeaseWork:
    scratch = work.scratch / "canary"
    scratch.mkdir()
    return replace(
        work,
        tasks=[work.tasks[index]],
        task_inputs=[work.task_inputs[index]],
        scratch=scratch,
    )


def _shown(outcome: Outcome) -> str:
    return outcome.failure or f"{len(outcome.output)} bytes ({to_hex(outcome.digest)[:10]})"

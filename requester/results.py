"""Results: read task by task, each checked against the hash that its provider committed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from protocol.client.client import MarketClient
from protocol.client.wire import TaskView
from protocol.errors import BlobMismatch, Conflict
from protocol.result import FAILURE_CODES, Outcome
from protocol.units import Bytes32

OnTask = Callable[[int, int], None]  # (tasks done, tasks in all)


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """What one task gave, and the hash that is committed for it."""

    task: int
    outcome: Outcome
    result_hash: Bytes32


def all_tasks(client: MarketClient, job_id: bytes) -> Iterator[TaskView]:
    """Every task of a job, in order."""
    first_task: int | None = 0
    while first_task is not None:
        page = client.tasks(job_id, first_task)
        yield from page.tasks
        if page.next_task is not None and page.next_task <= first_task:
            raise BlobMismatch("the market's pages of tasks do not advance")
        first_task = page.next_task


def committed_tasks(client: MarketClient, job_id: bytes, *, partial: bool) -> Iterator[TaskView]:
    """The tasks that have a result.

    Raises:
        Conflict: one has none, unless `partial`.
    """
    for view in all_tasks(client, job_id):
        if view.result_hash is not None:
            yield view
        elif not partial:
            raise Conflict(f"task {view.task} has no result yet (it is {view.state})")


def outcome_of(client: MarketClient, job_id: bytes, view: TaskView) -> TaskOutcome:
    """Fetch one task's output, or take its failure, and check it.

    Raises:
        BlobMismatch: that is not what was committed.
    """
    failure = committed_failure(view)
    if failure is not None:
        return TaskOutcome(view.task, failure, Bytes32(view.result_hash or b""))
    output, _ = client.task_result(job_id, view.task)
    outcome = Outcome(output)
    if outcome.digest != view.result_hash or len(output) != view.result_bytes:
        raise BlobMismatch(f"the output of task {view.task} is not the committed one")
    return TaskOutcome(view.task, outcome, outcome.digest)


def committed_failure(view: TaskView) -> Outcome | None:
    """The deterministic failure that is the task's result, if it is one.

    Raises:
        BlobMismatch: the code is not the committed one.
    """
    if view.failure is None or view.failure not in FAILURE_CODES:
        return None
    outcome = Outcome(failure=view.failure)
    if outcome.digest != view.result_hash:
        raise BlobMismatch(f"the failure of task {view.task} is not the committed one")
    return outcome


def download_task(client: MarketClient, job_id: bytes, view: TaskView, folder: Path) -> Path:
    """Write one result into `folder`: `task-000000.bin`, or `task-000000.failed` with its code.

    Raises:
        BlobMismatch: that is not what was committed; nothing is left behind.
    """
    failure = committed_failure(view)
    if failure is not None:
        path = folder / f"task-{view.task:06d}.failed"
        path.write_text(f"{failure.failure}\n")
        return path
    path = folder / f"task-{view.task:06d}.bin"
    size_bytes = view.result_bytes or 0
    if _is_right(path, view):
        return path
    expected = view.result_hash or b""
    client.fetch_task_result(job_id, view.task, path, expected, max_bytes=size_bytes)
    if path.stat().st_size != size_bytes:
        path.unlink()
        raise BlobMismatch(f"the output of task {view.task} is not the committed one")
    return path


def _is_right(path: Path, view: TaskView) -> bool:
    if not path.is_file() or path.stat().st_size != view.result_bytes:
        return False
    return Outcome(path.read_bytes()).digest == view.result_hash

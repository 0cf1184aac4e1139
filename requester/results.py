"""Results: read task by task, each checked against the hash that its provider committed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from protocol.client.client import MarketClient
from protocol.client.wire import TaskView
from protocol.errors import BlobMismatch, Conflict
from protocol.result import FAILURE_CODES, Outcome
from protocol.ringers import Ringers
from protocol.units import Bytes32

OnTask = Callable[[int, int], None]  # (tasks done, tasks in all)


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """What one task gave, and the hash that is committed for it.

    `task` is its number among the inputs that were asked for.
    """

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


@dataclass(frozen=True, slots=True)
class AskedTask:
    """A task that was asked for: its number among these, and as the market knows it.

    The numbers differ where a job has ringers.
    """

    number: int
    view: TaskView


def asked_tasks(
    client: MarketClient, job_id: bytes, ringers: Ringers | None
) -> Iterator[AskedTask]:
    """Every task of a job that is no ringer, in order."""
    for view in all_tasks(client, job_id):
        number = view.task if ringers is None else ringers.asked(view.task)
        if number is not None:
            yield AskedTask(number, view)


def with_result(tasks: Iterable[AskedTask], *, partial: bool) -> Iterator[AskedTask]:
    """Those of the tasks that have a result.

    Raises:
        Conflict: one has none, unless `partial`.
    """
    for task in tasks:
        if task.view.result_hash is not None:
            yield task
        elif not partial:
            raise Conflict(f"task {task.number} has no result yet (it is {task.view.state})")


def outcome_of(client: MarketClient, job_id: bytes, task: AskedTask) -> TaskOutcome:
    """Fetch one task's output, or take its failure, and check it.

    Raises:
        BlobMismatch: that is not what was committed.
    """
    number, view = task.number, task.view
    failure = committed_failure(view)
    if failure is not None:
        return TaskOutcome(number, failure, Bytes32(view.result_hash or b""))
    output, _ = client.task_result(job_id, view.task)
    outcome = Outcome(output)
    if outcome.digest != view.result_hash or len(output) != view.result_bytes:
        raise BlobMismatch(f"the output of task {number} is not the committed one")
    return TaskOutcome(number, outcome, outcome.digest)


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


def download_task(client: MarketClient, job_id: bytes, task: AskedTask, folder: Path) -> Path:
    """Write one result into `folder`: `task-000000.bin`, or `task-000000.failed` with its code.

    Raises:
        BlobMismatch: that is not what was committed; nothing is left behind.
    """
    number, view = task.number, task.view
    failure = committed_failure(view)
    if failure is not None:
        path = folder / f"task-{number:06d}.failed"
        path.write_text(f"{failure.failure}\n")
        return path
    path = folder / f"task-{number:06d}.bin"
    size_bytes = view.result_bytes or 0
    if _is_right(path, view):
        return path
    expected = view.result_hash or b""
    client.fetch_task_result(job_id, view.task, path, expected, max_bytes=size_bytes)
    if path.stat().st_size != size_bytes:
        path.unlink()
        raise BlobMismatch(f"the output of task {number} is not the committed one")
    return path


def _is_right(path: Path, view: TaskView) -> bool:
    if not path.is_file() or path.stat().st_size != view.result_bytes:
        return False
    return Outcome(path.read_bytes()).digest == view.result_hash

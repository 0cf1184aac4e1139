"""One posted job: wait for it, read its results, cancel it, see who was paid."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path

from eth_account.signers.local import LocalAccount

from protocol.client.client import MarketClient
from protocol.client.wire import CancelRequest, JobView, Receipt, TaskState
from protocol.errors import ChainUnavailable, Conflict, MarketUnavailable, NotFound
from protocol.job import Cancellation
from protocol.lifecycle import JobStatus
from protocol.ringers import Ringers
from protocol.units import Bytes32, to_hex
from requester.inspection import Inspector, Report
from requester.results import (
    AskedTask,
    OnTask,
    TaskOutcome,
    asked_tasks,
    download_task,
    outcome_of,
    with_result,
)

OnView = Callable[[JobView], None]
POLL_SECONDS = 0.5
# What is disputed now may be taken back.
_NOT_YET: tuple[TaskState, ...] = ("waiting", "leased", "disputed", "slashed")


class Until(StrEnum):
    """How long to wait: for every task's result, or until all is paid and the rest is back."""

    RESULTS = "results"
    SETTLED = "settled"


class JobHandle:
    """A job of one's own at one market.

    Tasks have the numbers of the inputs that were asked for: where it has ringers, these are
    neither among its results nor counted.
    """

    def __init__(
        self,
        client: MarketClient,
        wallet: LocalAccount,
        job_id: Bytes32,
        ringers: Ringers | None = None,
        inspector: Callable[[], Inspector] | None = None,
    ) -> None:
        self._client = client
        self._wallet = wallet
        self.job_id = job_id
        self.ringers = ringers
        self._make_inspector = inspector
        self._inspector: Inspector | None = None

    def view(self) -> JobView:
        """How it stands now."""
        return self._client.job(self.job_id)

    def wait(
        self,
        on_view: OnView | None = None,
        until: Until = Until.RESULTS,
        timeout_seconds: float | None = None,
    ) -> JobView:
        """Wait, telling `on_view` how the job stands whenever it was asked for.

        Short breaks of the connection are bridged by the client, longer ones by asking again.

        Raises:
            Conflict: it ended without all results: cancelled, or past its deadline.
            MarketUnavailable: `timeout_seconds` are over.
        """
        views = self._views(on_view, timeout_seconds)
        return next(view for view in views if is_done(view, until))

    def check(self) -> Report:
        """Check the ringers: contest what is wrong, unseat who agreed with it.

        Again and again, whenever: what was done is not done twice. Only a result whose dispute
        window is open can be contested. It takes a bond, and gas.

        Raises:
            NotFound: no ringers of this job are known here.
            ChainUnavailable, MarketUnavailable: check again.
        """
        if self._inspector is None:
            if self._make_inspector is None:
                raise NotFound(f"no ringers of job {self} are known on this machine")
            self._inspector = self._make_inspector()
        return self._inspector.check()

    def wait_checked(
        self,
        on_view: OnView | None = None,
        until: Until = Until.RESULTS,
        timeout_seconds: float | None = None,
    ) -> tuple[JobView, Report | None]:
        """As `wait`, and check the ringers, if there are any, until none of them is wrong.

        What is contested and lost is done again by others. A wrong result that cannot be contested
        any more, or that a committee has found right, ends the wait: the report tells.

        Raises:
            Conflict, MarketUnavailable: as `wait`.
        """
        if self.ringers is None:
            return self.wait(on_view, until, timeout_seconds), None
        looks = ((view, self._try_check()) for view in self._views(on_view, timeout_seconds))
        return next(
            (view, report)
            for view, report in looks
            if is_done(view, until) and report is not None and report.is_over
        )

    def tasks(self) -> Iterator[AskedTask]:
        """Every task that was asked for, in order, as it stands."""
        return asked_tasks(self._client, self.job_id, self.ringers)

    def results(self, *, partial: bool = False) -> Iterator[TaskOutcome]:
        """Every task's outcome, in order, each checked against the hash that was committed.

        Raises:
            Conflict: a task has no result yet; `partial` leaves it out instead.
            BlobMismatch: the market sent another output than the committed one.
        """
        for task in with_result(self.tasks(), partial=partial):
            yield outcome_of(self._client, self.job_id, task)

    def download(
        self, folder: Path, on_task: OnTask | None = None, *, partial: bool = False
    ) -> list[Path]:
        """Write every result into `folder`, checked; files that are there and right stay.

        Raises:
            Conflict, BlobMismatch: as `results`.
        """
        folder.mkdir(parents=True, exist_ok=True)
        tasks = list(with_result(self.tasks(), partial=partial))
        paths = []
        for done, task in enumerate(tasks, 1):
            paths.append(download_task(self._client, self.job_id, task, folder))
            if on_task:
                on_task(done, len(tasks))
        return paths

    def cancel(self) -> JobView:
        """Ask that no further task is leased; what is committed in time is still paid."""
        cancellation = Cancellation(self.job_id)
        signature = cancellation.sign(self._client.domain, self._wallet)
        self._client.cancel_job(self.job_id, CancelRequest(signature=to_hex(signature)))
        return self.view()

    def receipt(self) -> Receipt:
        """Who was paid, and by which transactions."""
        return self._client.receipt(self.job_id)

    def missing_tasks(self) -> list[int]:
        """The tasks that have no result yet."""
        return [task.number for task in self.tasks() if task.view.result_hash is None]

    def __str__(self) -> str:
        return to_hex(self.job_id)

    def _views(self, on_view: OnView | None, timeout_seconds: float | None) -> Iterator[JobView]:
        """How it stands, again and again, for ever or until the time is over."""
        begin = time.monotonic()
        while True:
            view = self._try_view()
            if view is not None:
                if on_view:
                    on_view(view)
                yield view
            if timeout_seconds is not None and time.monotonic() - begin > timeout_seconds:
                raise MarketUnavailable(f"job {self} is not done after {timeout_seconds:g} s")
            time.sleep(POLL_SECONDS)

    def _try_check(self) -> Report | None:
        try:
            return self.check()
        except (ChainUnavailable, MarketUnavailable):
            return None

    def _try_view(self) -> JobView | None:
        try:
            return self.view()
        except MarketUnavailable:
            return None


def has_result_count(view: JobView) -> int:
    """How many tasks have a result that nobody disputes."""
    return view.task_count - sum(view.tasks_by_state.get(state, 0) for state in _NOT_YET)


def is_stuck(view: JobView) -> bool:
    """Whether the market has stopped the job, and no device works on what is left of it."""
    is_open = view.status in (JobStatus.OPEN, JobStatus.RUNNING)
    is_worked_on = view.tasks_by_state.get("leased", 0) > 0
    is_whole = has_result_count(view) == view.task_count
    return view.stopped_because is not None and is_open and not is_worked_on and not is_whole


def is_done(view: JobView, until: Until) -> bool:
    """Whether there is nothing left to wait for.

    Raises:
        Conflict: and never will be, for the job ended before.
    """
    is_over = view.status in (JobStatus.CANCELLED, JobStatus.EXPIRED)
    if is_over and not view.is_on_chain:
        raise Conflict(view.waiting_because or "the job was never opened; nothing was paid")
    if until is Until.RESULTS and has_result_count(view) == view.task_count:
        return True
    if is_stuck(view):
        raise Conflict(f"the market has stopped the job: {view.stopped_because}")
    if until is Until.SETTLED:
        return view.finished_at is not None
    if is_over:
        raise Conflict(f"the job was {view.status.lower()} before all of its tasks were done")
    return False

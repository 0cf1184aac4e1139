"""When a job's results were accepted, and when they stood on chain: by the market's own events."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field

from protocol.client.client import MarketClient
from protocol.client.wire import Event
from protocol.errors import FallowError, MarketUnavailable

PATIENCE_SECONDS = 120.0
ACCEPTED = "lease_finished"
COMMITTED = "batch_committed"
# Where each kind of event says how many tasks it is about.
_TASKS = {ACCEPTED: "count", COMMITTED: "tasks"}


@dataclass
class Watch:
    """Counts tasks by job and kind of event, from now on, until the client is closed."""

    client: MarketClient
    _news: threading.Condition = field(default_factory=threading.Condition)
    _tasks: Counter[tuple[str, bytes]] = field(default_factory=Counter)

    def start(self) -> None:
        """Begin to listen."""
        threading.Thread(target=self._listen, name="watch", daemon=True).start()

    def wait(self, kind: str, job_id: bytes, tasks: int) -> None:
        """Until events of that kind have told of so many tasks of the job.

        Raises:
            MarketUnavailable: they do not come.
        """
        with self._news:
            is_done = self._news.wait_for(
                lambda: self._tasks[kind, job_id] >= tasks, PATIENCE_SECONDS
            )
        if not is_done:
            told = self._tasks[kind, job_id]
            raise MarketUnavailable(f"{kind}: {told} of {tasks} in {PATIENCE_SECONDS:.0f} s")

    def _listen(self) -> None:
        try:
            for event in self.client.events():
                self._take(event)
        except FallowError:
            return  # the client was closed: nobody waits any more

    def _take(self, event: Event) -> None:
        if event.kind not in _TASKS or event.job_id is None:
            return
        with self._news:
            self._tasks[event.kind, event.job_id] += int(event.data[_TASKS[event.kind]])
            self._news.notify_all()

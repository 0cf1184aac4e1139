"""Work beside the loop: side threads that take the most urgent duties first."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from protocol.errors import FallowError
from provider.executors.base import ExecutionStopped

FIRST_RETRY_SECONDS = 1.0
LAST_RETRY_SECONDS = 16.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Duty:
    """One piece of work for a side thread. Duties of a lower `rank` go first."""

    key: Hashable
    rank: tuple[int, int]
    perform: Callable[[], None]


class Crew:
    """Side threads, each with one duty at a time; a failed duty waits a little."""

    def __init__(self, size: int, wake: threading.Event) -> None:
        self._size = size
        self._wake = wake
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="execution")
        self._running: dict[Hashable, Future[None]] = {}
        self._not_before: dict[Hashable, float] = {}
        self._failures: dict[Hashable, int] = {}

    def take(self, duties: Iterable[Duty]) -> None:
        """Start the most urgent duties for which there is a thread."""
        self._running = {key: f for key, f in self._running.items() if not f.done()}
        now = time.monotonic()
        for duty in sorted(duties, key=lambda duty: duty.rank):
            if len(self._running) >= self._size:
                return
            if duty.key not in self._running and now >= self._not_before.get(duty.key, 0.0):
                self._running[duty.key] = self._pool.submit(self._perform, duty)

    def close(self) -> None:
        """Wait for the duties in hand; `stop` has told them to end."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _perform(self, duty: Duty) -> None:
        try:
            duty.perform()
            self._failures.pop(duty.key, None)
        except ExecutionStopped:
            _log.info("stopped in mid-execution; it starts again next time")
        except FallowError as error:
            self._failed(duty)
            _log.info("%s: %s; trying again", duty.key, error.message)
        except Exception:  # noqa: BLE001 - a bug in one duty must not cost the others
            self._failed(duty)
            _log.exception("a bug ended %s; trying again", duty.key)
        finally:
            self._wake.set()

    def _failed(self, duty: Duty) -> None:
        failures = self._failures.get(duty.key, 0)
        delay_seconds = min(FIRST_RETRY_SECONDS * 2.0 ** min(failures, 16), LAST_RETRY_SECONDS)
        self._failures[duty.key] = failures + 1
        self._not_before[duty.key] = time.monotonic() + delay_seconds

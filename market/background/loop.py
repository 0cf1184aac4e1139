"""The in-process keeper: one thread, asleep unless there is something to do."""

from __future__ import annotations

import logging
import threading
import time

from market.settlement.keeper import Keeper

IDLE_SECONDS = 1.0
BUSY_SECONDS = 0.5
LEAST_SECONDS = 0.25
_log = logging.getLogger(__name__)


class KeeperLoop:
    """Rounds at a calm pace; `wake` brings the next one forward."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Something waits in the outbox."""
        self._wake.set()

    def stop(self, timeout_seconds: float = 10) -> None:
        """End after the round that is under way."""
        self._stop.set()
        self._wake.set()
        self._thread.join(timeout_seconds)

    def _run(self) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            self._wake.clear()
            is_busy = self._keeper.advance()
            self._wake.wait(BUSY_SECONDS if is_busy else IDLE_SECONDS)
            # However often it is woken: never a hurried poll.
            self._stop.wait(max(0.0, began + LEAST_SECONDS - time.monotonic()))

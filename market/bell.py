"""Wakes those who wait: threads ring, coroutines listen. Nobody polls in a hurry."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from protocol.errors import MarketUnavailable

MAX_LISTENERS = 2000


class Waiting:
    """One listener."""

    def __init__(self, bell: Bell, seconds: float | None) -> None:
        self._bell = bell
        self._until = None if seconds is None else time.monotonic() + seconds
        self.rung = asyncio.Event()

    async def next_ring(self) -> bool:
        """Wait for a ring, or a while; False when the time is over or the bell is closed."""
        left = self._bell.patience_seconds
        if self._until is not None:
            left = min(left, self._until - time.monotonic())
        if left <= 0 or self._bell.is_closed:
            return False
        try:
            await asyncio.wait_for(self.rung.wait(), left)
        except TimeoutError:
            is_over = self._until is not None and time.monotonic() >= self._until
            return not is_over and not self._bell.is_closed
        self.rung.clear()
        return not self._bell.is_closed


class Bell:
    """One for each thing worth waiting for.

    Listeners also wake every `patience_seconds`: another process may have done something.
    """

    def __init__(self, patience_seconds: float) -> None:
        self.patience_seconds = patience_seconds
        self.is_closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listeners: set[Waiting] = set()

    def require_room(self) -> None:
        """Refuse more listeners than a ring can wake in a moment.

        Raises:
            MarketUnavailable: there are as many as can be.
        """
        if len(self._listeners) >= MAX_LISTENERS:
            raise MarketUnavailable("too many wait here already; try again in a moment")

    def attach(self) -> None:
        """Serve the running event loop."""
        self._loop = asyncio.get_running_loop()

    def ring(self) -> None:
        """Wake every listener; from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def close(self) -> None:
        """Let every listener go: the process ends."""
        self.is_closed = True
        self.ring()

    @asynccontextmanager
    async def waiting(self, seconds: float | None) -> AsyncIterator[Waiting]:
        """Listen for `seconds` (None: until the bell is closed)."""
        listener = Waiting(self, seconds)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def _wake(self) -> None:
        for listener in self._listeners:
            listener.rung.set()

"""Reading the event log."""

from __future__ import annotations

from market.store.unit import Store
from protocol.client.wire import Event
from protocol.units import Bytes32

PAGE = 500


class FeedService:
    """Events in the order in which they became visible."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def newest(self) -> int:
        """The newest event's id."""
        with self._store.read() as unit:
            return unit.feed.newest()

    def after(self, event_id: int, job_id: Bytes32 | None) -> list[Event]:
        """The next events of a job, or the public ones of the market."""
        with self._store.read() as unit:
            return unit.feed.after(event_id, job_id, PAGE)

"""Queries of the event log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from market.store.tables import feed
from protocol.client.wire import Event
from protocol.units import Bytes32


class Feed:
    """Events are gathered and written last, so that ids become visible in order."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.pending: list[dict[str, Any]] = []

    def append(
        self,
        kind: str,
        at: int,
        job_id: Bytes32 | None,
        data: Mapping[str, Any],
        *,
        is_public: bool = True,
    ) -> None:
        """Tell who watches; with the commit of what happened."""
        self.pending.append(
            {
                "kind": kind,
                "at": at,
                "job_id": job_id,
                "is_public": is_public,
                "data": dict(data),
            }
        )

    def flush(self) -> None:
        """Write what was gathered."""
        self._connection.execute(insert(feed), self.pending)
        self.pending = []

    def newest(self) -> int:
        """The last event's id, 0 for none."""
        return int(self._connection.execute(select(func.max(feed.c.event_id))).scalar() or 0)

    def after(self, event_id: int, job_id: Bytes32 | None, limit: int) -> list[Event]:
        """Events of one job, or the public ones of all."""
        condition = feed.c.is_public.is_(True) if job_id is None else feed.c.job_id == job_id
        query = select(feed).where(feed.c.event_id > event_id, condition)
        rows = self._connection.execute(query.order_by(feed.c.event_id).limit(limit))
        return [
            Event(event_id=r.event_id, kind=r.kind, at=r.at, job_id=r.job_id, data=r.data)
            for r in rows
        ]

    def forget_before(self, at: int) -> None:
        """Drop old events."""
        self._connection.execute(delete(feed).where(feed.c.at < at))

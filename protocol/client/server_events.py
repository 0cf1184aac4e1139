"""Server-sent events: parsed, and taken up again where the connection broke off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import httpx
from pydantic import ValidationError

from protocol.client.calls import Calls
from protocol.client.transport import Call, CallFailed
from protocol.client.wire import Event
from protocol.errors import MarketUnavailable
from protocol.units import to_hex

# The market sends a comment at least every 15 s; three missing ones mean a dead connection.
SILENCE_SECONDS = 45.0
MAX_RECONNECTS = 60


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One dispatched event, before its data is read."""

    event_id: str
    name: str
    data: str


class EventCalls(Calls):
    """GET /v1/events and GET /v1/jobs/{job_id}/events."""

    def events(
        self,
        job_id: bytes | None = None,
        last_event_id: int | None = None,
        max_reconnects: int = MAX_RECONNECTS,
    ) -> Iterator[Event]:
        """Every event after `last_event_id`, of one job or of the whole market, without end.

        Breaks are bridged: the stream is taken up again after the last event that was yielded.

        Raises:
            MarketUnavailable: `max_reconnects` attempts in a row brought nothing.
            NotFound, NotSignedIn: the job is not this account's.
        """
        failures = 0
        while True:
            try:
                with self._stream(self._events_call(job_id, last_event_id)) as response:
                    if response.status_code == httpx.codes.NO_CONTENT:
                        return
                    for event in _read_events(response):
                        failures = 0
                        last_event_id = event.event_id
                        yield event
                broken = CallFailed(MarketUnavailable("the market ended its stream of events"))
            except CallFailed as failed:
                broken = failed
            failures += 1
            self._wait_after(broken, failures, max_reconnects)

    def _events_call(self, job_id: bytes | None, last_event_id: int | None) -> Call:
        path = "/v1/events" if job_id is None else f"/v1/jobs/{to_hex(job_id)}/events"
        headers = {"accept": "text/event-stream"}
        if last_event_id is not None:
            headers["last-event-id"] = str(last_event_id)
        return Call("GET", path, headers=headers, extra_seconds=SILENCE_SECONDS)


def parse_stream(lines: Iterable[str]) -> Iterator[ServerEvent]:
    """The events of a text/event-stream (WHATWG HTML, 9.2.6); comments and `retry` are dropped."""
    fields: dict[str, list[str]] = {}
    event_id = ""
    for line in lines:
        if not line:
            if "data" in fields:
                name = fields.get("event", ["message"])[-1]
                yield ServerEvent(event_id, name, "\n".join(fields["data"]))
            fields = {}
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "id" and "\0" not in value:
            event_id = value
        elif name in ("data", "event"):
            fields.setdefault(name, []).append(value)


def _read_events(response: httpx.Response) -> Iterator[Event]:
    for sent in parse_stream(response.iter_lines()):
        try:
            yield Event.model_validate_json(sent.data, extra="ignore")
        except ValidationError as error:
            raise MarketUnavailable("the market sent an event that is none") from error

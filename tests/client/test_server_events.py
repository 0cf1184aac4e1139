"""Server-sent events: parsing, and taking the stream up again."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from protocol.client.client import MarketClient
from protocol.client.server_events import ServerEvent, parse_stream
from protocol.errors import MarketUnavailable, NotFound
from tests.client.tiny_market import TinyMarket, answers_with, drops_after, event_stream


def event(number: int) -> dict[str, Any]:
    return {"event_id": number, "kind": "task", "at": 5, "job_id": None, "data": {"n": number}}


@pytest.mark.parametrize(
    ("lines", "events"),
    [
        (["data: a", ""], [ServerEvent("", "message", "a")]),
        (["id:7", "event:x", "data:a", "data: b", ""], [ServerEvent("7", "x", "a\nb")]),
        ([": ping", "", "event: x", "", "data: a", ""], [ServerEvent("", "message", "a")]),
        (["id: 1", "data: a", "", "data: b", ""], [ServerEvent("1", "message", t) for t in "ab"]),
        (["data: cut off"], []),
        (["data", ""], [ServerEvent("", "message", "")]),
        (["id: 1", "retry: 5", "other: x", "data: a", ""], [ServerEvent("1", "message", "a")]),
    ],
)
def test_parse_stream(lines: list[str], events: list[ServerEvent]) -> None:
    assert list(parse_stream(lines)) == events


def test_breaks_are_bridged(client: MarketClient, market: TinyMarket) -> None:
    def answer(request: Request) -> Response:
        last = int(request.headers.get("last-event-id", "0"))
        return event_stream([event(last + 1), event(last + 2)])

    cut = event_stream([event(1), event(2)]).body
    market.answers["GET", "/v1/events"] = answer
    market.break_next("GET", "/v1/events", drops_after(bytes(cut)[:-20], len(cut)))
    numbers = [item.event_id for item in islice(client.events(), 5)]
    assert numbers == [1, 2, 3, 4, 5]


def test_begins_after_the_given_event(client: MarketClient, market: TinyMarket) -> None:
    market.answers["GET", f"/v1/jobs/0x{'01' * 32}/events"] = lambda r: event_stream(
        [event(int(r.headers["last-event-id"]) + 1)]
    )
    assert next(client.events(b"\x01" * 32, last_event_id=41)).event_id == 42


def test_silence_ends_after_a_bound(client: MarketClient, market: TinyMarket) -> None:
    market.answers["GET", "/v1/events"] = lambda _: event_stream([])
    with pytest.raises(MarketUnavailable):
        next(client.events(max_reconnects=3))
    assert market.count("GET", "/v1/events") == 3


def test_no_content_means_no_more(client: MarketClient, market: TinyMarket) -> None:
    market.break_next("GET", "/v1/events", answers_with(Response(status_code=204)))
    assert list(client.events()) == []


def test_not_one_s_own_job(client: MarketClient) -> None:
    with pytest.raises(NotFound):
        next(client.events(b"\x01" * 32))


def test_nonsense_is_named(client: MarketClient, market: TinyMarket) -> None:
    market.answers["GET", "/v1/events"] = lambda _: Response("data: {}\n\n")
    with pytest.raises(MarketUnavailable, match="an event that is none"):
        next(client.events())

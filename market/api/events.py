"""Live events. `Last-Event-ID` (or `?after=`) continues where a connection broke."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from market.api.dependencies import PrincipalDep, ServicesDep
from market.services import Services
from protocol.client.wire import Event, Hash
from protocol.units import Bytes32

MAX_EVENT_ID = (1 << 53) - 1
router = APIRouter(tags=["events"])
After = Annotated[int | None, Query(ge=0, le=MAX_EVENT_ID, description="Start after this event id")]
LastEventId = Annotated[int | None, Header(ge=0, le=MAX_EVENT_ID)]


async def require_room(services: ServicesDep) -> None:
    """Refuse one listener too many. A dependency: a stream that has begun cannot refuse."""
    services.bell.require_room()


@router.get("/v1/events", response_class=EventSourceResponse, dependencies=[Depends(require_room)])
async def watch_market(
    services: ServicesDep, after: After = None, last_event_id: LastEventId = None
) -> AsyncIterator[ServerSentEvent]:
    """What happens on this market: kinds, ids, counts, addresses and amounts only."""
    async for event in _follow(services, None, _start(last_event_id, after)):
        yield event


def own_job(job_id: Hash, who: PrincipalDep, services: ServicesDep) -> Bytes32:
    """The id of a job of one's own. A dependency: a stream that has begun cannot refuse."""
    services.jobs.require_owner(who, Bytes32(job_id))
    return Bytes32(job_id)


OwnJobDep = Annotated[Bytes32, Depends(own_job)]


@router.get(
    "/v1/jobs/{job_id}/events",
    response_class=EventSourceResponse,
    dependencies=[Depends(require_room)],
)
async def watch_job(
    job_id: OwnJobDep,
    services: ServicesDep,
    after: After = None,
    last_event_id: LastEventId = None,
) -> AsyncIterator[ServerSentEvent]:
    """What happens to one job of one's own, from its beginning."""
    start = _start(last_event_id, after)
    async for event in _follow(services, job_id, 0 if start is None else start):
        yield event


def _start(last_event_id: int | None, after: int | None) -> int | None:
    return last_event_id if last_event_id is not None else after


async def _follow(
    services: Services, job_id: Bytes32 | None, after: int | None
) -> AsyncIterator[ServerSentEvent]:
    feed = services.feed
    cursor = await run_in_threadpool(feed.newest) if after is None else after
    async with services.bell.waiting(None) as waiting:
        while True:
            for event in await run_in_threadpool(feed.after, cursor, job_id):
                cursor = event.event_id
                yield _sse(event)
            if not await waiting.next_ring():
                return


def _sse(event: Event) -> ServerSentEvent:
    return ServerSentEvent(
        raw_data=event.model_dump_json(), event=event.kind, id=str(event.event_id)
    )

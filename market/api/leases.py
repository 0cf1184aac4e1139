"""Leases: ask for work, keep it, hand in its results, or give it back."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from market.api.dependencies import PrincipalDep, ServicesDep
from protocol.client.wire import (
    Hash,
    Heartbeat,
    HeartbeatReply,
    LeaseFailure,
    LeaseGrant,
    LeaseResultRequest,
)
from protocol.units import Bytes32

MAX_WAIT_SECONDS = 20
router = APIRouter(tags=["leases"])


@router.post("/v1/leases", response_model=LeaseGrant, responses={204: {"model": None}})
async def create_lease(
    request: Request,
    who: PrincipalDep,
    services: ServicesDep,
    wait_seconds: Annotated[float, Query(ge=0, le=MAX_WAIT_SECONDS)] = 0,
) -> LeaseGrant | Response:
    """Ask for work for this device's offer; waits for it up to `wait_seconds`. 204: none yet."""
    # Waiting devices must not occupy threads or connections: only here the market is async.
    services.work_bell.require_room()
    async with services.work_bell.waiting(wait_seconds) as waiting:
        while True:
            grant = await run_in_threadpool(services.leases.request, who)
            if grant is not None:
                return grant
            if not await waiting.next_ring() or await request.is_disconnected():
                return Response(status_code=204)
            await asyncio.sleep(services.leases.turn_seconds(who))


@router.post("/v1/leases/{lease_id}/heartbeat")
def heartbeat(
    lease_id: Hash, body: Heartbeat, who: PrincipalDep, services: ServicesDep
) -> HeartbeatReply:
    """Keep a lease alive."""
    return services.leases.heartbeat(who, Bytes32(lease_id), body.tasks_done)


@router.post("/v1/leases/{lease_id}/result", status_code=200)
def submit_result(
    lease_id: Hash, body: LeaseResultRequest, who: PrincipalDep, services: ServicesDep
) -> None:
    """Hand in a signed lease result. A 200 means it is kept and will be committed."""
    services.lease_results.submit(who, Bytes32(lease_id), body)


@router.post("/v1/leases/{lease_id}/failure", status_code=204)
def fail_lease(
    lease_id: Hash, body: LeaseFailure, who: PrincipalDep, services: ServicesDep
) -> None:
    """Give a lease back: its tasks go to others."""
    services.leases.fail(who, Bytes32(lease_id), body.code, body.detail)

"""GET /v1/market, POST /v1/sessions, health."""

from __future__ import annotations

from fastapi import APIRouter, Response

from market.api.dependencies import ServicesDep
from protocol.client.wire import MarketInfo, Session, SessionRequest
from protocol.typed_data import parse_signature

router = APIRouter(tags=["market"])


@router.get("/v1/market")
def get_market(services: ServicesDep) -> MarketInfo:
    """Where this market lives and by which parameters it plays."""
    return services.info


@router.post("/v1/sessions", status_code=201)
def create_session(body: SessionRequest, services: ServicesDep) -> Session:
    """Sign in with an EIP-712 Login. The token is shown once; the market keeps its hash."""
    return services.sessions.create(body.login, parse_signature(body.signature))


@router.get("/healthz", tags=["health"])
def is_alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz", tags=["health"])
def is_ready(services: ServicesDep, response: Response) -> dict[str, bool]:
    """Whether the database and the chain answer."""
    checks = services.health.checks()
    response.status_code = 200 if all(checks.values()) else 503
    return checks

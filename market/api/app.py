"""The FastAPI application around a market's services."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from market.api import (
    accounts,
    audits,
    blobs,
    development,
    events,
    jobs,
    leases,
    market,
    offers,
    problems,
    web,
)
from market.api.edge import Edge
from market.services import Services
from protocol.client.wire import Event, Problem

TITLE = "Fallow Market"
ROUTERS = (market, blobs, jobs, accounts, offers, leases, audits, events, development)


def create_app(services: Services | None, web_directory: Path, rpc_url: str = "") -> FastAPI:
    """The application. Without services it can only describe itself (`market.openapi`)."""
    app = FastAPI(
        title=TITLE,
        version="1",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        generate_unique_id_function=_operation_id,
        responses=problems.RESPONSES,
    )
    app.state.services = services
    for module in ROUTERS:
        app.include_router(module.router)
    problems.install(app)
    web.install(app, web_directory)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    app.add_middleware(Edge, connect_sources=rpc_url)
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
        for model in (Event, Problem):  # streams and refusals: no route returns them as its body
            schema["components"]["schemas"][model.__name__] = model.model_json_schema()
        app.openapi_schema = schema
    return app.openapi_schema


def _operation_id(route: APIRoute) -> str:
    return route.name


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services | None = app.state.services
    if services is not None:
        services.bell.attach()
        services.work_bell.attach()
    yield

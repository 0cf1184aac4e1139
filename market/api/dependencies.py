"""What routes are given: the services, and who is asking."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from market.principal import Principal
from market.services import Services
from protocol.errors import NotSignedIn

_bearer = HTTPBearer(auto_error=False, description="The token of POST /v1/sessions")


# Coroutines on purpose: FastAPI would send a plain function through its thread pool, which costs
# more than what these do.
async def services_of(request: Request) -> Services:
    """The services that `market.main` wired."""
    return cast(Services, request.app.state.services)


ServicesDep = Annotated[Services, Depends(services_of)]


async def principal_of(
    services: ServicesDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Principal:
    """Who is signed in.

    Raises:
        NotSignedIn: no, an unknown or an expired token.
    """
    if credentials is None:
        raise NotSignedIn
    token = credentials.credentials
    known = services.sessions.cached(token)
    if known is not None:
        return known
    return await run_in_threadpool(services.sessions.principal, token)


PrincipalDep = Annotated[Principal, Depends(principal_of)]

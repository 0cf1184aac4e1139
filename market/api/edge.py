"""What happens to every request before it reaches a route: an id, a size limit, safe headers."""

from __future__ import annotations

import secrets

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_JSON_BYTES = 4 << 20
_UPLOADS = "/v1/uploads/"


class Edge:
    """Pure ASGI, so that streams pass through untouched. Uploads have their own limit."""

    def __init__(self, app: ASGIApp, connect_sources: str) -> None:
        self._app = app
        policy = (
            f"default-src 'self'; connect-src 'self' {connect_sources}; img-src 'self' data:; "
            "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        )
        self._headers = [
            (b"content-security-policy", policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"x-frame-options", b"DENY"),
            (b"cross-origin-opener-policy", b"same-origin"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["request_id"] = request_id = secrets.token_hex(8)
        headers = [*self._headers, (b"x-request-id", request_id.encode())]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *headers]
            await send(message)

        await self._app(scope, _limited(scope, receive), send_with_headers)


def _limited(scope: Scope, receive: Receive) -> Receive:
    if scope["method"] == "PATCH" and scope["path"].startswith(_UPLOADS):
        return receive
    received = 0

    async def receive_limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MAX_JSON_BYTES:
            raise HTTPException(413, f"a request body has at most {MAX_JSON_BYTES} bytes")
        return message

    return receive_limited

"""What happens to every request before it reaches a route: an id, a size limit, safe headers."""

from __future__ import annotations

import json
import secrets

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from market.api.problems import MEDIA_TYPE, TYPE_PREFIX

MAX_JSON_BYTES = 4 << 20
_UPLOADS = "/v1/uploads/"


class BodyTooLarge(Exception):
    """More bytes arrived than the route takes."""


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
        has_started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start":
                has_started = True
                message["headers"] = [*message.get("headers", []), *headers]
            await send(message)

        try:
            await self._app(scope, _limited(scope, receive), send_with_headers)
        except BodyTooLarge:
            if not has_started:
                await _refuse(send_with_headers, request_id)


def _limited(scope: Scope, receive: Receive) -> Receive:
    if scope["method"] == "PATCH" and scope["path"].startswith(_UPLOADS):
        return receive
    received = 0

    async def receive_limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MAX_JSON_BYTES:
            raise BodyTooLarge
        return message

    return receive_limited


async def _refuse(send: Send, request_id: str) -> None:
    body = {
        "type": TYPE_PREFIX + "blob_too_large",
        "title": "Content Too Large",
        "status": 413,
        "detail": f"a request body has at most {MAX_JSON_BYTES} bytes",
        "code": "blob_too_large",
        "retryable": False,
        "request_id": request_id,
    }
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode()})

"""A small market behind a real HTTP server, that breaks on request: what a client can notice."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from protocol.chain.params import development
from protocol.errors import (
    BlobIncomplete,
    BlobMismatch,
    FallowError,
    NonceUsed,
    NotFound,
    NotSignedIn,
)
from protocol.session import Login
from protocol.typed_data import Domain
from protocol.units import Address, parse_address

OPERATOR = Address("0x00000000000000000000000000000000000000A1")
MARKET = Address("0x00000000000000000000000000000000000000b2")
TOKEN = Address("0x00000000000000000000000000000000000000C3")
BEACON = Address("0x00000000000000000000000000000000000000D4")
DOMAIN = Domain(31337, parse_address(MARKET.lower()))

Fault = Callable[[ASGIApp, Scope, Receive, Send], Any]


@dataclass
class TinyMarket:
    """Its state, its journal of requests, and its faults by (method, path)."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, bytearray] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    nonces: set[bytes] = field(default_factory=set)
    session_seconds: int = 3600
    answers: dict[tuple[str, str], Callable[[Request], Response]] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    faults: dict[tuple[str, str], list[Fault]] = field(default_factory=lambda: defaultdict(list))
    url: str = ""

    def break_next(self, method: str, path: str, *faults: Fault) -> None:
        """Let the next requests there meet these faults, one each."""
        self.faults[method, path].extend(faults)

    def count(self, method: str, path: str) -> int:
        """How many such requests arrived."""
        return sum(1 for seen in self.requests if seen[:2] == (method, path))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note the request, meet a fault if one waits, answer otherwise."""
        if scope["type"] == "http":
            key = (scope["method"], scope["path"])
            headers = {name.decode(): value.decode() for name, value in scope["headers"]}
            self.requests.append((*key, headers))
            if self.faults[key]:
                await self.faults[key].pop(0)(self._app, scope, receive, send)
                return
        await self._app(scope, receive, send)

    def __post_init__(self) -> None:
        every = ["GET", "POST", "PUT", "DELETE", "PATCH"]
        self._app = Starlette(
            routes=[
                Route("/v1/market", self._market),
                Route("/v1/sessions", self._sign_in, methods=["POST"]),
                Route("/v1/uploads", self._create_upload, methods=["POST"]),
                Route("/v1/uploads/{blob_id}", self._upload, methods=["GET", "PATCH"]),
                Route("/v1/blobs/{blob_id}", self._blob),
                Route("/{path:path}", self._scripted, methods=every),
            ],
            exception_handlers={FallowError: _problem_handler},
        )

    async def _market(self, request: Request) -> Response:
        return JSONResponse(
            {
                "chain_id": DOMAIN.chain_id,
                "market": DOMAIN.market,
                "token": TOKEN.lower(),
                "arbiter": TOKEN.lower(),
                "beacon": BEACON.lower(),
                "deployed_block": 7,
                "operator": OPERATOR.lower(),
                "rpc_url": "http://127.0.0.1:1",
                "relayer_fee_wei": "7",
                "heartbeat_seconds": 5,
                "is_development": True,
                "params": development().to_json(),
                "a_field_of_a_newer_market": 1,
            }
        )

    async def _sign_in(self, request: Request) -> Response:
        body = await request.json()
        login = Login.from_json(body["login"])
        login.check(int(time.time()))
        login.require_signer(DOMAIN, bytes.fromhex(body["signature"][2:]), login.account)
        if login.nonce in self.nonces:
            raise NonceUsed
        self.nonces.add(login.nonce)
        token = f"token-{len(self.nonces)}"
        self.sessions[token] = login.account
        expires_at = int(time.time()) + self.session_seconds
        answer = {"token": token, "account": login.account, "wallet": login.account}
        return JSONResponse(answer | {"expires_at": expires_at}, 201)

    def require_session(self, request: Request) -> str:
        """The account that is signed in."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.sessions:
            raise NotSignedIn
        return self.sessions[token]

    async def _create_upload(self, request: Request) -> Response:
        self.require_session(request)
        body = await request.json()
        blob_id = body["blob_id"]
        self.sizes[blob_id] = body["size_bytes"]
        self.uploads.setdefault(blob_id, bytearray())
        self._finish(blob_id)
        return self._upload_view(blob_id, 201)

    async def _upload(self, request: Request) -> Response:
        self.require_session(request)
        blob_id = request.path_params["blob_id"]
        if blob_id not in self.uploads:
            raise NotFound
        if request.method == "PATCH":
            if int(request.headers["upload-offset"]) != len(self.uploads[blob_id]):
                raise BlobIncomplete
            self.uploads[blob_id] += await request.body()
            self._finish(blob_id)
        return self._upload_view(blob_id, 200)

    def _finish(self, blob_id: str) -> None:
        data = bytes(self.uploads[blob_id])
        if len(data) < self.sizes[blob_id]:
            return
        if blob_id != "sha256:" + hashlib.sha256(data).hexdigest():
            del self.uploads[blob_id]
            raise BlobMismatch
        self.blobs[blob_id] = data

    def _upload_view(self, blob_id: str, status: int) -> Response:
        return JSONResponse(
            {
                "blob_id": blob_id,
                "size_bytes": self.sizes[blob_id],
                "offset_bytes": len(self.uploads[blob_id]),
                "is_complete": blob_id in self.blobs,
            },
            status,
        )

    async def _blob(self, request: Request) -> Response:
        self.require_session(request)
        data = self.blobs.get(request.path_params["blob_id"])
        if data is None:
            raise NotFound
        if "range" not in request.headers:
            return Response(data)
        start = int(request.headers["range"].removeprefix("bytes=").removesuffix("-"))
        if start >= len(data):
            return Response(status_code=416, headers={"content-range": f"bytes */{len(data)}"})
        range_header = f"bytes {start}-{len(data) - 1}/{len(data)}"
        return Response(data[start:], 206, {"content-range": range_header})

    async def _scripted(self, request: Request) -> Response:
        answer = self.answers.get((request.method, request.url.path))
        if answer is None:
            raise NotFound(f"nothing at {request.url.path}")
        await request.body()
        return answer(request)


def _problem_handler(request: Request, error: Exception) -> Response:
    assert isinstance(error, FallowError)
    return problem(error)


def problem(error: FallowError, headers: dict[str, str] | None = None) -> Response:
    """The problem details of `error`."""
    body = {
        "type": f"https://fallow.example/problems/{error.code}",
        "title": type(error).__name__,
        "status": error.http_status,
        "detail": error.message,
        "code": error.code,
        "retryable": error.retryable,
        "request_id": "r-1",
    }
    return JSONResponse(body, error.http_status, headers, "application/problem+json")


def answers_with(response: Response) -> Fault:
    """Answer this instead."""

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await response(scope, receive, send)

    return fault


def drops_after(data: bytes, promised_bytes: int, status: int = 200, **headers: str) -> Fault:
    """Promise a body, send only the beginning, and close the connection."""

    async def fault(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        fields = [(b"content-length", str(promised_bytes).encode())]
        fields += [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": data, "more_body": True})

    return fault


async def loses_the_answer(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Do what was asked, and close the connection before anything of the answer is sent."""

    async def swallow(message: Any) -> None:
        return None

    await app(scope, receive, swallow)
    await drops_after(b"", 100)(app, scope, receive, send)


def event_stream(events: list[dict[str, Any]]) -> Response:
    """Some server-sent events, after which the stream ends."""
    lines = [f"id: {e['event_id']}\nevent: {e['kind']}\ndata: {json.dumps(e)}\n\n" for e in events]
    return Response(": ping\n\n" + "".join(lines), media_type="text/event-stream")


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Serve on a free loopback port in a thread; yield the base address."""
    config = uvicorn.Config(app, port=0, log_level="critical", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < deadline, "the server does not start"
        time.sleep(0.005)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)

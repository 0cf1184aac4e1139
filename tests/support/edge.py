"""The market as an operator shows it to verifiers: all of it but what it holds back."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from protocol.chain.contracts import Contracts
from protocol.errors import NotFound
from protocol.units import Bytes32, parse_bytes32
from tests.support.chains import free_port

START_SECONDS = 10
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
# Of one connection, not of the message.
HOP_BY_HOP = {"connection", "content-encoding", "content-length", "host", "transfer-encoding"}


@dataclass
class Edge:
    """Passes every request on. Of the leases in these sets it pretends to know nothing."""

    market_url: str
    contracts: Contracts
    hidden_inputs: set[Bytes32] = field(default_factory=set)
    hidden_openings: set[Bytes32] = field(default_factory=set)
    hidden_claims: set[Bytes32] = field(default_factory=set)
    url: str = ""

    async def answer(self, request: Request) -> Response:
        """What the market says, or that there is nothing."""
        body = await request.body()
        if self._is_hidden(request.url.path, body):
            return _not_found()
        headers = {k: v for k, v in request.headers.items() if k not in HOP_BY_HOP}
        async with httpx.AsyncClient(base_url=self.market_url, timeout=60) as client:
            path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            given = await client.request(request.method, path, content=body, headers=headers)
        passed = {k: v for k, v in given.headers.items() if k not in HOP_BY_HOP}
        return Response(given.content, given.status_code, passed)

    def _is_hidden(self, path: str, body: bytes) -> bool:
        if path == "/v1/audits":
            return parse_bytes32(json.loads(body)["lease_id"]) in self.hidden_inputs
        if path == "/v1/audits/commitments":
            lease_id = json.loads(body)["commitment"]["leaseId"]
            return parse_bytes32(lease_id) in self.hidden_openings
        if path.startswith("/v1/disputes/"):
            number = int(path.split("/")[3])
            return self.contracts.dispute(number).lease_id in self.hidden_claims
        return False


@contextmanager
def serve(edge: Edge) -> Iterator[Edge]:
    """Run it on a free port until the block ends."""
    port = free_port()
    routes = [Route("/{path:path}", edge.answer, methods=METHODS)]
    config = uvicorn.Config(
        Starlette(routes=routes), port=port, log_config=None, access_log=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + START_SECONDS
        while not server.started:
            assert time.monotonic() < deadline, "the edge did not start"
            time.sleep(0.02)
        edge.url = f"http://127.0.0.1:{port}"
        yield edge
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)


def _not_found() -> Response:
    error = NotFound()
    body = {
        "type": f"about:{error.code}",
        "title": error.code,
        "status": error.http_status,
        "detail": error.message,
        "code": error.code,
        "retryable": False,
        "request_id": "edge",
    }
    return JSONResponse(body, error.http_status, media_type="application/problem+json")

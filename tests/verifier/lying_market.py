"""A market behind a real HTTP server that serves audits, and lies or keeps silent when told.

The real market cannot be made to lie; a verifier has to stand up to one that does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from protocol.audit import AuditCommitment, AuditResult, ToleranceCommitment, commitment
from protocol.errors import FallowError, NotFound
from protocol.result import Opening
from protocol.session import Login
from protocol.typed_data import parse_signature
from protocol.units import ContentId, content_id, parse_bytes32, to_hex
from tests.support.chains import free_port
from tests.verifier.world import OPERATOR, QUICK, World


@dataclass
class LyingMarket:
    """Honest until told otherwise. `commitments` and `results` are what verifiers sent."""

    world: World
    commitments: list[AuditCommitment | ToleranceCommitment] = field(default_factory=list)
    results: list[tuple[str, AuditResult]] = field(default_factory=list)
    spec: dict[str, Any] | None = None
    task_input: ContentId | None = None
    change_opening: Callable[[Opening], Opening] = lambda opening: opening
    refuses_openings: bool = False
    hides_inputs_from: Container[str] = ()
    """Accounts that are told nothing about the tasks that they were drawn for."""
    outputs: dict[int, bytes] = field(default_factory=dict)
    """What was claimed for a task of a job with a comparator, where it is not what is right."""
    hides_outputs: bool = False
    hold: threading.Event | None = None
    asked: int = 0
    url: str = ""

    def routes(self) -> list[Route]:
        return [
            Route("/v1/market", self._market),
            Route("/v1/sessions", self._session, methods=["POST"]),
            Route("/v1/blobs/{blob_id}", self._blob),
            Route("/v1/audits", self._audit, methods=["POST"]),
            Route("/v1/audits/commitments", self._commit, methods=["POST"]),
            Route("/v1/audits/results", self._result, methods=["POST"]),
            Route("/v1/disputes/{dispute_id:int}/opening", self._opening, methods=["POST"]),
            Route("/v1/disputes/{dispute_id:int}/commitments", self._commit, methods=["POST"]),
        ]

    def _market(self, _: Request) -> Response:
        deployment = self.world.deployment
        return JSONResponse(
            {
                "chain_id": deployment.chain_id,
                "market": deployment.market,
                "token": deployment.token,
                "arbiter": deployment.arbiter,
                "beacon": deployment.beacon,
                "deployed_block": deployment.deployed_block,
                "operator": OPERATOR.address,
                "rpc_url": self.world.rpc_url,
                "relayer_fee_wei": "0",
                "heartbeat_seconds": 5,
                "is_development": True,
                "params": QUICK.to_json(),
            }
        )

    async def _session(self, request: Request) -> Response:
        body = await request.json()
        login = Login.from_json(body["login"])
        login.require_signer(
            self.world.contracts.domain, parse_signature(body["signature"]), login.account
        )
        session = {"token": login.account, "account": login.account, "wallet": login.account}
        return JSONResponse({**session, "expires_at": int(time.time()) + 3600}, 201)

    def _blob(self, request: Request) -> Response:
        data = self.world.blobs.get(ContentId(request.path_params["blob_id"]))
        return Response(data) if data is not None else _problem(NotFound())

    async def _audit(self, request: Request) -> Response:
        self.asked += 1
        body = await request.json()
        is_hidden = _caller(request) in self.hides_inputs_from
        if is_hidden or parse_bytes32(body["lease_id"]) not in self.world.leases:
            return _problem(NotFound())
        inputs = {task: self.world.task_input(task) for task in range(self.world.tasks)}
        names = {data: blob_id for blob_id, data in self.world.blobs.items()}
        task_input = self.task_input or names[inputs[body["task"]]]
        spec = self.spec or self.world.spec.to_json()
        return JSONResponse({"spec": spec, "task_input": task_input})

    async def _commit(self, request: Request) -> Response:
        body = await request.json()
        kind = ToleranceCommitment if self.world.spec.comparator else AuditCommitment
        message = kind.from_json(body["commitment"])
        message.require_signer(
            self.world.contracts.domain,
            parse_signature(body["signature"]),
            _caller(request),
        )
        self.commitments.append(message)
        if self.hold is not None:
            self.hold.set()
            return _problem(FallowError("held"))
        if self.refuses_openings:
            return _problem(NotFound())
        return self._open(message.lease_id, message.task)

    async def _result(self, request: Request) -> Response:
        body = await request.json()
        result = AuditResult.from_json(body["result"])
        who = _caller(request)
        result.require_signer(self.world.contracts.domain, parse_signature(body["signature"]), who)
        bound = commitment(who, result.task_digest, result.salt)
        is_bound = bound in {message.commitment for message in self.commitments}
        assert is_bound or self.world.spec.comparator
        self.results.append((who, result))
        truth = self.world.leases[result.lease_id].opening(result.task).digest
        return JSONResponse({"agrees": truth == result.task_digest})

    def _opening(self, request: Request) -> Response:
        dispute = self.world.contracts.dispute(request.path_params["dispute_id"])
        return self._open(dispute.lease_id, dispute.task)

    def _open(self, lease_id: bytes, task: int) -> Response:
        opening = self.change_opening(self.world.leases[parse_bytes32(lease_id)].opening(task))
        return JSONResponse(
            {
                "digest": to_hex(opening.digest),
                "salt": to_hex(opening.salt),
                "proof": [to_hex(step) for step in opening.proof],
                "output": self._output(task),
            }
        )

    def _output(self, task: int) -> ContentId | None:
        if self.world.spec.comparator is None or self.hides_outputs:
            return None
        output = self.outputs.get(task, self.world.task_input(task))
        self.world.blobs[content_id(output)] = output
        return content_id(output)


@contextmanager
def serve(market: LyingMarket) -> Iterator[LyingMarket]:
    """Run it on a free port until the block ends."""
    port = free_port()
    config = uvicorn.Config(
        Starlette(routes=market.routes()), port=port, log_level="error", lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        market.world.wait_until(lambda: server.started, 10, "the server's start")
        market.url = f"http://127.0.0.1:{port}"
        yield market
    finally:
        server.should_exit = True
        thread.join()


def _caller(request: Request) -> Any:
    return request.headers["authorization"].removeprefix("Bearer ")


def _problem(error: FallowError) -> Response:
    body = {
        "type": f"about:{error.code}",
        "title": error.code,
        "status": error.http_status,
        "detail": error.message,
        "code": error.code,
        "retryable": error.retryable,
        "request_id": "test",
    }
    return JSONResponse(body, error.http_status, media_type="application/problem+json")

"""JSON-RPC 2.0 over HTTP on loopback, with batches and CORS, so that browsers can use it too."""

from __future__ import annotations

import json
import logging
import socket
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from protocol.chain.devchain.evm import ExecutionReverted
from protocol.chain.devchain.methods import Method, Methods
from protocol.errors import ChainRejected, InvalidInput
from protocol.units import to_hex

MAX_BODY_BYTES = 16 << 20
_log = logging.getLogger(__name__)


class RpcServer(ThreadingHTTPServer):
    """Serves `methods`; one thread a connection."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, methods: Methods) -> None:
        self.methods = methods
        super().__init__((host, port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: RpcServer

    def setup(self) -> None:
        super().setup()
        # Without it, a kept-alive connection waits 40 ms for each answer.
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def do_POST(self) -> None:
        try:
            length = int(self.headers.get("Content-Length", "0"))
        except ValueError:
            length = -1
        if not 0 <= length <= MAX_BODY_BYTES:
            self.close_connection = True
            self._send(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"{}")
            return
        self._send(HTTPStatus.OK, answer_body(self.server.methods, self.rfile.read(length)))

    def do_GET(self) -> None:
        self._send(HTTPStatus.OK, b'{"status":"ok"}')

    def do_OPTIONS(self) -> None:
        self._send(HTTPStatus.NO_CONTENT, b"")

    def _send(self, status: HTTPStatus, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Methods", "POST, GET, OPTIONS")
        self.send_header("Access-Control-Allow-Headers", "*")
        self.end_headers()
        if body:
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Requests are not worth a line each."""


def answer_body(methods: Methods, body: bytes) -> bytes:
    """The response to a request's body, single or batch."""
    try:
        request = json.loads(body)
    except ValueError:
        return _encoded(_error(None, -32700, "not JSON"))
    if isinstance(request, list) and request:
        return _encoded([answer(methods, item) for item in request])
    return _encoded(answer(methods, request))


def answer(methods: Methods, request: Any) -> dict[str, Any]:
    """The response to one request."""
    if not isinstance(request, dict):
        return _error(None, -32600, "not a JSON-RPC request")
    identity, name = request.get("id"), request.get("method")
    method = methods.find(name)
    if method is None:
        return _error(identity, -32601, f"the method {name} does not exist here")
    return {"jsonrpc": "2.0", "id": identity, **_run(method, request)}


def _run(method: Method, request: dict[str, Any]) -> dict[str, Any]:
    name = request["method"]
    try:
        return {"result": method(*(request.get("params") or []))}
    except ExecutionReverted as error:
        return _problem(3, error.message, to_hex(error.data))
    except ChainRejected as error:
        return _problem(-32000, error.message)
    except (InvalidInput, TypeError, KeyError, AttributeError) as error:
        return _problem(-32602, f"invalid params of {name}: {error}")
    except Exception as error:  # noqa: BLE001 - a bug in one method must not end the connection
        _log.exception("%s failed", name)
        return _problem(-32603, f"{type(error).__name__}: {error}")


def _error(identity: Any, code: int, message: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": identity, **_problem(code, message)}


def _problem(code: int, message: str, data: str | None = None) -> dict[str, Any]:
    more = {} if data is None else {"data": data}
    return {"error": {"code": code, "message": message, **more}}


def _encoded(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()

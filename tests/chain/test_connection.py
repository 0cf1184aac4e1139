"""Every failure of an endpoint is one of ours."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from protocol.chain.connection import CallReverted, RpcRefused, connect, quantity, rpc, rpc_batch
from protocol.errors import ChainUnavailable
from tests.chain.conftest import Market
from tests.support.chains import free_port


class Endpoint(ThreadingHTTPServer):
    """An endpoint that answers every request with the same bytes."""

    def __init__(self) -> None:
        self.status = 200
        self.body = b"{}"
        super().__init__(("127.0.0.1", 0), Handler)

    def says(self, value: Any, status: int = 200) -> None:
        self.body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.status = status


class Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def ask(endpoint: Endpoint) -> Any:
    web3 = connect(f"http://127.0.0.1:{endpoint.server_address[1]}", 2)
    return rpc(web3, "eth_chainId")


def error(code: int, message: str, data: Any = None) -> dict[str, Any]:
    problem = {"code": code, "message": message, **({} if data is None else {"data": data})}
    return {"jsonrpc": "2.0", "id": 0, "error": problem}


def test_nobody_listens() -> None:
    with pytest.raises(ChainUnavailable, match="does not answer"):
        rpc(connect(f"http://127.0.0.1:{free_port()}", 1), "eth_chainId")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<html>", 200),
        (b"", 502),
        ({"error": "busy"}, 429),
        (error(-32005, "limit exceeded"), 200),
        (error(-32603, "internal error"), 200),
    ],
)
def test_trouble_means_later(endpoint: Endpoint, body: Any, status: int) -> None:
    endpoint.says(body, status)
    with pytest.raises(ChainUnavailable):
        ask(endpoint)


REASON = (
    "0x08c379a0"
    "0000000000000000000000000000000000000000000000000000000000000020"
    "0000000000000000000000000000000000000000000000000000000000000002"
    "6e6f000000000000000000000000000000000000000000000000000000000000"
)


@pytest.mark.parametrize("data", [REASON, "Reverted " + REASON, {"data": REASON}])
def test_reverts_are_decoded_however_they_are_wrapped(endpoint: Endpoint, data: Any) -> None:
    endpoint.says(error(3, "execution reverted", data))
    with pytest.raises(CallReverted, match=r"^Error\(no\)$"):
        ask(endpoint)


def test_other_refusals_keep_their_code(endpoint: Endpoint) -> None:
    endpoint.says(error(-32601, "no such method"))
    with pytest.raises(RpcRefused, match="no such method") as caught:
        ask(endpoint)
    assert caught.value.rpc_code == -32601


def test_a_batch_fails_as_one(market: Market) -> None:
    nothing: list[Any] = []
    good, bad = ("eth_chainId", nothing), ("eth_nonsense", nothing)
    assert rpc_batch(market.web3, [good] * 250) == ["0x7a69"] * 250
    assert rpc_batch(market.web3, []) == []
    with pytest.raises(RpcRefused):
        rpc_batch(market.web3, [good, bad])


def test_an_endpoint_without_batches_is_told(endpoint: Endpoint) -> None:
    endpoint.says({"jsonrpc": "2.0", "id": 0, "result": "0x1"})
    web3 = connect(f"http://127.0.0.1:{endpoint.server_address[1]}", 2)
    with pytest.raises(ChainUnavailable, match="batches"):
        rpc_batch(web3, [("eth_chainId", [])])


def test_a_number_must_be_hex() -> None:
    assert quantity("0x10") == 16
    with pytest.raises(ChainUnavailable):
        quantity(None)


def test_no_failure_tells_the_key_in_the_endpoints_address() -> None:
    url = f"http://user:PASSWORD@127.0.0.1:{free_port()}/v3/SECRET?key=SECRET"
    with pytest.raises(ChainUnavailable) as caught:
        rpc(connect(url, 1), "eth_chainId")
    assert "127.0.0.1" in str(caught.value)
    assert "SECRET" not in str(caught.value)
    assert "PASSWORD" not in str(caught.value)

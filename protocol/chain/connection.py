"""One way to a chain: web3 over HTTP, whose every failure is one of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import requests
from web3 import HTTPProvider, Web3
from web3.exceptions import Web3Exception
from web3.middleware import AttributeDictMiddleware
from web3.types import RPCEndpoint, RPCError, RPCResponse

from protocol.chain.reverts import decode_revert
from protocol.errors import ChainRejected, ChainUnavailable

BATCH_SIZE = 100
# Answers that say "not now" instead of "no": internal error, resource unavailable, limit exceeded.
_TRANSIENT_CODES = frozenset({-32603, -32002, -32005, -32097, 429})


class CallReverted(ChainRejected):
    """The contract refused; `data` is the ABI-encoded error."""

    def __init__(self, message: str, data: bytes) -> None:
        super().__init__(message)
        self.data = data


class RpcRefused(ChainRejected):
    """The endpoint refused the request itself, not a contract."""

    def __init__(self, message: str, rpc_code: int) -> None:
        super().__init__(message)
        self.rpc_code = rpc_code


class ChainProvider(HTTPProvider):
    """An HTTP provider that never lets a foreign exception out."""

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Send one request.

        Raises:
            ChainUnavailable: no answer, no JSON, or an answer that says "later".
            CallReverted: a contract refused.
            RpcRefused: the endpoint refused.
        """
        with self._ours():
            response = super().make_request(method, params)
        return _require_result(response, method)

    def make_batch_request(
        self, batch_requests: list[tuple[RPCEndpoint, Any]]
    ) -> list[RPCResponse]:
        """Send many requests at once; raises as `make_request` for the first that failed."""
        with self._ours():
            responses = super().make_batch_request(batch_requests)
        if not isinstance(responses, list):
            _require_result(responses, "batch")
            raise ChainUnavailable(f"{self.endpoint_uri} does not answer batches")
        pairs = zip(batch_requests, responses, strict=True)
        return [_require_result(response, method) for (method, _), response in pairs]

    @contextmanager
    def _ours(self) -> Iterator[None]:
        try:
            yield
        except (requests.RequestException, OSError, ValueError, Web3Exception) as error:
            raise ChainUnavailable(f"{self.endpoint_uri} does not answer: {error}") from error


def connect(rpc_url: str, timeout_seconds: float = 10) -> Web3:
    """A connection to the JSON-RPC endpoint `rpc_url`; nothing is sent yet.

    Every failure of a request surfaces as `ChainUnavailable` or `ChainRejected`.
    """
    provider = ChainProvider(
        rpc_url, request_kwargs={"timeout": timeout_seconds}, exception_retry_configuration=None
    )
    # The default middleware resolves names, checks chain ids and pads gas with extra requests.
    return Web3(provider, middleware=[(AttributeDictMiddleware, "attrdict")])


def rpc(web3: Web3, method: str, *params: Any) -> Any:
    """The bare result of one JSON-RPC request (hex text, not yet converted).

    Raises:
        ChainUnavailable, CallReverted, RpcRefused: see `ChainProvider`.
    """
    provider = cast(ChainProvider, web3.provider)
    return provider.make_request(RPCEndpoint(method), list(params)).get("result")


def rpc_batch(web3: Web3, requests_: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
    """The bare results of many requests, sent `BATCH_SIZE` at a time, in their order.

    Raises:
        ChainUnavailable, CallReverted, RpcRefused: for the first that failed.
    """
    provider = cast(ChainProvider, web3.provider)
    results: list[Any] = []
    for start in range(0, len(requests_), BATCH_SIZE):
        part = requests_[start : start + BATCH_SIZE]
        batch = [(RPCEndpoint(method), list(params)) for method, params in part]
        results += [answer.get("result") for answer in provider.make_batch_request(batch)]
    return results


def quantity(value: object) -> int:
    """A JSON-RPC quantity (`0x` hex) as an int."""
    if not isinstance(value, str):
        raise ChainUnavailable(f"the endpoint sent {value!r} for a number")
    return int(value, 16)


def _require_result(response: RPCResponse, method: str) -> RPCResponse:
    problem = response.get("error")
    if problem is not None:
        raise _translate(problem, method)
    return response


def _translate(problem: RPCError | str, method: str) -> ChainRejected | ChainUnavailable:
    if isinstance(problem, str):
        return ChainUnavailable(f"{method}: {problem}")
    code, message = int(problem.get("code", 0)), str(problem.get("message", ""))
    data = _revert_data(problem.get("data"))
    if data is not None or "revert" in message.lower():
        return CallReverted(decode_revert(data or b""), data or b"")
    if code in _TRANSIENT_CODES:
        return ChainUnavailable(f"{method}: {message}")
    return RpcRefused(f"{method}: {message}", code)


def _revert_data(value: object) -> bytes | None:
    if isinstance(value, dict):  # some endpoints wrap it
        value = value.get("data")
    if isinstance(value, str):
        found = re.fullmatch(r"(?:Reverted )?0x((?:[0-9a-fA-F]{2})*)", value)
        return bytes.fromhex(found[1]) if found else None
    return None

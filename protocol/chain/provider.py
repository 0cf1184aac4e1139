"""The web3 provider behind `connect`: an endpoint's failures become ours, at the lowest place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
from web3 import HTTPProvider
from web3.exceptions import Web3Exception
from web3.types import RPCEndpoint, RPCError, RPCResponse

from protocol.chain.connection import CallReverted, RpcRefused
from protocol.chain.reverts import decode_revert
from protocol.errors import ChainRejected, ChainUnavailable

# Answers that say "not now" instead of "no": internal error, resource unavailable, limit exceeded.
_TRANSIENT_CODES = frozenset({-32603, -32002, -32005, -32097, 429})


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
            raise ChainUnavailable(f"{self._shown()} does not answer batches")
        pairs = zip(batch_requests, responses, strict=True)
        return [_require_result(response, method) for (method, _), response in pairs]

    def ask(self, method: str, params: list[Any]) -> RPCResponse:
        """`make_request` without web3's types."""
        return self.make_request(RPCEndpoint(method), params)

    def ask_all(self, requests_: Sequence[tuple[str, Sequence[Any]]]) -> list[RPCResponse]:
        """`make_batch_request` without web3's types."""
        batch = [(RPCEndpoint(method), list(params)) for method, params in requests_]
        return self.make_batch_request(batch)

    @contextmanager
    def _ours(self) -> Iterator[None]:
        try:
            yield
        except (requests.RequestException, OSError, ValueError, Web3Exception) as error:
            what = type(error).__name__
            raise ChainUnavailable(f"{self._shown()} does not answer: {what}") from error

    def _shown(self) -> str:
        """The endpoint without its path and password: either may be a key, and this is told."""
        url = urlsplit(str(self.endpoint_uri))
        return f"{url.scheme}://{url.netloc.rpartition('@')[2]}"


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

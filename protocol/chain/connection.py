"""One way to a chain: web3 over HTTP, whose every failure is one of ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from protocol.errors import ChainRejected, ChainUnavailable

if TYPE_CHECKING:
    from web3 import Web3

    from protocol.chain.provider import ChainProvider

BATCH_SIZE = 100


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


def connect(rpc_url: str, timeout_seconds: float = 10) -> Web3:
    """A connection to the JSON-RPC endpoint `rpc_url`; nothing is sent yet.

    Every failure of a request surfaces as `ChainUnavailable` or `ChainRejected`.
    """
    # Imported here: web3 takes a third of a second, which a command that asks no chain can save.
    from web3 import Web3
    from web3.middleware import AttributeDictMiddleware

    from protocol.chain.provider import ChainProvider

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
    provider = cast("ChainProvider", web3.provider)
    return provider.ask(method, list(params)).get("result")


def rpc_batch(web3: Web3, requests_: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
    """The bare results of many requests, sent `BATCH_SIZE` at a time, in their order.

    Raises:
        ChainUnavailable, CallReverted, RpcRefused: for the first that failed.
    """
    provider = cast("ChainProvider", web3.provider)
    results: list[Any] = []
    for start in range(0, len(requests_), BATCH_SIZE):
        part = requests_[start : start + BATCH_SIZE]
        results += [answer.get("result") for answer in provider.ask_all(part)]
    return results


def quantity(value: object) -> int:
    """A JSON-RPC quantity (`0x` hex) as an int."""
    if not isinstance(value, str):
        raise ChainUnavailable(f"the endpoint sent {value!r} for a number")
    return int(value, 16)

"""A market to talk to, and a client of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from starlette.types import Receive, Scope, Send

from protocol.client.client import MarketClient
from protocol.client.retry import Retry
from tests.client.tiny_market import TinyMarket, served

QUICK = Retry(attempts=4, base_seconds=0.001, cap_seconds=0.002, random=lambda: 0.5)


@pytest.fixture
def account() -> LocalAccount:
    signer: LocalAccount = Account.from_key("0x" + "11" * 32)
    return signer


class Server:
    """One HTTP server for all tests; each puts its own market behind it."""

    def __init__(self) -> None:
        self.market = TinyMarket()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.market(scope, receive, send)


@pytest.fixture(scope="session")
def server() -> Iterator[tuple[Server, str]]:
    app = Server()
    with served(app) as url:
        yield app, url


@pytest.fixture
def market(server: tuple[Server, str]) -> TinyMarket:
    app, url = server
    app.market = TinyMarket(url=url)
    return app.market


@pytest.fixture
def client(market: TinyMarket, account: LocalAccount) -> Iterator[MarketClient]:
    with MarketClient(market.url, account, timeout_seconds=5, retry=QUICK) as opened:
        yield opened

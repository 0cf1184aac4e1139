"""A market that runs jobs, a wallet with credits, and a requester."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from protocol.client.client import MarketClient
from protocol.client.retry import Retry
from protocol.units import WEI_PER_CREDIT
from requester.requester import Requester
from tests.client.tiny_market import served
from tests.requester.job_market import JobMarket


@pytest.fixture
def wallet() -> LocalAccount:
    account: LocalAccount = Account.from_key("0x" + "22" * 32)
    return account


@pytest.fixture
def market(wallet: LocalAccount) -> Iterator[JobMarket]:
    market = JobMarket()
    market.wallets[wallet.address] = 100 * WEI_PER_CREDIT
    market.balances[wallet.address] = 10 * WEI_PER_CREDIT
    with served(market) as market.url:
        yield market


@pytest.fixture
def requester(market: JobMarket, wallet: LocalAccount) -> Iterator[Requester]:
    retry = Retry(attempts=3, base_seconds=0.001, cap_seconds=0.002)
    with MarketClient(market.url, wallet, retry=retry) as client:
        yield Requester(client, wallet)

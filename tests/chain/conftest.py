"""Real chains: py-evm and Anvil, each started once, with a market deployed on both."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from web3 import Web3

from protocol.chain import params
from protocol.chain.calls import Call
from protocol.chain.connection import connect, rpc
from protocol.chain.contracts import Contracts
from protocol.chain.deploy import deploy
from protocol.chain.development import development_account
from protocol.chain.facts import Deployment
from protocol.chain.sender import MemoryJournal, Receipt, Sender
from protocol.units import WEI_PER_CREDIT, Address
from tests.support.chains import start_anvil, start_devchain

SUPPLY_WEI = 10**9 * WEI_PER_CREDIT


@dataclass(frozen=True)
class Market:
    """A market on a running chain; account 0 deployed it and holds the tokens."""

    web3: Web3
    deployment: Deployment

    @property
    def contracts(self) -> Contracts:
        return Contracts(self.web3, self.deployment)

    def send(self, call: Call, index: int = 0) -> Receipt:
        """Send `call` from a development account and wait."""
        sender = Sender(self.web3, development_account(index), MemoryJournal())
        key = f"test {time.monotonic_ns()}"
        sender.submit(key, call)
        return sender.wait(key, 20)

    def fund(self, index: int, amount_wei: int) -> None:
        """Give a development account a free balance."""
        account = Address(development_account(index).address)
        self.send(self.contracts.token_transfer(account, amount_wei))
        self.send(self.contracts.token_approve(amount_wei), index)
        self.send(self.contracts.deposit(amount_wei), index)


@pytest.fixture(scope="session")
def devchain_url() -> Iterator[str]:
    with start_devchain() as url:
        yield url


@pytest.fixture(scope="session")
def anvil_url() -> Iterator[str]:
    with start_anvil() as url:
        yield url


@pytest.fixture(scope="session", params=["devchain_url", "anvil_url"])
def market(request: pytest.FixtureRequest) -> Market:
    """The same market on each of the two chains."""
    web3 = connect(request.getfixturevalue(request.param))
    made = deploy(web3, development_account(0), params.development(), SUPPLY_WEI)
    return Market(web3, made)


@pytest.fixture
def still_anvil() -> Iterator[Web3]:
    """An Anvil of one's own that mines only when told."""
    with start_anvil("--no-mining") as url:
        yield connect(url)


@pytest.fixture
def own_anvil() -> Iterator[Market]:
    """An Anvil of one's own, with a market, to reorganise."""
    with start_anvil() as url:
        web3 = connect(url)
        made = deploy(web3, development_account(0), params.development(), SUPPLY_WEI)
        yield Market(web3, made)


@pytest.fixture(params=["py-evm", "anvil"])
def fresh(request: pytest.FixtureRequest) -> Iterator[Market]:
    """A market on a chain of its own, whose clock the test moves."""
    from tests.chain.stage import fresh_market  # it needs `Market`, above

    with fresh_market(request.param) as made:
        yield made


def mine(web3: Web3, blocks: int = 1) -> None:
    """Mine blocks."""
    for _ in range(blocks):
        rpc(web3, "evm_mine")


def balance(web3: Web3, owner: str) -> int:
    """The chain's own coin."""
    return int(rpc(web3, "eth_getBalance", owner, "latest"), 16)


def pay(to: str, value_wei: int) -> Call:
    """A plain transfer."""
    return Call(Address(to), b"", value_wei)


def nonce_of(web3: Web3, owner: Any) -> int:
    """How many transactions of `owner` are mined."""
    return int(rpc(web3, "eth_getTransactionCount", owner, "latest"), 16)

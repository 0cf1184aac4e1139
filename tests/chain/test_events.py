"""The event reader: everything once, in order, also across reorganisations."""

from __future__ import annotations

import json
from typing import Any

import pytest

from protocol.chain import params
from protocol.chain.connection import connect, rpc
from protocol.chain.deploy import deploy
from protocol.chain.development import development_account
from protocol.chain.events import ChainEvent, Cursor, EventReader, Page
from protocol.errors import ChainUnavailable
from tests.chain.conftest import SUPPLY_WEI, Market, mine
from tests.support.chains import paused, start_anvil_process

HOLDER = development_account(3).address


class Projection:
    """What every user of the reader does with a page."""

    def __init__(self) -> None:
        self.events: list[ChainEvent] = []
        self.rollbacks: list[int] = []
        self.cursor: Cursor | None = None

    def apply(self, page: Page) -> None:
        if page.rollback_to is not None:
            self.rollbacks.append(page.rollback_to)
            self.events = [e for e in self.events if e.block_number <= page.rollback_to]
        self.events += page.events
        self.cursor = Cursor.from_json(json.loads(json.dumps(page.cursor.to_json())))

    def read(self, reader: EventReader, max_blocks: int = 500) -> None:
        for _ in range(100):
            page = reader.poll(self.cursor, max_blocks)
            self.apply(page)
            if page.is_caught_up:
                return
        raise AssertionError("the reader never catches up")

    def amounts(self) -> list[int]:
        return [e.args["amount_wei"] for e in self.events if e.kind == "Deposited"]


def deposit(market: Market, *amounts_wei: int) -> None:
    for amount_wei in amounts_wei:
        market.send(market.contracts.deposit(amount_wei), 3)


@pytest.fixture
def funded(own_anvil: Market) -> Market:
    own_anvil.send(own_anvil.contracts.token_transfer(_address(), 10**9))
    own_anvil.send(own_anvil.contracts.token_approve(10**9), 3)
    return own_anvil


def _address() -> Any:
    return HOLDER


def test_events_come_typed_and_once(market: Market) -> None:
    seen = Projection()
    reader = EventReader(market.web3, market.deployment)
    market.fund(3, 1000)
    seen.read(reader)
    before = len(seen.events)
    receipt = market.send(market.contracts.stake(40), 3)
    seen.read(reader)
    seen.read(reader)
    (staked,) = seen.events[before:]
    assert staked.kind == "Staked"
    assert staked.args == {"owner": HOLDER, "amount_wei": 40}
    assert staked.transaction_hash == receipt.transaction_hash
    assert (staked.block_number, staked.block_hash) == (receipt.block_number, receipt.block_hash)
    block = rpc(market.web3, "eth_getBlockByNumber", hex(staked.block_number), False)
    assert staked.timestamp == int(block["timestamp"], 16)


def test_small_pages_tell_the_same_story(market: Market) -> None:
    market.fund(3, 500)
    reader = EventReader(market.web3, market.deployment)
    large, small = Projection(), Projection()
    small.read(reader, max_blocks=2)
    large.read(reader)
    count = len(small.events)
    assert small.events == large.events[:count]
    assert count > 0


def test_a_reorganisation_is_noticed_and_told(funded: Market) -> None:
    reader, seen = EventReader(funded.web3, funded.deployment), Projection()
    deposit(funded, 1, 2)
    seen.read(reader)
    snapshot = rpc(funded.web3, "evm_snapshot")
    deposit(funded, 3, 4)
    seen.read(reader)
    assert seen.amounts() == [1, 2, 3, 4]
    rpc(funded.web3, "evm_revert", snapshot)
    deposit(funded, 50, 60, 70)
    seen.read(reader)
    assert seen.amounts() == [1, 2, 50, 60, 70]
    assert len(seen.rollbacks) == 1


def test_a_head_that_falls_back_is_noticed_before_it_grows_again(funded: Market) -> None:
    reader, seen = EventReader(funded.web3, funded.deployment), Projection()
    deposit(funded, 1)
    seen.read(reader)
    snapshot = rpc(funded.web3, "evm_snapshot")
    deposit(funded, 2)
    seen.read(reader)
    rpc(funded.web3, "evm_revert", snapshot)
    seen.read(reader)
    assert seen.amounts() == [1]


def test_anvils_own_reorganisation(funded: Market) -> None:
    reader, seen = EventReader(funded.web3, funded.deployment), Projection()
    deposit(funded, 1)
    seen.read(reader)
    mine(funded.web3, 5)
    seen.read(reader)
    deposit(funded, 2)
    seen.read(reader)
    rpc(funded.web3, "anvil_reorg", 3, [])
    mine(funded.web3, 2)
    seen.read(reader)
    assert seen.rollbacks
    fresh = Projection()
    fresh.read(reader)
    assert seen.events == fresh.events


def test_a_reorganisation_below_every_mark_starts_from_the_deployment(funded: Market) -> None:
    reader, seen = EventReader(funded.web3, funded.deployment), Projection()
    deposit(funded, 5)
    seen.read(reader)
    assert seen.cursor is not None
    foreign = [[number, "0x" + "99" * 32] for number, _ in seen.cursor.to_json()]
    seen.cursor = Cursor.from_json(foreign)
    seen.read(reader)
    assert seen.rollbacks == [funded.deployment.deployed_block - 1]
    assert seen.amounts() == [5]


def test_confirmations_hold_the_newest_blocks_back(funded: Market) -> None:
    reader, seen = EventReader(funded.web3, funded.deployment, confirmations=3), Projection()
    deposit(funded, 1)
    seen.read(reader)
    assert seen.amounts() == []
    mine(funded.web3, 3)
    seen.read(reader)
    assert seen.amounts() == [1]


def test_other_contracts_are_not_heard(funded: Market) -> None:
    other = deploy(funded.web3, development_account(0), params.development(), SUPPLY_WEI)
    deposit(funded, 8)
    seen = Projection()
    seen.read(EventReader(funded.web3, other))
    assert seen.events == []


def test_an_outage_is_raised_and_costs_nothing() -> None:
    with start_anvil_process() as (url, process):
        web3 = connect(url)
        made = deploy(web3, development_account(0), params.development(), SUPPLY_WEI)
        market = Market(web3, made)
        market.fund(3, 700)
        hasty = EventReader(connect(url, timeout_seconds=0.2), made)
        with paused(process), pytest.raises(ChainUnavailable):
            hasty.poll(None)
        seen = Projection()
        seen.read(EventReader(web3, made))
        assert seen.amounts() == [700]

"""Becoming a verifier: credits into the market, seats out of them, and some left for bonds."""

from __future__ import annotations

import logging
import time

from protocol.chain.contracts import Call, Contracts
from protocol.chain.sender import Sender
from protocol.client.client import MarketClient
from protocol.errors import InsufficientFunds, MarketUnavailable
from protocol.units import WEI_PER_CREDIT, Address

RESERVED_BONDS = 2
WAIT_SECONDS = 120.0
FAUCET_POLL_SECONDS = 0.5
_log = logging.getLogger(__name__)


def held_seats(contracts: Contracts, holder: Address) -> list[int]:
    """The ids of the seats that `holder` sits on now."""
    seats = enumerate(contracts.seats())
    return [seat_id for seat_id, s in seats if s.holder == holder and not s.vacated_block]


def missing_wei(contracts: Contracts, me: Address, seats: int) -> int:
    """What must be deposited so that `me` can hold `seats` seats and pay the reserved bonds."""
    params = contracts.params()
    missing_seats = max(0, seats - len(held_seats(contracts, me)))
    need_wei = missing_seats * params.seat_stake_wei + RESERVED_BONDS * params.dispute_bond_wei
    return max(0, need_wei - contracts.account(me).balance_wei)


def enroll(contracts: Contracts, sender: Sender, seats: int) -> int:
    """Deposit what is missing and take seats until `seats` are held; returns how many are.

    Calling it again, also after a crash, only does what is still to do.

    Raises:
        InsufficientFunds: the wallet lacks credits, or gas.
        ChainRejected, ChainUnavailable: a transaction failed, or is not mined in time.
    """
    me = sender.address
    deposit_wei = missing_wei(contracts, me, seats)
    if deposit_wei:
        _require_funds(contracts, me, deposit_wei)
        _send(sender, "approve", contracts.token_approve(deposit_wei))
        _send(sender, "deposit", contracts.deposit(deposit_wei))
    missing_seats = seats - len(held_seats(contracts, me))
    if missing_seats > 0:
        _send(sender, "seats", contracts.take_seats(missing_seats))
        _log.info("took %d seats", missing_seats)
    return len(held_seats(contracts, me))


def use_faucet(client: MarketClient, contracts: Contracts, me: Address, seats: int) -> None:
    """Ask a development market for credits and gas, and wait for them; not when there is enough.

    Raises:
        NotFound: this is no development market.
        MarketUnavailable: they did not come in time.
    """

    def is_enough() -> bool:
        has_credits = contracts.token_balance(me) >= missing_wei(contracts, me, seats)
        return has_credits and contracts.gas_balance(me) > 0

    if is_enough():
        return
    client.faucet(me)
    give_up_at = time.monotonic() + WAIT_SECONDS
    while not is_enough():
        if time.monotonic() > give_up_at:
            raise MarketUnavailable("the faucet's credits did not arrive; try again")
        time.sleep(FAUCET_POLL_SECONDS)


def leave(contracts: Contracts, sender: Sender) -> int:
    """Give up every seat; the stake can be released after the market's delay."""
    seat_ids = held_seats(contracts, sender.address)
    if seat_ids:
        _send(sender, "leave", contracts.leave_seats(seat_ids))
    return len(seat_ids)


def _require_funds(contracts: Contracts, me: Address, deposit_wei: int) -> None:
    held_wei = contracts.token_balance(me)
    if held_wei < deposit_wei:
        held, wanted = held_wei / WEI_PER_CREDIT, deposit_wei / WEI_PER_CREDIT
        raise InsufficientFunds(
            f"seats and bonds need {wanted:g} credits, {me} holds {held:g}: send it credits"
        )
    if contracts.gas_balance(me) == 0:
        raise InsufficientFunds(f"{me} has no gas: send it some of the chain's coin")


def _send(sender: Sender, what: str, call: Call) -> None:
    # The time makes the key new: whether it is still needed was just read from the chain.
    key = f"enroll:{what}:{time.time_ns()}"
    sender.submit(key, call)
    sender.wait(key, WAIT_SECONDS)

"""Whether somebody can afford to contest a task."""

from __future__ import annotations

from protocol.chain.contracts import Contracts
from protocol.lease import LeaseResult
from protocol.pricing import bond_wei
from protocol.units import Address, credits_text


def bond_shortage(contracts: Contracts, challenger: Address, lease: LeaseResult) -> str | None:
    """What keeps `challenger` from contesting a task of that lease; None: nothing. Four requests.

    Raises:
        ChainUnavailable: the endpoint does not answer.
    """
    price_wei = lease.amount // lease.count
    needed_wei = bond_wei(price_wei, lease.amount, contracts.params().dispute_bond_wei)
    held_wei = contracts.account(challenger).balance_wei
    if held_wei >= needed_wei:
        return None
    needed, held = credits_text(needed_wei), credits_text(held_wei)
    return f"the bond is {needed} credits, {challenger} has {held} in the market: deposit more"

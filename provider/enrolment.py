"""Becoming a provider: the wallet delegates to the device once, and may stake."""

from __future__ import annotations

import secrets
import time

from eth_account.signers.local import LocalAccount

from protocol.chain.contracts import Call, Contracts
from protocol.chain.sender import Sender
from protocol.client.client import MarketClient
from protocol.client.wire import DelegationRequest
from protocol.delegation import Delegation
from protocol.errors import ChainUnavailable, InsufficientFunds
from protocol.typed_data import nonce_of
from protocol.units import WEI_PER_CREDIT, Address, to_hex

DELEGATION_SECONDS = 365 * 24 * 3600
RENEW_SECONDS = 30 * 24 * 3600
WAIT_SECONDS = 120.0
LOOK_SECONDS = 0.5


def enrol(market: MarketClient, contracts: Contracts, wallet: LocalAccount, device: Address) -> int:
    """Delegate from `wallet` to `device`; the market relays it, so no gas is needed.

    Returns until when the delegation holds. Calling it again only does what is still to do.

    Raises:
        ChainUnavailable: it is not on chain in time.
        FallowError: the market refuses.
    """
    owner = Address(wallet.address)
    now = int(time.time())
    held, not_after = contracts.device_of(device)
    if held == owner and not_after > now + RENEW_SECONDS:
        return not_after
    delegation = Delegation(
        wallet=owner,
        device=device,
        not_after=now + DELEGATION_SECONDS,
        nonce=nonce_of(contracts.account(owner).epoch, secrets.randbits(248)),
    )
    signature = to_hex(delegation.sign(contracts.domain, wallet))
    market.delegate(DelegationRequest(delegation=delegation.to_json(), signature=signature))
    deadline = time.monotonic() + WAIT_SECONDS
    while contracts.device_of(device) != (owner, delegation.not_after):
        if time.monotonic() > deadline:
            raise ChainUnavailable("the delegation is not on chain yet; run this again later")
        time.sleep(LOOK_SECONDS)
    return delegation.not_after


def raise_stake(contracts: Contracts, sender: Sender, stake_wei: int) -> int:
    """Stake what is missing to `stake_wei` out of the wallet; return the stake.

    Raises:
        InsufficientFunds: the wallet lacks credits, or gas.
        ChainRejected, ChainUnavailable: a transaction failed, or is not mined in time.
    """
    me = sender.address
    account = contracts.account(me)
    missing_wei = stake_wei - account.stake_wei
    if missing_wei <= 0:
        return account.stake_wei
    deposit_wei = max(0, missing_wei - account.balance_wei)
    if contracts.token_balance(me) < deposit_wei:
        wanted = deposit_wei / WEI_PER_CREDIT
        raise InsufficientFunds(f"{me} needs {wanted:g} credits for that stake: send it credits")
    if contracts.gas_balance(me) == 0:
        raise InsufficientFunds(f"{me} has no gas: send it some of the chain's coin")
    if deposit_wei:
        _send(sender, "approve", contracts.token_approve(deposit_wei))
        _send(sender, "deposit", contracts.deposit(deposit_wei))
    _send(sender, "stake", contracts.stake(missing_wei))
    return contracts.account(me).stake_wei


def _send(sender: Sender, what: str, call: Call) -> None:
    # The time makes the key new: whether it is still needed was just read from the chain.
    key = f"enroll:{what}:{time.time_ns()}"
    sender.submit(key, call)
    sender.wait(key, WAIT_SECONDS)

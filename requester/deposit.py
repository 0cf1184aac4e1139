"""Credits into the market without gas: the wallet signs a permit, the operator sends it."""

from __future__ import annotations

import time

from eth_account import Account
from eth_account.signers.local import LocalAccount

from protocol.chain.calls import permit_message
from protocol.client.client import MarketClient
from protocol.client.deployment import deployment_of
from protocol.client.wire import AccountView, MarketInfo, PermitDeposit
from protocol.errors import InsufficientFunds, InvalidInput, MarketUnavailable
from protocol.units import Address, credits_text, to_hex

PERMIT_SECONDS = 3600
POLL_SECONDS = 0.3


def deposit(
    client: MarketClient, wallet: LocalAccount, amount_wei: int, timeout_seconds: float = 60.0
) -> AccountView:
    """Move `amount_wei` from the wallet into its balance in the market; wait until it is there.

    Raises:
        InsufficientFunds: the wallet does not hold that many credits.
        MarketUnavailable: it was not relayed in time; it may still be.
    """
    if amount_wei <= 0:
        raise InvalidInput("deposit more than nothing")
    owner = Address(wallet.address)
    before = client.account(owner)
    if before.wallet_credits_wei < amount_wei:
        held, wanted = credits_text(before.wallet_credits_wei), credits_text(amount_wei)
        raise InsufficientFunds(f"the wallet {owner} holds {held} credits, not {wanted}")
    client.deposit(_permit(client.market(), wallet, amount_wei, before.permit_nonce))
    return _wait(client, before, amount_wei, timeout_seconds)


def _permit(market: MarketInfo, wallet: LocalAccount, amount_wei: int, nonce: int) -> PermitDeposit:
    deadline = int(time.time()) + PERMIT_SECONDS
    owner = Address(wallet.address)
    message = permit_message(deployment_of(market), owner, amount_wei, nonce, deadline)
    signed = Account.sign_typed_data(wallet.key, full_message=message)
    return PermitDeposit(
        owner=owner,
        amount_wei=amount_wei,
        deadline=deadline,
        signature=to_hex(bytes(signed.signature)),
    )


def _wait(
    client: MarketClient, before: AccountView, amount_wei: int, timeout_seconds: float
) -> AccountView:
    give_up_at = time.monotonic() + timeout_seconds
    while time.monotonic() < give_up_at:
        now = client.account(Address(before.address))
        is_used = now.permit_nonce > before.permit_nonce
        if is_used and now.balance_wei >= before.balance_wei + amount_wei:
            return now
        time.sleep(POLL_SECONDS)
    raise MarketUnavailable(
        f"the deposit did not arrive within {timeout_seconds:g} s; look at the account before "
        "trying again"
    )

"""`fallow account show|fund|key`"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from protocol.client import console
from protocol.client.client import MarketClient
from protocol.client.keys import create_key
from protocol.client.wire import AccountView
from protocol.errors import MarketUnavailable
from protocol.units import Address, parse_address, parse_credits
from requester import options, screen
from requester.requester import Requester

FAUCET_SECONDS = 60.0


def show_account(
    address: Annotated[
        str | None, typer.Argument(help="Another account's address.", show_default=False)
    ] = None,
    market: console.Market = console.DEFAULT_MARKET,
    key_file: options.KeyFile = None,
    json: console.Json = False,
) -> None:
    """Show an account's money."""
    owner = parse_address(address) if address else _own_address(key_file)
    with MarketClient(market) as client:
        _print(client.account(owner), json=json)


def fund_account(
    amount: Annotated[str, typer.Argument(help="Credits, for example 25 or 0.5.")],
    market: console.Market = console.DEFAULT_MARKET,
    key_file: options.KeyFile = None,
    faucet: Annotated[
        bool, typer.Option("--faucet", help="First get credits from a development market's faucet.")
    ] = False,
    json: console.Json = False,
) -> None:
    """Move credits from the wallet into the market, without gas."""
    amount_wei = parse_credits(amount)
    with options.opened(market, key_file) as requester:
        if faucet:
            _use_faucet(requester)
        _print(requester.deposit(amount_wei), json=json)


def account_key(
    key_file: options.KeyFile = None,
    create: Annotated[bool, typer.Option("--create", help="Make a new key file.")] = False,
    json: console.Json = False,
) -> None:
    """Show the wallet's address; never its key."""
    path = options.key_path(key_file)
    account = create_key(path) if create else options.wallet_of(key_file)
    if json:
        screen.print_json({"address": account.address, "key_file": str(path)})
    else:
        typer.echo(account.address)


def _own_address(key_file: Path | None) -> Address:
    return Address(options.wallet_of(key_file).address)


def _use_faucet(requester: Requester) -> None:
    before_wei = requester.account().wallet_credits_wei
    requester.client.faucet(requester.address)
    give_up_at = time.monotonic() + FAUCET_SECONDS
    while requester.account().wallet_credits_wei <= before_wei:
        if time.monotonic() > give_up_at:
            raise MarketUnavailable("the faucet's credits did not arrive; try again")
        time.sleep(0.3)


def _print(view: AccountView, *, json: bool) -> None:
    if json:
        screen.print_json(view)
        return
    screen.print_facts(
        {
            "address": view.address,
            "wallet": screen.credits(view.wallet_credits_wei),
            "balance": screen.credits(view.balance_wei),
            "stake": screen.credits(view.stake_wei),
            "unvested": screen.credits(view.unvested_wei),
            "earned": screen.credits(view.earned_wei),
            "slashed": screen.credits(view.slashed_wei),
        }
    )

"""The provider's commands: `fallow provider enroll|start|status|pause|resume`.

Heavy imports wait until a command is performed: `--help` answers at once.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Annotated

import typer

from protocol.client import console
from protocol.client.console import DEFAULT_MARKET, Faucet, Json, Market, RpcUrl
from protocol.errors import NotFound
from protocol.units import parse_credits

app = typer.Typer(
    help="Lend this device's idle time, and be paid for it.",
    epilog="Start here: fallow provider enroll --wallet-key wallet.key, then fallow provider start",
    no_args_is_help=True,
)

StateDirectory = Annotated[
    Path,
    typer.Option(
        "--state", envvar="FALLOW_STATE", help="Where the device's key, cache and status live."
    ),
]
_HOME = console.data_home("provider")
_EXAMPLE = "Example: fallow provider "


@app.command(epilog=_EXAMPLE + "enroll --wallet-key ~/.config/fallow/key --stake 40")
def enroll(
    wallet_key: Annotated[
        Path,
        typer.Option(
            "--wallet-key",
            envvar="FALLOW_KEY_FILE",
            help="The wallet's key file; it is read by this command only.",
        ),
    ],
    market: Market = DEFAULT_MARKET,
    state: StateDirectory = _HOME,
    rpc: RpcUrl = None,
    stake: Annotated[
        str, typer.Option("--stake", help="Raise the wallet's stake to so many credits.")
    ] = "0",
    faucet: Faucet = False,
    as_json: Json = False,
) -> None:
    """Let this device work for your wallet. Once; the daemon then never sees the wallet's key."""
    from protocol.chain.connection import connect
    from protocol.chain.contracts import Contracts
    from protocol.chain.sender import MemoryJournal, Sender
    from protocol.client.client import MarketClient
    from protocol.client.deployment import deployment_of
    from protocol.client.keys import load_key, load_or_create_key
    from protocol.units import Address
    from provider.enrolment import enrol, raise_stake

    stake_wei = parse_credits(stake)
    wallet = load_key(wallet_key, console.ask_password)
    device = Address(load_or_create_key(state / "device.key").address)
    with MarketClient(market, wallet) as client:
        web3 = connect(rpc or client.market().rpc_url)
        contracts = Contracts(web3, deployment_of(client.market()))
        if faucet:
            client.faucet(Address(wallet.address))
        not_after = enrol(client, contracts, wallet, device)
        if stake_wei:
            raise_stake(contracts, Sender(web3, wallet, MemoryJournal()), stake_wei)
        facts = {
            "device": device,
            "wallet": wallet.address,
            "stake_wei": str(contracts.account(Address(wallet.address)).stake_wei),
            "not_after": not_after,
        }
    console.show(facts, as_json=as_json)


@app.command(epilog=_EXAMPLE + "start --price 0.002 --hours 22:00-07:00")
def start(
    market: Market = DEFAULT_MARKET,
    state: StateDirectory = _HOME,
    rpc: RpcUrl = None,
    price: Annotated[
        str, typer.Option("--price", help="Credits for a core during a second.")
    ] = "0.001",
    executions: Annotated[
        int, typer.Option("--executions", min=1, max=64, help="Leases at the same time.")
    ] = 1,
    cache_gb: Annotated[
        int, typer.Option("--cache-gb", min=1, help="The most that cached inputs may take.")
    ] = 20,
    hours: Annotated[
        str | None, typer.Option("--hours", help="Work only then (local time), e.g. 22:00-07:00.")
    ] = None,
    battery: Annotated[bool, typer.Option("--battery", help="Also work on battery.")] = False,
    max_load: Annotated[
        float | None,
        typer.Option(
            "--max-load", min=1, max=100, help="Start nothing while the processor is busier (%)."
        ),
    ] = None,
) -> None:
    """Work until stopped (Ctrl-C or SIGTERM), which finishes or gives back what is in hand."""
    from protocol.client.keys import load_or_create_key
    from provider.daemon import available_executors, run_daemon
    from provider.policy import Hours, Policy
    from provider.settings import Settings

    console.log_to_stderr()
    settings = Settings(
        market_url=market,
        state_directory=state,
        ask_per_core_second_wei=parse_credits(price),
        executions=executions,
        cache_bytes=cache_gb << 30,
        rpc_url=rpc,
        policy=Policy(Hours.parse(hours) if hours else None, battery, max_load),
    )
    stop = threading.Event()
    console.stop_on_signals(stop)
    device = load_or_create_key(settings.device_key).address
    run_daemon(settings, available_executors(f"provider-{device}"), stop)


@app.command(epilog=_EXAMPLE + "status --json")
def status(state: StateDirectory = _HOME, as_json: Json = False) -> None:
    """What the daemon on this device does now."""
    from provider.status import pause_file, read_status

    facts = read_status(state)
    console.show(facts | {"is_paused": pause_file(state).exists()}, as_json=as_json)


@app.command(epilog=_EXAMPLE + "pause")
def pause(state: StateDirectory = _HOME, as_json: Json = False) -> None:
    """Stop working within seconds, and stay so, until `resume`."""
    from provider.status import pause_file

    if not state.is_dir():
        raise NotFound(f"there is no provider in {state}")
    pause_file(state).touch()
    console.show({"is_paused": True}, as_json=as_json)


@app.command(epilog=_EXAMPLE + "resume")
def resume(state: StateDirectory = _HOME, as_json: Json = False) -> None:
    """Work again."""
    from provider.status import pause_file

    pause_file(state).unlink(missing_ok=True)
    console.show({"is_paused": False}, as_json=as_json)

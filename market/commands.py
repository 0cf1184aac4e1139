"""`fallow up`: a whole market on this machine with one command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from market.embedded import embedded_chain, prepare
from market.main import build
from market.server import serve
from market.settings import Settings
from protocol.client.console import log_to_stderr
from protocol.client.wire import DEFAULT_PORT
from protocol.errors import FallowError, InvalidInput

app = typer.Typer(help="Run a market.", invoke_without_command=True)
EMBEDDED = "embedded"


@app.callback()
def up(
    data: Annotated[Path, typer.Option(help="where everything is kept")],
    port: Annotated[int, typer.Option(help="of the market; 0: any free port")] = DEFAULT_PORT,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    chain_rpc: Annotated[
        str, typer.Option(help="a chain's JSON-RPC URL, or 'embedded': one of our own")
    ] = EMBEDDED,
    chain_port: Annotated[int, typer.Option(help="of the embedded chain; 0: any")] = 0,
    block_seconds: Annotated[float, typer.Option(help="of the embedded chain")] = 1.0,
    web: Annotated[Path | None, typer.Option(help="the built web app")] = None,
    production: Annotated[bool, typer.Option(help="no faucet; needs your own chain")] = False,
) -> None:
    """Start or join a chain, deploy once, and serve the market and its web app."""
    log_to_stderr()
    try:
        if chain_rpc == EMBEDDED:
            _require_fresh(data, production)
            with embedded_chain(chain_port, block_seconds) as rpc_url:
                _serve(data, rpc_url, host, port, web, is_development=True)
        else:
            _serve(data, chain_rpc, host, port, web, is_development=not production)
    except FallowError as error:
        sys.stderr.write(f"{error.message}\n")
        raise typer.Exit(error.exit_code) from None


def _serve(
    data: Path, rpc_url: str, host: str, port: int, web: Path | None, *, is_development: bool
) -> None:
    if is_development:
        prepare(data, rpc_url)
    given = {
        "data_directory": data,
        "rpc_url": rpc_url,
        "host": host,
        "port": port,
        "is_development": is_development,
        "web_directory": web,
    }
    serve(build(Settings.of(given)))


def _require_fresh(data: Path, production: bool) -> None:
    """The embedded chain lives in memory: what an earlier one was told is gone with it."""
    if production:
        raise InvalidInput("production needs --chain-rpc: the embedded chain is for development")
    if (data / "deployment.json").exists():
        raise InvalidInput(
            f"{data} belongs to a chain that is gone (the embedded one lives in memory):"
            " choose another directory, or join the chain with --chain-rpc"
        )

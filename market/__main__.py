"""`python -m market`: one market process on a chain and a deployment that are there already."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from market.main import build
from market.server import serve
from market.settings import Settings
from protocol.client.console import log_to_stderr
from protocol.client.wire import DEFAULT_PORT
from protocol.errors import FallowError

Keeper = Annotated[str, typer.Option(help="embedded (a thread here) or celery (workers)")]


def main(
    data: Annotated[Path, typer.Option(help="directory of blobs, database and journal")],
    rpc_url: Annotated[str, typer.Option(help="the chain's JSON-RPC endpoint")],
    public_rpc_url: Annotated[str | None, typer.Option(help="what clients are told")] = None,
    deployment: Annotated[Path | None, typer.Option(help="DATA/deployment.json")] = None,
    operator_key_file: Annotated[Path | None, typer.Option(help="DATA/operator.key")] = None,
    database_url: Annotated[str | None, typer.Option(help="default: SQLite in DATA")] = None,
    host: str = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0: any free port")] = DEFAULT_PORT,
    web: Annotated[Path | None, typer.Option(help="the built web app")] = None,
    keeper: Keeper = "embedded",
    development: Annotated[bool, typer.Option(help="open the faucet")] = False,
) -> None:
    """Serve a market. Every other setting: environment variables FALLOW_MARKET_..."""
    given = {
        "data_directory": data,
        "rpc_url": rpc_url,
        "host": host,
        "port": port,
        "keeper": keeper,
        "is_development": development,
        "public_rpc_url": public_rpc_url,
        "deployment_file": deployment,
        "operator_key_file": operator_key_file,
        "database_url": database_url,
        "web_directory": web,
    }
    log_to_stderr()
    try:
        serve(build(Settings.of(given)))
    except FallowError as error:
        sys.stderr.write(f"{error.message}\n")
        raise typer.Exit(error.exit_code) from None


if __name__ == "__main__":
    typer.run(main)

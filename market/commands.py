"""`fallow up`: a whole market on this machine with one command.

Heavy imports wait until it is performed: `--help` answers at once.
"""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from protocol.client import console
from protocol.client.wire import DEFAULT_PORT
from protocol.errors import InvalidInput

app = typer.Typer()
EMBEDDED = "embedded"


@app.command(epilog="Example: fallow up, then open the address that it prints")
def up(
    data: Annotated[
        Path | None,
        typer.Option(
            help="Where everything is kept.",
            show_default="temporary; with a chain of yours ~/.local/share/fallow/market",
        ),
    ] = None,
    port: Annotated[int, typer.Option(help="Of the market; 0: any free port.")] = DEFAULT_PORT,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    chain_rpc: Annotated[
        str, typer.Option(help="A chain's JSON-RPC URL, or 'embedded': one of our own.")
    ] = EMBEDDED,
    chain_port: Annotated[int, typer.Option(help="Of the embedded chain; 0: any.")] = 0,
    block_seconds: Annotated[float, typer.Option(help="Of the embedded chain.")] = 1.0,
    web: Annotated[
        Path | None,
        typer.Option(help="The built web app.", show_default="the one in frontend/dist"),
    ] = None,
    production: Annotated[bool, typer.Option(help="No faucet; needs your own chain.")] = False,
) -> None:
    """Run a market: start or join a chain, deploy once, serve the API and the web app."""
    console.log_to_stderr()
    # A polite end also before the server listens to signals: the chain and the directory go too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with _directory(data, is_embedded=chain_rpc == EMBEDDED) as directory:
        if chain_rpc != EMBEDDED:
            _serve(directory, chain_rpc, host, port, web, is_development=not production)
            return
        _require_fresh(directory, production)
        from market.embedded import embedded_chain

        with embedded_chain(chain_port, block_seconds) as rpc_url:
            _serve(directory, rpc_url, host, port, web, is_development=True)


@contextmanager
def _directory(data: Path | None, *, is_embedded: bool) -> Iterator[Path]:
    """The directory as given; else one that ends with the embedded chain, or the usual place."""
    if data is None and is_embedded:
        with tempfile.TemporaryDirectory(prefix="fallow-", ignore_cleanup_errors=True) as name:
            yield Path(name)
    else:
        yield data or console.data_home("market")


def _serve(
    data: Path, rpc_url: str, host: str, port: int, web: Path | None, *, is_development: bool
) -> None:
    from market.embedded import prepare
    from market.main import build
    from market.server import serve
    from market.settings import Settings

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

"""What the commands of all parts share: options, places, signals, and how they show facts."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from protocol.client.wire import DEFAULT_PORT
from protocol.errors import InvalidInput

DEFAULT_MARKET = f"http://127.0.0.1:{DEFAULT_PORT}"
PASSWORD_FILE_VARIABLE = "FALLOW_KEY_PASSWORD_FILE"  # noqa: S105 - a variable's name
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
# They tell of every request or statement at INFO.
_CHATTY = ("httpx", "uvicorn.error", "alembic", "web3", "urllib3")

Market = Annotated[
    str, typer.Option("--market", envvar="FALLOW_MARKET", help="The market's address.")
]
RpcUrl = Annotated[
    str | None,
    typer.Option(
        "--rpc",
        envvar="FALLOW_RPC_URL",
        help="A chain endpoint of your own.",
        show_default="the one that the market names",
    ),
]
Faucet = Annotated[
    bool, typer.Option("--faucet", help="Ask a development market for credits and gas first.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


def data_home(part: str) -> Path:
    """Where a part keeps its state unless told otherwise."""
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "fallow" / part


def ask_password() -> str:
    """A keystore's password: from the file that a variable names, or from the terminal.

    Raises:
        InvalidInput: the file cannot be read.
    """
    path = os.environ.get(PASSWORD_FILE_VARIABLE)
    if path is None:
        return str(typer.prompt("Keystore password", hide_input=True, err=True))
    try:
        return Path(path).read_text().rstrip("\r\n")
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}") from error


def log_to_stderr() -> None:
    """Logs on stderr: stdout is for data."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format=LOG_FORMAT)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def stop_on_signals(stop: threading.Event) -> None:
    """From now on, Ctrl-C and SIGTERM set `stop`."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())


def show(facts: Mapping[str, Any], *, as_json: bool) -> None:
    """Facts on stdout: one JSON object, or a line for each."""
    if as_json:
        typer.echo(json.dumps(facts))
        return
    for name, value in facts.items():
        title = name.replace("_", " ")
        if isinstance(value, list) and value:
            for number, item in enumerate(value):
                typer.echo(f"{title} {number}: {_text(item)}")
        else:
            typer.echo(f"{title}: {_text(value)}")


def _text(value: Any) -> str:
    if value in (None, [], {}):
        return "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{name.replace('_', ' ')} {_text(item)}" for name, item in value.items())
    return str(value)

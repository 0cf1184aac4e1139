"""The options that the requester's commands share, and the connection that they lead to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from eth_account.signers.local import LocalAccount

from protocol.client import console
from protocol.client.client import MarketClient
from protocol.client.keys import load_key
from protocol.errors import InvalidInput, NotFound
from protocol.units import PPM, Bytes32, parse_bytes32
from requester.requester import Requester

_MIN_PREFIX_DIGITS = 6
_MAX_JOBS_SEARCHED = 1000

KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--key-file",
        envvar="FALLOW_KEY_FILE",
        help="A file with the wallet's private key or keystore.",
        show_default="~/.config/fallow/key",
    ),
]
Guess = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=1.0,
        help="How often the likeliest result would be right for a ringer: 0.5 for yes or no.",
        show_default=False,
    ),
]
JobId = Annotated[
    str, typer.Argument(help="The job's id, or its first digits.", show_default=False)
]


def key_path(key_file: Path | None) -> Path:
    """The wallet's key file: as given, or the usual place."""
    if key_file is not None:
        return key_file
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "fallow" / "key"


def wallet_of(key_file: Path | None) -> LocalAccount:
    """The wallet whose key is in the file, or in the usual place.

    Raises:
        NotFound, InvalidInput: no file, or no key that can be used.
    """
    try:
        return load_key(key_path(key_file), console.ask_password)
    except NotFound as error:
        raise NotFound(f"{error.message}; make one: fallow account key --create") from None


@contextmanager
def opened(market: str, key_file: Path | None, rpc_url: str | None = None) -> Iterator[Requester]:
    """A requester, signed in when that is first needed."""
    wallet = wallet_of(key_file)
    with MarketClient(market, wallet, timeout_seconds=20) as client:
        yield Requester(client, wallet, rpc_url=rpc_url)


def ppm_of(share: float) -> int:
    """A share of one in parts per million."""
    return round(share * PPM)


def find_job(requester: Requester, text: str) -> Bytes32:
    """The id that `text` is, or begins.

    Raises:
        InvalidInput: not hex, too short, or several jobs begin with it.
    """
    digits = text.removeprefix("0x").lower()
    if len(digits) == 64:
        return parse_bytes32("0x" + digits)
    if len(digits) < _MIN_PREFIX_DIGITS or any(c not in "0123456789abcdef" for c in digits):
        raise InvalidInput(
            f"a job's id has 64 hex digits; at least {_MIN_PREFIX_DIGITS} are needed"
        )
    jobs = (view for _, view in zip(range(_MAX_JOBS_SEARCHED), requester.jobs(), strict=False))
    found = [view.job_id for view in jobs if view.job_id.hex().startswith(digits)]
    if len(found) != 1:
        raise InvalidInput(f"{len(found)} of the wallet's jobs begin with {text}")
    return Bytes32(found[0])

"""The `fallow` commands as processes, and what tests do with a market that one of them serves."""

from __future__ import annotations

import json
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eth_account import Account

from protocol.client.client import MarketClient
from protocol.units import WEI_PER_CREDIT
from requester.requester import Requester
from tests.support.chains import ROOT, end

START_SECONDS = 90
STOP_SECONDS = 20
FALLOW = [sys.executable, "-m", "requester.cli"]


@contextmanager
def serving(log: Path, *arguments: str) -> Iterator[Callable[[], dict[str, Any]]]:
    """A command that serves until the block ends; yields what waits for its one line of JSON."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*FALLOW, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=file, text=True
        )
    assert process.stdout is not None

    def ready() -> dict[str, Any]:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], START_SECONDS)[0], log.read_text()
        line = process.stdout.readline()
        assert line, log.read_text()
        answer: dict[str, Any] = json.loads(line)
        return answer

    try:
        yield ready
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS)
    finally:
        end(process)
        process.stdout.close()


@contextmanager
def serving_market(data: Path) -> Iterator[str]:
    """`fallow up` on a chain of its own; yields the market's address."""
    with serving(data / "log", "up", "--data", str(data), "--port", "0") as ready:
        yield str(ready()["url"])


@contextmanager
def funded_requester(
    market_url: str, credits_: int, state: Path | None = None
) -> Iterator[Requester]:
    """A new wallet with `credits_` in its balance, from the faucet."""
    wallet = Account.create()
    with MarketClient(market_url, wallet) as client:
        requester = Requester(client, wallet, state=state)
        client.faucet(requester.address)
        wait_until(lambda: requester.account().wallet_credits_wei > 0)
        requester.deposit(credits_ * WEI_PER_CREDIT)
        yield requester


def wait_until(is_so: Callable[[], object], seconds: float = 45) -> None:
    """Poll until it is so; fail when it is not in time."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)

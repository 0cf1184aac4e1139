"""A real market process, to be killed and started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from protocol.chain.connection import connect
from protocol.chain.contracts import Contracts
from protocol.chain.deploy import deploy
from protocol.chain.development import development_account
from protocol.chain.facts import Params
from protocol.client.keys import write_key
from tests.market.stage import SUPPLY_WEI, Stage
from tests.support.chains import ROOT, end, free_port

START_SECONDS = 60


class MarketProcess:
    """`python -m market` on a directory; always on the same port."""

    def __init__(self, directory: Path, rpc_url: str, *arguments: str, **environment: str) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self._command = [
            *(sys.executable, "-m", "market", "--data", str(directory), "--rpc-url", rpc_url),
            *("--port", self.url.rpartition(":")[2], "--development", *arguments),
        ]
        self._environment = {**os.environ, "FALLOW_MARKET_BATCH_SECONDS": "0.2", **environment}
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start and wait until it answers."""
        self.process = subprocess.Popen(
            self._command, cwd=ROOT, env=self._environment, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        assert json.loads(self.process.stdout.readline())["url"] == self.url

    def kill(self) -> None:
        """SIGKILL, at whatever it is doing."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def restart(self) -> None:
        """Killed and started again."""
        self.kill()
        self.start()

    def stop(self) -> None:
        """End it gently."""
        if self.process is not None:
            end(self.process)
            assert self.process.stdout is not None
            self.process.stdout.close()


class ProcessStage(Stage):
    """The stage around such a process: its keeper goes by itself."""

    def __init__(self, process: MarketProcess, contracts: Contracts, stack: ExitStack) -> None:
        super().__init__(None, process.url, stack)  # type: ignore[arg-type]
        self.process = process
        self._contracts = contracts

    @property
    def contracts(self) -> Contracts:
        return self._contracts

    @property
    def operator(self) -> Any:
        return development_account(0).address

    def keep(self, rounds: int = 1) -> None:
        """The keeper needs a moment."""
        time.sleep(1.2 * rounds)


@contextmanager
def market_process(
    directory: Path, rpc_url: str, params: Params, *arguments: str, **environment: str
) -> Iterator[ProcessStage]:
    """Deploy, then serve by a process of its own."""
    operator = development_account(0)
    deployment = deploy(connect(rpc_url), operator, params, SUPPLY_WEI)
    directory.mkdir(parents=True)
    write_key(directory / "operator.key", operator)
    (directory / "deployment.json").write_text(json.dumps(deployment.to_json()))
    process = MarketProcess(directory, rpc_url, *arguments, **environment)
    with ExitStack() as stack:
        stack.callback(process.stop)
        process.start()
        yield ProcessStage(process, Contracts(connect(rpc_url), deployment), stack)


def eventually(check: Callable[[], bool], seconds: float = 60, pause_seconds: float = 0.3) -> None:
    """Wait until `check` holds."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(pause_seconds)

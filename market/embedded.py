"""`fallow up` on one machine: a development chain of its own, a deployment, a market."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from protocol.chain.connection import connect
from protocol.chain.deploy import deploy
from protocol.chain.development import development_account
from protocol.chain.params import development
from protocol.client.keys import load_key, write_key
from protocol.errors import ChainUnavailable
from protocol.units import WEI_PER_CREDIT

SUPPLY_WEI = 1_000_000_000 * WEI_PER_CREDIT
STOP_SECONDS = 10


@contextmanager
def embedded_chain(port: int, block_seconds: float) -> Iterator[str]:
    """Run the development chain beside us; yields its RPC URL. It ends with this process.

    Raises:
        ChainUnavailable: it did not start.
    """
    command = [
        *(sys.executable, "-m", "protocol.chain.devchain", "--exit-with-parent"),
        *("--port", str(port), "--block-seconds", str(block_seconds)),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise ChainUnavailable("the development chain did not start")
            yield str(json.loads(line)["rpc_url"])
        finally:
            _end(process)


def prepare(data: Path, rpc_url: str) -> None:
    """Make `data` ready: the operator's key, and a deployment if there is none yet.

    A development market is run by the development chain's first account, whose key everybody
    knows; on another chain, put operator.key and deployment.json there first.
    """
    data.mkdir(parents=True, exist_ok=True)
    key_file, deployment_file = data / "operator.key", data / "deployment.json"
    if not key_file.exists():
        write_key(key_file, development_account(0))
    if not deployment_file.exists():
        made = deploy(connect(rpc_url), load_key(key_file), development(), SUPPLY_WEI)
        part = deployment_file.with_suffix(".part")
        part.write_text(json.dumps(made.to_json(), indent=2) + "\n")
        part.replace(deployment_file)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()

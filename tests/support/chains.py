"""Starts real chains for tests, each on a free port, and ends them whatever happens."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from protocol.chain.connection import connect, rpc
from protocol.errors import ChainUnavailable

ROOT = Path(__file__).parents[2]
START_SECONDS = 30
# Below what the kernel gives to outgoing connections and to those who ask for any port. Each
# worker of pytest has its own, so that none takes what another has chosen and not opened yet.
_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_PORTS = list(range(10_000 + _WORKER % _WORKERS, 32_000, _WORKERS))
random.shuffle(_PORTS)


@contextmanager
def start_devchain(block_seconds: float = 1, accounts: int = 20) -> Iterator[str]:
    """Run the development chain (py-evm); yields its RPC URL."""
    command = [
        *(sys.executable, "-m", "protocol.chain.devchain", "--exit-with-parent"),
        *("--block-seconds", str(block_seconds), "--accounts", str(accounts)),
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield str(json.loads(process.stdout.readline())["rpc_url"])
        finally:
            end(process)


@contextmanager
def start_anvil(*arguments: str) -> Iterator[str]:
    """Run Anvil, mining at once unless `arguments` say otherwise; yields its RPC URL."""
    with start_anvil_process(*arguments) as (url, _):
        yield url


@contextmanager
def start_anvil_process(*arguments: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """As `start_anvil`; also yields the process, to stop and go on with it by signals."""
    port = free_port()
    command = [anvil_path(), "--silent", "--port", str(port), "--accounts", "20", *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _await_answer(url)
            yield url, process
        finally:
            end(process)


@contextmanager
def paused(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Stop a process with all its threads, as if its machine hung; it goes on afterwards."""
    os.kill(process.pid, signal.SIGSTOP)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _is_stopped(process.pid):  # the signal takes a moment to reach every thread
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


def _is_stopped(pid: int) -> bool:
    stats = Path(f"/proc/{pid}/task").glob("*/stat")
    return all(stat.read_text().rsplit(")", 1)[1].split()[0] == "T" for stat in stats)


def anvil_path() -> str:
    """The Anvil that npm installed for the contracts, or the one on PATH."""
    modules = ROOT / "contracts" / "node_modules"
    # The native program itself: npm's launcher is a second process that signals do not pass.
    for native in sorted(modules.glob("@foundry-rs/anvil-*/bin/anvil")):
        return str(native)
    found = shutil.which("anvil")
    assert found, "no Anvil: run `npm ci` in contracts/"
    return found


def free_port() -> int:
    """A TCP port that nobody listens on, and that is given only once."""
    while not _is_free(port := _PORTS.pop()):
        pass
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def end(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
    """End a process, gently first; also one that is stopped."""
    if process.poll() is not None:
        return
    os.kill(process.pid, signal.SIGCONT)
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _await_answer(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            rpc(connect(url, 1), "eth_chainId")
        except ChainUnavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return

"""The daemon on a real market and a real chain: work, pause, stop, kill, and start again."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import wasmtime
from eth_account import Account

from protocol.chain.connection import connect
from protocol.chain.contracts import Contracts
from protocol.client.client import MarketClient
from protocol.client.deployment import deployment_of
from protocol.client.keys import load_or_create_key
from protocol.errors import Conflict, Forbidden
from protocol.spec import Limits, Resources
from protocol.units import WEI_PER_CREDIT, Address
from provider.daemon import run_daemon
from provider.enrolment import enrol
from provider.executors.wasm import WasmExecutor
from provider.settings import Settings
from requester.draft import WasmDraft
from requester.handle import JobHandle
from requester.plan import Terms
from requester.requester import Requester
from tests.support.commands import FALLOW, funded_requester, serving_market, wait_until

ROOT = Path(__file__).parents[2]
NOOP = ROOT / "images" / "wasm" / "built" / "noop.wasm"
ENDLESS = ROOT / "images" / "wasm" / "hostile" / "endless_loop.wat"
PRICE = Terms(max_price_per_task_wei=WEI_PER_CREDIT // 10)


@dataclass(frozen=True)
class World:
    """A market that runs, and somebody with money."""

    url: str
    requester: Requester

    def post(self, module: bytes | Path, inputs: list[bytes], fuel: int = 10**9) -> JobHandle:
        limits = Limits(wall_seconds=60, fuel=fuel, output_bytes=1 << 16)
        draft = WasmDraft(module, resources=Resources(1000, 1 << 24, 0), limits=limits)
        return self.requester.submit(draft, inputs, 10 * WEI_PER_CREDIT, PRICE)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with (
        serving_market(tmp_path_factory.mktemp("market")) as url,
        funded_requester(url, 100) as requester,
    ):
        yield World(url, requester)


@pytest.fixture
def state(world: World, tmp_path: Path) -> Path:
    """The folder of a device that a new wallet has enrolled."""
    folder = tmp_path / "state"
    wallet = Account.create()
    device = Address(load_or_create_key(folder / "device.key").address)
    with MarketClient(world.url, wallet) as client:
        info = client.market()
        contracts = Contracts(connect(info.rpc_url), deployment_of(info))
        not_after = enrol(client, contracts, wallet, device)
        assert not_after > time.time()
        assert enrol(client, contracts, wallet, device) == not_after
    return folder


@contextmanager
def daemon_process(world: World, state: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`fallow provider start` as a stranger would run it."""
    command = [*FALLOW, "provider", "start", "--market", world.url, "--state", str(state)]
    with (
        (state / "log").open("ab") as log,
        subprocess.Popen(command, cwd=ROOT, stderr=log) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def daemon_thread(world: World, state: Path) -> Iterator[None]:
    stop = threading.Event()
    settings = Settings(world.url, state, policy_seconds=0.1)
    thread = threading.Thread(target=run_daemon, args=(settings, [WasmExecutor()], stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(15)
        assert not thread.is_alive()


def endless_module() -> bytes:
    return bytes(wasmtime.wat2wasm(ENDLESS.read_text()))


def leased(handle: JobHandle) -> int:
    return handle.view().tasks_by_state.get("leased", 0)


def test_a_job_is_executed_and_its_record_kept(world: World, state: Path) -> None:
    inputs = [f"input {n}".encode() for n in range(9)]
    with daemon_thread(world, state):
        handle = world.post(NOOP, inputs)
        handle.wait(timeout_seconds=60)
        assert [result.outcome.output for result in handle.results()] == inputs
    assert list((state / "ledger" / "results").iterdir())
    assert not list((state / "ledger" / "held").iterdir())
    assert not list((state / "scratch").iterdir())
    status = json.loads((state / "status.json").read_text())
    assert status["finished_tasks"] == 9
    assert status["slots"][0]["phase"] == "STOPPED"


def test_sigterm_gives_the_lease_back_and_ends_soon(world: World, state: Path) -> None:
    handle = world.post(endless_module(), [b""], fuel=1 << 52)
    with daemon_process(world, state) as process:
        wait_until(lambda: leased(handle))
        time.sleep(0.5)
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
        assert time.monotonic() - started < 6
        assert leased(handle) == 0
    handle.cancel()


def test_sigkill_loses_nothing(world: World, state: Path) -> None:
    handle = world.post(endless_module(), [b"", b""], fuel=1 << 52)
    with daemon_process(world, state) as process:
        wait_until(lambda: leased(handle))
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert leased(handle)
    assert list((state / "ledger" / "held").iterdir())
    handle.cancel()
    with daemon_thread(world, state):
        wait_until(lambda: leased(handle) == 0)
        other = world.post(NOOP, [b"after the crash"])
        other.wait(timeout_seconds=60)
    assert not list((state / "ledger" / "held").iterdir())


def test_a_pause_gives_back_and_a_resume_goes_on(world: World, state: Path) -> None:
    handle = world.post(endless_module(), [b""], fuel=1 << 52)
    with daemon_thread(world, state):
        wait_until(lambda: leased(handle))
        (state / "paused").touch()
        wait_until(lambda: leased(handle) == 0)
        handle.cancel()
        wait_until(lambda: json.loads((state / "status.json").read_text())["waiting_because"])
        other = world.post(NOOP, [b"later"])
        time.sleep(1)
        assert leased(other) == 0
        (state / "paused").unlink()
        other.wait(timeout_seconds=60)


def test_a_program_that_fails_is_a_result(world: World, state: Path) -> None:
    with daemon_thread(world, state):
        handle = world.post(endless_module(), [b""], fuel=10**6)
        handle.wait(timeout_seconds=60)
        (result,) = handle.results()
    assert result.outcome.failure == "fuel_exhausted"


def test_a_device_without_a_wallet_is_told_what_to_do(world: World, tmp_path: Path) -> None:
    with pytest.raises(Forbidden, match="fallow provider enroll"):
        run_daemon(Settings(world.url, tmp_path), [WasmExecutor()])


def test_a_second_daemon_on_the_same_folder_is_refused(world: World, state: Path) -> None:
    with daemon_thread(world, state):
        wait_until((state / "status.json").exists)
        with pytest.raises(Conflict, match="already runs"):
            run_daemon(Settings(world.url, state), [WasmExecutor()])

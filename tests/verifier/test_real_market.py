"""Verifiers, as processes, in a real market: honest work is paid, a cheater is slashed."""

from __future__ import annotations

import json
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from protocol.chain.connection import connect
from protocol.chain.contracts import Contracts
from protocol.chain.events import ChainEvent, EventReader
from protocol.chain.facts import Deployment
from protocol.client.client import MarketClient
from protocol.lease import Lease
from protocol.result import Outcome
from protocol.units import WEI_PER_CREDIT, Address
from requester.draft import WasmDraft
from requester.handle import Until
from requester.plan import Terms
from requester.programs import program
from requester.requester import Requester
from tests.requester.small_provider import SmallProvider, new_account
from verifier.enrolment import held_seats

START_SECONDS = 90
pytestmark = pytest.mark.timeout(300)
COMMAND = [sys.executable, "-m", "requester.cli"]
NOOP = WasmDraft(program("noop"), label="noop")


class Cheat(SmallProvider):
    """Does the work, then hands in something else for its first task."""

    def _hand_in(self, lease: Lease, outcomes: list[Outcome]) -> None:
        super()._hand_in(lease, [Outcome(b"plausible"), *outcomes[1:]])


@contextmanager
def _running(log: Path, *arguments: str) -> Iterator[Callable[[], dict[str, Any]]]:
    """A `fallow` command that serves until the block ends; yields what waits for its one line."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=file, text=True
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
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
        process.stdout.close()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("market")


@pytest.fixture(scope="module")
def market_url(data: Path) -> Iterator[str]:
    with _running(data / "log", "up", "--data", str(data), "--port", "0") as ready:
        yield str(ready()["url"])


@pytest.fixture(scope="module")
def deployment(market_url: str, data: Path) -> Deployment:
    return Deployment.from_json(json.loads((data / "deployment.json").read_text()))


@pytest.fixture(scope="module")
def verifiers(market_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Address]]:
    """Four of them, each with a seat."""
    root = tmp_path_factory.mktemp("verifiers")
    with ExitStack() as stack:
        starting = []
        for name in "abcd":
            options = ["--market", market_url, "--state", str(root / name), "--json"]
            options += ["--key-file", str(root / f"{name}.key"), "--seats", "1", "--faucet"]
            serving = _running(root / f"{name}.log", "verifier", "start", *options)
            starting.append(stack.enter_context(serving))
        yield [Address(ready()["verifier"]) for ready in starting]


@pytest.fixture(scope="module")
def requester(market_url: str) -> Iterator[Requester]:
    wallet = new_account()
    with MarketClient(market_url, wallet) as client:
        found = Requester(client, wallet)
        client.faucet(found.address)
        _until(lambda: found.account().wallet_credits_wei > 0)
        found.deposit(100 * WEI_PER_CREDIT)
        yield found


def test_honest_work_is_audited_and_the_audits_are_paid(
    market_url: str,
    deployment: Deployment,
    verifiers: list[Address],
    requester: Requester,
    tmp_path: Path,
) -> None:
    with SmallProvider(market_url, tmp_path, WEI_PER_CREDIT // 1000) as provider:
        outputs = _finished(requester, [b"one", b"two", b"three"])
    assert outputs == [b"one", b"two", b"three"]
    paid = _events(requester, deployment, "AuditPaid")
    assert {event.args["task"] for event in paid} == {0, 1, 2}  # without stake, every task
    assert {event.args["verifier"] for event in paid} <= set(verifiers)
    assert _events(requester, deployment, "DisputeOpened") == []
    assert provider.leases > 0


def test_a_cheater_loses_its_lease_and_the_requester_gets_the_right_result(
    market_url: str,
    deployment: Deployment,
    verifiers: list[Address],
    requester: Requester,
    tmp_path: Path,
) -> None:
    with Cheat(market_url, tmp_path, WEI_PER_CREDIT // 2000) as cheat:
        handle = requester.submit(NOOP, [b"four", b"five"], 20 * WEI_PER_CREDIT, _terms())
        _until(lambda: bool(_resolved(requester, deployment)), 90)
    released = _events(requester, deployment, "LeaseReleased")
    assert released
    wallet = Address(cheat.wallet.address)
    slashed = _events(requester, deployment, "Slashed")
    assert slashed
    assert {event.args["provider"] for event in slashed} == {wallet}
    with SmallProvider(market_url, tmp_path, WEI_PER_CREDIT // 1000):
        view = handle.wait(until=Until.SETTLED, timeout_seconds=110)
    assert view.status == "SETTLED"
    assert [result.outcome.output for result in handle.results()] == [b"four", b"five"]
    contracts = Contracts(connect(requester.client.market().rpc_url), deployment)
    assert all(len(held_seats(contracts, verifier)) == 1 for verifier in verifiers)


def _terms() -> Terms:
    return Terms(max_price_per_task_wei=WEI_PER_CREDIT)


def _finished(requester: Requester, inputs: list[bytes]) -> list[bytes]:
    handle = requester.submit(NOOP, inputs, 20 * WEI_PER_CREDIT, _terms())
    handle.wait(until=Until.SETTLED, timeout_seconds=110)
    return [result.outcome.output for result in handle.results()]


def _resolved(requester: Requester, deployment: Deployment) -> list[ChainEvent]:
    return _events(requester, deployment, "DisputeResolved")


def _events(requester: Requester, deployment: Deployment, kind: str) -> list[ChainEvent]:
    reader = EventReader(connect(requester.client.market().rpc_url), deployment)
    page, found = reader.poll(None), []
    while True:
        found += [event for event in page.events if event.kind == kind]
        if page.is_caught_up:
            return found
        page = reader.poll(page.cursor)


def _until(is_so: Callable[[], bool], timeout_seconds: float = 30) -> None:
    give_up_at = time.monotonic() + timeout_seconds
    while not is_so():
        assert time.monotonic() < give_up_at
        time.sleep(0.3)

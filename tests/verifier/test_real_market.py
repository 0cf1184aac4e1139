"""Verifiers, as processes, in a real market: honest work is paid, a cheater is slashed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from protocol.chain.connection import connect
from protocol.chain.contracts import Contracts
from protocol.chain.events import ChainEvent, EventReader
from protocol.chain.facts import Deployment
from protocol.lease import Lease
from protocol.result import Outcome
from protocol.units import WEI_PER_CREDIT, Address
from requester.draft import WasmDraft
from requester.handle import Until
from requester.plan import Terms
from requester.programs import program
from requester.requester import Requester
from tests.requester.small_provider import SmallProvider
from tests.support.commands import funded_requester, serving, serving_market, wait_until
from verifier.enrolment import held_seats

pytestmark = pytest.mark.timeout(300)
NOOP = WasmDraft(program("noop"), label="noop")


class Cheat(SmallProvider):
    """Does the work, then hands in something else for its first task."""

    def _hand_in(self, lease: Lease, outcomes: list[Outcome]) -> None:
        super()._hand_in(lease, [Outcome(b"plausible"), *outcomes[1:]])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("market")


@pytest.fixture(scope="module")
def market_url(data: Path) -> Iterator[str]:
    with serving_market(data) as url:
        yield url


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
            command = serving(root / f"{name}.log", "verifier", "start", *options)
            starting.append(stack.enter_context(command))
        yield [Address(ready()["verifier"]) for ready in starting]


@pytest.fixture(scope="module")
def requester(market_url: str) -> Iterator[Requester]:
    with funded_requester(market_url, 100) as found:
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
    assert {event.args["payee"] for event in paid} <= set(verifiers)
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
        wait_until(lambda: bool(_resolved(requester, deployment)), 90)
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

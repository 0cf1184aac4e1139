"""The requester against a real market on a real (development) chain, with a real execution."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.chain.connection import connect
from protocol.chain.events import EventReader
from protocol.chain.facts import Deployment
from protocol.client.client import MarketClient
from protocol.errors import Conflict, NonceUsed
from protocol.result import Outcome
from protocol.units import WEI_PER_CREDIT, content_id
from requester.draft import WasmDraft
from requester.handle import Until
from requester.inspection import Report
from requester.plan import Terms
from requester.programs import program
from requester.receipts import read_events, verify_receipt
from requester.requester import Requester
from requester.ringers import KnownTask
from tests.requester.small_provider import SmallProvider, new_account
from tests.support.commands import funded_requester, serving_market, wait_until

TEXTSTATS = WasmDraft(program("textstats"), label="textstats")
PRICE = Terms(max_price_per_task_wei=WEI_PER_CREDIT // 10)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("market")


@pytest.fixture(scope="module")
def market_url(data: Path) -> Iterator[str]:
    with serving_market(data) as url:
        yield url


@pytest.fixture(scope="module")
def requester(market_url: str, data: Path) -> Iterator[Requester]:
    with funded_requester(market_url, 50, data / "requester") as found:
        assert found.account().balance_wei == 50 * WEI_PER_CREDIT
        yield found


@pytest.fixture(scope="module")
def provider(market_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallProvider]:
    folder = tmp_path_factory.mktemp("provider")
    ask_wei = WEI_PER_CREDIT // 1000
    with SmallProvider(market_url, folder, ask_wei) as serving:
        yield serving


def test_a_job_without_funds_or_offers(market_url: str) -> None:
    poor = new_account()
    with MarketClient(market_url, poor) as client, pytest.raises(Conflict, match="no device"):
        Requester(client, poor).plan(TEXTSTATS, [b"x"])


def test_cancelled_before_anybody_came(requester: Requester) -> None:
    before_wei = requester.account().balance_wei
    handle = requester.submit(TEXTSTATS, [b"x"], WEI_PER_CREDIT, PRICE)
    wait_until(lambda: handle.view().is_on_chain)
    assert requester.account().balance_wei < before_wei
    handle.cancel()
    wait_until(lambda: handle.view().status == "CANCELLED")
    with pytest.raises(Conflict):
        handle.wait()


def test_a_job_is_executed_paid_and_proven(
    requester: Requester, provider: SmallProvider, data: Path, tmp_path: Path
) -> None:
    inputs = [b"one two\n", b"three\n", b"\xff", b""]
    plan = requester.plan(TEXTSTATS, inputs, idempotency_key="first")
    assert plan.quote.fitting_offers == 1
    handle = requester.post(plan, plan.total_wei)
    assert requester.post(plan, plan.total_wei).job_id == handle.job_id
    handle.wait(until=Until.RESULTS, timeout_seconds=60)
    outcomes = [result.outcome for result in handle.results()]
    assert json.loads(outcomes[0].output)["words"] == 2
    assert [outcome.failure for outcome in outcomes] == [None, None, "exit_code", None]
    names = [path.name for path in handle.download(tmp_path)]
    assert names[1:3] == ["task-000001.bin", "task-000002.failed"]
    requester.client.fetch_results(handle.job_id, tmp_path / "all.zip")

    with pytest.raises(NonceUsed):
        requester.submit(TEXTSTATS, inputs[:1], WEI_PER_CREDIT, PRICE, "first")

    view = handle.wait(until=Until.SETTLED, timeout_seconds=90)
    assert view.status == "SETTLED"
    receipt = handle.receipt()
    paid_wei = sum(payment.amount_wei for payment in receipt.payments)
    assert paid_wei == 4 * plan.quote.price_per_task_wei == view.paid_wei
    assert paid_wei + receipt.refunded_wei == receipt.escrow_wei
    deployment = Deployment.from_json(json.loads((data / "deployment.json").read_text()))
    reader = EventReader(connect(requester.client.market().rpc_url), deployment)
    verify_receipt(receipt, read_events(reader))
    assert provider.leases >= 1


def test_what_is_known_is_checked_and_not_among_the_results(
    requester: Requester, provider: SmallProvider
) -> None:
    inputs = [b"one two\n", b"three\n", b"four five six\n"]
    known = [KnownTask(b"\xfe", Outcome(failure="exit_code").digest)]
    handle = requester.submit(TEXTSTATS, inputs, WEI_PER_CREDIT, PRICE, known=known)
    view, report = handle.wait_checked(timeout_seconds=60)
    assert view.task_count == 4
    assert report == handle.check() == Report(ringers=1, right=1, waiting=0, wrong=())
    outputs = [json.loads(result.outcome.output) for result in handle.results()]
    assert [output["words"] for output in outputs] == [2, 1, 3]
    assert provider.leases >= 1


def test_events_of_a_job(requester: Requester) -> None:
    view = next(view for view in requester.jobs() if view.status == "SETTLED")
    kinds = []
    for event in requester.client.events(view.job_id, last_event_id=0):
        kinds.append(event.kind)
        if "closed" in event.kind or len(kinds) > 50:
            break
    assert kinds[0] == "job_posted"


def test_uploads(requester: Requester, tmp_path: Path) -> None:
    client = requester.client
    blob = os.urandom(9 << 20)
    blob_id = client.put_blob(blob)
    assert client.fetch_blob(blob_id, tmp_path / "blob").read_bytes() == blob
    (tmp_path / "blob").replace(tmp_path / "again.part")
    os.truncate(tmp_path / "again.part", 5 << 20)
    assert client.fetch_blob(blob_id, tmp_path / "again").read_bytes() == blob
    assert client.put_blob(b"") == content_id(b"")
    assert client.has_blob(content_id(b""))

"""A disputed result on a real chain: conceded when it was wrong, opened when it was right."""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from protocol.audit import commitment
from protocol.chain.contracts import Contracts
from protocol.chain.development import development_account
from protocol.chain.events import ChainEvent, EventReader
from protocol.chain.sender import MemoryJournal, Sender
from protocol.client.client import MarketClient
from protocol.errors import ChainUnavailable, NotFound
from protocol.lease import Lease
from protocol.pricing import bond_wei
from protocol.result import Outcome
from protocol.spec import Spec
from protocol.units import (
    WEI_PER_CREDIT,
    Address,
    Bytes32,
    ContentId,
    content_id,
    credits_text,
)
from protocol.verification import Close
from provider import disputes
from provider.cache import BlobCache
from provider.canary import Canaries
from provider.chain_watch import ChainWatch
from provider.disputes import Case, Defence
from provider.execution import Device
from provider.executors.base import LeaseWork, OnTaskDone
from provider.executors.wasm import WasmExecutor
from provider.ledger import Ledger, Record
from tests.protocol.make_vectors import word
from tests.provider.test_canary import IMAGE, INPUTS, SPEC, TASK_LIST
from tests.provider.test_execution import made_device
from tests.support.chains import start_devchain
from tests.verifier import world as verifier_world
from tests.verifier.lying_market import LyingMarket, serve
from tests.verifier.world import PRICE_WEI, PROVIDER, Committed, World

MEMBER, CHALLENGER = development_account(4), development_account(5)
POLL_SECONDS = 0.3
CONCEDE_SECONDS = 6


@pytest.fixture(scope="module")
def rpc_url() -> Iterator[str]:
    with start_devchain(block_seconds=1) as url:
        yield url


@pytest.fixture
def market(rpc_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[LyingMarket]:
    patient = replace(verifier_world.QUICK, concede_seconds=CONCEDE_SECONDS)
    monkeypatch.setattr(verifier_world, "QUICK", patient)
    made = World(rpc_url)
    made.fund(PROVIDER, WEI_PER_CREDIT)
    made.send(PROVIDER, made.contracts.stake(WEI_PER_CREDIT // 2))
    with serve(LyingMarket(made)) as served:
        yield served


def commit(world: World, wrong_task: int | None) -> tuple[Committed, Record]:
    """A result of two tasks on chain, and the record that the device kept of it."""
    digests = [world.honest_digest(task) for task in range(2)]
    if wrong_task is not None:
        digests[wrong_task] = word("wrong")
    job_id = world.open_job()
    made = world.commit(job_id, 0, digests)
    me = Address(PROVIDER.address)
    record = Record(
        lease=Lease(job_id, me, me, 0, 2, PRICE_WEI, 1),
        spec=world.spec,
        task_inputs=tuple(content_id(world.task_input(task)) for task in range(2)),
        lease_salt=word("salt"),
        digests=tuple(digests),
    )
    assert record.lease_id == made.lease_id
    return made, record


@contextmanager
def defended(market: LyingMarket, record: Record, root: Path) -> Iterator[ChainWatch]:
    """A device's watch and defence, in threads, until the block ends."""
    world = market.world
    with MarketClient(market.url, PROVIDER) as client:
        ledger = Ledger(root / "ledger")
        ledger.add(record)
        defence: Defence
        watch = ChainWatch(
            EventReader(world.web3, world.deployment),
            ledger,
            POLL_SECONDS,
            # The watch is made first, so that the defence is looked up when it is needed.
            lambda *dispute: defence.take(*dispute),  # noqa: PLW0108
        )
        scratch = root / "scratch"
        scratch.mkdir()
        device = Device(
            market=client,
            account=PROVIDER,
            wallet=Address(PROVIDER.address),
            domain=world.contracts.domain,
            ask_per_core_second_wei=1,
            executors=[WasmExecutor()],
            cache=BlobCache(root / "blobs", 1 << 30, client.fetch_blob),
            ledger=ledger,
            jobs=watch,
            scratch=scratch,
            canaries=Canaries(root / "canaries"),
        )
        sender = Sender(world.web3, PROVIDER, MemoryJournal())
        defence = Defence(device, world.contracts, sender, POLL_SECONDS)
        threads = [threading.Thread(target=part.run) for part in (watch, defence)]
        for thread in threads:
            thread.start()
        try:
            yield watch
        finally:
            watch.end()
            defence.end()
            for thread in threads:
                thread.join()


def contest(world: World, made: Committed, task: int) -> ChainEvent:
    """Somebody disputes a task of the only lease of its batch."""
    lease = made.batch.result(0)
    least_wei = world.contracts.params().dispute_bond_wei
    world.fund(CHALLENGER, bond_wei(lease.amount // lease.count, lease.amount, least_wei))
    call = world.contracts.open_dispute(made.batch, 0, task)
    world.send(CHALLENGER, call)
    return world.await_event("DisputeOpened")


def test_a_wrong_result_is_conceded_and_the_price_told(
    market: LyingMarket, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made, record = commit(market.world, wrong_task=1)
    with defended(market, record, tmp_path):
        opened = contest(market.world, made, task=1)
        conceded = market.world.await_event("DisputeConceded", timeout_seconds=30)
    assert conceded.args["dispute_id"] == opened.args["dispute_id"]
    (slashed,) = market.world.events("Slashed")  # 50 times the price: more than its whole stake
    price = credits_text(slashed.args["amount_wei"])
    assert f"conceding costs {price} credits of stake and the lease's pay" in caplog.text


def test_a_right_result_is_opened_for_the_committee(market: LyingMarket, tmp_path: Path) -> None:
    world = market.world
    seat_wei = world.contracts.params().seat_stake_wei
    world.fund(MEMBER, seat_wei)
    world.send(MEMBER, world.contracts.take_seats(1))
    made, record = commit(world, wrong_task=None)
    with defended(market, record, tmp_path):
        opened = contest(world, made, task=0)
        dispute_id = opened.args["dispute_id"]
        judge(world, dispute_id, opened.timestamp, world.honest_digest(0))
        claim = world.await_event("ClaimOpened", timeout_seconds=40)
    assert claim.args["task_digest"] == world.honest_digest(0)
    assert not world.events("DisputeConceded")


class Scripted:
    """A container executor that gives the outcomes of a list."""

    kind = "container"

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)

    def supports(self, spec: Spec) -> bool:
        return spec.runtime.kind == self.kind

    def run(self, work: LeaseWork, on_task_done: OnTaskDone) -> list[Outcome]:
        return [self.outcomes.pop(0)]


@pytest.mark.parametrize(
    ("found", "is_defended", "told"),
    [
        ([b"claimed"], True, "stands"),
        ([b"other", b"other"], False, "was wrong; conceding costs"),
        ([b"other", b"claimed"], True, "is defended, though its program is not deterministic"),
        ([b"other", b"third"], True, "is defended, though its program is not deterministic"),
    ],
)
def test_what_is_not_deterministic_is_not_conceded_blindly(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    found: list[bytes],
    is_defended: bool,
    told: str,
) -> None:
    monkeypatch.setattr(disputes, "APART_SECONDS", 0)
    monkeypatch.setattr(Defence, "_price", lambda *_: "much")
    executor = Scripted(*map(Outcome, found))
    blobs = (IMAGE, TASK_LIST, *INPUTS)
    plain = made_device(tmp_path, {content_id(blob): blob for blob in blobs})
    device = replace(plain, executors=[executor])
    lease = Lease(word("job"), device.wallet, device.wallet, 0, 1, PRICE_WEI, 1)
    record = Record(
        lease, SPEC, (content_id(INPUTS[0]),), word("salt"), (Outcome(b"claimed").digest,)
    )
    device.ledger.add(record)
    contracts, sender = MagicMock(spec=Contracts), MagicMock(spec=Sender)
    defence = Defence(device, contracts, sender, POLL_SECONDS)
    case = defence._judge(Case(1, lease.lease_id, 0))
    assert case.is_defended is is_defended
    assert told in caplog.text
    assert executor.outcomes == []


TOLERANT = replace(SPEC, comparator=Close("float32", "0", "0.01"))
CLAIMED = struct.pack("<2f", 1.0, 2.0)


@pytest.mark.parametrize(
    ("claimed", "found", "told"),
    [
        (Outcome(CLAIMED), Outcome(CLAIMED), "stands"),
        (Outcome(CLAIMED), Outcome(struct.pack("<2f", 1.001, 2.0)), "stands: it is within tol"),
        (Outcome(CLAIMED), Outcome(struct.pack("<2f", 1.1, 2.0)), "is out of tolerance here"),
        (Outcome(CLAIMED), Outcome(failure="exit_code"), "is out of tolerance here"),
        (Outcome(failure="trap"), Outcome(CLAIMED), "is out of tolerance here"),
        (Outcome(failure="trap"), Outcome(failure="trap"), "stands"),
        (Outcome(b"lost by the market"), Outcome(CLAIMED), "is left to the committee: our own"),
    ],
)
def test_nothing_is_conceded_on_tolerance_alone(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    claimed: Outcome,
    found: Outcome,
    told: str,
) -> None:
    executor = Scripted(found)
    blobs = {content_id(blob): blob for blob in (IMAGE, TASK_LIST, *INPUTS, CLAIMED)}

    def fetch(blob_id: ContentId, path: Path, _max_bytes: int) -> Path:
        if blob_id not in blobs:
            raise NotFound("gone")
        path.write_bytes(blobs[blob_id])
        return path

    plain = made_device(tmp_path, blobs)
    cache = BlobCache(tmp_path / "cache", 1 << 30, fetch)
    device = replace(plain, executors=[executor], cache=cache)
    lease = Lease(word("job"), device.wallet, device.wallet, 0, 1, PRICE_WEI, 1)
    output = content_id(claimed.output) if claimed.failure is None else None
    record = Record(
        lease, TOLERANT, (content_id(INPUTS[0]),), word("salt"), (claimed.digest,), (output,)
    )
    device.ledger.add(record)
    defence = Defence(device, MagicMock(spec=Contracts), MagicMock(spec=Sender), POLL_SECONDS)
    assert defence._judge(Case(1, lease.lease_id, 0)).is_defended
    assert told in caplog.text


def judge(world: World, dispute_id: int, opened_at: int, digest: Bytes32) -> None:
    """The committee's only member votes for `digest`."""
    due_at = opened_at + CONCEDE_SECONDS + 1
    world.wait_until(lambda: world.contracts.block_timestamp() > due_at)
    world.send(MEMBER, world.contracts.draw_committee(dispute_id))
    called = world.await_event("CommitteeCalled")
    world.wait_until(lambda: world.contracts.block_number() > called.args["seed_block"])
    world.send(MEMBER, world.contracts.draw_committee(dispute_id))
    vote = commitment(Address(MEMBER.address), digest, word("vote"))
    world.send(MEMBER, world.contracts.commit_vote(dispute_id, vote))
    world.send(MEMBER, world.contracts.reveal_vote(dispute_id, digest, word("vote")))


def test_the_chain_tells_what_a_job_signed(market: LyingMarket, tmp_path: Path) -> None:
    _, record = commit(market.world, wrong_task=None)
    give_up = threading.Event()
    with defended(market, record, tmp_path) as watch:
        assert watch.spec_hash(record.lease.job_id, give_up) == market.world.spec.hash
        give_up.set()
        with pytest.raises(ChainUnavailable, match="does not show job"):
            watch.spec_hash(word("no such job"), give_up)

"""An execution for a market that lies: the device keeps its records, its limits and its calm."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from eth_account import Account

from protocol.client.client import MarketClient
from protocol.client.wire import LeaseGrant, LeaseResultRequest
from protocol.errors import BlobTooLarge, LeaseLost, WrongMarket
from protocol.lease import Lease
from protocol.offer import RUNTIME_WASM, Offer
from protocol.spec import Limits, Resources, Spec, WasmRuntime, encode_task_list
from protocol.typed_data import Domain
from protocol.units import ZERO_ADDRESS, Address, Bytes32, ContentId, content_id
from provider.cache import BlobCache
from provider.canary import Canaries
from provider.execution import Device, Execution
from provider.executors.wasm import WasmExecutor
from provider.ledger import Ledger

NOOP = (Path(__file__).parents[2] / "images" / "wasm" / "built" / "noop.wasm").read_bytes()
INPUT = b"an input"
TASK_LIST = encode_task_list([content_id(INPUT)])
SPEC = Spec(
    runtime=WasmRuntime(content_id(NOOP)),
    resources=Resources(1000, 1 << 20, 0),
    limits=Limits(10, 10**6, 1 << 20),
    task_list=content_id(TASK_LIST),
)
DEVICE = Account.create()
ME = Address(DEVICE.address)
OFFER = Offer(
    provider=ME,
    device=ME,
    runtimes=RUNTIME_WASM,
    cpu_millis=1000,
    memory_bytes=1 << 28,
    disk_bytes=0,
    ask_per_core_second=1,
    expires_at=1 << 39,
    nonce=1,
)


class Liar(MarketClient):
    """Keeps whatever it is sent, and says that it came too late."""

    def put_blob(self, source: Path | bytes, *_: object) -> ContentId:
        assert isinstance(source, bytes)
        return content_id(source)

    def post_result(self, lease_id: bytes, request: LeaseResultRequest) -> None:
        raise LeaseLost


class Signed:
    """The chain's word: the requester signed what the market shows."""

    def spec_hash(self, _job_id: Bytes32, _give_up: Event) -> Bytes32:
        return SPEC.hash


def made_device(tmp_path: Path, blobs: dict[ContentId, bytes]) -> Device:
    def fetch(blob_id: ContentId, path: Path, _max_bytes: int) -> Path:
        path.write_bytes(blobs[blob_id])
        return path

    (tmp_path / "scratch").mkdir()
    device = Device(
        market=Liar("http://127.0.0.1:9"),
        account=DEVICE,
        wallet=ME,
        domain=Domain(1, ZERO_ADDRESS),
        ask_per_core_second_wei=1,
        executors=[WasmExecutor()],
        cache=BlobCache(tmp_path / "blobs", 1 << 40, fetch),
        ledger=Ledger(tmp_path / "ledger"),
        jobs=Signed(),
        scratch=tmp_path / "scratch",
        canaries=Canaries(tmp_path / "canaries"),
    )
    device.standing.offer = OFFER
    return device


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return made_device(tmp_path, {content_id(b): b for b in (NOOP, INPUT, TASK_LIST)})


def granted(spec: Spec = SPEC, heartbeat_seconds: int = 5, count: int = 1) -> LeaseGrant:
    lease = Lease(Bytes32(b"\x01" * 32), ME, ME, 0, count, 10**18, 1)
    return LeaseGrant(
        lease_id=lease.lease_id,
        lease=lease.to_json(),
        spec=spec.to_json(),
        task_inputs=[content_id(INPUT)] * count,
        expires_at=0,
        heartbeat_seconds=heartbeat_seconds,
    )


def test_a_refused_result_stays_on_record(device: Device) -> None:
    """Whoever holds the signature can commit it: the device must be able to open its claim."""
    execution = Execution(device, granted())
    execution.fetch()
    execution.execute()
    with pytest.raises(LeaseLost):
        execution.report()
    record = device.ledger.get(execution.lease_id)
    assert record is not None
    assert record.opening(0).digest == record.digest_of(0)
    execution.close()


@pytest.mark.parametrize(
    "resources",
    [Resources(1000, 1 << 39, 0), Resources(64_000, 1 << 20, 0), Resources(1, 1 << 20, 1)],
)
def test_a_lease_of_more_than_was_offered(device: Device, resources: Resources) -> None:
    with pytest.raises(WrongMarket, match="more than this device offers"):
        Execution(device, granted(replace(SPEC, resources=resources))).fetch()


def test_a_lease_whose_outputs_do_not_fit_into_memory(device: Device) -> None:
    large = replace(SPEC, limits=replace(SPEC.limits, output_bytes=1 << 26))
    Execution(device, granted(large, count=2))._check_grant()
    with pytest.raises(WrongMarket, match="more than this device offers"):
        Execution(device, granted(large, count=3)).fetch()


@pytest.mark.parametrize(("told", "kept"), [(-1, 1), (0, 1), (5, 5), (10**12, 60)])
def test_a_heartbeat_is_never_a_hurried_loop(device: Device, told: int, kept: int) -> None:
    assert Execution(device, granted(heartbeat_seconds=told)).heartbeat_seconds == kept


def test_a_task_list_of_any_length(tmp_path: Path) -> None:
    endless = b" " * ((128 << 20) + 1)
    blobs = {content_id(NOOP): NOOP, content_id(INPUT): INPUT, content_id(TASK_LIST): endless}
    with pytest.raises(BlobTooLarge, match="task list"):
        Execution(made_device(tmp_path, blobs), granted()).fetch()

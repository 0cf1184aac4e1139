"""A second real job, in containers, through the whole loop; then strangers want to see it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from deploy.demo.paragraphs import docstring_paragraphs
from deploy.stack import ProviderPlan
from images.container.build import build
from protocol.audit import AuditCommitment, commitment
from protocol.batch import Batch
from protocol.client.client import MarketClient
from protocol.client.keys import load_or_create_key
from protocol.client.wire import (
    AuditCommitmentRequest,
    AuditRequest,
    CancelRequest,
    LeaseFailure,
    LeaseResultRequest,
    TaskResult,
)
from protocol.errors import ChainRejected, Conflict, Forbidden, NotFound, NotSignedIn
from protocol.job import Cancellation
from protocol.lease import CommittedLease, LeaseResult
from protocol.sampling import batch_seed, draw_verifiers
from protocol.spec import Limits, Resources, decode_task_list
from protocol.units import Address, Bytes32, ContentId, content_id, to_hex
from requester.draft import ContainerDraft
from requester.handle import JobHandle
from requester.requester import Requester
from tests.support.stacks import BUDGET_WEI, QUICK, QuickStack, quick_stack, require_paid_once

pytestmark = pytest.mark.timeout(240)
VERIFIERS = ("v1", "v2")
TASKS = 6
TEXTS_PER_TASK = 30
SALT = Bytes32(bytes(range(32)))


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickStack]:
    # Without a stake, every task of a first lease is audited.
    plans = [ProviderPlan("p1", stake_wei=0)]
    with quick_stack(tmp_path_factory.mktemp("stack"), VERIFIERS, plans) as started:
        yield started


@pytest.fixture(scope="module")
def requester(stack: QuickStack) -> Iterator[Requester]:
    with stack.requester() as found:
        yield found


@pytest.fixture(scope="module")
def texts() -> list[bytes]:
    """One text for each task."""
    found = docstring_paragraphs(TASKS * TEXTS_PER_TASK)
    return ["\n".join(found[task::TASKS]).encode() for task in range(TASKS)]


@pytest.fixture(scope="module")
def image() -> bytes:
    return build("wordfrequency")


@pytest.fixture(scope="module")
def handle(stack: QuickStack, requester: Requester, texts: list[bytes], image: bytes) -> JobHandle:
    """The job, settled."""
    draft = ContainerDraft(
        image=image,
        command=("/bin/sh", "/job/run.sh"),
        resources=Resources(cpu_millis=1000, memory_bytes=64 << 20, disk_bytes=16 << 20),
        limits=Limits(wall_seconds=60, fuel=0, output_bytes=1 << 16),
        label="wordfrequency",
    )
    posted = requester.submit(draft, texts, BUDGET_WEI)
    stack.settle(posted)
    return posted


def word_counts(text: bytes) -> dict[str, int]:
    """What the job counts, computed directly: runs of ASCII letters, in lower case."""
    return Counter(re.findall(r"[a-z]+", text.decode(errors="ignore").lower()))


def test_the_job_is_executed_audited_paid_and_downloaded(
    stack: QuickStack, handle: JobHandle, texts: list[bytes], tmp_path: Path
) -> None:
    paths = handle.download(tmp_path)
    assert [path.name for path in paths] == [f"task-{i:06}.bin" for i in range(TASKS)]
    for path, text in zip(paths, texts, strict=True):
        lines = [line.split("\t") for line in path.read_text().splitlines()]
        found = {word: int(count) for count, word in lines}
        counted = word_counts(text)
        assert len(found) == min(100, len(counted))
        assert found == {word: counted[word] for word in found}
        assert min(found.values()) >= max(
            (n for word, n in counted.items() if word not in found), default=0
        )
    view, receipt = handle.view(), handle.receipt()
    require_paid_once(receipt, TASKS, view.max_price_per_task_wei)
    wallet = stack.address("p1")
    assert {payment.provider for payment in receipt.payments} == {wallet}
    # A new provider's first lease of two tasks is audited whole.
    assert len(receipt.audits) >= 2
    assert {a.verifier for a in receipt.audits} <= {stack.address(name) for name in VERIFIERS}
    # Withheld pay has become stake.
    assert stack.contracts().account(wallet).stake_wei == view.paid_wei


# Seeing and doing what is somebody else's.

Attack = Callable[[MarketClient, JobHandle, Path], object]


def _cancel(client: MarketClient, handle: JobHandle, _: Path) -> None:
    somebody: LocalAccount = Account.create()
    signature = Cancellation(handle.job_id).sign(client.domain, somebody)
    client.cancel_job(handle.job_id, CancelRequest(signature=to_hex(signature)))


OF_THE_REQUESTER: dict[str, Attack] = {
    "the job": lambda client, handle, _: client.job(handle.job_id),
    "its tasks": lambda client, handle, _: client.tasks(handle.job_id),
    "its receipt": lambda client, handle, _: client.receipt(handle.job_id),
    "its events": lambda client, handle, _: next(client.events(handle.job_id, 0)),
    "a result": lambda client, handle, _: client.task_result(handle.job_id, 0),
    "all results": lambda client, handle, to: client.fetch_results(handle.job_id, to / "all"),
    "its end": _cancel,
}


@pytest.mark.parametrize("what", OF_THE_REQUESTER)
@pytest.mark.parametrize("who", ["stranger", "p1", "p1's device", "v1", "nobody"])
def test_a_job_is_its_requesters_alone(
    stack: QuickStack, handle: JobHandle, tmp_path: Path, who: str, what: str
) -> None:
    expected = NotSignedIn if who == "nobody" else NotFound
    with client_of(stack, who) as client, pytest.raises(expected):
        OF_THE_REQUESTER[what](client, handle, tmp_path)


@pytest.mark.parametrize("who", ["stranger", "idle device"])
def test_blobs_are_for_those_entitled(
    stack: QuickStack,
    requester: Requester,
    handle: JobHandle,
    texts: list[bytes],
    image: bytes,
    tmp_path: Path,
    who: str,
) -> None:
    output, _ = requester.client.task_result(handle.job_id, 0)
    task_list = ContentId(handle.view().spec["inputs"]["tasks"])
    with client_of(stack, who) as client:
        for blob in (content_id(texts[0]), content_id(output), content_id(image), task_list):
            with pytest.raises(NotFound):
                client.fetch_blob(blob, tmp_path / "blob")
            # Knowing a digest gives nothing: the bytes themselves have to be sent.
            assert not client.has_blob(blob)
    data = requester.client.fetch_blob(task_list, tmp_path / "own").read_bytes()
    assert decode_task_list(data, TASKS) == tuple(content_id(text) for text in texts)


def test_a_lease_is_its_devices_alone(stack: QuickStack, handle: JobHandle) -> None:
    lease = next(leases_of(stack, handle)).result
    with client_of(stack, "idle device") as client:
        device = load_or_create_key(stack.folder / "idle" / "device.key")
        stolen = LeaseResult(**vars(lease) | {"provider": stack.address("idle")})
        for result in (lease, stolen):
            request = LeaseResultRequest(
                result=result.to_json(),
                signature=to_hex(result.sign(client.domain, device)),
                lease_salt=SALT,
                tasks=[TaskResult(task=task, failure="trap") for task in lease.tasks],
            )
            with pytest.raises(Forbidden):
                client.post_result(lease.lease_id, request)
        with pytest.raises(Forbidden):
            client.heartbeat(lease.lease_id, 0)
        with pytest.raises(Forbidden):
            client.post_failure(lease.lease_id, LeaseFailure(code="failed", detail=""))
        with pytest.raises(Forbidden):
            client.account_leases(lease.provider)
    # The finished lease cannot be finished again by its own device with another result either.
    assert handle.receipt().payments


def test_only_the_drawn_verifier_gets_an_audit(
    stack: QuickStack, handle: JobHandle, texts: list[bytes], tmp_path: Path
) -> None:
    drawn = draws(stack, handle)
    assert any(drawn.values())
    for (batch_id, lease_id, task), holders in drawn.items():
        for name in (*VERIFIERS, "stranger", "p1"):
            if stack.address(name) in holders:
                continue
            with client_of(stack, name) as client:
                request = AuditRequest(batch_id=batch_id, lease_id=lease_id, task=task)
                with pytest.raises((Forbidden, Conflict)):  # the batch is finished
                    client.audit(request)
                with pytest.raises((Forbidden, Conflict)):
                    client.commit_audit(audit_commitment(stack, name, batch_id, lease_id, task))
                with pytest.raises((Forbidden, ChainRejected)):
                    client.audit(request.model_copy(update={"dispute_id": 1}))
                with pytest.raises((Forbidden, ChainRejected)):
                    client.dispute_opening(1)
    for name in VERIFIERS:
        mine = {task for (_, _, task), found in drawn.items() if stack.address(name) in found}
        with client_of(stack, name) as client:
            for task in set(range(TASKS)) - mine:
                with pytest.raises(NotFound):
                    client.fetch_blob(content_id(texts[task]), tmp_path / "blob")


def test_public_events_tell_nothing_private(
    stack: QuickStack, requester: Requester, handle: JobHandle, texts: list[bytes]
) -> None:
    output, _ = requester.client.task_result(handle.job_id, 0)
    secrets = [content_id(texts[0]), content_id(output), "wordfrequency"]
    kinds = []
    for event in stack.market.events(None, 0):
        kinds.append(event.kind)
        told = json.dumps(event.model_dump(mode="json"))
        assert not [secret for secret in secrets if secret in told]
        if {"job_closed", "lease_settled"} <= set(kinds):  # told by one transaction
            break
    assert "audit_revealed" not in kinds


def client_of(stack: QuickStack, who: str) -> MarketClient:
    """Somebody's signed-in client; nobody's is not."""
    if who == "nobody":
        return MarketClient(stack.url)
    name, is_device = who.removesuffix("'s device"), who.endswith("'s device")
    if who == "idle device":
        name, is_device = "idle", True
        stack.enrol_idle(name)
    if is_device:
        return MarketClient(stack.url, load_or_create_key(stack.folder / name / "device.key"))
    return MarketClient(stack.url, stack.key(name))


def leases_of(stack: QuickStack, handle: JobHandle) -> Iterator[CommittedLease]:
    for event in stack.committed(handle):
        yield from event.args["batch"].leases


def draws(
    stack: QuickStack, handle: JobHandle
) -> dict[tuple[Bytes32, Bytes32, int], frozenset[Address]]:
    """Who audits each task by the chain's public seed, which outlives the batch itself."""
    contracts = stack.contracts()
    seats = contracts.seats()  # no other was taken after the commitments
    found: dict[tuple[Bytes32, Bytes32, int], frozenset[Address]] = {}
    for event in stack.committed(handle):
        batch: Batch = event.args["batch"]
        seed_block = event.block_number + QUICK.seed_delay_blocks
        value = Bytes32(contracts.ask("BlockhashBeacon", "valueAt", seed_block))
        seed = batch_seed(value, event.args["batch_id"])
        for line, lease in enumerate(batch.leases):
            result = lease.result
            excluded = {result.provider, batch.requester(line), batch.operator}
            for task in result.tasks:
                place = (seed, result.lease_id, task, lease.audit_rate_ppm)
                drawn = draw_verifiers(*place, seats, event.block_number, excluded)
                holders = frozenset(draw.holder for draw in drawn)
                found[event.args["batch_id"], result.lease_id, task] = holders
    return found


def audit_commitment(
    stack: QuickStack, name: str, batch_id: Bytes32, lease_id: Bytes32, task: int
) -> AuditCommitmentRequest:
    key = stack.key(name)
    made = AuditCommitment(
        batch_id=batch_id,
        lease_id=lease_id,
        task=task,
        commitment=commitment(Address(key.address), SALT, SALT),
    )
    signature = made.sign(stack.deployment().domain, key)
    return AuditCommitmentRequest(commitment=made.to_json(), signature=to_hex(signature))

"""The canary: it finds what is not deterministic before anything is signed, and remembers."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.client.wire import LeaseGrant
from protocol.errors import NotDeterministic
from protocol.lease import Lease
from protocol.offer import RUNTIME_CONTAINER
from protocol.result import Outcome
from protocol.spec import (
    ContainerRuntime,
    Limits,
    Resources,
    Spec,
    WasmRuntime,
    encode_task_list,
)
from protocol.units import Bytes32, ContentId, content_id
from protocol.verification import Close, Custom
from provider import canary, machine
from provider.cache import BlobCache
from provider.canary import Canaries, Canary, Finding
from provider.execution import Device, Execution
from provider.executors.base import ExecutionStopped, LeaseWork, OnTaskDone
from provider.slot import Slot
from tests.provider.executors.test_comparison import COMPARATOR, assemble
from tests.provider.test_execution import ME, OFFER, made_device

IMAGE = b"an image"
INPUTS = [b"input %d" % n for n in range(3)]
TASK_LIST = encode_task_list([content_id(data) for data in INPUTS])
SPEC = Spec(
    runtime=ContainerRuntime(content_id(IMAGE), ("/x",)),
    resources=Resources(1000, 1 << 26, 1 << 20),
    limits=Limits(10, 0, 1 << 16),
    task_list=content_id(TASK_LIST),
)
JOB, OTHER_JOB = Bytes32(b"\x01" * 32), Bytes32(b"\x02" * 32)
Answer = Callable[[int, int], Outcome]


class Scripted:
    """An executor whose outcomes follow from the task and from how many executions there were."""

    kind = "container"

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.executed: list[tuple[int, ...]] = []
        self.scratches: list[Path] = []

    def supports(self, spec: Spec) -> bool:
        return spec.runtime.kind == self.kind

    def run(self, work: LeaseWork, on_task_done: OnTaskDone) -> list[Outcome]:
        self.executed.append(tuple(work.tasks))
        self.scratches.append(work.scratch)
        outcomes = [self.answer(task, len(self.executed)) for task in work.tasks]
        for task, outcome in zip(work.tasks, outcomes, strict=True):
            on_task_done(task, outcome)
        return outcomes


def honest(task: int, _execution: int) -> Outcome:
    return Outcome(b"%d" % task)


def clock(task: int, execution: int) -> Outcome:
    return Outcome(b"%d at %d" % (task, execution))


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "APART_SECONDS", 0)


@pytest.fixture
def spec() -> Spec:
    return SPEC


@pytest.fixture
def make_device(tmp_path: Path, spec: Spec) -> Callable[[Answer], tuple[Device, Scripted]]:
    def make(answer: Answer) -> tuple[Device, Scripted]:
        blobs = {content_id(blob): blob for blob in (IMAGE, TASK_LIST, *INPUTS)}
        executor = Scripted(answer)
        made = made_device(tmp_path, blobs)
        made.standing.offer = replace(OFFER, runtimes=RUNTIME_CONTAINER, disk_bytes=1 << 30)
        return replace(made, executors=[executor]), executor

    return make


def granted(spec: Spec, count: int = 3, job_id: Bytes32 = JOB) -> LeaseGrant:
    lease = Lease(job_id, ME, ME, 0, count, 10**18, 1)
    return LeaseGrant(
        lease_id=lease.lease_id,
        lease=lease.to_json(),
        spec=spec.to_json(),
        task_inputs=[content_id(data) for data in INPUTS[:count]],
        expires_at=0,
        heartbeat_seconds=5,
    )


def executed(device: Device, grant: LeaseGrant) -> Execution:
    execution = Execution(device, grant)
    try:
        execution.fetch()
        execution.execute()
    finally:
        execution.close()
    return execution


MakeDevice = Callable[[Answer], tuple[Device, Scripted]]


def test_a_canary_costs_one_execution_and_once_a_job(make_device: MakeDevice, spec: Spec) -> None:
    device, executor = make_device(honest)
    first = executed(device, granted(spec))
    (alone,), among = executor.executed
    assert among == (0, 1, 2)
    assert alone in (1, 2)  # at another place than in the lease
    assert executor.scratches[0] != executor.scratches[1]
    assert first.tasks_done == 3
    executed(device, granted(spec))
    assert executor.executed[2:] == [(0, 1, 2)]
    executed(device, granted(spec, job_id=OTHER_JOB))
    assert len(executor.executed) == 5


def test_two_results_are_signed_by_nobody_and_the_job_is_not_taken_again(
    make_device: MakeDevice, spec: Spec, tmp_path: Path
) -> None:
    device, executor = make_device(clock)
    with pytest.raises(NotDeterministic, match=r"task [12] gave .* alone and .* in its lease"):
        executed(device, granted(spec))
    assert device.ledger.is_empty()
    with pytest.raises(NotDeterministic, match="before"):
        executed(device, granted(spec))
    assert len(executor.executed) == 2
    # Nor after a restart.
    assert Canaries(tmp_path / "canaries").of(JOB, spec) is Finding.NOT_DETERMINISTIC
    # Another job is another matter; and another spec under the same name is no other job's excuse.
    executor.answer = honest
    executed(device, granted(spec, job_id=OTHER_JOB))
    executed(device, granted(replace(spec, label="as the market shows it")))


def test_a_program_that_fails_now_and_then_is_not_deterministic(
    make_device: MakeDevice, spec: Spec
) -> None:
    device, _ = make_device(
        lambda task, n: Outcome(failure="exit_code") if n == 1 else Outcome(b"%d" % task)
    )
    with pytest.raises(NotDeterministic, match="exit_code alone and 1 bytes"):
        executed(device, granted(spec))


TOLERANT = replace(SPEC, comparator=Close("float32", "0", "0.01"))


def test_a_tolerance_is_tried_by_its_comparator(make_device: MakeDevice) -> None:
    device, executor = make_device(lambda task, n: Outcome(struct.pack("<f", 1 + n / 1000)))
    execution = executed(device, granted(TOLERANT))
    assert device.canaries.of(JOB, TOLERANT) is Finding.PASSED
    assert len(executor.executed) == 2
    record = execution._record(execution.lease, TOLERANT)  # type: ignore[arg-type]
    assert record.outputs == (content_id(struct.pack("<f", 1.002)),) * 3
    far = Outcome(struct.pack("<f", 1.5))
    executor.answer = lambda task, n: far if n % 2 else Outcome(struct.pack("<f", 1))
    with pytest.raises(NotDeterministic, match="alone"):
        executed(device, granted(TOLERANT, job_id=OTHER_JOB))
    assert device.canaries.of(OTHER_JOB, TOLERANT) is Finding.NOT_DETERMINISTIC


@pytest.mark.parametrize("rule", ["i32.const 0", "i32.const 1", "call $is_own_less"])
def test_a_rigged_comparator_is_found_before_anything_is_signed(
    make_device: MakeDevice, tmp_path: Path, rule: str
) -> None:
    """It lets pass what is claimed below one's own, say: so both directions are tried."""
    module = assemble(COMPARATOR.replace("$RULE", rule))
    rigged = replace(SPEC, comparator=Custom(content_id(module)))
    device, _ = make_device(lambda task, n: Outcome(bytes([n])))
    blobs = {content_id(blob): blob for blob in (IMAGE, TASK_LIST, *INPUTS, module)}

    def fetch(blob_id: ContentId, path: Path, _max_bytes: int) -> Path:
        path.write_bytes(blobs[blob_id])
        return path

    device = replace(device, cache=BlobCache(tmp_path / "cache", 1 << 30, fetch))
    if rule == "i32.const 0":
        executed(device, granted(rigged))
        return
    with pytest.raises(NotDeterministic):
        executed(device, granted(rigged))
    assert device.canaries.of(JOB, rigged) is Finding.NOT_DETERMINISTIC


def test_a_wasm_job_needs_no_canary_whatever_its_comparator(device_of_canaries: Canaries) -> None:
    wasm = replace(
        TOLERANT, runtime=WasmRuntime(content_id(IMAGE)), limits=replace(SPEC.limits, fuel=1)
    )
    assert not device_of_canaries.is_due(JOB, wasm)
    assert device_of_canaries.is_due(JOB, TOLERANT)


@pytest.fixture
def device_of_canaries(tmp_path: Path) -> Canaries:
    return Canaries(tmp_path / "canaries")


def test_one_that_always_fails_is(make_device: MakeDevice, spec: Spec) -> None:
    device, _ = make_device(lambda _task, _n: Outcome(failure="exit_code"))
    executed(device, granted(spec, count=1))
    assert device.canaries.of(JOB, spec) is Finding.PASSED


def test_an_execution_that_was_cut_short_says_nothing(
    make_device: MakeDevice, spec: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canary, "APART_SECONDS", 60)
    device, executor = make_device(clock)
    execution = Execution(device, granted(spec))
    execution.fetch()
    execution.stop.set()
    with pytest.raises(ExecutionStopped):
        execution.execute()
    execution.close()
    assert device.canaries.of(JOB, spec) is None
    assert len(executor.executed) == 1


def test_the_slot_gives_the_lease_back_with_its_code(
    make_device: MakeDevice, spec: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    device, _ = make_device(clock)
    grants = iter([granted(spec)])
    returned: list[tuple[str, str]] = []
    done = Event()

    def lease(_wait: int) -> LeaseGrant | None:
        grant = next(grants, None)
        if grant is None:
            done.set()
        return grant

    def post_failure(_lease_id: bytes, failure: object) -> None:
        returned.append((failure.code, failure.detail))  # type: ignore[attr-defined]

    monkeypatch.setattr(device.market, "lease", lease)
    monkeypatch.setattr(device.market, "post_failure", post_failure)
    slot = Slot("slot", device, 0, lambda: None)
    thread = Thread(target=slot.run)
    thread.start()
    slot.tell(machine.WorkAllowed())
    assert done.wait(20)
    slot.tell(machine.StopAsked())
    thread.join(20)
    ((code, detail),) = returned
    assert code == NotDeterministic.code
    assert "alone" in detail


def test_the_oldest_findings_are_forgotten(tmp_path: Path, spec: Spec) -> None:
    canaries = Canaries(tmp_path, most=3)
    jobs = [Bytes32(bytes([n]) * 32) for n in range(5)]
    for n, job_id in enumerate(jobs):
        canaries.note(job_id, spec, Finding.PASSED)
        os.utime(canaries._file(job_id, spec), ns=(n, n))
    assert [canaries.of(job_id, spec) for job_id in jobs] == [None, None, *[Finding.PASSED] * 3]


@given(count=st.integers(1, 300))
def test_any_task_but_the_first(count: int) -> None:
    chosen = canary._chosen(count)
    assert chosen == 0 if count == 1 else 0 < chosen < count


@given(flaky=st.sets(st.integers(0, 4)), count=st.integers(1, 5))
def test_what_is_compared_is_the_chosen_task(
    flaky: set[int], count: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    executor = Scripted(lambda task, n: clock(task, n) if task in flaky else honest(task, n))
    scratch = tmp_path_factory.mktemp("scratch")
    work = LeaseWork(SPEC, range(count), Path("x"), [Path("x")] * count, [], scratch)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(canary, "APART_SECONDS", 0)
        made = Canary(executor, work)
    outcomes = executor.run(work, lambda *_: None)
    if executor.executed[0][0] in flaky:
        with pytest.raises(NotDeterministic):
            made.compare(outcomes)
    else:
        made.compare(outcomes)

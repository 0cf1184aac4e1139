"""A container job that never gives the same bits twice, but nearly: paid within its tolerance."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest

from deploy.stack import ProviderPlan
from images.container.build import build
from protocol.lifecycle import JobStatus
from protocol.spec import Limits, Resources
from protocol.verification import Close
from requester.draft import ContainerDraft
from requester.handle import Until
from tests.support.stacks import BUDGET_WEI, QuickStack, quick_stack

pytestmark = pytest.mark.timeout(240)
VERIFIERS = ("v1", "v2")
TASKS = 3
# A float32 between 1 and 1 + 2^-15: its lowest byte is random.
NOISE = r"""
  for t in /work/inputs/tasks/*; do
    { busybox head -c 1 /dev/urandom; printf '\000\200\077'; } > /work/outputs/${t##*/}
  done"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickStack]:
    # Without a stake, every task of a first lease is audited.
    plans = [ProviderPlan("p1", stake_wei=0)]
    with quick_stack(tmp_path_factory.mktemp("stack"), VERIFIERS, plans) as started:
        yield started


def noisy(absolute: str) -> ContainerDraft:
    return ContainerDraft(
        image=build("wordfrequency"),
        command=("/bin/sh", "-c", NOISE),
        resources=Resources(cpu_millis=1000, memory_bytes=64 << 20, disk_bytes=16 << 20),
        limits=Limits(wall_seconds=60, fuel=0, output_bytes=1 << 16),
        label="nearly one",
        comparator=Close(absolute=absolute, relative="0", dtype="float32"),
    )


def test_what_is_within_its_tolerance_is_audited_and_paid(stack: QuickStack) -> None:
    inputs = [b"%d" % task for task in range(TASKS)]
    with stack.requester() as requester:
        handle = requester.submit(noisy("1e-4"), inputs, BUDGET_WEI)
        view = handle.wait(until=Until.SETTLED, timeout_seconds=120)
        receipt = handle.receipt()
        outputs = [found.outcome.output for found in handle.results()]
    assert view.status == JobStatus.SETTLED
    assert all(1 <= struct.unpack("<f", output)[0] <= 1 + 2**-15 for output in outputs)
    assert {audit.task for audit in receipt.audits} == set(range(TASKS))
    verifiers = {stack.address(name) for name in VERIFIERS}
    assert {audit.verifier for audit in receipt.audits} <= verifiers
    assert not receipt.slashes


def test_a_tolerance_that_its_own_noise_exceeds_is_refused_by_the_device(stack: QuickStack) -> None:
    with stack.requester() as requester:
        handle = requester.submit(noisy("1e-9"), [b"0", b"1"], BUDGET_WEI // 2)
        stack.until(
            lambda: "lease returned: not_deterministic" in stack.processes.log("p1"), "the refusal"
        )
        assert not stack.committed(handle)
        handle.cancel()

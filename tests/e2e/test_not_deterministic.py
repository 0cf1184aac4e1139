"""A container job that reads the clock, posted to real devices: nothing of it is ever signed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.stack import ProviderPlan
from images.container.build import build
from protocol.errors import Conflict
from protocol.lifecycle import Fault
from protocol.spec import Limits, Resources
from requester.draft import ContainerDraft
from requester.requester import Requester
from tests.support.stacks import BUDGET_WEI, QuickStack, quick_stack

pytestmark = pytest.mark.timeout(240)
CLOCK = """
  for t in /work/inputs/tasks/*; do busybox date +%s > /work/outputs/${t##*/}; done"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickStack]:
    plans = [ProviderPlan("p1"), ProviderPlan("p2")]
    with quick_stack(tmp_path_factory.mktemp("stack"), ("v1",), plans) as started:
        yield started


def draft(script: str) -> ContainerDraft:
    return ContainerDraft(
        image=build("wordfrequency"),
        command=("/bin/sh", "-c", script),
        resources=Resources(cpu_millis=1000, memory_bytes=64 << 20, disk_bytes=16 << 20),
        limits=Limits(wall_seconds=60, fuel=0, output_bytes=1 << 16),
        label="what time is it",
    )


def test_a_canary_finds_it_on_two_devices_and_its_requester_is_told(
    stack: QuickStack,
) -> None:
    with stack.requester() as requester:
        inputs = [b"%d" % task for task in range(4)]
        handle = requester.submit(draft(CLOCK), inputs, BUDGET_WEI)
        with pytest.raises(Conflict, match="has stopped the job: devices of 2 providers"):
            handle.wait(timeout_seconds=120)
        view = handle.view()
        assert view.tasks_by_state == {"waiting": 4}
        assert view.lost_leases == {Fault.ERROR: 2}
        assert {task.fault_code for task in requester.client.tasks(handle.job_id).tasks} >= {
            "not_deterministic"
        }
        for name in ("p1", "p2"):
            assert "lease returned: not_deterministic: task" in stack.processes.log(name)
        assert not stack.committed(handle)
        assert handle.cancel().stopped_because is not None
        another_goes_on(requester)


def another_goes_on(requester: Requester) -> None:
    """The devices take honest work of the same requester."""
    echo = "for t in /work/inputs/tasks/*; do cat $t > /work/outputs/${t##*/}; done"
    honest = requester.submit(draft(echo), [b"a", b"b"], BUDGET_WEI // 2)
    honest.wait(timeout_seconds=120)
    assert [found.outcome.output for found in honest.results()] == [b"a", b"b"]

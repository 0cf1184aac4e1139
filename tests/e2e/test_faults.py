"""Power fails, processes die, the chain goes away: the job still finishes, the money adds up."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator

import pytest

from deploy.stack import ProviderPlan
from protocol.client.wire import Receipt
from protocol.errors import MarketUnavailable
from protocol.units import Address
from requester.handle import JobHandle
from requester.requester import Requester
from tests.support.grinding import GRINDING, grinding_inputs, run_locally
from tests.support.stacks import BUDGET_WEI, QuickStack, quick_stack, require_paid_once

pytestmark = pytest.mark.timeout(240)
SEED = 20261122
OUTAGE_SECONDS = 30.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuickStack]:
    providers = [ProviderPlan("p1"), ProviderPlan("p2")]
    with quick_stack(tmp_path_factory.mktemp("stack"), ["v1", "v2"], providers) as started:
        yield started


@pytest.fixture(scope="module")
def requester(stack: QuickStack) -> Iterator[Requester]:
    with stack.requester() as found:
        yield found


def post(requester: Requester, inputs: list[bytes]) -> JobHandle:
    return requester.submit(GRINDING, inputs, BUDGET_WEI)


def require_right(stack: QuickStack, handle: JobHandle, inputs: list[bytes]) -> Receipt:
    """Settle; every result is right, each task is paid once, nothing is lost."""
    receipt = stack.settle(handle)
    assert [r.outcome for r in handle.results()] == run_locally(GRINDING, inputs)
    view = handle.view()
    assert view.status == "SETTLED"
    require_paid_once(receipt, len(inputs), view.max_price_per_task_wei)
    assert len(stack.events("JobOpened", handle.job_id)) == 1
    assert len(stack.events("JobClosed", handle.job_id)) == 1
    assert not receipt.slashes
    return receipt


def leased_to(requester: Requester, handle: JobHandle, wallet: Address) -> set[int]:
    tasks = requester.client.tasks(handle.job_id).tasks
    return {t.task for t in tasks if t.state == "leased" and t.provider == wallet}


def test_a_provider_killed_in_mid_lease_costs_only_time(
    stack: QuickStack, requester: Requester
) -> None:
    inputs = grinding_inputs(6, 0.6, "killed provider")
    wallet = stack.address("p1")
    handle = post(requester, inputs)
    stack.until(lambda: leased_to(requester, handle, wallet), "a lease of p1")
    with stack.processes.stopped("p1"):
        held = leased_to(requester, handle, wallet)
        assert held
        stack.processes.kill("p1")
    # Nobody gave the lease back: it falls silent, is lost, and its tasks go to the other one.
    handle.wait(timeout_seconds=60)
    tasks = requester.client.tasks(handle.job_id).tasks
    assert {tasks[i].provider for i in held} == {stack.address("p2")}
    assert all(tasks[i].attempts >= 2 for i in held)

    stack.processes.start_again("p1")
    stack.wait_offers(2)
    stack.processes.stop("p2")
    again = post(requester, inputs[:3])
    again.wait(timeout_seconds=60)
    tasks = requester.client.tasks(again.job_id).tasks
    assert {task.provider for task in tasks} == {wallet}
    stack.processes.start_again("p2")
    require_right(stack, handle, inputs)
    stack.wait_offers(2)


def test_a_market_killed_again_and_again_pays_each_task_once(
    stack: QuickStack, requester: Requester
) -> None:
    chance = random.Random(SEED)
    inputs = grinding_inputs(16, 0.2, "killed market")
    plan = requester.plan(GRINDING, inputs)
    stack.processes.kill("market")
    with pytest.raises(MarketUnavailable):
        requester.post(plan, BUDGET_WEI)
    stack.restart_market()
    handle = requester.post(plan, BUDGET_WEI)
    moments: list[tuple[str, Callable[[], object]]] = [
        ("posted", lambda: True),
        ("leased", lambda: handle.view().tasks_by_state.get("leased")),
        ("committed", lambda: stack.committed(handle)),
        ("all committed", lambda: not handle.missing_tasks()),
        ("being settled", lambda: stack.settled(handle)),
    ]
    for what, has_come in moments:
        stack.until(has_come, what)
        threading.Event().wait(chance.uniform(0.0, 0.4))  # any point after the moment
        stack.processes.kill("market")
        stack.restart_market()
    require_right(stack, handle, inputs)


def test_a_chain_that_is_gone_for_half_a_minute_only_delays(
    stack: QuickStack, requester: Requester
) -> None:
    inputs = grinding_inputs(10, 0.3, "chain gone")
    handle = post(requester, inputs)
    stack.until(lambda: stack.committed(handle), "a first batch")
    with stack.proxy.gone():
        # The market tells that it waits, and goes on with what needs no chain.
        stack.until(lambda: not stack.market.is_ready(), "a market that says so")
        assert handle.view().job_id == handle.job_id
        threading.Event().wait(OUTAGE_SECONDS)
    stack.wait_ready()
    require_right(stack, handle, inputs)

"""The market process is killed at every step of a job: the job finishes, and the money adds up."""

from __future__ import annotations

import dataclasses
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.chain.params import development
from protocol.lifecycle import JobStatus
from protocol.units import Address
from tests.market.processes import ProcessStage, eventually, market_process
from tests.market.stage import PRICE_WEI, Device
from tests.support.chains import start_anvil, start_anvil_process

PARAMS = dataclasses.replace(development(), dispute_window_seconds=6)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[ProcessStage]:
    with (
        start_anvil("--block-time", "1", "--mixed-mining") as url,
        market_process(tmp_path / "market", url, PARAMS) as opened,
    ):
        yield opened


@pytest.mark.timeout(240)
def test_killed_at_every_step(stage: ProcessStage) -> None:
    requester, devices = stage.person(100), [stage.provider(50), stage.provider(50)]
    balance_wei = stage.contracts.account(Address(requester.address)).balance_wei
    client = stage.client(requester)
    draft = stage.draft(requester, 8)
    draft.post()
    stage.process.restart()  # acknowledged, not yet on chain
    eventually(lambda: client.job(draft.job_id).is_on_chain)
    grant = devices[0].client.lease()
    assert grant is not None
    stage.process.restart()  # granted, not yet handed in
    devices[0].finish(grant)
    stage.process.restart()  # handed in, not yet committed
    eventually(lambda: "committed" in client.job(draft.job_id).tasks_by_state)
    work_all(devices)
    stage.process.kill()  # whatever the keeper was doing just now
    stage.process.start()
    eventually(lambda: client.job(draft.job_id).tasks_by_state.get("paid", 0) > 0)
    stage.process.restart()  # in the middle of paying out
    eventually(lambda: client.job(draft.job_id).finished_at is not None)
    view = client.job(draft.job_id)
    assert view.status == JobStatus.SETTLED
    assert view.paid_wei == 8 * PRICE_WEI
    assert view.paid_wei + view.audit_fees_wei + view.refunded_wei == view.escrow_wei
    left_wei = stage.contracts.account(Address(requester.address)).balance_wei
    assert left_wei == balance_wei - view.paid_wei - view.audit_fees_wei


@pytest.mark.timeout(240)
def test_the_chain_is_gone_for_a_while(tmp_path: Path) -> None:
    with (
        start_anvil_process("--block-time", "1", "--mixed-mining") as (url, anvil),
        market_process(tmp_path / "market", url, PARAMS) as stage,
    ):
        requester, device = stage.person(100), stage.provider(50)
        job_id = stage.job(requester, 2)
        client = stage.client(requester)
        grant = device.client.lease()
        assert grant is not None
        anvil.send_signal(signal.SIGSTOP)
        try:
            device.finish(grant)  # is kept all the same
            assert client.job(job_id).tasks_by_state["leased"] >= 1
            stage.process.kill()
        finally:
            anvil.send_signal(signal.SIGCONT)
        stage.process.start()
        work_all([device])
        eventually(lambda: client.job(job_id).finished_at is not None)
        assert client.job(job_id).paid_wei == 2 * PRICE_WEI


def work_all(devices: list[Device]) -> None:
    """Take and finish leases until none is left."""
    for _ in range(50):
        grants = [(device, device.client.lease()) for device in devices]
        for device, grant in grants:
            if grant is not None:
                device.finish(grant)
        if not any(grant for _, grant in grants):
            return
    raise AssertionError("there is no end of leases")

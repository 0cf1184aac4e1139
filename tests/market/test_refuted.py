"""Jobs that are not deterministic: stopped by two providers with a stake, and by nobody less."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_account import Account

from market.leases import refuted
from protocol.client.wire import CancelRequest, LeaseFailure, LeaseGrant
from protocol.errors import Forbidden, LeaseLost, NotDeterministic
from protocol.job import Cancellation
from protocol.offer import RUNTIME_CONTAINER, RUNTIME_WASM
from protocol.spec import ContainerRuntime, Limits, Spec, WasmRuntime
from protocol.units import Address, Bytes32, to_hex
from tests.market.stage import WALL_SECONDS, Device, Stage

SAYS = LeaseFailure(code=NotDeterministic.code, detail="task 1 gave 3 bytes and 4 bytes")


def in_a_container(spec: Spec) -> Spec:
    """The same job as a container's."""
    assert isinstance(spec.runtime, WasmRuntime)
    limits = Limits(WALL_SECONDS, 0, spec.limits.output_bytes)
    runtime = ContainerRuntime(spec.runtime.module, ("/x",))
    return replace(spec, runtime=runtime, limits=limits)


def able(stage: Stage, stake_credits: int = 50) -> Device:
    """A provider whose device takes both kinds."""
    device = stage.provider(stake_credits)
    device.put_offer(runtimes=RUNTIME_WASM | RUNTIME_CONTAINER)
    return device


def leased(device: Device) -> LeaseGrant:
    grant = device.client.lease()
    assert grant is not None
    return grant


def say(device: Device) -> None:
    """Take a lease and say that its job is not deterministic."""
    device.client.post_failure(leased(device).lease_id, SAYS)


def stopped(stage: Stage, job_id: Bytes32) -> str | None:
    stage.keep()
    with stage.market.store.read() as unit:
        job = unit.jobs.get(job_id)
    assert job is not None
    return job.stopped_because


def kinds(stage: Stage, job_id: Bytes32) -> list[str]:
    with stage.market.store.read() as unit:
        return [event.kind for event in unit.feed.after(0, job_id, 1000)]


def test_two_providers_stop_a_job_and_its_requester_gets_its_money_back(any_stage: Stage) -> None:
    stage, requester = any_stage, any_stage.person(100)
    first, second, third = (able(stage) for _ in range(3))
    before_wei = stage.contracts.account(Address(requester.address)).balance_wei
    job_id = stage.job(requester, 4, respec=in_a_container)
    client = stage.client(requester)
    say(first)
    assert stopped(stage, job_id) is None
    assert "1 of the providers" in (client.job(job_id).waiting_because or "")
    say(second)
    reason = stopped(stage, job_id)
    assert reason is not None
    assert str(first.wallet.address) in reason
    assert "Cancel the job" in reason
    view = client.job(job_id)
    assert (view.stopped_because, view.waiting_because) == (reason, None)
    assert third.client.lease() is None
    assert kinds(stage, job_id).count("job_stopped") == 1
    signature = Cancellation(job_id).sign(stage.contracts.domain, requester)
    client.cancel_job(job_id, CancelRequest(signature=to_hex(signature)))
    stage.keep(3)
    stage.pass_time(stage.params.commit_grace_seconds + 1)
    stage.keep(3)
    account = stage.contracts.account(Address(requester.address))
    assert account.balance_wei == before_wei
    assert client.job(job_id).stopped_because == reason


def test_one_provider_cannot_stop_a_job_however_many_devices_it_has(stage: Stage) -> None:
    first = able(stage)
    job_id = stage.job(stage.person(100), 8, respec=in_a_container)
    say(first)
    for _ in range(2):
        key = Account.create()
        stage.delegate(first.wallet, Address(key.address))
        another = Device(stage, first.wallet, key)
        another.put_offer(runtimes=RUNTIME_CONTAINER)
        say(another)
    assert stopped(stage, job_id) is None
    honest = able(stage)
    honest.finish(leased(honest))


def test_wallets_without_a_stake_do_not_count(stage: Stage) -> None:
    """They cost nothing: anybody could have a hundred of them."""
    honest, staked = able(stage), able(stage)
    job_id = stage.job(stage.person(100), 8, respec=in_a_container)
    for _ in range(3):
        say(able(stage, stake_credits=0))
    say(staked)
    assert stopped(stage, job_id) is None
    honest.finish(leased(honest))
    assert stopped(stage, job_id) is None


def test_a_word_counts_only_about_a_lease_of_ones_own(stage: Stage) -> None:
    first, second = able(stage), able(stage)
    job_id = stage.job(stage.person(100), 4, respec=in_a_container)
    grant = leased(first)
    with pytest.raises(Forbidden):
        second.client.post_failure(grant.lease_id, SAYS)
    first.client.post_failure(grant.lease_id, SAYS)
    with pytest.raises(LeaseLost):
        first.client.post_failure(grant.lease_id, SAYS)
    mine = leased(second)
    second.finish(mine)
    with pytest.raises(LeaseLost):  # it has signed a result: too late to say so
        second.client.post_failure(mine.lease_id, SAYS)
    assert stopped(stage, job_id) is None


def test_a_wasm_job_cannot_be_stopped_so(stage: Stage) -> None:
    first, second, third = (able(stage) for _ in range(3))
    job_id = stage.job(stage.person(100), 8)
    say(first)
    say(second)
    assert stopped(stage, job_id) is None
    third.finish(leased(third))


def test_who_says_so_gets_nothing_more_of_the_job_and_its_others_go_on(stage: Stage) -> None:
    requester, first, second = stage.person(300), able(stage), able(stage)
    bad = stage.job(requester, 4, respec=in_a_container)
    say(first)
    assert first.client.lease() is None  # not even when there is nobody else
    say(second)
    assert stopped(stage, bad) is not None
    good = stage.job(requester, 4, respec=lambda s: replace(in_a_container(s), label="another"))
    stage.run_all([first, second])
    assert stage.client(requester).job(good).tasks_by_state == {"committed": 4}
    assert stopped(stage, good) is None


def test_who_refuted_a_job_is_nobody_that_others_wait_for(stage: Stage) -> None:
    """A task that a device gave back goes to others first; those will never take it."""
    refuter, other = able(stage), able(stage)
    stage.job(stage.person(100), 1, respec=in_a_container)
    say(refuter)
    grant = leased(other)
    other.client.post_failure(grant.lease_id, LeaseFailure(code="disk_full", detail=""))
    assert leased(other).lease["firstTask"] == grant.lease["firstTask"]


def test_what_is_in_hand_when_a_job_is_stopped_is_still_paid(stage: Stage) -> None:
    requester, devices = stage.person(100), [able(stage) for _ in range(3)]
    job_id = stage.job(requester, 6, respec=in_a_container)
    grant = leased(devices[2])
    say(devices[0])
    say(devices[1])
    assert stopped(stage, job_id) is not None
    devices[2].finish(grant)
    stage.keep()
    states = stage.client(requester).job(job_id).tasks_by_state
    assert states["committed"] == int(grant.lease["count"])


def test_a_stake_that_the_chain_could_not_tell_counts_later(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keeper derives it from what is stored, whenever it comes by."""
    devices = [able(stage), able(stage)]
    job_id = stage.job(stage.person(100), 4, respec=in_a_container)
    monkeypatch.setattr(refuted, "PROVIDERS_NEEDED", 3)
    for device in devices:
        say(device)
    assert stopped(stage, job_id) is None
    monkeypatch.undo()
    assert stopped(stage, job_id) is not None

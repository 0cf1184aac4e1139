"""Leases: sized, kept alive, lost, fenced; results accepted once or refused once."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Mapping

import pytest
from eth_account import Account
from sqlalchemy import select

from market.leases.quota import Demand, DeviceFacts, QuotaRules, lease_size
from market.principal import Principal
from market.store.projected import chain_jobs
from protocol.client.wire import LeaseFailure, LeaseGrant, TaskResult
from protocol.errors import (
    BadSignature,
    BlobIncomplete,
    BlobTooLarge,
    Conflict,
    Forbidden,
    InvalidInput,
    LeaseLost,
    NonceUsed,
    NotFound,
)
from protocol.lease import LeaseResult
from protocol.offer import CPU_CLASS_BITS
from protocol.result import Outcome
from protocol.spec import Spec
from protocol.units import Address, Bytes32, ContentId, to_hex
from tests.market.stage import ASK_WEI, PRICE_WEI, Device, Stage


def leased(device: Device) -> LeaseGrant:
    grant = device.client.lease()
    assert grant is not None
    return grant


def test_nothing_is_leased_before_the_escrow_is_locked(stage: Stage) -> None:
    device, requester = stage.provider(), stage.person(100)
    stage.draft(requester).post()
    assert device.client.lease() is None
    stage.keep()
    assert leased(device)


def test_no_lease_without_an_offer(stage: Stage) -> None:
    with pytest.raises(Conflict):
        stage.client(stage.person()).lease()


def test_a_waiting_device_is_woken_by_work(stage: Stage) -> None:
    device, requester = stage.provider(), stage.person(100)
    grants: list[LeaseGrant | None] = []
    asking = threading.Thread(target=lambda: grants.append(device.client.lease(20)))
    asking.start()
    began = time.monotonic()
    stage.job(requester)
    asking.join(20)
    assert grants[0] is not None
    assert time.monotonic() - began < 15


def test_a_device_gives_back_and_another_goes_on(stage: Stage) -> None:
    first, second = stage.provider(50), stage.provider(50)
    job_id = stage.job(stage.person(100), 2)
    lost = leased(first)
    second.finish(leased(second))
    first.client.post_failure(lost.lease_id, LeaseFailure(code="disk_full", detail="no space"))
    # Not the same device again while there is another.
    assert first.client.lease() is None
    again = leased(second)
    assert again.lease["firstTask"] == lost.lease["firstTask"]
    assert again.lease["fence"] != lost.lease["fence"]
    with pytest.raises(LeaseLost):
        first.finish(lost)
    second.finish(again)
    with stage.market.store.read() as unit:
        task = unit.tasks.get(job_id, int(lost.lease["firstTask"]))
    assert task is not None
    assert task.attempts == 2


def test_a_silent_lease_expires_and_its_late_result_is_refused(stage: Stage) -> None:
    device = stage.provider(50)
    stage.job(stage.person(100), 1)
    silent = leased(device)
    with stage.market.store.write() as unit:
        assert unit.leases.extend(Bytes32(silent.lease_id), 1, 0)  # as if its time were over
    with pytest.raises(LeaseLost):
        device.client.heartbeat(silent.lease_id, 0)
    stage.keep()
    with pytest.raises(LeaseLost):
        device.finish(silent)
    assert leased(device).lease_id != silent.lease_id  # there is nobody else


def test_a_heartbeat_extends(stage: Stage) -> None:
    device = stage.provider()
    stage.job(stage.person(100), 2)
    grant = leased(device)
    reply = device.client.heartbeat(grant.lease_id, 1)
    assert reply.expires_at >= grant.expires_at


def test_a_result_counts_once(stage: Stage) -> None:
    device = stage.provider(50)
    stage.job(stage.person(100), 2)
    grant = leased(device)
    request = device.result(grant, device.outcomes(grant))
    device.client.post_result(grant.lease_id, request)
    device.client.post_result(grant.lease_id, request)  # its answer was lost
    with pytest.raises(LeaseLost):  # another one for the same lease
        device.client.post_result(grant.lease_id, device.result(grant, device.outcomes(grant)))
    stage.keep()
    with stage.market.store.read() as unit:
        committed = unit.chain.lease(Bytes32(grant.lease_id))
    assert committed is not None
    assert committed.amount_wei == int(grant.lease["count"]) * PRICE_WEI


def test_a_result_of_another_provider_is_refused(stage: Stage) -> None:
    owner, thief = stage.provider(50), stage.provider(50)
    stage.job(stage.person(100), 4)
    grant = leased(owner)
    with pytest.raises(Forbidden):
        thief.finish(grant)
    wallet = Address(thief.wallet.address)
    theirs = owner.result(grant, owner.outcomes(grant), provider=wallet)
    with pytest.raises(InvalidInput):
        owner.client.post_result(grant.lease_id, theirs)


def test_a_result_must_be_signed_by_the_device(stage: Stage) -> None:
    device = stage.provider(50)
    stage.job(stage.person(100), 2)
    grant = leased(device)
    request = device.result(grant, device.outcomes(grant))
    forged = LeaseResult.from_json(request.result).sign(stage.contracts.domain, Account.create())
    with pytest.raises(BadSignature):
        device.client.post_result(
            grant.lease_id, request.model_copy(update={"signature": to_hex(forged)})
        )


@pytest.mark.parametrize("tail", [b"\x00", b"\x00" * 30])
def test_a_signature_that_the_chain_takes_no_batch_with_is_refused(
    stage: Stage, tail: bytes
) -> None:
    """Batches take ECDSA signatures of 65 bytes: one of another form would hold up all others."""
    device = stage.provider(50)
    stage.job(stage.person(100), 2)
    grant = leased(device)
    request = device.result(grant, device.outcomes(grant))
    longer = request.signature + tail.hex()
    with pytest.raises(BadSignature):
        device.client.post_result(grant.lease_id, request.model_copy(update={"signature": longer}))
    device.client.post_result(grant.lease_id, request)


@pytest.mark.parametrize(
    "changes", [{"amount": 10**30}, {"result_root": bytes(32)}, {"count": 1}, {"first_task": 1}]
)
def test_a_result_that_is_not_the_leases_is_refused(
    stage: Stage, changes: dict[str, object]
) -> None:
    device = stage.provider(50)
    stage.job(stage.person(100), 4)
    grant = leased(device)
    with pytest.raises(InvalidInput):
        device.client.post_result(
            grant.lease_id, device.result(grant, device.outcomes(grant), **changes)
        )
    device.finish(grant)  # the lease is still good


def test_outputs_must_be_here_and_within_the_limit(stage: Stage) -> None:
    device = stage.provider(50)
    stage.job(stage.person(100), 4)
    grant = leased(device)
    outcomes = device.outcomes(grant)
    request = device.result(grant, outcomes)
    nowhere = TaskResult(task=request.tasks[0].task, output="sha256:" + "0" * 64)
    with pytest.raises(BlobIncomplete):
        device.client.post_result(
            grant.lease_id,
            request.model_copy(update={"tasks": [nowhere, *request.tasks[1:]]}),
        )
    large = device.result(grant, [Outcome(b"x" * 2000) for _ in outcomes])
    with pytest.raises(BlobTooLarge):
        device.client.post_result(grant.lease_id, large)
    with pytest.raises(InvalidInput):
        device.client.post_result(
            grant.lease_id, request.model_copy(update={"tasks": request.tasks[:1]})
        )


def test_a_failure_of_the_program_is_a_result_too(stage: Stage) -> None:
    requester, device = stage.person(100), stage.provider(50)
    job_id = stage.job(requester, 2)
    grant = leased(device)
    outcomes = [Outcome(failure="trap") for _ in grant.task_inputs]
    device.client.post_result(grant.lease_id, device.result(grant, outcomes))
    stage.keep()
    tasks = stage.client(requester).tasks(job_id).tasks
    assert tasks[0].failure == "trap"
    assert tasks[0].state == "committed"


def test_offers_cannot_be_replayed(stage: Stage) -> None:
    device = stage.provider()
    offer = device.offer(nonce=1)
    signed = to_hex(offer.sign(stage.contracts.domain, device.key))
    from protocol.client.wire import OfferRequest

    device.put_offer()
    with pytest.raises(NonceUsed):
        device.client.put_offer(OfferRequest(offer=offer.to_json(), signature=signed))
    other = stage.provider()
    theirs = dataclasses.replace(other.offer(), provider=Address(device.wallet.address))
    with pytest.raises(Forbidden):
        other.client.put_offer(
            OfferRequest(
                offer=theirs.to_json(),
                signature=to_hex(theirs.sign(stage.contracts.domain, other.key)),
            )
        )


def test_a_withdrawn_offer_gets_no_lease(stage: Stage) -> None:
    device = stage.provider()
    offer_id = device.put_offer()
    with pytest.raises(NotFound):
        stage.client(stage.person()).delete_offer(offer_id)
    device.client.delete_offer(offer_id)
    stage.job(stage.person(100))
    with pytest.raises(Conflict):
        device.client.lease()


def test_a_new_device_gets_a_small_lease_and_one_at_a_time(stage: Stage) -> None:
    device = stage.provider(50)
    stage.job(stage.person(100), 40)
    first = leased(device)
    assert int(first.lease["count"]) == 2
    assert device.client.lease() is None
    device.finish(first)
    assert int(leased(device).lease["count"]) > 2


def test_dear_offers_get_no_lease_of_a_cheap_job(stage: Stage) -> None:
    dear = stage.provider(50, ask_wei=2 * ASK_WEI)
    stage.job(stage.person(100))
    assert dear.client.lease() is None


def test_a_cpu_class_is_leased_to_devices_that_have_it(stage: Stage) -> None:
    def demanding(spec: Spec) -> Spec:
        resources = dataclasses.replace(spec.resources, cpu_class="x86-64-v3")
        return dataclasses.replace(spec, resources=resources)

    plain, able = stage.provider(50), stage.provider(50)
    requester = stage.person(100)
    job_id = stage.job(requester, respec=demanding)
    assert plain.client.lease() is None
    assert "no device" in (stage.client(requester).job(job_id).waiting_because or "")
    able.put_offer(cpu_classes=CPU_CLASS_BITS["x86-64-v2"] | CPU_CLASS_BITS["x86-64-v3"])
    leased(able)
    assert plain.client.lease() is None


@pytest.mark.parametrize(
    ("waiting", "devices", "speed", "expected"),
    [(1000, 1, 0.1, 100), (1000, 1, 5.0, 2), (8, 4, 0.1, 1), (40, 4, 0.1, 5), (1, 9, 0.1, 1)],
)
def test_lease_size(waiting: int, devices: int, speed: float, expected: int) -> None:
    facts = DeviceFacts(5, 5, 0, has_stake=True, seconds_per_task=speed, last_count=100)
    assert lease_size(QuotaRules(), facts, Demand(waiting, devices, 10, 10**6)) == expected


def test_without_stake_the_quota_grows_with_paid_leases_only() -> None:
    demand = Demand(10**5, 1, 1, 10**6)

    def size(settled: int) -> int:
        facts = DeviceFacts(50, settled, 0, has_stake=False, seconds_per_task=0.01, last_count=99)
        return lease_size(QuotaRules(), facts, demand)

    assert [size(n) for n in range(4)] == [2, 4, 8, 16]


def test_the_same_result_twice_at_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that lost patience sends it again while the first one is still being kept."""
    device = stage.provider(50)
    stage.job(stage.person(100), 2)
    grant = leased(device)
    request = device.result(grant, device.outcomes(grant))
    files = stage.market.services.lease_results._files
    keep = files.keep

    def overtaken(blobs: Mapping[ContentId, int]) -> None:
        monkeypatch.setattr(files, "keep", keep)
        device.client.post_result(grant.lease_id, request)
        keep(blobs)

    monkeypatch.setattr(files, "keep", overtaken)
    device.client.post_result(grant.lease_id, request)
    stage.keep()
    with stage.market.store.read() as unit:
        assert unit.chain.lease(Bytes32(grant.lease_id)) is not None


def test_no_lease_once_the_delegation_ran_out(stage: Stage) -> None:
    """The device is then an account of its own; its offer still names the wallet."""
    device = stage.provider(50)
    stage.job(stage.person(100), 2)
    me = Address(device.key.address)
    with pytest.raises(Conflict):
        stage.market.services.leases.request(Principal(me, me))
    assert leased(device)


def test_leases_are_committed_in_the_order_of_their_tasks(any_stage: Stage) -> None:
    stage = any_stage
    devices = [stage.provider(50) for _ in range(3)]
    job_id = stage.job(stage.person(100), 12)
    grants = [(device, leased(device)) for device in devices]
    for device, grant in reversed(grants):
        device.finish(grant)
    stage.keep()
    with stage.market.store.read() as unit:
        found = [unit.chain.lease(Bytes32(grant.lease_id)) for _, grant in grants]
        of_job = chain_jobs.c.job_id == job_id
        frontier = unit.connection.execute(select(chain_jobs.c.frontier).where(of_job)).scalar()
    assert [lease.line for lease in found if lease] == [0, 1, 2]
    assert frontier == stage.contracts.job(job_id).frontier == 6


def test_a_lease_too_far_ahead_waits_for_those_before_it(any_stage: Stage) -> None:
    """The chain would refuse it; that is no fault of its device."""
    stage = any_stage
    devices = [stage.provider(50), stage.provider(50)]
    stage.job(stage.person(100), 8)
    first, second = leased(devices[0]), leased(devices[1])
    devices[1].finish(second)
    with stage.market.store.read() as unit:
        assert unit.leases.to_commit(10, max_gap=1) == []
        assert len(unit.leases.to_commit(10, max_gap=2)) == 1
    devices[0].finish(first)
    stage.keep()
    with stage.market.store.read() as unit:
        assert unit.leases.to_commit(10, max_gap=1) == []
        assert unit.chain.lease(Bytes32(second.lease_id)) is not None


def test_two_keepers_leave_no_lease_behind(any_stage: Stage) -> None:
    """One reads what waits, the other sends a part of it first: the rest must still be sent."""
    stage = any_stage
    device = stage.provider(50)
    stage.job(stage.person(100), 8)
    for _ in range(2):
        device.finish(leased(device))
    batching = stage.market.keeper._parts.batching
    with stage.market.store.read() as unit:
        first, second = unit.leases.to_commit(10, 100)
    with stage.market.store.write() as unit:
        batching.send(unit, [first], int(time.time()))
    with stage.market.store.write() as unit:
        batching.send(unit, [first, second], int(time.time()))
    stage.keep(2)
    with stage.market.store.read() as unit:
        assert unit.chain.lease(first.lease_id) is not None
        assert unit.chain.lease(second.lease_id) is not None

"""Offline, error or wrong: told apart in the store, the API and the feed, and in what they cost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.leases import faults
from market.leases.expiry import expire_lease
from protocol.client.wire import LeaseFailure, LeaseGrant
from protocol.errors import FallowError, LeaseLost, NotDeterministic
from protocol.lifecycle import Fault
from protocol.units import Address, Bytes32
from tests.market.stage import Device, Stage
from tests.market.test_whole_job import contest, dispute

codes = st.sampled_from([*faults.BLAMELESS, faults.SILENT, "disk_full", "internal"])


def leased(device: Device) -> LeaseGrant:
    grant = device.client.lease()
    assert grant is not None
    return grant


def told(stage: Stage, job_id: Bytes32, kind: str) -> list[dict[str, Any]]:
    """What the job's events of a kind say of faults."""
    with stage.market.store.read() as unit:
        events = [event for event in unit.feed.after(0, job_id, 1000) if event.kind == kind]
    names = ("fault", "reason", "provider", "count")
    return [{name: event.data[name] for name in names} for event in events]


def summary(device: Device, grant: LeaseGrant) -> tuple[Fault | None, str | None]:
    """What the provider sees of a lease."""
    page = device.stage.client(device.wallet).account_leases(Address(device.wallet.address))
    (found,) = [lease for lease in page.leases if lease.lease_id == grant.lease_id]
    return found.fault, found.fault_code


def silence(stage: Stage, grant: LeaseGrant) -> None:
    """Let a lease's time run out without a heartbeat."""
    with stage.market.store.write() as unit:
        assert unit.leases.extend(Bytes32(grant.lease_id), 1, 0)
    stage.keep()


# What they cost.


@given(failures=st.integers(0, 10**6))
def test_who_was_offline_rests_no_longer_than_who_erred(failures: int) -> None:
    offline, error = (
        faults.backoff_seconds(fault, failures) for fault in (Fault.OFFLINE, Fault.ERROR)
    )
    assert 0 <= offline <= error
    assert offline <= 30
    assert error <= 300
    assert error <= faults.backoff_seconds(Fault.ERROR, failures + 1)
    assert faults.backoff_seconds(Fault.WRONG, failures) == 0


@given(fault=st.sampled_from(Fault), code=codes)
def test_only_who_gives_back_for_a_good_reason_is_without_blame(fault: Fault, code: str) -> None:
    assert faults.is_blameless(fault, code) == (fault is Fault.ERROR and code in faults.BLAMELESS)


def test_a_long_row_of_errors_rests_longer_than_one_of_silences(stage: Stage) -> None:
    rests = {}
    for fault in (Fault.OFFLINE, Fault.ERROR):
        device = stage.provider(50)
        stage.job(stage.person(100), 2)
        me = Address(device.key.address)
        for _ in range(8):
            grant = leased(device)
            if fault is Fault.OFFLINE:
                silence(stage, grant)
            else:
                device.client.post_failure(grant.lease_id, LeaseFailure(code="x", detail=""))
            with stage.market.store.write() as unit:
                record = unit.offers.device(me)
                unit.offers.failed(me, 0)  # as if it had rested
        rests[fault] = faults.backoff_seconds(fault, record.failures_in_row)
        device.client.delete_offer(device.put_offer())
    assert rests == {Fault.OFFLINE: 30, Fault.ERROR: 300}


@pytest.mark.parametrize(
    ("code", "is_avoided"), [("disk_full", True), ("paused", False), ("shutdown", False)]
)
def test_a_job_that_was_given_back_comes_last(
    any_stage: Stage, code: str, is_avoided: bool
) -> None:
    stage = any_stage
    requester, device = stage.person(100), stage.provider(50)
    for _ in range(2):
        stage.job(requester, 6)
    grant = leased(device)
    device.client.post_failure(grant.lease_id, LeaseFailure(code=code, detail=""))
    is_another = leased(device).lease["jobId"] != grant.lease["jobId"]
    assert is_another == is_avoided


# What is told.


def test_silence_is_offline(any_stage: Stage) -> None:
    stage, requester, device = any_stage, any_stage.person(100), any_stage.provider(50)
    job_id = stage.job(requester, 2)
    grant = leased(device)
    silence(stage, grant)
    assert summary(device, grant) == (Fault.OFFLINE, "silent")
    client = stage.client(requester)
    assert client.job(job_id).lost_leases == {Fault.OFFLINE: 1}
    tasks = client.tasks(job_id).tasks
    lost = range(int(grant.lease["firstTask"]), int(grant.lease["count"]))
    assert {t.task for t in tasks if t.fault is Fault.OFFLINE} == set(lost)
    with pytest.raises(LeaseLost, match="offline: silent"):
        device.finish(grant)
    ((event),) = told(stage, job_id, "lease_ended")
    assert (event["fault"], event["reason"]) == ("offline", "silent")
    assert event["provider"] == device.wallet.address
    account = client.account(Address(device.wallet.address))
    assert account.lost_leases == {Fault.OFFLINE: 1}


def test_a_lease_that_takes_far_too_long_is_an_error(stage: Stage) -> None:
    """Its heartbeats came all the time."""
    device = stage.provider(50)
    stage.job(stage.person(100), 2)
    grant = leased(device)
    with stage.market.store.write() as unit:
        lease = unit.leases.get(Bytes32(grant.lease_id))
        assert lease is not None
        assert unit.leases.extend(lease.lease_id, lease.last_expiry_at, 1)
        extended = unit.leases.get(lease.lease_id)
        assert extended is not None
        assert expire_lease(unit, extended, lease.last_expiry_at)
    assert summary(device, grant) == (Fault.ERROR, "too_slow")


@pytest.mark.parametrize("code", ["disk_full", "paused", NotDeterministic.code, ""])
def test_what_is_given_back_is_an_error_with_its_code(stage: Stage, code: str) -> None:
    requester, device = stage.person(100), stage.provider(50)
    job_id = stage.job(requester, 2)
    grant = leased(device)
    device.client.post_failure(grant.lease_id, LeaseFailure(code=code, detail="why"))
    assert summary(device, grant) == (Fault.ERROR, code or "given_back")
    assert stage.client(requester).job(job_id).lost_leases == {Fault.ERROR: 1}
    assert told(stage, job_id, "lease_ended")[0]["reason"] == (code or "given_back")


@pytest.mark.parametrize("code", ["RELEASED", "a b", "<b>", "x" * 65])
def test_codes_are_words_and_no_text(stage: Stage, code: str) -> None:
    device = stage.provider(50)
    stage.job(stage.person(100), 2)
    grant = leased(device)
    body = LeaseFailure.model_construct(code=code, detail="")
    with pytest.raises(FallowError):
        device.client.post_failure(grant.lease_id, body)
    assert summary(device, grant) == (None, None)


@pytest.mark.parametrize("code", ["conceded", "released", "silent"])
def test_a_device_cannot_make_its_error_look_like_another_fault(stage: Stage, code: str) -> None:
    device = stage.provider(50)
    stage.job(stage.person(100), 2)
    grant = leased(device)
    device.client.post_failure(grant.lease_id, LeaseFailure(code=code, detail=""))
    assert summary(device, grant)[0] is Fault.ERROR
    assert leased(device)  # it may try again, as whose result was wrong may not


def test_a_conceded_result_was_wrong(any_stage: Stage) -> None:
    stage = any_stage
    challenger, requester, device = stage.person(100), stage.person(100), stage.provider(50)
    job_id = stage.job(requester, 1)
    grant = leased(device)
    device.finish(grant, wrong=[0])
    stage.keep()
    contest(stage, job_id, 0, challenger)
    stage.send(device.wallet, stage.contracts.concede(1))
    stage.keep(2)
    assert summary(device, grant) == (Fault.WRONG, "conceded")
    assert stage.client(requester).job(job_id).lost_leases == {Fault.WRONG: 1}
    (event,) = told(stage, job_id, "lease_released")
    assert (event["fault"], event["reason"]) == ("wrong", "conceded")
    assert device.client.lease() is None  # whose result was wrong never gets that task again


def test_a_lost_dispute_and_what_it_forfeits_were_wrong(stage: Stage) -> None:
    verifiers = [stage.verifier() for _ in range(4)]
    requester, device = stage.person(100), stage.provider(50)
    job_id = stage.job(requester, 8)
    grants = []
    for wrong in ([0], []):
        grants.append(leased(device))
        device.finish(grants[-1], wrong=wrong)
    stage.keep()
    stage.mine(2)
    stage.keep()
    dispute(stage, job_id, 0, verifiers)
    stage.pass_time(stage.params.dispute_window_seconds + 1)
    stage.keep(2)
    found = [summary(device, grant) for grant in grants]
    assert found == [(Fault.WRONG, "disputed"), (Fault.WRONG, "forfeited")]


def test_what_the_chain_refuses_is_an_error(stage: Stage) -> None:
    device = stage.provider(50)
    stage.job(stage.person(100), 2)
    grant = leased(device)
    device.finish(grant)
    stage.send(device.wallet, stage.contracts.revoke_device(Address(device.key.address)))
    stage.keep(3)
    assert summary(device, grant) == (Fault.ERROR, "refused_by_the_chain")

"""What a job, an offer and a login must keep to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from protocol.errors import DeadlinePassed, InvalidInput, MessageExpired, WrongMarket
from protocol.job import MAX_TASKS, Job
from protocol.lease import Lease
from protocol.offer import CPU_CLASS_BITS, RUNTIME_CONTAINER, RUNTIME_WASM, Offer
from protocol.session import CLOCK_SKEW_SECONDS, MAX_LOGIN_SECONDS, Login
from protocol.spec import Spec
from protocol.units import Address
from tests.protocol.make_vectors import DOMAIN, jobs, word
from tests.protocol.test_spec import CONTAINER, WASM

NOW = 1_700_000_100
OTHER = Address("0x" + "11" * 20)


def _job(**changes: Any) -> Job:
    job = jobs()[0]
    assert isinstance(job, Job)
    return replace(job, **changes)


def test_a_good_job() -> None:
    job = _job()
    job.check(job.operator, job.token, NOW)
    assert job.escrow_wei == 40 * 10**17 + 5 * 10**17
    assert job.total_wei == job.escrow_wei + 10**16
    assert job.job_id(DOMAIN) == job.digest(DOMAIN)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"task_count": 0}, InvalidInput),
        ({"task_count": MAX_TASKS + 1}, InvalidInput),
        ({"max_price_per_task": 0}, InvalidInput),
        ({"operator": OTHER}, WrongMarket),
        ({"token": OTHER}, WrongMarket),
        ({"deadline": NOW}, DeadlinePassed),
        ({"deadline": NOW - 1}, DeadlinePassed),
        ({"deadline": NOW + 1, "not_before": NOW + 1}, InvalidInput),
    ],
)
def test_a_bad_job(changes: dict[str, Any], error: type[Exception]) -> None:
    good = _job()
    with pytest.raises(error):
        _job(**changes).check(good.operator, good.token, NOW)


@pytest.mark.parametrize("changes", [{"task_count": 2**32}, {"nonce": -1}, {"deadline": 2**40}])
def test_values_that_do_not_fit_are_refused_on_construction(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        _job(**changes)


def test_another_fence_makes_another_lease() -> None:
    lease = Lease(word("job"), OTHER, OTHER, 8, 4, 10**17, 1)
    assert lease.tasks == range(8, 12)
    assert lease.lease_id != replace(lease, fence=2).lease_id


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({}, True),
        ({"runtimes": RUNTIME_CONTAINER}, False),
        ({"runtimes": RUNTIME_CONTAINER | RUNTIME_WASM}, True),
        ({"cpu_millis": 999}, False),
        ({"memory_bytes": (1 << 28) - 1}, False),
    ],
)
def test_an_offer_fits_what_it_can_run(changes: dict[str, Any], fits: bool) -> None:
    offer = Offer(OTHER, OTHER, RUNTIME_WASM, 1000, 1 << 28, 0, 1, NOW, 0)
    assert replace(offer, **changes).fits(Spec.from_json(WASM)) == fits


def test_an_offer_of_wasm_alone_takes_no_container() -> None:
    offer = Offer(OTHER, OTHER, RUNTIME_WASM, 1000, 1 << 28, 0, 1, NOW, 0)
    assert not offer.fits(Spec.from_json(CONTAINER))


@pytest.mark.parametrize(("has", "fits"), [((), False), (("x86-64-v2",), False)])
@pytest.mark.parametrize("more", [("x86-64-v3", "x86-64-v2"), ("x86-64-v4", "x86-64-v3")])
def test_an_offer_fits_the_cpu_class_that_a_spec_demands(
    has: tuple[str, ...], fits: bool, more: tuple[str, ...]
) -> None:
    spec = Spec.from_json(WASM)
    demanding = replace(spec, resources=replace(spec.resources, cpu_class="x86-64-v3"))
    for names, expected in ((has, fits), (more, True)):
        bits = sum(CPU_CLASS_BITS[name] for name in names)
        offer = Offer(OTHER, OTHER, RUNTIME_WASM, 1000, 1 << 28, 0, 1, NOW, 0, bits)
        assert offer.fits(demanding) == expected
        assert offer.fits(spec)


@pytest.mark.parametrize(
    ("issued_at", "expires_at", "is_valid"),
    [
        (NOW, NOW + 60, True),
        (NOW + CLOCK_SKEW_SECONDS, NOW + 600, True),
        (NOW + CLOCK_SKEW_SECONDS + 1, NOW + 600, False),
        (NOW - 60, NOW, False),
        (NOW - 60, NOW + 1, True),
        (NOW, NOW + MAX_LOGIN_SECONDS, True),
        (NOW, NOW + MAX_LOGIN_SECONDS + 1, False),
        (NOW, NOW - 1, False),
    ],
)
def test_when_a_login_is_valid(issued_at: int, expires_at: int, is_valid: bool) -> None:
    login = Login(OTHER, issued_at, expires_at, word("nonce"))
    if is_valid:
        login.check(NOW)
        return
    with pytest.raises(MessageExpired):
        login.check(NOW)


def test_a_lease_is_no_larger_than_the_memory_for_its_outputs() -> None:
    offer = Offer(OTHER, OTHER, RUNTIME_WASM, 1000, 1 << 28, 0, 1, NOW, 0)
    spec = Spec.from_json(WASM)
    spec = replace(spec, limits=replace(spec.limits, output_bytes=1 << 26))
    half = replace(offer, memory_bytes=2 * 7 * spec.limits.output_bytes)
    assert half.most_tasks(spec) == 7
    spec = replace(spec, limits=replace(spec.limits, output_bytes=(1 << 27) + 1))
    assert not offer.fits(spec)

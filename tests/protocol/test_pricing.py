"""Prices and rates: bounded, monotone, and such that cheating does not pay."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.pricing import (
    RATE_FLOOR_PPM,
    RATE_NUMERATOR_PPM,
    REAUDIT_PPM,
    audit_budget_wei,
    audit_fee_wei,
    audit_rate_ppm,
    task_price_wei,
)
from protocol.sampling import audit_rounds
from protocol.spec import Resources
from protocol.units import PPM
from tests.protocol.make_vectors import word

prices = st.integers(1, 2**96 - 1)
amounts = st.integers(0, 2**96 - 1)
rates = st.integers(RATE_FLOOR_PPM, RATE_NUMERATOR_PPM)
HONEST_COST = Fraction(8, 10)  # of the price
COLLUDING = Fraction(1, 3)  # of the verifiers


def first_and_second(rate_ppm: int) -> tuple[Fraction, Fraction]:
    """The chances that a task is audited at all, and twice."""
    first = min(Fraction(rate_ppm, PPM), Fraction(1))
    return first, first * Fraction(max(REAUDIT_PPM, rate_ppm - PPM), PPM)


@given(prices | st.just(0), amounts)
def test_a_rate_is_between_the_floor_and_nearly_two(price: int, stake: int) -> None:
    assert RATE_FLOOR_PPM <= audit_rate_ppm(price, stake) <= RATE_NUMERATOR_PPM < 2 * PPM


@given(prices, amounts, amounts)
def test_more_at_risk_is_audited_less(price: int, stake: int, more: int) -> None:
    assert audit_rate_ppm(price, stake + more) <= audit_rate_ppm(price, stake)


@given(prices, prices, amounts)
def test_dearer_tasks_are_audited_more(one: int, other: int, stake: int) -> None:
    low, high = sorted((one, other))
    assert audit_rate_ppm(low, stake) <= audit_rate_ppm(high, stake)


@given(prices)
def test_without_stake_most_tasks_are_audited_twice(price: int) -> None:
    assert audit_rate_ppm(price, 0) == RATE_NUMERATOR_PPM == 1_800_000


@given(prices, st.integers(0, 100_000))
def test_cheating_does_not_pay(price: int, stake_in_permille: int) -> None:
    """VERIFICATION.md: S > c/q_e - R, where S is what a caught cheater loses beside the task's pay.

    The rate is computed from c = 0.8 R with half as much again, so that it holds for every stake,
    none included, a third of the verifiers colluding: they only cover a cheater if all who are
    drawn do.
    """
    stake = price * stake_in_permille // 1000
    first, second = first_and_second(audit_rate_ppm(price, stake))
    caught = (first - second) * (1 - COLLUDING) + second * (1 - COLLUDING**2)
    assert stake > HONEST_COST * price / caught - price


@pytest.mark.parametrize(
    ("stake_in_prices", "rate_ppm"),
    [(0, 1_800_000), (1, 900_000), (40, 43_903), (59, 30_000), (90, 30_000)],
)
def test_rates_that_the_docs_name(stake_in_prices: int, rate_ppm: int) -> None:
    assert audit_rate_ppm(10**17, stake_in_prices * 10**17) == rate_ppm


@given(prices)
def test_an_audit_pays_more_than_the_task(price: int) -> None:
    assert price <= audit_fee_wei(price) <= price * 6 // 5


@given(st.integers(0, 2**96), st.integers(1, 10**6), st.integers(1, 86400))
def test_a_price_is_for_what_the_spec_reserves(ask: int, cpu_millis: int, seconds: int) -> None:
    resources = Resources(cpu_millis, 1 << 20, 0)
    price = task_price_wei(ask, resources, seconds)
    assert price - 1 < Fraction(ask * cpu_millis * seconds, 1000) <= price
    assert price <= task_price_wei(ask, resources, seconds + 1)


@given(prices, st.integers(1, 10**6), rates)
def test_an_audit_budget_is_for_what_is_drawn(price: int, tasks: int, rate_ppm: int) -> None:
    """The mean and three standard deviations, rounded up, within one and two a task."""
    budget, fee = audit_budget_wei(price, tasks, rate_ppm), audit_fee_wei(price)
    audits = budget // fee
    assert budget == audits * fee
    first, second = first_and_second(rate_ppm)
    mean, squares = first + second, first + 3 * second
    wanted = float(tasks * mean) + 3 * float(tasks * (squares - mean**2)) ** 0.5
    assert min(2 * tasks, max(1, wanted)) - 0.01 <= audits <= min(2 * tasks, wanted + 2.1)


@pytest.mark.parametrize(
    "rate_ppm", [30_000, 300_000, 999_999, PPM, 1_050_000, 1_450_000, 1_800_000]
)
def test_an_audit_budget_lasts(rate_ppm: int) -> None:
    """Of 400 jobs of 50 tasks, drawn from fixed seeds, at most 1 % run out."""
    most = audit_budget_wei(10**17, 50, rate_ppm) // audit_fee_wei(10**17)
    drawn = [
        sum(audit_rounds(word(f"seed {job}"), word("lease"), task, rate_ppm) for task in range(50))
        for job in range(400)
    ]
    assert sum(audits > most for audits in drawn) <= 4
    assert max(drawn) > 50 * rate_ppm // PPM

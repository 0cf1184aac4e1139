"""Prices and rates: bounded, monotone, and such that cheating does not pay."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.pricing import (
    RATE_FLOOR_PPM,
    audit_budget_wei,
    audit_fee_wei,
    audit_rate_ppm,
    task_price_wei,
)
from protocol.spec import Resources
from protocol.units import PPM

prices = st.integers(1, 2**96 - 1)
amounts = st.integers(0, 2**128 - 1)
HONEST_COST = Fraction(8, 10)  # of the price
COLLUDING = Fraction(1, 3)  # of the verifiers


@given(prices | st.just(0), amounts, amounts)
def test_a_rate_is_between_the_floor_and_all(price: int, stake: int, unvested: int) -> None:
    assert RATE_FLOOR_PPM <= audit_rate_ppm(price, stake, unvested) <= PPM


@given(prices, amounts, amounts, amounts)
def test_more_at_risk_is_audited_less(price: int, stake: int, more: int, unvested: int) -> None:
    assert audit_rate_ppm(price, stake + more, unvested) <= audit_rate_ppm(price, stake, unvested)
    assert audit_rate_ppm(price, stake, unvested + more) <= audit_rate_ppm(price, stake, unvested)


@given(prices, prices, amounts)
def test_dearer_tasks_are_audited_more(one: int, other: int, stake: int) -> None:
    low, high = sorted((one, other))
    assert audit_rate_ppm(low, stake, 0) <= audit_rate_ppm(high, stake, 0)


@given(prices)
def test_without_stake_every_task_is_audited(price: int) -> None:
    assert audit_rate_ppm(price, 0, 0) == PPM


@given(prices, st.integers(0, 1000))
def test_cheating_does_not_pay(price: int, stake_in_prices: int) -> None:
    """VERIFICATION.md: S > c/q_e - R, where S is what a caught cheater loses beside the task's pay.

    The rate is computed from c = 0.8 R with half as much again, so that it holds for every stake,
    a third of the verifiers colluding. Next to no stake it cannot hold: there the rate is all, and
    what a cheater puts at risk is its withheld pay and its entry.
    """
    stake = price * stake_in_prices
    rate = Fraction(audit_rate_ppm(price, stake, 0), PPM) * (1 - COLLUDING)
    if rate >= 1 - COLLUDING:
        return
    assert stake > HONEST_COST * price / rate - price


@pytest.mark.parametrize(
    ("stake_in_prices", "rate_ppm"), [(0, PPM), (40, 43_903), (59, 30_000), (90, 30_000)]
)
def test_rates_that_the_docs_name(stake_in_prices: int, rate_ppm: int) -> None:
    assert audit_rate_ppm(10**17, stake_in_prices * 10**17, 0) == rate_ppm


@given(prices)
def test_an_audit_pays_more_than_the_task(price: int) -> None:
    assert price <= audit_fee_wei(price) <= price * 6 // 5


@given(st.integers(0, 2**96), st.integers(1, 10**6), st.integers(1, 86400))
def test_a_price_is_for_what_the_spec_reserves(ask: int, cpu_millis: int, seconds: int) -> None:
    resources = Resources(cpu_millis, 1 << 20, 0)
    price = task_price_wei(ask, resources, seconds)
    assert price - 1 < Fraction(ask * cpu_millis * seconds, 1000) <= price
    assert price <= task_price_wei(ask, resources, seconds + 1)


@given(prices, st.integers(1, 10**6), st.integers(RATE_FLOOR_PPM, PPM))
def test_an_audit_budget_lasts(price: int, tasks: int, rate_ppm: int) -> None:
    budget = audit_budget_wei(price, tasks, rate_ppm)
    fee = audit_fee_wei(price)
    audits = budget // fee
    assert budget == audits * fee
    assert min(tasks, max(1, tasks * rate_ppm // PPM)) <= audits <= tasks
    deviation = (tasks * rate_ppm / PPM) ** 0.5
    assert audits <= tasks * rate_ppm / PPM + 3 * deviation + 2

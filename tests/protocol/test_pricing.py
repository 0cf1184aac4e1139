"""Prices and rates: bounded, monotone, and such that cheating does not pay."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.pricing import (
    BOND_LEASE_PART,
    CONCESSION,
    RATE_FLOOR_PPM,
    RATE_NUMERATOR_PPM,
    REAUDIT_PPM,
    SLASH,
    Penalty,
    Split,
    audit_budget_wei,
    audit_fee_wei,
    audit_rate_ppm,
    bond_wei,
    concession_wei,
    slash_wei,
    split_concession,
    split_slash,
    task_price_wei,
)
from protocol.sampling import audit_rounds
from protocol.spec import Resources
from protocol.units import PPM
from tests.protocol.make_vectors import word

prices = st.integers(1, 2**96 - 1)
amounts = st.integers(0, 2**128 - 1)
HONEST_COST = Fraction(8, 10)  # of the price
COLLUDING = Fraction(1, 3)  # of the verifiers
rates = st.integers(RATE_FLOOR_PPM, RATE_NUMERATOR_PPM)


def first_and_second(rate_ppm: int) -> tuple[Fraction, Fraction]:
    """The chances that a task is audited at all, and twice."""
    first = min(Fraction(rate_ppm, PPM), Fraction(1))
    return first, first * Fraction(max(REAUDIT_PPM, rate_ppm - PPM), PPM)


@given(prices | st.just(0), amounts)
def test_a_rate_is_between_the_floor_and_the_most(price: int, stake: int) -> None:
    assert RATE_FLOOR_PPM <= audit_rate_ppm(price, stake) <= RATE_NUMERATOR_PPM


@given(prices, amounts, amounts)
def test_more_at_risk_is_audited_less(price: int, stake: int, more: int) -> None:
    assert audit_rate_ppm(price, stake + more) <= audit_rate_ppm(price, stake)


@given(prices, prices, amounts)
def test_dearer_tasks_are_audited_more(one: int, other: int, stake: int) -> None:
    low, high = sorted((one, other))
    assert audit_rate_ppm(low, stake) <= audit_rate_ppm(high, stake)


@given(prices, amounts)
def test_a_rate_is_rounded_up(price: int, stake: int) -> None:
    exact = Fraction(RATE_NUMERATOR_PPM * price, price + stake)
    assert audit_rate_ppm(price, stake) == max(RATE_FLOOR_PPM, -(-exact // 1))


def _uncaught(rate_ppm: int) -> Fraction:
    """The chance that no honest verifier runs a task, when a third of them collude."""
    first, second = first_and_second(rate_ppm)
    return 1 - first + (first - second) * COLLUDING + second * COLLUDING**2


@given(prices, st.integers(0, 100_000))
def test_cheating_does_not_pay(price: int, stake_in_milli_prices: int) -> None:
    """One wrong single-task lease, conceded when found, a third of the verifiers colluding.

    It brings the price if it is not found; else it costs the concession. Honest work brings the
    price less its cost.
    """
    stake = price * stake_in_milli_prices // 1000
    uncaught = _uncaught(audit_rate_ppm(price, stake))
    cheating = uncaught * price - (1 - uncaught) * concession_wei(price, stake)
    assert cheating < price * (1 - HONEST_COST)


@pytest.mark.parametrize(
    ("stake_in_prices", "rate_ppm"),
    [(0, 1_800_000), (1, 900_000), (40, 43_903), (59, 30_000), (90, 30_000)],
)
def test_rates_that_the_docs_name(stake_in_prices: int, rate_ppm: int) -> None:
    assert audit_rate_ppm(10**17, stake_in_prices * 10**17) == rate_ppm


@given(prices, amounts)
def test_a_penalty_takes_no_more_than_there_is(price: int, stake: int) -> None:
    assert concession_wei(price, stake) == min(stake, 50 * price)
    assert slash_wei(price, stake) == min(stake, 60 * price)


@given(prices, amounts)
def test_conceding_is_never_the_dearer_choice(price: int, stake: int) -> None:
    assert concession_wei(price, stake) <= slash_wei(price, stake)


@given(amounts, prices)
def test_a_split_loses_nothing(penalty: int, price: int) -> None:
    for split in (split_concession(penalty, price), split_slash(penalty, price)):
        assert split.total_wei == penalty
        assert min(split.requester_wei, split.challenger_wei, split.committee_wei) >= 0


def test_splits_that_the_docs_name() -> None:
    assert split_concession(1000, 20) == Split(20, 100, 0, 880)
    assert split_slash(1000, 20) == Split(20, 150, 200, 630)
    assert split_slash(9, 20) == Split(3, 1, 1, 4)


@given(amounts, prices, st.sampled_from([CONCESSION, SLASH]))
def test_a_requester_gets_its_part_and_at_most_one_price(
    penalty: int, price: int, rule: Penalty
) -> None:
    split = rule.split(penalty, price)
    uncapped = replace(rule, requester_most_prices=0).split(penalty, price)
    assert uncapped.requester_wei == penalty * rule.requester_percent // 100
    assert split.requester_wei == min(uncapped.requester_wei, price)
    assert split.total_wei == uncapped.total_wei == penalty


@given(prices, amounts)
def test_little_of_a_penalty_returns_through_friends(price: int, stake: int) -> None:
    """Requester and challenger are the cheater's own: a price and 15 % of it are the most."""
    for rule in (CONCESSION, SLASH):
        penalty = rule.due_wei(price, stake)
        split = rule.split(penalty, price)
        assert split.requester_wei + split.challenger_wei <= price + Fraction(15, 100) * penalty


@given(prices | st.just(0), amounts, amounts)
def test_a_bond_is_by_price_by_lease_and_at_least_the_parameter(
    price: int, amount: int, least: int
) -> None:
    bond = bond_wei(price, amount, least)
    assert bond in (15 * price, amount // 3, least)
    assert bond >= max(15 * price, least)
    assert 3 * bond > amount - 3


def test_from_46_tasks_on_a_lease_makes_the_bond_dearer() -> None:
    assert [bond_wei(100, 100 * tasks, 0) for tasks in (1, 45, 48, 255)] == [
        *(1500, 1500),
        *(1600, 8500),
    ]


def _accusing_brings(tasks: int, lease_part: int) -> Fraction:
    """What contesting an honest lease brings who has 30 of 90 seats, its requester too, in wei.

    Where four of seven members are its own they find another digest: the lease is not paid, and
    requester, challenger and committee have their parts of the slash. Elsewhere they run the task
    like everybody, at 0.8 of its price, and share half of the bond that is lost.
    """
    price, size = 1000, 7
    slashed = split_slash(slash_wei(price, 60 * price), price)
    taken = tasks * price + slashed.total_wei - slashed.burnt_wei
    bond = bond_wei(price, tasks * price, 0, lease_part=lease_part)
    gain = Fraction(0)
    for ours in range(size + 1):
        chance = Fraction(comb(30, ours) * comb(60, size - ours), comb(90, size))
        lost = bond - Fraction(bond * ours, 2 * size) + ours * price * 8 // 10
        gain += chance * (taken if 2 * ours > size else -lost)
    return gain


def test_no_lease_is_worth_accusing_and_a_quarter_of_it_were_too_small_a_bond() -> None:
    assert max(_accusing_brings(tasks, BOND_LEASE_PART) for tasks in range(1, 4097)) < 0
    quarter = [tasks for tasks in range(1, 4097) if _accusing_brings(tasks, 4) > 0]
    assert quarter
    assert set(quarter) == set(range(quarter[0], quarter[-1] + 1))
    assert quarter[0] < 60 < quarter[-1] < 256
    assert _accusing_brings(256, lease_part=0) > 0


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


def test_a_budget_for_newcomers_is_for_both_audits() -> None:
    fee = audit_fee_wei(10**17)
    audits = audit_budget_wei(10**17, 100, RATE_NUMERATOR_PPM) // fee
    assert 180 < audits <= 200

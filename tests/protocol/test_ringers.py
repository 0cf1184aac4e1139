"""Ringers: so many that guessing costs more than it saves, anywhere, and out of the results."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import InvalidInput
from protocol.pricing import audit_fee_wei, audit_rate_ppm, concession_wei
from protocol.result import Outcome
from protocol.ringers import (
    Ringer,
    Ringers,
    Stakes,
    hidden,
    mixed,
    provider_share_ppm,
    ringers_needed,
    share_ppm,
    verifier_share_ppm,
)
from protocol.units import PPM, Bytes32

HONEST = Fraction(2, 3)
prices = st.integers(1000, 10**22)
stakes_in_prices = st.integers(0, 1000)
guesses = st.integers(0, PPM)
digests = st.binary(min_size=32, max_size=32).map(Bytes32)


@st.composite
def stakes(draw: st.DrawFn) -> Stakes:
    price = draw(prices)
    return Stakes(price, price * draw(stakes_in_prices), price * draw(st.integers(1, 1000)))


@st.composite
def jobs(draw: st.DrawFn) -> Ringers:
    known = draw(st.lists(digests, max_size=8))
    return hidden(draw(st.integers(1, 40)), known, Random(draw(st.integers())))


@given(stakes(), guesses)
def test_a_verifier_that_guesses_loses_at_that_share(stakes: Stakes, guess_ppm: int) -> None:
    """Against honest work: which is paid only where the guessing provider happens to be right."""
    ppm = verifier_share_ppm(stakes, guess_ppm)
    if ppm == PPM:
        return
    share, guess = Fraction(ppm, PPM), Fraction(guess_ppm, PPM)
    fee_wei = audit_fee_wei(stakes.price_per_task_wei)
    honest_wei = guess * fee_wei - stakes.cost_wei
    guessing_wei = fee_wei - share * (1 - guess) * stakes.seat_stake_wei
    assert guessing_wei < honest_wei


@given(stakes(), guesses)
def test_a_provider_that_guesses_loses_at_that_share(stakes: Stakes, guess_ppm: int) -> None:
    ppm = provider_share_ppm(stakes, guess_ppm)
    if ppm == PPM:
        return
    share, wrong = Fraction(ppm, PPM), 1 - Fraction(guess_ppm, PPM)
    price_wei, stake_wei = stakes.price_per_task_wei, stakes.provider_stake_wei
    audited = min(Fraction(audit_rate_ppm(price_wei, stake_wei), PPM), Fraction(1)) * HONEST
    found = wrong * (1 - (1 - share) * (1 - audited))
    assert found * (price_wei + concession_wei(price_wei, stake_wei)) > stakes.cost_wei


def test_the_issues_rule_holds_with_what_is_deployed() -> None:
    """r (w + S) > v, at the design price: a seat is 100 of it, a veteran's stake 40."""
    stakes = Stakes(10**18, 40 * 10**18, 100 * 10**18)
    share = Fraction(share_ppm(stakes, PPM // 2), PPM)
    fee_wei = audit_fee_wei(stakes.price_per_task_wei)
    assert share * (fee_wei + stakes.seat_stake_wei) > stakes.cost_wei
    assert Fraction(4, 100) < share < Fraction(5, 100)
    assert ringers_needed(1000, share_ppm(stakes, PPM // 2)) == 44


@given(stakes(), guesses, guesses)
def test_what_is_easier_to_guess_needs_more(stakes: Stakes, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert share_ppm(stakes, low) <= share_ppm(stakes, high)


@given(stakes())
def test_what_everybody_guesses_right_no_ringer_protects(stakes: Stakes) -> None:
    assert share_ppm(stakes, PPM) == PPM
    with pytest.raises(InvalidInput, match="harder to guess"):
        ringers_needed(10, PPM)


@given(stakes(), st.integers(max_value=-1) | st.integers(PPM + 1))
def test_a_chance_is_a_chance(stakes: Stakes, guess_ppm: int) -> None:
    with pytest.raises(InvalidInput):
        share_ppm(stakes, guess_ppm)


def test_a_price_of_nothing_has_no_share() -> None:
    with pytest.raises(InvalidInput):
        Stakes(0, 1, 1)


@given(st.integers(1, 10**6), st.integers(0, PPM - 1))
def test_the_least_number_that_is_that_share(asked: int, ppm: int) -> None:
    needed = ringers_needed(asked, ppm)
    assert needed * PPM >= ppm * (asked + needed)
    fewer = needed - 1
    assert fewer == 0 or fewer * PPM < ppm * (asked + fewer)


@given(jobs())
def test_every_asked_task_keeps_its_order_and_comes_once(job: Ringers) -> None:
    numbers = [job.asked(task) for task in range(job.task_count)]
    assert [n for n in numbers if n is not None] == list(range(job.asked_count))
    assert [task for task, n in enumerate(numbers) if n is None] == list(job.tasks)


@given(jobs())
def test_mixing_puts_each_where_it_belongs(job: Ringers) -> None:
    asked = [f"asked {i}" for i in range(job.asked_count)]
    known = [f"known {i}" for i in range(len(job.ringers))]
    inputs = mixed(job, asked, known)
    assert [inputs[task] for task in job.tasks] == known
    assert [x for task, x in enumerate(inputs) if job.asked(task) is not None] == asked
    with pytest.raises(InvalidInput):
        mixed(job, [*asked, "one more"], known)


def test_every_choice_of_places_is_as_likely() -> None:
    random, known = Random(1), [Bytes32(bytes(32))] * 2
    seen = Counter(hidden(4, known, random).tasks for _ in range(15_000))
    assert len(seen) == 15  # of six tasks two
    assert all(800 < count < 1200 for count in seen.values())


@given(jobs(), st.data())
def test_what_is_wrong_is_found_and_nothing_else(job: Ringers, data: st.DataObject) -> None:
    right = {ringer.task: ringer.result_hash for ringer in job.ringers}
    done = data.draw(st.sets(st.sampled_from(range(job.task_count))))
    wrong = data.draw(st.sets(st.sampled_from(sorted(done)))) if done else set()
    results = {task: right.get(task, Bytes32(b"\1" * 32)) for task in done}
    results |= {task: Outcome(b"a guess").digest for task in wrong}
    assert job.wrong(results) == tuple(task for task in job.tasks if task in wrong)


@given(jobs())
def test_it_does_not_tell_its_secrets_by_accident(job: Ringers) -> None:
    assert repr(job) == f"Ringers(task_count={job.task_count})"
    assert all(ringer.result_hash.hex() not in repr(ringer) for ringer in job.ringers)


@pytest.mark.parametrize("tasks", [(1, 1), (-1,), (3,)])
def test_ringers_are_tasks_of_the_job_once_each(tasks: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInput):
        Ringers(3, tuple(Ringer(task, Bytes32(bytes(32))) for task in tasks))

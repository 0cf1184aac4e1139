"""Draws: the same for everybody, fair, and never one's own."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.sampling import (
    MAX_DRAWS,
    Seat,
    audit_rounds,
    audited_tasks,
    committee_index,
    draw_committee,
    draw_verifier,
    draw_verifiers,
    is_audited,
    seat_index,
)
from protocol.units import PPM, Address, Bytes32
from tests.protocol.make_vectors import word
from tests.protocol.strategies import bytes32s, uints

HOLDERS = [Address("0x" + f"{i:02x}" * 20) for i in range(10, 16)]
SEED, LEASE = word("seed"), word("lease")
BLOCK = 10

seat_lists = st.lists(
    st.builds(Seat, st.sampled_from(HOLDERS), st.integers(0, 12), st.integers(0, 14)), max_size=12
)
exclusions = st.sets(st.sampled_from(HOLDERS), max_size=4)


@pytest.mark.parametrize("rate_ppm", [1, 30_000, 43_903, 250_000, 500_000, 999_999])
def test_as_many_tasks_are_drawn_as_the_rate_says(rate_ppm: int) -> None:
    """Within five standard deviations of 20,000 fixed draws."""
    draws = 20_000
    hits = len(audited_tasks(SEED, LEASE, range(draws), rate_ppm))
    share = rate_ppm / PPM
    assert abs(hits - draws * share) <= 5 * (draws * share * (1 - share)) ** 0.5 + 1


@pytest.mark.parametrize(
    ("rate_ppm", "once", "twice"),
    [
        (30_000, 0.03, 0.003),
        (500_000, 0.5, 0.05),
        (PPM, 1, 0.1),
        (1_050_000, 1, 0.1),
        (1_100_000, 1, 0.1),
        (1_450_000, 1, 0.45),
        (1_800_000, 1, 0.8),
        (2 * PPM, 1, 1),
    ],
)
def test_as_many_rounds_are_drawn_as_the_rate_says(
    rate_ppm: int, once: float, twice: float
) -> None:
    """Within five standard deviations of 20,000 fixed draws."""
    draws = 20_000
    rounds = Counter(audit_rounds(SEED, LEASE, task, rate_ppm) for task in range(draws))
    for hits, share in ((rounds[1] + rounds[2], once), (rounds[2], twice)):
        assert abs(hits - draws * share) <= 5 * (draws * share * (1 - share)) ** 0.5


@given(bytes32s, bytes32s, uints(32), st.integers(0, 2 * PPM), st.integers(0, 2 * PPM))
def test_a_higher_rate_draws_no_round_less(
    seed: Bytes32, lease_id: Bytes32, task: int, one: int, other: int
) -> None:
    low, high = sorted((one, other))
    fewer, more = (audit_rounds(seed, lease_id, task, rate) for rate in (low, high))
    assert 0 <= fewer <= more <= 2
    assert (fewer > 0) == is_audited(seed, lease_id, task, low)


@given(bytes32s, bytes32s, uints(32))
def test_the_ends_of_the_rate(seed: Bytes32, lease_id: Bytes32, task: int) -> None:
    assert not is_audited(seed, lease_id, task, 0)
    assert is_audited(seed, lease_id, task, PPM)


@given(bytes32s, bytes32s, uints(32), st.integers(0, PPM), st.integers(0, PPM))
def test_a_higher_rate_draws_more(
    seed: Bytes32, lease_id: Bytes32, task: int, one: int, other: int
) -> None:
    low, high = sorted((one, other))
    assert is_audited(seed, lease_id, task, low) <= is_audited(seed, lease_id, task, high)


def test_draws_depend_on_seed_lease_and_task() -> None:
    base = audited_tasks(SEED, LEASE, range(200), 500_000)
    assert base == audited_tasks(SEED, LEASE, range(200), 500_000)
    assert base != audited_tasks(word("other seed"), LEASE, range(200), 500_000)
    assert base != audited_tasks(SEED, word("other lease"), range(200), 500_000)
    assert audited_tasks(SEED, LEASE, range(100, 200), 500_000) == tuple(
        task for task in base if task >= 100
    )


def test_seats_weigh() -> None:
    """One holder has three seats of four; chi-square with one degree of freedom, p < 1e-6."""
    seats = [Seat(HOLDERS[0], 1)] * 3 + [Seat(HOLDERS[1], 1)]
    draws = 4000
    drawn = [draw_verifier(SEED, LEASE, task, seats, BLOCK, ()) for task in range(draws)]
    counts = Counter(draw.holder for draw in drawn if draw)
    assert counts.total() == draws
    expected = {HOLDERS[0]: draws * 3 / 4, HOLDERS[1]: draws / 4}
    chi_square = sum((counts[h] - n) ** 2 / n for h, n in expected.items())
    assert chi_square < 24


def test_every_seat_is_drawn_alike() -> None:
    """Chi-square over ten seats, nine degrees of freedom, p < 1e-5."""
    draws = 5000
    for indices in (
        [seat_index(SEED, LEASE, task, 0, 10) for task in range(draws)],
        [seat_index(SEED, LEASE, 0, attempt, 10) for attempt in range(draws)],
        [committee_index(SEED, dispute, 0, 10) for dispute in range(draws)],
    ):
        counts = Counter(indices)
        chi_square = sum((counts[i] - draws / 10) ** 2 / (draws / 10) for i in range(10))
        assert chi_square < 40


@given(bytes32s, seat_lists, exclusions, uints(32))
def test_a_verifier_is_eligible_and_the_first(
    seed: Bytes32, seats: list[Seat], excluded: set[Address], task: int
) -> None:
    draw = draw_verifier(seed, LEASE, task, seats, BLOCK, excluded)
    attempts = [
        seats[seat_index(seed, LEASE, task, a, len(seats))]
        for a in range(MAX_DRAWS if seats else 0)
    ]
    eligible = [s.is_held_at(BLOCK) and s.holder not in excluded for s in attempts]
    if draw is None:
        assert not any(eligible)
        return
    assert eligible.index(True) == draw.attempt
    assert attempts[draw.attempt].holder == draw.holder


@given(bytes32s, seat_lists, exclusions, uints(32), st.integers(0, 2 * PPM))
def test_each_round_finds_the_first_who_is_left(
    seed: Bytes32, seats: list[Seat], excluded: set[Address], task: int, rate_ppm: int
) -> None:
    draws = draw_verifiers(seed, LEASE, task, rate_ppm, seats, BLOCK, excluded)
    barred = set(excluded)
    expected = []
    for number in range(audit_rounds(seed, LEASE, task, rate_ppm) if seats else 0):
        attempts = range(number * MAX_DRAWS, (number + 1) * MAX_DRAWS)
        found = [seats[seat_index(seed, LEASE, task, a, len(seats))] for a in attempts]
        eligible = [s.is_held_at(BLOCK) and s.holder not in barred for s in found]
        if any(eligible):
            first = eligible.index(True)
            barred.add(found[first].holder)
            expected.append((found[first].holder, attempts[first], number))
    assert [(d.holder, d.attempt, d.round) for d in draws] == expected
    assert len({d.holder for d in draws}) == len(draws)


def test_a_second_round_is_by_another_verifier_or_by_nobody() -> None:
    many, one = [Seat(h, 1) for h in HOLDERS], [Seat(HOLDERS[0], 1)] * 3
    for task in range(50):
        first, second = draw_verifiers(SEED, LEASE, task, 2 * PPM, many, BLOCK, ())
        assert first.holder != second.holder
        assert (first.round, second.round) == (0, 1)
        (only,) = draw_verifiers(SEED, LEASE, task, 2 * PPM, one, BLOCK, ())
        assert (only.holder, only.round) == (HOLDERS[0], 0)


@given(bytes32s, seat_lists, exclusions, st.integers(1, 5))
def test_a_committee_is_eligible_and_of_different_holders(
    seed: Bytes32, seats: list[Seat], excluded: set[Address], size: int
) -> None:
    members = draw_committee(seed, 1, seats, BLOCK, excluded, size)
    eligible = {s.holder for s in seats if s.is_held_at(BLOCK)} - excluded
    assert set(members) <= eligible
    assert len(members) == len(set(members)) <= size
    assert members == draw_committee(seed, 1, seats, BLOCK, excluded, size + 1)[: len(members)]


@pytest.mark.parametrize(
    ("seat", "is_held"),
    [
        (Seat(HOLDERS[0], 9), True),
        (Seat(HOLDERS[0], 10), False),
        (Seat(HOLDERS[0], 9, 10), False),
        (Seat(HOLDERS[0], 9, 11), True),
        (Seat(HOLDERS[0], 11), False),
    ],
)
def test_when_a_seat_counts(seat: Seat, is_held: bool) -> None:
    assert seat.is_held_at(BLOCK) == is_held


def test_nobody_is_drawn_from_no_seats() -> None:
    assert draw_verifier(SEED, LEASE, 0, [], BLOCK, ()) is None
    assert draw_verifiers(SEED, LEASE, 0, 2 * PPM, [], BLOCK, ()) == ()
    assert draw_committee(SEED, 0, [], BLOCK, (), 3) == ()

"""Draws: the same for everybody, fair, and never one's own."""

from __future__ import annotations

from collections import Counter

import pytest
from eth_abi import encode
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from protocol.pricing import RATE_NUMERATOR_PPM, REAUDIT_PPM
from protocol.sampling import (
    MAX_DRAWS,
    SEAT_TAG,
    Seat,
    audit_rounds,
    audited_tasks,
    batch_seed,
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


@given(bytes32s, bytes32s, uints(32), uints(256), st.integers(1, 2**32 - 1))
def test_a_draw_is_the_hash_of_the_abi_encoding(
    seed: Bytes32, lease_id: Bytes32, task: int, attempt: int, count: int
) -> None:
    types = ["bytes32", "bytes32", "bytes32", "uint32", "uint256"]
    words = encode(types, [SEAT_TAG, seed, lease_id, task, attempt])
    expected = int.from_bytes(keccak(words), "big") % count
    assert seat_index(seed, lease_id, task, attempt, count) == expected


@given(bytes32s, bytes32s, uints(32), st.integers(0, RATE_NUMERATOR_PPM))
def test_a_task_is_audited_if_it_has_a_round(
    seed: Bytes32, lease_id: Bytes32, task: int, rate_ppm: int
) -> None:
    rounds = audit_rounds(seed, lease_id, task, rate_ppm)
    assert rounds in (0, 1, 2)
    assert (rounds > 0) == is_audited(seed, lease_id, task, rate_ppm)


@given(bytes32s, bytes32s, uints(32), st.integers(0, 2 * PPM), st.integers(0, 2 * PPM))
def test_a_higher_rate_has_no_fewer_rounds(
    seed: Bytes32, lease_id: Bytes32, task: int, one: int, other: int
) -> None:
    low, high = sorted((one, other))
    rounds = audit_rounds(seed, lease_id, task, high)
    assert audit_rounds(seed, lease_id, task, low) <= rounds
    if low >= PPM:
        assert rounds >= 1
    if high == 2 * PPM:
        assert rounds == 2


@pytest.mark.parametrize("rate_ppm", [30_000, 500_000, PPM, 1_400_000, RATE_NUMERATOR_PPM])
def test_as_many_rounds_are_drawn_as_the_rate_says(rate_ppm: int) -> None:
    """Within five standard deviations of 20,000 fixed tasks, of which some are audited again."""
    tasks = 20_000
    rounds = Counter(audit_rounds(SEED, LEASE, task, rate_ppm) for task in range(tasks))
    first = min(rate_ppm, PPM) / PPM
    again = first * max(REAUDIT_PPM, rate_ppm - PPM) / PPM
    for count, share in ((rounds[1] + rounds[2], first), (rounds[2], again)):
        assert abs(count - tasks * share) <= 5 * (tasks * share * (1 - share)) ** 0.5 + 1


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


@given(bytes32s, seat_lists, exclusions, uints(32), st.integers(0, RATE_NUMERATOR_PPM))
def test_every_round_has_another_verifier(
    seed: Bytes32, seats: list[Seat], excluded: set[Address], task: int, rate_ppm: int
) -> None:
    draws = draw_verifiers(seed, LEASE, task, rate_ppm, seats, BLOCK, excluded)
    rounds = audit_rounds(seed, LEASE, task, rate_ppm)
    barred = set(excluded)
    for number in range(rounds):
        attempts = range(number * MAX_DRAWS, (number + 1) * MAX_DRAWS) if seats else ()
        eligible = [
            a
            for a in attempts
            if (seat := seats[seat_index(seed, LEASE, task, a, len(seats))]).is_held_at(BLOCK)
            and seat.holder not in barred
        ]
        drawn = [draw for draw in draws if draw.round == number]
        assert [draw.attempt for draw in drawn] == eligible[:1]
        barred |= {draw.holder for draw in drawn}
    assert len(draws) <= rounds
    assert len({draw.holder for draw in draws}) == len(draws)
    if rounds:
        first = draw_verifier(seed, LEASE, task, seats, BLOCK, excluded)
        assert [draw for draw in draws if draw.round == 0] == ([first] if first else [])


def test_a_lone_verifier_does_not_re_audit_itself() -> None:
    seats = [Seat(HOLDERS[0], 1)] * 4
    for task in range(50):
        draws = draw_verifiers(SEED, LEASE, task, 2 * PPM, seats, BLOCK, ())
        assert [draw.round for draw in draws] == [0]


@given(bytes32s, seat_lists, exclusions, st.integers(1, 5))
def test_a_committee_is_eligible_and_of_different_holders(
    seed: Bytes32, seats: list[Seat], excluded: set[Address], size: int
) -> None:
    drawn = draw_committee(seed, 1, seats, BLOCK, excluded, size)
    members = [seats[seat_id].holder for seat_id in drawn]
    assert all(seats[seat_id].is_held_at(BLOCK) for seat_id in drawn)
    assert not set(members) & excluded
    assert len(members) == len(set(members)) <= size
    assert drawn == draw_committee(seed, 1, seats, BLOCK, excluded, size + 1)[: len(drawn)]


def test_nobody_is_drawn_who_has_nothing_to_lose() -> None:
    seats = [Seat(holder, 1) for holder in HOLDERS]
    everybody = draw_committee(SEED, 1, seats, BLOCK, (), len(seats))
    empty = everybody[0]
    without = draw_committee(SEED, 1, seats, BLOCK, (), len(seats), {empty})
    assert empty not in without
    assert without == everybody[1:]


def test_batches_of_one_block_do_not_share_their_draws() -> None:
    assert batch_seed(SEED, LEASE) == Bytes32(keccak(SEED + LEASE))
    assert batch_seed(SEED, LEASE) != batch_seed(SEED, SEED)


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

"""Which tasks are audited and by whom: draws that anyone can repeat from a public seed.

A draw is keccak(abi.encode(tag, seed, ...)); `contracts/src/libraries/Sampling.sol` makes the same
ones. Verifiers are drawn by *seat*: a seat is one unit of verifier stake, so that stake weighs.

A task is audited in up to two rounds: round 0 with the audit rate as its chance, and of those some
once more, in round 1, by another verifier, which is what keeps the first one honest. A rate above
one means round 0 for certain and a likelier round 1.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from eth_abi import encode
from eth_utils import keccak

from protocol.pricing import REAUDIT_PPM
from protocol.units import PPM, Address, Bytes32

TASK_TAG = Bytes32(keccak(b"fallow.draw.task"))
SEAT_TAG = Bytes32(keccak(b"fallow.draw.seat"))
COMMITTEE_TAG = Bytes32(keccak(b"fallow.draw.committee"))
MAX_DRAWS = 64
MAX_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Seat:
    """One unit of verifier stake. `vacated_block` is 0 while it is held."""

    holder: Address
    taken_block: int
    vacated_block: int = 0

    def is_held_at(self, block: int) -> bool:
        """Whether the holder could be drawn for something committed in `block`."""
        return self.taken_block < block and (self.vacated_block == 0 or self.vacated_block > block)


@dataclass(frozen=True, slots=True)
class Draw:
    """A drawn verifier and the attempt that drew it, which lets a contract check the draw."""

    holder: Address
    attempt: int

    @property
    def round(self) -> int:
        """Which of a task's audits it is: every round has its own `MAX_DRAWS` attempts."""
        return self.attempt // MAX_DRAWS


def batch_seed(beacon_value: Bytes32, batch_id: Bytes32) -> Bytes32:
    """What all draws of a batch follow from. Batches of one block do not share theirs."""
    return Bytes32(keccak(beacon_value + batch_id))


def audit_rounds(seed: Bytes32, lease_id: Bytes32, task: int, rate_ppm: int) -> int:
    """How many audits the seed draws for this task: 0, 1 or 2.

    `rate_ppm` is the lease's audit rate as `pricing.audit_rate_ppm` gives it, above `PPM` or not.
    """
    if _draw(TASK_TAG, seed, lease_id, task, 0) % PPM >= rate_ppm:
        return 0
    again_ppm = max(REAUDIT_PPM, rate_ppm - PPM)
    return 2 if _draw(TASK_TAG, seed, lease_id, task, 1) % PPM < again_ppm else 1


def is_audited(seed: Bytes32, lease_id: Bytes32, task: int, audit_rate_ppm: int) -> bool:
    """Whether the seed draws this task for an audit, once or twice."""
    return _draw(TASK_TAG, seed, lease_id, task, 0) % PPM < audit_rate_ppm


def audited_tasks(
    seed: Bytes32, lease_id: Bytes32, tasks: Iterable[int], audit_rate_ppm: int
) -> tuple[int, ...]:
    """The drawn ones among `tasks`."""
    return tuple(t for t in tasks if is_audited(seed, lease_id, t, audit_rate_ppm))


def seat_index(seed: Bytes32, lease_id: Bytes32, task: int, attempt: int, seat_count: int) -> int:
    """The seat that one attempt draws for an audit, held or not."""
    return _draw(SEAT_TAG, seed, lease_id, task, attempt) % seat_count


def committee_index(seed: Bytes32, dispute_id: int, attempt: int, seat_count: int) -> int:
    """The seat that one attempt draws for a dispute's committee, held or not."""
    words = encode(
        ["bytes32", "bytes32", "uint256", "uint256"], [COMMITTEE_TAG, seed, dispute_id, attempt]
    )
    return int.from_bytes(keccak(words), "big") % seat_count


def draw_verifier(
    seed: Bytes32,
    lease_id: Bytes32,
    task: int,
    seats: Sequence[Seat],
    block: int,
    excluded: Collection[Address],
) -> Draw | None:
    """Who audits `task` in round 0: the first drawn seat held at `block` by nobody `excluded`.

    Returns None when `MAX_DRAWS` attempts find nobody.
    """
    return _first_eligible(seed, lease_id, task, 0, seats, block, excluded)


def draw_verifiers(
    seed: Bytes32,
    lease_id: Bytes32,
    task: int,
    rate_ppm: int,
    seats: Sequence[Seat],
    block: int,
    excluded: Collection[Address],
) -> tuple[Draw, ...]:
    """Who audits `task`, a draw for each round that happens and finds somebody.

    Round k looks at the attempts 64 k to 64 k + 63. Whoever round 0 found is excluded from round 1;
    if round 0 found nobody, round 1 still looks for somebody.
    """
    draws: list[Draw] = []
    for number in range(audit_rounds(seed, lease_id, task, rate_ppm)):
        barred = {*excluded, *(draw.holder for draw in draws)}
        found = _first_eligible(seed, lease_id, task, number, seats, block, barred)
        if found is not None:
            draws.append(found)
    return tuple(draws)


def draw_committee(
    seed: Bytes32,
    dispute_id: int,
    seats: Sequence[Seat],
    block: int,
    excluded: Collection[Address],
    size: int,
    empty_seats: Collection[int] = (),
) -> tuple[int, ...]:
    """The seats that a dispute's committee sits on: up to `size` different holders, as drawn.

    Nobody sits on `empty_seats`, which have no stake to lose.
    """
    barred = set(excluded)
    drawn: list[int] = []
    if not seats:
        return ()
    for attempt in range(MAX_DRAWS):
        if len(drawn) == size:
            break
        seat_id = committee_index(seed, dispute_id, attempt, len(seats))
        seat = seats[seat_id]
        is_eligible = seat.is_held_at(block) and seat.holder not in barred
        if is_eligible and seat_id not in empty_seats:
            barred.add(seat.holder)
            drawn.append(seat_id)
    return tuple(drawn)


def _first_eligible(
    seed: Bytes32,
    lease_id: Bytes32,
    task: int,
    number: int,
    seats: Sequence[Seat],
    block: int,
    excluded: Collection[Address],
) -> Draw | None:
    if not seats:
        return None
    for attempt in range(number * MAX_DRAWS, (number + 1) * MAX_DRAWS):
        seat = seats[seat_index(seed, lease_id, task, attempt, len(seats))]
        if seat.is_held_at(block) and seat.holder not in excluded:
            return Draw(seat.holder, attempt)
    return None


def _draw(tag: Bytes32, seed: Bytes32, lease_id: Bytes32, task: int, attempt: int) -> int:
    # abi.encode of five static values is their five words; writing them out is five times as fast.
    words = b"".join((tag, seed, lease_id, task.to_bytes(32, "big"), attempt.to_bytes(32, "big")))
    return int.from_bytes(keccak(words), "big")

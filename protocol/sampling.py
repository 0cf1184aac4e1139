"""Which tasks are audited and by whom: draws that anyone can repeat from a public seed.

A draw is keccak(abi.encode(tag, seed, ...)); `contracts/src/libraries/Sampling.sol` makes the same
ones. Verifiers are drawn by *seat*: a seat is one unit of verifier stake, so that stake weighs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from eth_abi import encode
from eth_utils import keccak

from protocol.units import PPM, Address, Bytes32

TASK_TAG = Bytes32(keccak(b"fallow.draw.task"))
SEAT_TAG = Bytes32(keccak(b"fallow.draw.seat"))
COMMITTEE_TAG = Bytes32(keccak(b"fallow.draw.committee"))
MAX_DRAWS = 64


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


def is_audited(seed: Bytes32, lease_id: Bytes32, task: int, audit_rate_ppm: int) -> bool:
    """Whether the seed draws this task for an audit."""
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
    """Who audits `task`: the first drawn seat held at `block` by somebody not `excluded`.

    Returns None when `MAX_DRAWS` attempts find nobody.
    """
    if not seats:
        return None
    for attempt in range(MAX_DRAWS):
        seat = seats[seat_index(seed, lease_id, task, attempt, len(seats))]
        if seat.is_held_at(block) and seat.holder not in excluded:
            return Draw(seat.holder, attempt)
    return None


def draw_committee(
    seed: Bytes32,
    dispute_id: int,
    seats: Sequence[Seat],
    block: int,
    excluded: Collection[Address],
    size: int,
) -> tuple[Address, ...]:
    """The committee of a dispute: up to `size` different holders, in the order drawn."""
    members: list[Address] = []
    if not seats:
        return ()
    for attempt in range(MAX_DRAWS):
        if len(members) == size:
            break
        seat = seats[committee_index(seed, dispute_id, attempt, len(seats))]
        eligible = seat.is_held_at(block) and seat.holder not in excluded
        if eligible and seat.holder not in members:
            members.append(seat.holder)
    return tuple(members)


def _draw(tag: Bytes32, seed: Bytes32, lease_id: Bytes32, task: int, attempt: int) -> int:
    words = encode(
        ["bytes32", "bytes32", "bytes32", "uint32", "uint256"], [tag, seed, lease_id, task, attempt]
    )
    return int.from_bytes(keccak(words), "big")

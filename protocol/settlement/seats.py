"""Verifiers' stake in equal units. Mirrors market/Seats.sol."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import replace

from protocol.sampling import Seat
from protocol.settlement.accounts import Accounts
from protocol.settlement.facts import MAX_ITEMS, Moment, Rules, SeatStake, Terms
from protocol.settlement.refusals import Refusal, require
from protocol.units import Address


class Seats(Accounts):
    """Who can be drawn, and what they stand to lose."""

    def __init__(self, terms: Terms, rules: Rules | None = None) -> None:
        super().__init__(terms, rules)
        self._seats: list[Seat] = []
        self._stakes: list[SeatStake] = []
        self._born_blocks: list[int] = []
        self._released: list[int] = []

    def seats(self, count: int | None = None) -> Sequence[Seat]:
        """The first `count` seats, in order; all without it."""
        whole = count is None or count == len(self._seats)
        return self._seats if whole else self._seats[:count]

    def seat_count_at(self, block: int) -> int:
        """How many seats there were before a block, whoever sat there."""
        return bisect_left(self._born_blocks, block)

    def seat_stake(self, seat_id: int) -> SeatStake:
        """The money behind a seat."""
        require(0 <= seat_id < len(self._seats), Refusal.UNKNOWN_SEAT)
        return self._stakes[seat_id]

    def take_seats(self, owner: Address, count: int, at: Moment) -> tuple[int, ...]:
        """Stake `count` seats' worth; return the seats taken, released ones first."""
        self._require_intake(at)
        require(0 < count <= MAX_ITEMS, Refusal.TOO_MANY)
        self._spend(owner, count * self.terms.seat_stake_wei)
        return tuple(self._take(owner, at) for _ in range(count))

    def leave_seats(self, owner: Address, seat_ids: Sequence[int], at: Moment) -> None:
        """Not to be drawn any more. Their stake stays slashable for a while."""
        require(0 < len(seat_ids) <= MAX_ITEMS, Refusal.TOO_MANY)
        for i, seat_id in enumerate(seat_ids):
            self._require_own(owner, seat_id)
            is_vacated = self._seats[seat_id].vacated_block != 0 or seat_id in seat_ids[:i]
            require(not is_vacated, Refusal.SEAT_ALREADY_VACATED)
        for seat_id in seat_ids:
            self._vacate(seat_id, at)

    def release_seats(self, owner: Address, seat_ids: Sequence[int], at: Moment) -> None:
        """Take back vacated seats' stake."""
        require(0 < len(seat_ids) <= MAX_ITEMS, Refusal.TOO_MANY)
        for i, seat_id in enumerate(seat_ids):
            self._require_own(owner, seat_id)
            held = self._stakes[seat_id]
            require(self._seats[seat_id].vacated_block != 0, Refusal.SEAT_NOT_VACATED)
            is_empty = held.stake_wei == 0 or seat_id in seat_ids[:i]
            require(not is_empty, Refusal.SEAT_EMPTY)
            require(at.seconds >= held.releasable_at, Refusal.SEAT_LOCKED)
            require(held.duties == 0, Refusal.SEAT_ON_DUTY)
        for seat_id in seat_ids:
            held = self._stakes[seat_id]
            self._stakes[seat_id] = replace(held, stake_wei=0)
            self._released.append(seat_id)
            self._credit(owner, held.stake_wei)

    def owned_by_wei(self, owners: Collection[Address]) -> int:
        """All that is these accounts' own, their seats included."""
        seats = zip(self._seats, self._stakes, strict=True)
        seats_wei = sum(held.stake_wei for seat, held in seats if seat.holder in owners)
        return seats_wei + sum(self.owned_wei(owner) for owner in owners)

    def total_wei(self) -> int:
        """The sum of every claim; always `held_wei`."""
        return super().total_wei() + sum(held.stake_wei for held in self._stakes)

    def _take(self, owner: Address, at: Moment) -> int:
        seat, held = Seat(owner, at.block), SeatStake(self.terms.seat_stake_wei)
        if not self._released:
            self._seats.append(seat)
            self._stakes.append(held)
            self._born_blocks.append(at.block)
            return len(self._seats) - 1
        seat_id = self._released.pop()
        self._seats[seat_id], self._stakes[seat_id] = seat, held
        return seat_id

    def _empty_seats(self) -> set[int]:
        """The seats without stake: slashed, or released."""
        return {seat_id for seat_id, held in enumerate(self._stakes) if held.stake_wei == 0}

    def _hold(self, seat_ids: Sequence[int]) -> None:
        for seat_id in seat_ids:
            held = self._stakes[seat_id]
            self._stakes[seat_id] = replace(held, duties=held.duties + 1)

    def _end_duty(self, seat_id: int, at: Moment, *, is_absent: bool, is_offender: bool) -> None:
        held = self._stakes[seat_id]
        self._stakes[seat_id] = replace(held, duties=held.duties - 1)
        if is_offender:
            self.burnt_wei += self._seize(seat_id, at)
        elif is_absent and self._seats[seat_id].vacated_block == 0:
            self._vacate(seat_id, at)

    def _seize(self, seat_id: int, at: Moment) -> int:
        """Take a seat with its stake; return how much that was."""
        held = self._stakes[seat_id]
        self._stakes[seat_id] = replace(held, stake_wei=0)
        if self._seats[seat_id].vacated_block == 0:
            self._vacate(seat_id, at)
        return held.stake_wei

    def _vacate(self, seat_id: int, at: Moment) -> None:
        self._seats[seat_id] = replace(self._seats[seat_id], vacated_block=at.block)
        releasable_at = at.seconds + self.terms.unstake_delay_seconds
        self._stakes[seat_id] = replace(self._stakes[seat_id], releasable_at=releasable_at)

    def _require_own(self, owner: Address, seat_id: int) -> None:
        require(0 <= seat_id < len(self._seats), Refusal.UNKNOWN_SEAT)
        require(self._seats[seat_id].holder == owner, Refusal.NOT_SEAT_HOLDER)

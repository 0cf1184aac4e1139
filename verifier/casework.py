"""What to do next about a dispute: a pure function of the chain's facts, the time and who I am."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from protocol.chain.view import Case
from protocol.units import Address

STEP_SECONDS = 2
OUTSIDER_SECONDS = 6


class Move(StrEnum):
    """Each a transaction, but for `EXECUTE`, which finds out what to vote."""

    DRAW_COMMITTEE = "draw_committee"
    """Twice: the first time only names the block that draws."""
    EXECUTE = "execute"
    COMMIT_VOTE = "commit_vote"
    REVEAL_VOTE = "reveal_vote"
    OPEN_CLAIM = "open_claim"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True)
class Clock:
    """The chain's latest block: its time and its number."""

    now_seconds: int
    block_number: int


@dataclass(frozen=True, slots=True)
class Rules:
    """What of the market's parameters matters here."""

    concede_seconds: int
    seed_delay_blocks: int


def next_move(case: Case, me: Address, has_ballot: bool, clock: Clock, rules: Rules) -> Move | None:
    """What `me` should do about `case` now; None: wait.

    `has_ballot` tells whether the digest to vote for, and its salt, are in the journal.
    """
    move = _possible_move(case, me, has_ballot, clock, rules)
    if move in (Move.DRAW_COMMITTEE, Move.OPEN_CLAIM, Move.RESOLVE):
        # Anyone may run these errands: take turns, so that only one pays for the gas.
        due_at = _due_at(case, clock, rules)
        if clock.now_seconds < due_at + patience_seconds(case, me, move):
            return None
    return move


def patience_seconds(case: Case, me: Address, move: Move) -> int:
    """How long to leave an errand to those before me."""
    members = case.members or ()
    if me in members:
        return STEP_SECONDS * members.index(me)
    if me == case.challenger:
        return 0 if move is not Move.OPEN_CLAIM else STEP_SECONDS * len(members)
    return OUTSIDER_SECONDS + STEP_SECONDS * ((int(me, 16) ^ case.dispute_id) % 8)


def _possible_move(
    case: Case, me: Address, has_ballot: bool, clock: Clock, rules: Rules
) -> Move | None:
    now_seconds = clock.now_seconds
    if case.is_moot:
        return Move.RESOLVE
    if case.members is None:
        is_callable = now_seconds > case.opened_at + rules.concede_seconds
        has_seed = case.seed_block == 0 or clock.block_number > case.seed_block
        return Move.DRAW_COMMITTEE if is_callable and has_seed else None
    if not case.is_commit_over(now_seconds):
        is_asked = me in case.members and me not in case.committed
        return _vote(has_ballot) if is_asked else None
    if not case.is_reveal_over(now_seconds):
        is_asked = has_ballot and me in case.committed - case.revealed
        return Move.REVEAL_VOTE if is_asked else None
    if case.majority is None or case.claim is not None or now_seconds > case.open_by:
        return Move.RESOLVE
    is_involved = me in case.members or me == case.challenger
    return Move.OPEN_CLAIM if is_involved else None


def _vote(has_ballot: bool) -> Move:
    return Move.COMMIT_VOTE if has_ballot else Move.EXECUTE


def _due_at(case: Case, clock: Clock, rules: Rules) -> int:
    """Since when the errand could be run: the last event, or the deadline that passed since."""
    deadlines = [case.commit_by, case.reveal_by, case.open_by]
    if case.members is None:
        deadlines = [case.opened_at + rules.concede_seconds]
    passed = [deadline for deadline in deadlines if deadline < clock.now_seconds]
    return max(case.changed_at, _seeded_at(case, clock, rules), *passed)


def _seeded_at(case: Case, clock: Clock, rules: Rules) -> int:
    """When the block after the seed's was mined, if blocks came evenly since the call."""
    if case.seed_block == 0 or case.members is not None:
        return 0
    called_block = case.seed_block - rules.seed_delay_blocks
    passed_blocks = max(1, clock.block_number - called_block)
    passed_seconds = clock.now_seconds - case.changed_at
    return case.changed_at + passed_seconds * (rules.seed_delay_blocks + 1) // passed_blocks

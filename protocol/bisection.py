"""A game about a disputed execution. Mirrors types/Game.sol and arbiters/BisectionArbiter.sol.

An execution of a step module (images/wasm/ABI.md) is a chain of *states*: state 0 is "nothing has
run", each *stretch* leads to the next, and the last is the end, which holds the task's digest.
What follows an end is the same end, so that executions of different lengths can be compared.
Provider and challenger halve what they do not agree on; when one stretch is left, a committee
re-runs it.

Pure: times and whose move it is are arguments. The contract decides; this tells what it would.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from enum import IntEnum, StrEnum
from typing import Self

from protocol.errors import Conflict, InvalidInput
from protocol.units import ZERO_ADDRESS, ZERO_BYTES32, Address, Bytes32

START = ZERO_BYTES32
"""State 0: nothing has run."""
MAX_STRETCHES = 4096
MAX_ROUNDS = 12
LEAST_CHECKPOINT_FUEL = 10_000
END_PREFIX = b"fallow end 1"
"""What an end's form begins with; the task's digest follows, and nothing else."""


def ended(task_digest: Bytes32) -> Bytes32:
    """The state after an execution's end, whose outcome has that digest."""
    return Bytes32(hashlib.sha256(END_PREFIX + task_digest).digest())


def checkpoint_fuel(fuel_limit: int) -> int:
    """How much fuel a stretch uses at least, its last excepted.

    Large enough that no execution within the limit has more than `MAX_STRETCHES`: its beginning, at
    most `MAX_STRETCHES - 2` full ones, and a last one.
    """
    return max(LEAST_CHECKPOINT_FUEL, -(-fuel_limit // (MAX_STRETCHES - 2)))


class GamePhase(IntEnum):
    """Where a game stands."""

    NONE = 0
    OFFERED = 1
    TELLING = 2
    ANSWERING = 3
    NARROWED = 4
    WON = 5
    FULL = 6


class Side(StrEnum):
    """Who plays."""

    PROVIDER = "provider"
    CHALLENGER = "challenger"


class GameMove(StrEnum):
    """What somebody can do about a game."""

    OFFER = "offer"
    ACCEPT = "accept"
    TELL = "tell"
    ANSWER = "answer"
    RESOLVE = "resolve"
    """Anybody: a clock has run out, or nobody can appeal any more."""


class GameRefused(Conflict):
    """The game does not stand where this move belongs."""

    code = "game_refused"


@dataclass(frozen=True, slots=True)
class GameTimes:
    """How long the parts of a game take at most. Mirrors types/Game.sol.

    `clock_seconds` is each side's, for all its moves; no move has less than `extension_seconds`.
    """

    accept_seconds: int
    clock_seconds: int
    extension_seconds: int
    appeal_seconds: int

    def values(self) -> tuple[int, ...]:
        """As contract calls take it."""
        return tuple(getattr(self, field.name) for field in fields(self))

    def to_json(self) -> dict[str, int]:
        """As a plan of a deployment has it."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def longest_seconds(self) -> int:
        """From the offer to the last moment of an appeal, votes aside."""
        moves = 2 * (self.clock_seconds + MAX_ROUNDS * self.extension_seconds)
        return self.accept_seconds + moves + self.appeal_seconds


@dataclass(frozen=True, slots=True)
class Game:
    """A game as it stands: both agree on state `low` and not on `high`. Mirrors types/Game.sol.

    `move_by` is when the time of whoever is to move, or to accept, or to appeal, is over.
    """

    phase: GamePhase = GamePhase.NONE
    stretches: int = 0
    low: int = 0
    high: int = 0
    move_by: int = 0
    provider_seconds: int = 0
    challenger_seconds: int = 0
    appeal_seat_id: int = 0
    appellant: Address = ZERO_ADDRESS
    low_state: Bytes32 = ZERO_BYTES32
    high_state: Bytes32 = ZERO_BYTES32
    middle_state: Bytes32 = ZERO_BYTES32

    @classmethod
    def from_values(cls, values: Sequence[object]) -> Self:
        """Read what the contract returns."""
        made = cls(*values)  # type: ignore[arg-type]
        return replace(made, phase=GamePhase(made.phase))

    @property
    def middle(self) -> int:
        """The state that is asked for, between `low` and `high`."""
        return (self.low + self.high) // 2

    @property
    def to_move(self) -> Side | None:
        """Whose clock runs; None: nobody's."""
        turns = {GamePhase.TELLING: Side.PROVIDER, GamePhase.ANSWERING: Side.CHALLENGER}
        return turns.get(self.phase)

    def is_late(self, now_seconds: int) -> bool:
        """Whether the time of whoever could act is over."""
        return now_seconds > self.move_by


def offer(task_digest: Bytes32, stretches: int, now_seconds: int, times: GameTimes) -> Game:
    """The provider's offer: an execution of so many stretches that ends with that digest.

    Raises:
        InvalidInput: no stretch, or too many.
    """
    if not 1 <= stretches <= MAX_STRETCHES:
        raise InvalidInput(f"a game has 1 to {MAX_STRETCHES} stretches, not {stretches}")
    return Game(
        phase=GamePhase.OFFERED,
        stretches=stretches,
        high=stretches,
        move_by=now_seconds + times.accept_seconds,
        low_state=START,
        high_state=ended(task_digest),
    )


def accept(game: Game, now_seconds: int, times: GameTimes) -> Game:
    """The challenger takes it up.

    Raises:
        GameRefused: nothing is offered, or not any more.
    """
    _require(game, GamePhase.OFFERED, now_seconds)
    clock = times.clock_seconds
    started = replace(game, provider_seconds=clock, challenger_seconds=clock)
    return _let_provider_move(started, now_seconds, times)


def tell(game: Game, index: int, state: Bytes32, now_seconds: int, times: GameTimes) -> Game:
    """The provider tells the state in the middle.

    Raises:
        GameRefused: it is not the provider's move, its clock has run out, or another state is due.
        InvalidInput: no state after the start is zero.
    """
    _require(game, GamePhase.TELLING, now_seconds, index)
    if not any(state):
        raise InvalidInput("no state after the start is zero")
    return replace(
        game,
        phase=GamePhase.ANSWERING,
        provider_seconds=game.move_by - now_seconds,
        middle_state=state,
        move_by=_move_by(now_seconds, game.challenger_seconds, times),
    )


def answer(game: Game, index: int, is_same: bool, now_seconds: int, times: GameTimes) -> Game:
    """The challenger says whether it found the same state in the middle.

    Raises:
        GameRefused: it is not the challenger's move, its clock has run out, or another is due.
    """
    _require(game, GamePhase.ANSWERING, now_seconds, index)
    answered = replace(game, challenger_seconds=game.move_by - now_seconds)
    if is_same:
        answered = replace(answered, low=index, low_state=game.middle_state)
    else:
        answered = replace(answered, high=index, high_state=game.middle_state)
    return _let_provider_move(answered, now_seconds, times)


def loser_by_clock(game: Game, now_seconds: int) -> Side | None:
    """Who has let its clock run out; None: nobody."""
    return game.to_move if game.is_late(now_seconds) else None


def next_game_move(
    game: Game, side: Side | None, now_seconds: int, offer_by: int
) -> GameMove | None:
    """What a side (None: anybody else) can do now; None: nothing, or what committees do.

    `offer_by` is until when the provider may concede, and so offer a game.
    """
    if game.phase is GamePhase.NONE:
        is_due = side is Side.PROVIDER and now_seconds <= offer_by
        return GameMove.OFFER if is_due else None
    if game.is_late(now_seconds):
        is_over = game.to_move is not None or game.phase is GamePhase.WON
        return GameMove.RESOLVE if is_over else None
    if game.phase is GamePhase.OFFERED:
        return GameMove.ACCEPT if side is Side.CHALLENGER else None
    if side is None or side is not game.to_move:
        return None
    return GameMove.TELL if side is Side.PROVIDER else GameMove.ANSWER


def state_at(states: Sequence[Bytes32], index: int) -> Bytes32:
    """State `index` of an execution: after its end, the end."""
    return states[min(index, len(states) - 1)]


def is_same_state(game: Game, states: Sequence[Bytes32]) -> bool:
    """A challenger's honest answer, from the states of its own execution."""
    return state_at(states, game.middle) == game.middle_state


def _let_provider_move(game: Game, now_seconds: int, times: GameTimes) -> Game:
    if game.high - game.low == 1:
        return replace(game, phase=GamePhase.NARROWED)
    move_by = _move_by(now_seconds, game.provider_seconds, times)
    return replace(game, phase=GamePhase.TELLING, move_by=move_by)


def _move_by(now_seconds: int, left_seconds: int, times: GameTimes) -> int:
    return now_seconds + max(left_seconds, times.extension_seconds)


def _require(game: Game, phase: GamePhase, now_seconds: int, index: int | None = None) -> None:
    if game.phase is not phase:
        raise GameRefused(f"the game is {game.phase.name.lower()}, not {phase.name.lower()}")
    if game.is_late(now_seconds):
        raise GameRefused(f"the time for this was over at {game.move_by}")
    if index not in (None, game.middle):
        raise GameRefused(f"state {game.middle} is due, not {index}")

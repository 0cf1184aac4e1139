"""The game as a pure function: for any two executions it ends where they part."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import bisection
from protocol.bisection import (
    LEAST_CHECKPOINT_FUEL,
    MAX_ROUNDS,
    MAX_STRETCHES,
    START,
    Game,
    GameMove,
    GamePhase,
    GameRefused,
    GameTimes,
    Side,
    checkpoint_fuel,
    ended,
    is_same_state,
    loser_by_clock,
    next_game_move,
    state_at,
)
from protocol.errors import InvalidInput
from protocol.spec import MAX_FUEL
from protocol.units import Bytes32

TIMES = GameTimes(accept_seconds=10, clock_seconds=40, extension_seconds=5, appeal_seconds=30)
NOW = 1_800_000_000
RIGHT, WRONG = Bytes32(b"\x01" * 32), Bytes32(b"\x02" * 32)


def states(length: int, digest: Bytes32, fault: int | None = None) -> list[Bytes32]:
    """The states of an execution of so many stretches; from `fault` on not the honest one's."""
    found = [START]
    for index in range(1, length):
        kind = b"honest" if fault is None or index <= fault else b"false"
        found.append(Bytes32(hashlib.sha256(kind + index.to_bytes(4, "big")).digest()))
    return [*found, ended(digest)]


def started(stretches: int, digest: Bytes32 = WRONG) -> Game:
    offered = bisection.offer(digest, stretches, NOW, TIMES)
    return bisection.accept(offered, NOW, TIMES)


@dataclass
class Played:
    game: Game
    rounds: int


def play(provider: list[Bytes32], challenger: list[Bytes32]) -> Played:
    game, rounds = started(len(provider) - 1), 0
    while game.phase is GamePhase.TELLING:
        told = state_at(provider, game.middle)
        game = bisection.tell(game, game.middle, told, NOW, TIMES)
        is_same = is_same_state(game, challenger)
        game = bisection.answer(game, game.middle, is_same, NOW, TIMES)
        rounds += 1
    return Played(game, rounds)


lengths = st.integers(1, MAX_STRETCHES) | st.sampled_from([1, 2, 3, MAX_STRETCHES])


@given(lengths, lengths, st.data())
def test_a_game_ends_at_the_stretch_where_the_executions_part(
    claimed: int, honest: int, data: st.DataObject
) -> None:
    fault = data.draw(st.integers(0, min(claimed, honest) - 1))
    provider, challenger = states(claimed, WRONG, fault), states(honest, RIGHT)
    played = play(provider, challenger)
    game = played.game
    assert game.phase is GamePhase.NARROWED
    assert (game.low, game.high) == (fault, fault + 1)
    assert game.low_state == state_at(challenger, fault) == provider[fault]
    assert game.high_state == provider[fault + 1] != state_at(challenger, fault + 1)
    assert played.rounds <= (claimed - 1).bit_length() <= MAX_ROUNDS


@given(lengths, st.lists(st.booleans(), min_size=MAX_ROUNDS, max_size=MAX_ROUNDS))
def test_whatever_a_challenger_answers_one_stretch_is_left(
    claimed: int, answers: list[bool]
) -> None:
    provider = states(claimed, RIGHT)
    game = started(claimed, RIGHT)
    for is_same in answers:
        if game.phase is GamePhase.TELLING:
            game = bisection.tell(game, game.middle, provider[game.middle], NOW, TIMES)
            game = bisection.answer(game, game.middle, is_same, NOW, TIMES)
    assert game.phase is GamePhase.NARROWED
    assert (game.low_state, game.high_state) == (provider[game.low], provider[game.low + 1])


@given(st.integers(0, MAX_FUEL), st.data())
def test_no_execution_within_its_fuel_has_more_stretches(limit: int, data: st.DataObject) -> None:
    least = checkpoint_fuel(limit)
    assert least >= LEAST_CHECKPOINT_FUEL
    assert 2 + limit // least <= MAX_STRETCHES


@given(st.data())
def test_clocks_are_ones_own_and_every_move_has_the_extension(data: st.DataObject) -> None:
    game, now = started(MAX_STRETCHES), NOW
    left = {Side.PROVIDER: 40, Side.CHALLENGER: 40}
    while (side := game.to_move) is not None:
        allowed = max(left[side], TIMES.extension_seconds)
        assert game.move_by == now + allowed
        thought = data.draw(st.integers(0, allowed))
        now, left[side] = now + thought, allowed - thought
        assert loser_by_clock(game, now) is None
        assert loser_by_clock(game, now + allowed - thought + 1) is side
        if side is Side.PROVIDER:
            game = bisection.tell(game, game.middle, WRONG, now, TIMES)
        else:
            game = bisection.answer(game, game.middle, data.draw(st.booleans()), now, TIMES)
    assert now <= NOW + TIMES.longest_seconds


def test_the_end_holds_the_digest() -> None:
    assert ended(RIGHT) == hashlib.sha256(b"fallow end 1" + RIGHT).digest()
    assert ended(RIGHT) != ended(WRONG)


@pytest.mark.parametrize("stretches", [0, MAX_STRETCHES + 1])
def test_no_game_is_empty_or_endless(stretches: int) -> None:
    with pytest.raises(InvalidInput, match="1 to 4096"):
        bisection.offer(RIGHT, stretches, NOW, TIMES)


def test_moves_out_of_turn_are_refused() -> None:
    offered = bisection.offer(RIGHT, 8, NOW, TIMES)
    with pytest.raises(GameRefused, match="not telling"):
        bisection.tell(offered, 4, RIGHT, NOW, TIMES)
    with pytest.raises(GameRefused, match="was over"):
        bisection.accept(offered, NOW + 11, TIMES)
    game = bisection.accept(offered, NOW + 10, TIMES)
    with pytest.raises(GameRefused, match="state 4 is due"):
        bisection.tell(game, 3, RIGHT, NOW, TIMES)
    with pytest.raises(InvalidInput, match="zero"):
        bisection.tell(game, 4, START, NOW, TIMES)
    with pytest.raises(GameRefused, match="was over"):
        bisection.tell(game, 4, RIGHT, NOW + 51, TIMES)
    told = bisection.tell(game, 4, RIGHT, NOW + 50, TIMES)
    with pytest.raises(GameRefused, match="not telling"):
        bisection.tell(told, 4, RIGHT, NOW + 50, TIMES)
    with pytest.raises(GameRefused, match="state 4 is due"):
        bisection.answer(told, 5, True, NOW + 50, TIMES)


def test_a_game_of_one_stretch_has_no_moves() -> None:
    game = started(1)
    assert game.phase is GamePhase.NARROWED
    assert game.to_move is None
    assert (game.low_state, game.high_state) == (START, ended(WRONG))


def test_everybody_knows_what_to_do() -> None:
    def due(game: Game, now: int) -> list[GameMove | None]:
        sides = (Side.PROVIDER, Side.CHALLENGER, None)
        return [next_game_move(game, side, now, NOW) for side in sides]

    nothing, end = [None] * 3, [GameMove.RESOLVE] * 3
    assert due(Game(), NOW) == [GameMove.OFFER, None, None]
    assert due(Game(), NOW + 1) == nothing
    offered = bisection.offer(RIGHT, 8, NOW, TIMES)
    assert due(offered, NOW + 10) == [None, GameMove.ACCEPT, None]
    assert due(offered, NOW + 11) == nothing  # the committee is called, as without games
    telling = bisection.accept(offered, NOW, TIMES)
    assert due(telling, NOW) == [GameMove.TELL, None, None]
    assert due(telling, NOW + 41) == end
    answering = bisection.tell(telling, 4, RIGHT, NOW, TIMES)
    assert due(answering, NOW) == [None, GameMove.ANSWER, None]
    assert due(answering, NOW + 41) == end
    won = replace(answering, phase=GamePhase.WON)
    assert due(won, NOW) == nothing
    assert due(won, NOW + 41) == end
    for phase in (GamePhase.NARROWED, GamePhase.FULL):
        assert due(replace(answering, phase=phase), NOW + 41) == nothing

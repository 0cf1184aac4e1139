"""The parameters that Fallow deploys: quick for a laptop, careful for real money."""

from __future__ import annotations

from dataclasses import replace

from protocol.bisection import GameTimes
from protocol.chain.facts import Params
from protocol.units import WEI_PER_CREDIT

_HOUR = 3600


def development() -> Params:
    """Seconds instead of hours: a whole dispute fits into a demo."""
    return Params(
        seat_stake_wei=100 * WEI_PER_CREDIT,
        dispute_bond_wei=10 * WEI_PER_CREDIT,
        minimum_stake_wei=40 * WEI_PER_CREDIT,
        seed_delay_blocks=1,
        dispute_window_seconds=25,
        concede_seconds=3,
        commit_seconds=20,
        reveal_seconds=12,
        open_seconds=12,
        commit_grace_seconds=60,
        unstake_delay_seconds=120,
        slash_multiple=60,
        concede_multiple=50,
        committee_size=3,
    )


def production() -> Params:
    """Room for verifiers that sleep, chains that stall and a person who reads their mail."""
    return Params(
        seat_stake_wei=1000 * WEI_PER_CREDIT,
        dispute_bond_wei=50 * WEI_PER_CREDIT,
        minimum_stake_wei=400 * WEI_PER_CREDIT,
        seed_delay_blocks=4,
        dispute_window_seconds=24 * _HOUR,
        concede_seconds=2 * _HOUR,
        commit_seconds=6 * _HOUR,
        reveal_seconds=3 * _HOUR,
        open_seconds=3 * _HOUR,
        commit_grace_seconds=6 * _HOUR,
        unstake_delay_seconds=7 * 24 * _HOUR,
        slash_multiple=60,
        concede_multiple=50,
        committee_size=7,
    )


def development_games() -> GameTimes:
    """A whole game fits into a minute or two."""
    return GameTimes(accept_seconds=10, clock_seconds=20, extension_seconds=2, appeal_seconds=15)


def production_games() -> GameTimes:
    """Each side may sleep for a night, and nobody is lost for one move."""
    return GameTimes(
        accept_seconds=2 * _HOUR,
        clock_seconds=8 * _HOUR,
        extension_seconds=600,
        appeal_seconds=12 * _HOUR,
    )


def with_games(params: Params, games: GameTimes) -> Params:
    """The same, with an unstaking delay that outlasts a dispute with a game and two votes.

    Mirrors `BisectionArbiter._checkTimes`.
    """
    plain = params.dispute_window_seconds + params.concede_seconds + params.open_seconds
    votes = 2 * (params.commit_seconds + params.reveal_seconds)
    longest_seconds = plain + votes + games.longest_seconds
    least_seconds = -(-longest_seconds * 5 // 4)
    delay_seconds = max(params.unstake_delay_seconds, least_seconds)
    return replace(params, unstake_delay_seconds=delay_seconds)

"""Measuring side by side: in turns, in one run, so that a noisy machine is noisy for both."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import TypeVar

Say = Callable[[str], None]
T = TypeVar("T")


def in_turns(measures: Mapping[str, Callable[[], T]], rounds: int, say: Say) -> dict[str, list[T]]:
    """What each measure gave in each of the rounds; who begins changes from round to round."""
    seen: dict[str, list[T]] = {name: [] for name in measures}
    names = list(measures)
    for turn in range(rounds):
        for name in names if turn % 2 == 0 else reversed(names):
            say(f"{name}, round {turn + 1} of {rounds}")
            seen[name].append(measures[name]())
    return seen


def median_rates(
    actions: Mapping[str, Callable[[], int]], rounds: int, say: Say
) -> dict[str, float]:
    """How often a second each action does what it counts: the median of `rounds` rounds."""
    return {
        name: median(rates)
        for name, rates in in_turns(
            {name: _rate(action) for name, action in actions.items()}, rounds, say
        ).items()
    }


def _rate(action: Callable[[], int]) -> Callable[[], float]:
    def measure() -> float:
        begin = time.perf_counter()
        done = action()
        return done / (time.perf_counter() - begin)

    return measure

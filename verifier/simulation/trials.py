"""Many trials of one strategy, and what they show."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from random import Random
from statistics import fmean, stdev

from verifier.simulation.setting import Setting
from verifier.simulation.stage import Stage
from verifier.simulation.strategies.base import Strategy

# One-sided 99 % of a normal distribution.
Z_99 = 2.326
# Fewer may all have missed the rare and large loss that makes a strategy a bad one.
LEAST_TRIALS = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a strategy brings. Money is in prices of a task.

    `gain_*` are of a trial against honest work, `gain_per_cheat*` of one wrong act: its mean and
    the 99 % bounds of that. `caught_*` counts wrong acts until the first that is found;
    None if too few were. `harm` is what a trial costs the honest parties, of it `unpaid_audits` is
    how many right audits they did in leases that were lost over another task.
    """

    name: str
    summary: str
    known_limit: str
    trials: int
    tasks: int
    cheated: int
    gain_mean: float
    gain_p99: float
    gain_per_cheat: float
    gain_per_cheat_low: float
    gain_per_cheat_high: float
    caught_share: float
    caught_median: float | None
    caught_p99: float | None
    harm_mean: float
    unpaid_audits_mean: float
    refusals: dict[str, int]
    caught_after: tuple[int, ...]

    @property
    def is_profitable(self) -> bool:
        """Whether the mean gain is above zero, with 99 % confidence."""
        return self.gain_per_cheat_low > 0 and self.trials >= LEAST_TRIALS

    @property
    def is_unprofitable(self) -> bool:
        """Whether the mean gain is not above zero, with 99 % confidence."""
        return self.gain_per_cheat_high <= 0


def run_trials(
    strategy: Strategy,
    setting: Setting,
    count: int,
    seed: int,
    on_trial: Callable[[], None] = lambda: None,
) -> Outcome:
    """Play a strategy so many times, each in a world of its own."""
    world = strategy.adapt(setting)
    stages = []
    for number in range(max(2, round(count * strategy.weight))):
        stages.append(_Shot.of(_play(strategy, world, trial_random(seed, strategy.name, number))))
        on_trial()
    return _summarise(strategy, stages)


def trial_random(seed: int, name: str, number: int) -> Random:
    """The randomness of one trial: the same for a seed, whatever else is run."""
    digest = hashlib.sha256(f"{seed}/{name}/{number}".encode()).digest()
    return Random(digest)  # noqa: S311 - a simulation has to be repeatable


def quantile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least `share` of them do not exceed."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[
        min(len(ordered) - 1, max(0, -(-int(share * 10_000) * len(ordered) // 10_000) - 1))
    ]


@dataclass(frozen=True, slots=True)
class _Shot:
    """What is kept of a trial."""

    gain: float
    harm: float
    tasks: int
    cheated: int
    caught: int | None
    unpaid_audits: int
    refusals: Counter[str]

    @classmethod
    def of(cls, stage: Stage) -> _Shot:
        price_wei = stage.setting.price_wei
        return cls(
            stage.gain_wei() / price_wei,
            stage.harm_wei() / price_wei,
            stage.tally.tasks,
            stage.tally.cheated,
            stage.tally.cheated_until_caught,
            stage.tally.unpaid_audits,
            Counter(stage.tally.refusals),
        )


def _play(strategy: Strategy, world: Setting, random: Random) -> Stage:
    stage = Stage(world, random)
    strategy.play(stage)
    stage.finish()
    if stage.market.total_wei() != stage.market.held_wei:
        raise AssertionError(f"{strategy.name}: money was made or lost")
    return stage


def _summarise(strategy: Strategy, shots: Sequence[_Shot]) -> Outcome:
    gains = [shot.gain for shot in shots]
    cheated = sum(shot.cheated for shot in shots)
    per_trial = max(cheated / len(shots), 1 / len(shots))
    mean, error = fmean(gains), Z_99 * stdev(gains) / sqrt(len(gains))
    caught = [shot.caught for shot in shots if shot.caught is not None]
    # Who was not caught counts as caught later than all: a p99 among them has no figure.
    share = len(caught) / len(shots)
    refusals: Counter[str] = sum((shot.refusals for shot in shots), Counter())
    return Outcome(
        strategy.name,
        strategy.summary,
        strategy.known_limit,
        len(shots),
        sum(shot.tasks for shot in shots),
        cheated,
        mean,
        quantile(gains, 0.99) or 0.0,
        mean / per_trial,
        (mean - error) / per_trial,
        (mean + error) / per_trial,
        share,
        quantile(caught, 0.5 / share) if share >= 0.5 else None,
        quantile(caught, 0.99 / share) if share >= 0.99 else None,
        fmean(shot.harm for shot in shots),
        fmean(shot.unpaid_audits for shot in shots),
        dict(refusals),
        tuple(sorted(caught)),
    )

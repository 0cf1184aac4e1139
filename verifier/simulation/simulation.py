"""A whole run: strategies, honest people, refused moves, and the claims about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from verifier.simulation import claims
from verifier.simulation.claims import Claim, Refused, Status
from verifier.simulation.population import Census, take_census
from verifier.simulation.setting import Setting
from verifier.simulation.stage import Stage
from verifier.simulation.strategies.base import Strategy
from verifier.simulation.strategies.refused import ATTACKS
from verifier.simulation.trials import Outcome, run_trials, trial_random


@dataclass(frozen=True, slots=True)
class Profile:
    """How much is simulated. `is_thorough`: an undecided claim is not good enough."""

    trials: int
    tasks: int
    providers: int
    is_thorough: bool


PROFILES = {
    "quick": Profile(trials=40, tasks=20_000, providers=300, is_thorough=False),
    "full": Profile(trials=1_000, tasks=1_000_000, providers=10_000, is_thorough=True),
}


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a run found."""

    seed: int
    outcomes: tuple[Outcome, ...]
    refused: tuple[Refused, ...]
    census: Census | None
    claims: tuple[Claim, ...]

    def failed(self, *, is_thorough: bool) -> tuple[Claim, ...]:
        """The claims that do not hold; of a thorough run also those that stay undecided."""
        bad = {Status.FAIL, Status.UNDECIDED} if is_thorough else {Status.FAIL}
        return tuple(claim for claim in self.claims if claim.status in bad)

    def to_json(self) -> dict[str, Any]:
        """As JSON values; wei as decimal text."""
        value: dict[str, Any] = asdict(self)
        for outcome in value["outcomes"]:
            del outcome["caught_after"]
        if self.census is not None:
            census = value["census"]
            for name in [name for name in census if name.endswith("_wei")]:
                census[name] = str(census[name])
            census["steady_overhead"] = self.census.steady_overhead
            census["newcomer_overhead"] = self.census.newcomer_overhead
        return value


@dataclass(frozen=True, slots=True)
class Progress:
    """Told of every step: what is done now, and one more of how many."""

    start: Callable[[str, int], None] = lambda _name, _total: None
    advance: Callable[[int], None] = lambda _count: None


def simulate(
    setting: Setting,
    profile: Profile,
    strategies: Sequence[Strategy],
    seed: int,
    *,
    with_population: bool = True,
    progress: Progress | None = None,
) -> Report:
    """Run it all. The same arguments give the same report."""
    shown = progress or Progress()
    outcomes = tuple(_trials(s, setting, profile, seed, shown) for s in strategies)
    refused = try_refused(setting, seed)
    found = [claims.no_gain(outcomes), claims.detection(outcomes), claims.refusals(refused)]
    census = None
    if with_population:
        census = _census(setting, profile, seed, shown)
        found += [claims.overhead(census), claims.false_slashes(census)]
    return Report(seed, outcomes, refused, census, tuple(c for c in found if c is not None))


def try_refused(setting: Setting, seed: int) -> tuple[Refused, ...]:
    """Try every move that must be refused, each in a world of its own."""
    attempts = []
    for attack in ATTACKS:
        met = attack.refusal(Stage(setting, trial_random(seed, attack.name, 0)))
        attempts.append(Refused(attack.name, str(attack.expected), met and str(met)))
    return tuple(attempts)


def _trials(
    strategy: Strategy, setting: Setting, profile: Profile, seed: int, progress: Progress
) -> Outcome:
    progress.start(strategy.name, round(profile.trials * strategy.weight))
    return run_trials(strategy, setting, profile.trials, seed, lambda: progress.advance(1))


def _census(setting: Setting, profile: Profile, seed: int, progress: Progress) -> Census:
    progress.start("honest people", profile.tasks)
    done = 0

    def on_batch(tasks: int) -> None:
        nonlocal done
        progress.advance(tasks - done)
        done = tasks

    return take_census(setting, profile.tasks, profile.providers, seed, on_batch)

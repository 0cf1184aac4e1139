"""What the rules must keep, and whether the simulation shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from verifier.simulation.population import Census
from verifier.simulation.strategies.providers import ONE_IN_TWENTY
from verifier.simulation.trials import Outcome

MOST_CHEATED = 250
MOST_OVERHEAD = 0.05


class Status(StrEnum):
    """Whether a claim holds."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence, and what was measured about it."""

    name: str
    text: str
    status: Status
    measured: str


@dataclass(frozen=True, slots=True)
class Refused:
    """An attack that the rules must refuse, and what it met."""

    attack: str
    expected: str
    met: str | None

    @property
    def is_refused(self) -> bool:
        """Whether it met what it must meet."""
        return self.met == self.expected


def no_gain(outcomes: Sequence[Outcome]) -> Claim:
    """No strategy gains: for every one the whole 99 % interval of its mean gain is at most 0.

    One whose interval is above 0 fails it; one whose interval holds 0 leaves it undecided.
    """
    counted = [outcome for outcome in outcomes if not outcome.known_limit]
    winners = [outcome for outcome in counted if outcome.is_profitable]
    unclear = [o for o in counted if not o.is_profitable and not o.is_unprofitable]
    text = "no strategy has a positive expected gain"
    if winners:
        names = ", ".join(f"{o.name} {o.gain_per_cheat:+.2f}" for o in winners)
        return Claim("no-gain", text, Status.FAIL, f"prices gained by a wrong act: {names}")
    if unclear:
        names = ", ".join(o.name for o in unclear)
        return Claim("no-gain", text, Status.UNDECIDED, f"too few trials to tell: {names}")
    best = max(counted, key=lambda o: o.gain_per_cheat, default=None)
    if best is None:
        return Claim("no-gain", text, Status.UNDECIDED, "no strategy was played")
    measured = f"of {len(counted)} the best is {best.name}: {best.gain_per_cheat:+.3f} prices"
    return Claim("no-gain", text, Status.PASS, measured)


def detection(outcomes: Sequence[Outcome]) -> Claim | None:
    """Persistent cheaters are caught; None if none was played."""
    found = next((o for o in outcomes if o.name == ONE_IN_TWENTY), None)
    if found is None:
        return None
    text = f"99 % of one-in-twenty cheaters are caught within {MOST_CHEATED} cheated tasks at 3 %"
    late = found.caught_p99 is None or found.caught_p99 > MOST_CHEATED
    p99 = "never" if found.caught_p99 is None else f"{found.caught_p99:.0f} cheated tasks"
    measured = f"{p99}, of {found.trials} cheaters, a third of the seats colluding"
    return Claim("detection", text, Status.FAIL if late else Status.PASS, measured)


def overhead(census: Census) -> Claim:
    """Verification is cheap once providers have stake."""
    share = census.steady_overhead
    return Claim(
        "overhead",
        f"steady audit overhead is at most {MOST_OVERHEAD:.0%} of job cost",
        Status.PASS if share <= MOST_OVERHEAD else Status.FAIL,
        f"{share:.2%} of established providers' pay",
    )


def false_slashes(census: Census) -> Claim:
    """Honest providers are not slashed."""
    return Claim(
        "false-slashes",
        "no honest provider is slashed",
        Status.FAIL if census.false_slashes else Status.PASS,
        f"{census.false_slashes} in {census.tasks:,} tasks, {census.concessions} concessions",
    )


def refusals(attempts: Sequence[Refused]) -> Claim:
    """Forged and repeated moves do not go through."""
    through = [attempt.attack for attempt in attempts if not attempt.is_refused]
    return Claim(
        "refusals",
        "every forged, repeated, late or inflated move is refused",
        Status.FAIL if through else Status.PASS,
        ", ".join(through) or f"{len(attempts)} of {len(attempts)} refused",
    )

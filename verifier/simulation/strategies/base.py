"""What a strategy is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from verifier.simulation.setting import Setting
from verifier.simulation.stage import Stage

# Of 90 seats. A third is what the audit rate is computed for.
_A_THIRD = 30
_A_FEW = 9


@dataclass(frozen=True, slots=True)
class Strategy:
    """A way to cheat: what it does, and the world that suits it best.

    `weight` is how many trials it gets for one of a usual strategy's. A `known_limit` says why the
    rules are not expected to stop it; it is measured, and left out of the claims.
    """

    name: str
    summary: str
    play: Callable[[Stage], None]
    adapt: Callable[[Setting], Setting] = lambda setting: setting
    weight: float = 1.0
    known_limit: str = ""


def a_third(setting: Setting) -> Setting:
    """A third of the seats are the attacker's friends."""
    return replace(setting, colluding_seats=_A_THIRD)


def a_few_seats(setting: Setting) -> Setting:
    """One seat in ten is the attacker's."""
    return replace(setting, colluding_seats=_A_FEW)

"""Every strategy, by name."""

from __future__ import annotations

from collections.abc import Sequence

from protocol.errors import InvalidInput
from verifier.simulation.strategies import (
    budgets,
    guessers,
    members,
    operators,
    providers,
    verifiers,
)
from verifier.simulation.strategies.base import Strategy

STRATEGIES: tuple[Strategy, ...] = (
    *providers.STRATEGIES,
    *verifiers.STRATEGIES,
    *operators.STRATEGIES,
    *budgets.STRATEGIES,
    *members.STRATEGIES,
    *guessers.STRATEGIES,
)


def choose(names: Sequence[str]) -> tuple[Strategy, ...]:
    """The strategies of these names, all without any.

    Raises:
        InvalidInput: there is none of that name.
    """
    known = {strategy.name: strategy for strategy in STRATEGIES}
    if unknown := [name for name in names if name not in known]:
        raise InvalidInput(f"no strategy {', '.join(unknown)}; there are {', '.join(known)}")
    return tuple(known[name] for name in names) or STRATEGIES

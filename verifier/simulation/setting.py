"""What a simulated world is made of: the deployed parameters, the rules, and who colludes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from protocol.chain.mirrored import terms_of
from protocol.chain.params import production
from protocol.pricing import HONEST_COST_PPM
from protocol.settlement.facts import Rules, Terms
from protocol.units import WEI_PER_CREDIT

# The deployed minimum stake is 40 times this, a seat 100 times.
DESIGN_PRICE_WEI = 10 * WEI_PER_CREDIT


def production_terms() -> Terms:
    """The parameters of a market for real money, as they are deployed."""
    return terms_of(production())


@dataclass(frozen=True, slots=True)
class Setting:
    """One world. Shares are of verifier seats, each held by an account of its own."""

    terms: Terms
    rules: Rules = field(default_factory=Rules)
    price_wei: int = DESIGN_PRICE_WEI
    cost_ppm: int = HONEST_COST_PPM
    seat_count: int = 90
    colluding_seats: int = 0
    job_tasks: int = 20_000
    judging_seconds: int = 12 * 3600
    audit_rounds: int = 2
    seed_follows_commitment: bool = True
    committee_follows_concession: bool = True
    votes_unavailable: bool = True
    has_ringers: bool = True

    def with_terms(self, **changes: int) -> Setting:
        """The same with other parameters."""
        return replace(self, terms=replace(self.terms, **changes))

"""Providers' stakes, remembered for a moment: the book asks often, the chain changes slowly."""

from __future__ import annotations

from market.ports import Clock
from protocol.chain.contracts import Contracts
from protocol.chain.facts import AccountFacts
from protocol.errors import ChainUnavailable
from protocol.units import Address

REMEMBER_SECONDS = 15
_UNKNOWN = AccountFacts(0, 0, 0, 0, 0, 0, 0, 0)


class Stakes:
    """Account facts by wallet."""

    def __init__(self, contracts: Contracts, clock: Clock) -> None:
        self._contracts = contracts
        self._clock = clock
        self._known: dict[Address, tuple[AccountFacts, float]] = {}

    def of(self, wallet: Address) -> AccountFacts:
        """The wallet's facts, at most a few seconds old; while the chain is gone, the last ones."""
        now = self._clock()
        known = self._known.get(wallet)
        if known is not None and known[1] > now:
            return known[0]
        try:
            facts = self._contracts.account(wallet)
        except ChainUnavailable:
            return known[0] if known else _UNKNOWN
        self._known[wallet] = (facts, now + REMEMBER_SECONDS)
        return facts

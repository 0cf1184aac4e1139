"""What a job would cost now, from the offers that stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from market.accounts.stakes import Stakes
from market.ports import Book, Candidate, Clock
from market.store.unit import Store
from protocol.client.wire import Quote
from protocol.pricing import audit_budget_wei, audit_rate_ppm
from protocol.spec import Spec

# Offers dearer than that many times the cheapest do not raise the suggestion.
DEAREST_MULTIPLE = 3


class QuoteService:
    """Prices before anything is signed."""

    def __init__(
        self, store: Store, book: Book, stakes: Stakes, clock: Clock, relayer_fee_wei: int
    ) -> None:
        self._store = store
        self._book = book
        self._stakes = stakes
        self._clock = clock
        self._relayer_fee_wei = relayer_fee_wei

    def quote(self, spec_json: dict[str, Any], task_count: int) -> Quote:
        """A quote.

        Raises:
            InvalidSpec: the spec breaks a rule.
        """
        spec = Spec.from_json(spec_json)
        with self._store.read() as unit:
            fitting = self._book.fitting(unit, spec, int(self._clock()))
        if not fitting:
            return self._quote(0, 0, 0, 0, 0, "no device that asks for work now fits this spec")
        cheapest = fitting[0].price_wei
        considered = [c for c in fitting if c.price_wei <= cheapest * DEAREST_MULTIPLE]
        most = considered[-1].price_wei
        budget = audit_budget_wei(most, task_count, self._expected_rate_ppm(considered))
        total = task_count * most + budget + self._relayer_fee_wei
        return self._quote(len(fitting), cheapest, most, budget, total, None)

    def _expected_rate_ppm(self, candidates: Sequence[Candidate]) -> int:
        """The mean audit rate of these providers, rounded up."""
        rates = []
        for candidate in candidates:
            facts = self._stakes.of(candidate.offer.provider)
            rates.append(audit_rate_ppm(candidate.price_wei, facts.stake_wei))
        return -(-sum(rates) // len(rates))

    def _quote(
        self, fitting: int, price: int, most: int, budget: int, total: int, reason: str | None
    ) -> Quote:
        return Quote(
            fitting_offers=fitting,
            price_per_task_wei=price,
            suggested_max_price_per_task_wei=most,
            suggested_audit_budget_wei=budget,
            relayer_fee_wei=self._relayer_fee_wei,
            total_wei=total,
            reason=reason,
        )

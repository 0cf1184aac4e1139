"""The book straight from the database: right in every process, quick enough for some thousands."""

from __future__ import annotations

from collections.abc import Sequence

from market.ports import Candidate
from market.store.records import OfferRecord
from market.store.unit import Unit
from protocol.offer import Offer
from protocol.pricing import task_price_wei
from protocol.spec import Spec
from protocol.units import Bytes32

SEEN_SECONDS = 60
MAX_PARSED = 100_000


class StoredBook:
    """Offers whose device asked for work lately."""

    def __init__(self) -> None:
        # An offer's id is its hash, so what was parsed once stays right. Parsing costs most here.
        self._parsed: dict[Bytes32, Offer] = {}

    def fitting(self, unit: Unit, spec: Spec, now: int) -> Sequence[Candidate]:
        """See `Book.fitting`."""
        standing = unit.offers.standing(now, now - SEEN_SECONDS)
        return [
            Candidate(record, price_wei(record.ask_wei, spec))
            for record in standing
            if self._offer(record).fits(spec)
        ]

    def _offer(self, record: OfferRecord) -> Offer:
        offer = self._parsed.get(record.offer_id)
        if offer is None:
            if len(self._parsed) >= MAX_PARSED:
                self._parsed.clear()
            offer = self._parsed[record.offer_id] = record.offer
        return offer


def price_wei(ask_wei: int, spec: Spec) -> int:
    """An offer's price for one task of `spec`, at least one wei."""
    return max(1, task_price_wei(ask_wei, spec.resources, spec.limits.wall_seconds))

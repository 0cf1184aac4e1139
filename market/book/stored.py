"""The book straight from the database: right in every process, quick enough for some thousands."""

from __future__ import annotations

from collections.abc import Sequence

from market.ports import Candidate
from market.store.unit import Unit
from protocol.pricing import task_price_wei
from protocol.spec import Spec

SEEN_SECONDS = 60


class StoredBook:
    """Offers whose device asked for work lately."""

    def fitting(self, unit: Unit, spec: Spec, now: int) -> Sequence[Candidate]:
        """See `Book.fitting`."""
        standing = unit.offers.standing(now, now - SEEN_SECONDS)
        return [Candidate(o, price_wei(o.ask_wei, spec)) for o in standing if o.offer.fits(spec)]


def price_wei(ask_wei: int, spec: Spec) -> int:
    """An offer's price for one task of `spec`, at least one wei."""
    return max(1, task_price_wei(ask_wei, spec.resources, spec.limits.wall_seconds))

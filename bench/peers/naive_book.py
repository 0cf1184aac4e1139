"""The simplest book: every offer is looked at for every task."""

from __future__ import annotations

from collections.abc import Sequence

from protocol.offer import Offer
from protocol.pricing import task_price_wei
from protocol.spec import Spec

NAME = "naive scan of a Python list"


def cheapest(offers: Sequence[Offer], spec: Spec, now: int) -> Offer | None:
    """The cheapest unexpired offer that fits `spec`."""
    best, best_wei = None, 0
    for offer in offers:
        if offer.expires_at <= now or not offer.fits(spec):
            continue
        price_wei = task_price_wei(
            offer.ask_per_core_second, spec.resources, spec.limits.wall_seconds
        )
        if best is None or price_wei < best_wei:
            best, best_wei = offer, price_wei
    return best

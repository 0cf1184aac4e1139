"""Actions that may have to be tried more than once: each attempt has its own key."""

from __future__ import annotations

from market.store.relays import PENDING
from market.store.unit import Unit
from protocol.chain.calls import Call

RETRY_SECONDS = 3
MAX_RETRY_SECONDS = 120


def poke(unit: Unit, name: str, call: Call, now: int) -> bool:
    """Put `call` into the outbox unless an attempt of that name is on its way or was just made.

    The caller pokes as long as the chain shows the need; a refused or fruitless attempt is made
    again after a while, later each time. `now` is always from the same clock.
    """
    last = unit.relays.newest(name)
    if last is None:
        return unit.relays.add(name, call, now)
    pause = min(MAX_RETRY_SECONDS, RETRY_SECONDS << min(last.attempt, 6))
    if last.status == PENDING or now < last.created_at + pause:
        return False
    return unit.relays.add(name, call, now, last.attempt + 1)

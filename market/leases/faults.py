"""What a fault costs a device: pure. `protocol.lifecycle.Fault` tells the three apart.

Who was offline may have been switched off, and is given work again soon. Who gives leases back
rests longer each time, and gets that job last. Who was wrong pays on chain, gets none of those
tasks again, and its provider nothing at all for a day (`LeaseService`).
"""

from __future__ import annotations

from protocol.errors import NotDeterministic
from protocol.lifecycle import Fault

# Codes that the market gives itself; a device's own come from `protocol.errors` and its slot.
SILENT = "silent"
TOO_SLOW = "too_slow"
REFUSED = "refused_by_the_chain"
CONCEDED, DISPUTED, FORFEITED = "conceded", "disputed", "forfeited"
OUT_OF_TOLERANCE = "out_of_tolerance"
UNAVAILABLE = "unavailable"
"""A committee was not given what it would have to run: not known to be the device's fault."""
GIVEN_BACK = "given_back"

BLAMELESS = frozenset(
    {"execution_stopped", "paused", "shutdown", UNAVAILABLE, NotDeterministic.code}
)
"""Codes that say nothing bad about the device."""
LONGEST_SECONDS = {Fault.OFFLINE: 30, Fault.ERROR: 300, Fault.WRONG: 0}
AVOIDED_SECONDS = 3600
"""So long a device gets other jobs before the one that it gave back."""


def is_blameless(fault: Fault, code: str) -> bool:
    """Whether a device did what it may: its owner wanted it back, or its job was no good."""
    return fault is Fault.ERROR and code in BLAMELESS


def backoff_seconds(fault: Fault, failures_before: int) -> int:
    """How long a device gets no work: nothing the first time, then 2, 4, 8... seconds."""
    if failures_before == 0:
        return 0
    return min(LONGEST_SECONDS[fault], 2 << min(failures_before - 1, 8))

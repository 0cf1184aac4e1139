"""How a contested task stands, and how it ended. Mirrors types/Dispute.sol."""

from __future__ import annotations

from enum import IntEnum


class DisputeStatus(IntEnum):
    """Where a dispute stands."""

    UNKNOWN = 0
    OPEN = 1
    CONCEDED = 2
    RESOLVED = 3


class Verdict(IntEnum):
    """How a dispute ended; NONE is void, or not yet."""

    NONE = 0
    PROVIDER_LOST = 1
    CHALLENGER_LOST = 2

"""How a contested task stands, how it ended, and by which terms. Mirrors types/Dispute.sol."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum

from eth_utils import keccak

from protocol.units import Bytes32

OUT_OF_TOLERANCE = Bytes32(keccak(b"fallow: out of tolerance"))
"""A committee's vote in place of a digest: the provider's result is further from the member's own
than the job's comparator allows. No task has this digest."""
UNAVAILABLE = Bytes32(keccak(b"fallow: unavailable"))
"""The same, where the member was not given what it would have to run."""


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
    OUT_OF_TOLERANCE = 3
    UNAVAILABLE = 4


LOST_VERDICTS = (Verdict.PROVIDER_LOST, Verdict.OUT_OF_TOLERANCE, Verdict.UNAVAILABLE)
"""Those that end the contested lease without pay."""


@dataclass(frozen=True, slots=True)
class DisputeTerms:
    """The terms that only disputes read: a governor may change them, for disputes opened later.

    Mirrors types/DisputeTerms.sol.
    """

    dispute_bond_wei: int
    slash_multiple: int
    concede_multiple: int
    committee_size: int

    def values(self) -> tuple[int, ...]:
        """As contract calls take it."""
        return tuple(getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True, slots=True)
class Proposal:
    """Other terms for disputes: anyone can enact them after `notice_ends_at`, until `lapses_at`."""

    wanted: DisputeTerms
    notice_ends_at: int
    lapses_at: int

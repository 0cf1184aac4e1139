"""Whether a provider's result stands against one's own execution of the same task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from protocol.lease import LeaseResult
from protocol.result import Opening
from protocol.units import Bytes32


class Judgement(StrEnum):
    """What an opening is worth."""

    AGREES = "agrees"
    DIFFERS = "differs"
    UNPROVEN = "unproven"
    """The opening is not one of the resultRoot that the provider signed."""


class Tolerance(StrEnum):
    """How a provider's output stands to one's own, where a comparator decides."""

    WITHIN = "within"
    OUT = "out"
    UNSURE = "unsure"
    """My own two executions are out of tolerance of each other: nobody is wrong."""


def judge(own: Bytes32, opening: Opening, result: LeaseResult, task: int) -> Judgement:
    """Compare, byte for byte, after checking that the provider is bound to the opening."""
    is_proven = opening.matches(
        result.lease_id, result.first_task, result.count, task, result.result_root
    )
    if not is_proven:
        return Judgement.UNPROVEN
    return Judgement.AGREES if opening.digest == own else Judgement.DIFFERS


def settled_digest(digests: Sequence[Bytes32]) -> Bytes32 | None:
    """What repeated executions of one task agree on: the digest that came twice; None until then.

    A flipped bit of one's own must not become a dispute.
    """
    common = Counter(digests).most_common(1)
    return common[0][0] if common and common[0][1] >= 2 else None

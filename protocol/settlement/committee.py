"""From a committee's votes to its ruling. Mirrors arbiters/CommitteeArbiter.sol's `_decide`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from protocol.dispute import Verdict
from protocol.settlement.facts import Ruling
from protocol.units import Address, Bytes32


@dataclass(frozen=True, slots=True)
class Vote:
    """What one member did. `digest` is None if it revealed none."""

    member: Address
    digest: Bytes32 | None
    has_committed: bool = True


def decide(votes: Sequence[Vote], claimed_digest: Bytes32 | None) -> Ruling:
    """The ruling of a committee whose votes come in the order of its seats.

    `claimed_digest` is the provider's, None if nobody opened it in time: then it is lost. Of the
    votes revealed more than half must name one digest; without that the dispute is void. Who never
    voted is absent only where two thirds have: else inputs were kept from the committee.
    """
    digest, count = _majority(votes)
    offenders = absentees = 0
    for i, vote in enumerate(votes):
        is_with_majority = vote.digest is not None and count > 0 and vote.digest == digest
        if not vote.has_committed:
            absentees |= 1 << i
        elif vote.digest is None or (count >= 2 and not is_with_majority):
            offenders |= 1 << i
    if 3 * sum(vote.has_committed for vote in votes) < 2 * len(votes):
        absentees = 0
    if digest is None:
        return Ruling(Verdict.NONE, (), None, offenders, absentees)
    majority = tuple(vote.member for vote in votes if vote.digest == digest)
    is_right = claimed_digest == digest
    verdict = Verdict.CHALLENGER_LOST if is_right else Verdict.PROVIDER_LOST
    return Ruling(verdict, majority, digest, offenders, absentees)


def _majority(votes: Sequence[Vote]) -> tuple[Bytes32 | None, int]:
    revealed = Counter(vote.digest for vote in votes if vote.digest is not None)
    for digest, count in revealed.most_common(1):
        if 2 * count > revealed.total():
            return digest, count
    return None, 0

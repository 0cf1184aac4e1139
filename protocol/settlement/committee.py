"""From a committee's votes to its ruling. Mirrors arbiters/CommitteeArbiter.sol's `_decide`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from protocol.dispute import OUT_OF_TOLERANCE, UNAVAILABLE, Verdict
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
    voted, or voted against the majority for a reason that may have been honest, is absent; but only
    where two thirds could vote on the matter: else inputs were kept from the committee.
    """
    digest, count = _majority(votes)
    offenders = absentees = 0
    for i, vote in enumerate(votes):
        if not vote.has_committed:
            absentees |= 1 << i
        elif vote.digest is None:
            offenders |= 1 << i
        elif digest is None or vote.digest == digest or count < 2:
            continue
        elif _is_excused(vote.digest, digest, claimed_digest):
            absentees |= 1 << i
        else:
            offenders |= 1 << i
    if not _is_attended(votes):
        absentees = 0
    if digest is None:
        return Ruling(Verdict.NONE, (), None, offenders, absentees)
    majority = tuple(vote.member for vote in votes if vote.digest == digest)
    return Ruling(_verdict(digest, claimed_digest), majority, digest, offenders, absentees)


def _verdict(digest: Bytes32, claimed_digest: Bytes32 | None) -> Verdict:
    if digest == UNAVAILABLE:
        return Verdict.UNAVAILABLE
    if digest == OUT_OF_TOLERANCE:
        return Verdict.OUT_OF_TOLERANCE
    return Verdict.CHALLENGER_LOST if digest == claimed_digest else Verdict.PROVIDER_LOST


def _is_excused(digest: Bytes32, majority: Bytes32, claimed_digest: Bytes32 | None) -> bool:
    """Whether a vote against the majority may have been honest: inputs can be shown to some and
    kept from others, and what is just within tolerance for one is just beyond it for another. Of a
    claim that was never opened, nobody knows whether it is what was voted for.
    """
    if UNAVAILABLE in (digest, majority) or digest == OUT_OF_TOLERANCE:
        return True
    return claimed_digest in (None, digest) and majority == OUT_OF_TOLERANCE


def _is_attended(votes: Sequence[Vote]) -> bool:
    """Whether two thirds at least had what they would have to run."""
    could = sum(vote.has_committed and vote.digest != UNAVAILABLE for vote in votes)
    return 3 * could >= 2 * len(votes)


def _majority(votes: Sequence[Vote]) -> tuple[Bytes32 | None, int]:
    revealed = Counter(vote.digest for vote in votes if vote.digest is not None)
    for digest, count in revealed.most_common(1):
        if 2 * count > revealed.total():
            return digest, count
    return None, 0

"""A committee's phases, from its draw to its ruling. Mirrors arbiters/CommitteeArbiter.sol."""

from __future__ import annotations

from dataclasses import dataclass, replace

from protocol.dispute import Verdict
from protocol.settlement.committee import Vote, decide
from protocol.settlement.disputes import Disputes
from protocol.settlement.facts import Moment, Rules, Ruling, Terms
from protocol.settlement.refusals import Refusal, require
from protocol.units import ZERO_BYTES32, Address, Bytes32


@dataclass(frozen=True, slots=True)
class Ballot:
    """What one member did so far."""

    member: Address
    commitment: Bytes32 | None = None
    digest: Bytes32 | None = None


@dataclass(frozen=True, slots=True)
class Committee:
    """A drawn committee. `claimed_digest` is the provider's, once somebody has opened it."""

    ballots: tuple[Ballot, ...]
    commit_by: int
    reveal_by: int
    open_by: int
    claimed_digest: Bytes32 | None = None

    @property
    def committed(self) -> int:
        """How many members have voted."""
        return sum(ballot.commitment is not None for ballot in self.ballots)

    @property
    def revealed(self) -> int:
        """How many of them have shown what they voted."""
        return sum(ballot.digest is not None for ballot in self.ballots)

    def is_commit_over(self, seconds: int) -> bool:
        """Everybody has voted, or time is up."""
        return self.committed == len(self.ballots) or seconds > self.commit_by

    def is_reveal_over(self, seconds: int) -> bool:
        """Everybody who can still reveal has done so, or time is up."""
        is_complete = self.is_commit_over(seconds) and self.revealed == self.committed
        return is_complete or seconds > self.reveal_by


class Phases(Disputes):
    """Who may vote when. Who proves what is an argument, as everywhere here."""

    def __init__(self, terms: Terms, rules: Rules | None = None) -> None:
        super().__init__(terms, rules)
        self._committees: dict[int, Committee] = {}
        self._committee_seed_blocks: dict[int, int] = {}

    def committee(self, dispute_id: int) -> Committee | None:
        """A dispute's committee; None until it is drawn."""
        return self._committees.get(dispute_id)

    def committee_seed_block(self, dispute_id: int) -> int:
        """The block whose beacon value draws a dispute's committee; 0 until it is called."""
        return self._committee_seed_blocks.get(dispute_id, 0)

    def draw_committee(self, dispute_id: int, seed: Bytes32 | None, at: Moment) -> bool:
        """Call the committee, for a later block, or draw it with that block's value; whether it is
        drawn. `seed` is that value, None if it is out of reach: then it is called again.
        """
        self._require_convenable(dispute_id, at)
        seed_block = self.committee_seed_block(dispute_id)
        require(at.block > seed_block, Refusal.COMMITTEE_SEED_NOT_READY)
        if seed is None or not seed_block:
            self._committee_seed_blocks[dispute_id] = at.block + self.terms.seed_delay_blocks
            return False
        members = self.convene(dispute_id, seed, at)
        commit_by = at.seconds + self.terms.commit_seconds
        reveal_by = commit_by + self.terms.reveal_seconds
        open_by = reveal_by + self.terms.open_seconds
        ballots = tuple(Ballot(member) for member in members)
        self._committees[dispute_id] = Committee(ballots, commit_by, reveal_by, open_by)
        return True

    def commit_vote(
        self, member: Address, dispute_id: int, commitment: Bytes32, at: Moment
    ) -> None:
        """A member binds itself."""
        drawn = self._drawn(dispute_id)
        seat = _seat_of(drawn, member)
        require(at.seconds <= drawn.commit_by, Refusal.COMMIT_PHASE_OVER)
        require(commitment != ZERO_BYTES32, Refusal.EMPTY_COMMITMENT)
        require(drawn.ballots[seat].commitment is None, Refusal.ALREADY_COMMITTED)
        ballot = replace(drawn.ballots[seat], commitment=commitment)
        self._store_ballot(dispute_id, seat, ballot)

    def reveal_vote(
        self, member: Address, dispute_id: int, digest: Bytes32, commitment: Bytes32, at: Moment
    ) -> None:
        """A member shows a digest. `commitment` is what that, with its salt, comes to."""
        drawn = self._drawn(dispute_id)
        seat = _seat_of(drawn, member)
        require(drawn.is_commit_over(at.seconds), Refusal.COMMIT_PHASE_RUNNING)
        require(at.seconds <= drawn.reveal_by, Refusal.REVEAL_PHASE_OVER)
        require(drawn.ballots[seat].digest is None, Refusal.ALREADY_REVEALED)
        require(drawn.ballots[seat].commitment == commitment, Refusal.COMMITMENT_MISMATCH)
        self._store_ballot(dispute_id, seat, replace(drawn.ballots[seat], digest=digest))

    def open_claim(self, dispute_id: int, digest: Bytes32 | None, at: Moment) -> None:
        """Show the provider's digest, as its opening proves it; None if that proves nothing."""
        drawn = self._drawn(dispute_id)
        require(drawn.is_reveal_over(at.seconds), Refusal.REVEAL_PHASE_RUNNING)
        require(at.seconds <= drawn.open_by, Refusal.OPEN_PHASE_OVER)
        require(drawn.claimed_digest is None, Refusal.CLAIM_ALREADY_OPENED)
        require(digest is not None, Refusal.CLAIM_MISMATCH)
        self._committees[dispute_id] = replace(drawn, claimed_digest=digest)

    def resolve(self, dispute_id: int, at: Moment) -> int:
        """Judge and pay, when the phases are over; return what it took from the stake."""
        self._open_dispute(dispute_id)
        if self.is_moot(dispute_id):
            return self.rule(dispute_id, Ruling(Verdict.NONE), at)
        drawn = self._drawn(dispute_id)
        require(drawn.is_reveal_over(at.seconds), Refusal.REVEAL_PHASE_RUNNING)
        votes = [Vote(b.member, b.digest, b.commitment is not None) for b in drawn.ballots]
        ruling = decide(votes, drawn.claimed_digest)
        is_claim_missing = ruling.digest is not None and drawn.claimed_digest is None
        is_late = at.seconds > drawn.open_by
        require(not is_claim_missing or is_late, Refusal.OPEN_PHASE_RUNNING)
        return self.rule(dispute_id, ruling, at)

    def _drawn(self, dispute_id: int) -> Committee:
        self._open_dispute(dispute_id)
        require(dispute_id in self._committees, Refusal.COMMITTEE_NOT_DRAWN)
        return self._committees[dispute_id]

    def _store_ballot(self, dispute_id: int, seat: int, ballot: Ballot) -> None:
        drawn = self._committees[dispute_id]
        ballots = list(drawn.ballots)
        ballots[seat] = ballot
        self._committees[dispute_id] = replace(drawn, ballots=tuple(ballots))


def _seat_of(drawn: Committee, member: Address) -> int:
    members = [ballot.member for ballot in drawn.ballots]
    require(member in members, Refusal.NOT_A_MEMBER)
    return members.index(member)

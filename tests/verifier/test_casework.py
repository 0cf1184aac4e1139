"""Disputes end, whoever sleeps; and whoever is awake never misses a phase."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from protocol.chain.view import Case, ChainView
from protocol.units import Address, Bytes32
from tests.protocol.make_vectors import word
from tests.verifier.strangers import HOLDERS, Told, Work, committed, disputed, seeded
from verifier.casework import Clock, Move, Rules, next_move

RULES = Rules(concede_seconds=3, seed_delay_blocks=1)
COMMIT_SECONDS, REVEAL_SECONDS, OPEN_SECONDS = 20, 12, 12
OPENED_AT = 1010
BLOCK_SECONDS = 2
WORK = Work()


def block_of(now: int) -> int:
    """The chain's latest block: in time with `strangers.disputed`'s."""
    return 14 + (now - OPENED_AT) // BLOCK_SECONDS


@dataclass
class Arbiter:
    """The contract's phases, in a few lines; refuses what the contract refuses."""

    members: tuple[Address, ...]
    view: ChainView = field(default_factory=ChainView)
    refused: Counter[Move] = field(default_factory=Counter)
    taken: dict[Move, int] = field(default_factory=dict)
    lost_seeds: int = 0
    """So many times the block that was named is forgotten before it draws."""
    calls: int = 0

    def __post_init__(self) -> None:
        for event in (committed(WORK), seeded(WORK), disputed(WORK, HOLDERS[5])):
            self.view.apply(event)

    @property
    def case(self) -> Case | None:
        return self.view.cases.get(1)

    def take(self, move: Move, sender: Address, now: int) -> None:
        case = self.case
        if case is None or not self._is_allowed(move, case, sender, now):
            self.refused[move] += 1
            return
        self.taken[move] = now
        kind, args = self._effect(move, sender, now)
        self.view.apply(Told(kind, {"dispute_id": 1, **args}, block_of(now), now))

    def _is_allowed(self, move: Move, case: Case, sender: Address, now: int) -> bool:
        is_drawn = case.members is not None
        votes = case.majority is not None
        return {
            Move.DRAW_COMMITTEE: not is_drawn
            and now > OPENED_AT + 3
            and (not case.seed_block or block_of(now) > case.seed_block),
            Move.COMMIT_VOTE: is_drawn and now <= case.commit_by and sender not in case.committed,
            Move.REVEAL_VOTE: is_drawn
            and case.is_commit_over(now)
            and now <= case.reveal_by
            and sender in case.committed - case.revealed,
            Move.OPEN_CLAIM: is_drawn and case.is_reveal_over(now) and now <= case.open_by,
            Move.RESOLVE: is_drawn
            and case.is_reveal_over(now)
            and (not votes or case.claim is not None or now > case.open_by),
        }[move]

    def _draw(self, now: int) -> tuple[str, dict[str, object]]:
        """The first call, and any whose block is forgotten, only names a block."""
        if self.calls <= self.lost_seeds:
            self.calls += 1
            return "CommitteeCalled", {"seed_block": block_of(now) + RULES.seed_delay_blocks}
        commit_by = now + COMMIT_SECONDS
        deadlines = {
            "commit_by": commit_by,
            "reveal_by": commit_by + REVEAL_SECONDS,
            "open_by": commit_by + REVEAL_SECONDS + OPEN_SECONDS,
        }
        return "CommitteeDrawn", {"members": self.members, **deadlines}

    def _effect(self, move: Move, sender: Address, now: int) -> tuple[str, dict[str, object]]:
        if move is Move.DRAW_COMMITTEE:
            return self._draw(now)
        effects: dict[Move, tuple[str, dict[str, object]]] = {
            Move.COMMIT_VOTE: ("VoteCommitted", {"member": sender}),
            Move.REVEAL_VOTE: ("VoteRevealed", {"member": sender, "task_digest": word("right")}),
            Move.OPEN_CLAIM: ("ClaimOpened", {"task_digest": word("claim")}),
            Move.RESOLVE: ("DisputeResolved", {"verdict": 1}),
        }
        return effects[move]


@dataclass
class Person:
    """A verifier that is asleep at some seconds, and whose executions take a while."""

    me: Address
    naps: frozenset[int]
    execution_seconds: int
    ballot_at: int | None = None

    def act(self, arbiter: Arbiter, now: int) -> None:
        case = arbiter.case
        if case is None or now in self.naps:
            return
        has_ballot = self.ballot_at is not None and self.ballot_at <= now
        move = next_move(case, self.me, has_ballot, Clock(now, block_of(now)), RULES)
        if move is Move.EXECUTE:
            self.ballot_at = self.ballot_at or now + self.execution_seconds
        elif move is not None:
            arbiter.take(move, self.me, now)


naps = st.frozensets(st.integers(OPENED_AT, OPENED_AT + 120), max_size=40)
people_lists = st.tuples(
    *(st.builds(Person, st.just(me), naps, st.integers(0, 3)) for me in HOLDERS)
)
committees = st.lists(st.sampled_from(HOLDERS[:5]), max_size=3, unique=True).map(tuple)


def _play(arbiter: Arbiter, people: tuple[Person, ...]) -> dict[str, frozenset[Address]]:
    seen: dict[str, frozenset[Address]] = {}
    for now in range(OPENED_AT, OPENED_AT + 200):
        for person in people:
            person.act(arbiter, now)
            if arbiter.case:
                seen = {"committed": arbiter.case.committed, "revealed": arbiter.case.revealed}
    return seen


@given(people_lists, committees, st.integers(0, 2))
def test_every_dispute_ends_and_nobody_is_refused(
    people: tuple[Person, ...], members: tuple[Address, ...], lost_seeds: int
) -> None:
    arbiter = Arbiter(members, lost_seeds=lost_seeds)
    _play(arbiter, people)
    assert arbiter.case is None
    assert arbiter.calls == 1 + lost_seeds
    assert not arbiter.refused


@given(st.integers(0, 15), committees)
def test_members_that_are_awake_commit_and_reveal(
    execution_seconds: int, members: tuple[Address, ...]
) -> None:
    people = tuple(Person(me, frozenset(), execution_seconds) for me in HOLDERS)
    arbiter = Arbiter(members)
    seen = _play(arbiter, people)
    assert seen["committed"] == seen["revealed"] == frozenset(members)
    assert (Move.OPEN_CLAIM in arbiter.taken) == bool(members)


def test_a_dispute_that_nobody_can_judge_ends_at_once() -> None:
    arbiter = Arbiter(())
    _play(arbiter, (Person(HOLDERS[5], frozenset(), 0),))
    assert arbiter.taken[Move.RESOLVE] <= arbiter.taken[Move.DRAW_COMMITTEE] + 1


def test_a_member_that_wakes_up_late_still_reveals() -> None:
    me = HOLDERS[0]
    asleep = frozenset(range(OPENED_AT + 30, OPENED_AT + 40))
    people = (Person(me, asleep, 0), Person(HOLDERS[5], frozenset(), 0))
    members = (me, HOLDERS[1])  # the other member never comes
    seen = _play(Arbiter(members), people)
    assert seen["revealed"] == {me}


def _drawn(votes: tuple[tuple[Address, Bytes32], ...] = ()) -> Case:
    arbiter = Arbiter(tuple(HOLDERS[:3]))
    for now in (OPENED_AT + 4, OPENED_AT + 8):
        arbiter.take(Move.DRAW_COMMITTEE, HOLDERS[5], now)
    for member, _ in votes:
        arbiter.take(Move.COMMIT_VOTE, member, OPENED_AT + 9)
    case = arbiter.case
    assert case is not None
    return case


def test_outsiders_neither_vote_nor_open() -> None:
    case = _drawn()
    for now in range(OPENED_AT, case.open_by + 1):
        move = next_move(case, HOLDERS[4], True, Clock(now, 20), RULES)
        assert move in (None, Move.RESOLVE)


def test_without_the_ballot_nothing_is_revealed() -> None:
    case = _drawn(((HOLDERS[0], word("right")),))
    clock = Clock(case.commit_by + 1, 20)
    assert next_move(case, HOLDERS[0], False, clock, RULES) is None
    assert next_move(case, HOLDERS[0], True, clock, RULES) is Move.REVEAL_VOTE


def test_the_committee_is_called_after_the_concede_phase_and_drawn_after_its_block() -> None:
    arbiter, challenger = Arbiter(()), HOLDERS[5]
    case = arbiter.case
    assert case is not None
    assert next_move(case, challenger, False, Clock(OPENED_AT + 3, 15), RULES) is None
    assert next_move(case, challenger, False, Clock(OPENED_AT + 4, 15), RULES) is (
        Move.DRAW_COMMITTEE
    )
    arbiter.take(Move.DRAW_COMMITTEE, challenger, OPENED_AT + 4)
    called = arbiter.case
    assert called is not None
    assert called.seed_block == block_of(OPENED_AT + 4) + RULES.seed_delay_blocks
    late = Clock(OPENED_AT + 1000, called.seed_block)
    assert next_move(called, challenger, False, late, RULES) is None
    seeded_ = Clock(OPENED_AT + 8, called.seed_block + 1)
    assert next_move(called, challenger, False, seeded_, RULES) is Move.DRAW_COMMITTEE


def test_errands_are_left_to_those_before_me_for_a_while() -> None:
    case = Arbiter(()).case
    assert case is not None
    first = next(
        now
        for now in range(OPENED_AT, OPENED_AT + 60)
        if next_move(case, HOLDERS[0], False, Clock(now, 20), RULES)
    )
    assert OPENED_AT + 3 + 6 <= first <= OPENED_AT + 3 + 6 + 14


def test_turns_are_taken_from_when_the_committees_block_is_there() -> None:
    """Not from the call: blocks may take longer than everybody's patience."""
    arbiter, outsider = Arbiter(()), HOLDERS[0]
    arbiter.take(Move.DRAW_COMMITTEE, HOLDERS[5], OPENED_AT + 4)
    called = arbiter.case
    assert called is not None
    block, seconds = called.seed_block + 1, 1000
    at = Clock(OPENED_AT + 4 + 2 * seconds, block)  # two blocks after the call's
    assert next_move(called, HOLDERS[5], False, at, RULES) is Move.DRAW_COMMITTEE
    assert next_move(called, outsider, False, at, RULES) is None
    later = Clock(at.now_seconds + seconds, block + 1)
    assert next_move(called, outsider, False, later, RULES) is Move.DRAW_COMMITTEE

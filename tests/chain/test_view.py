"""The view follows the events, and says from where to read again."""

from __future__ import annotations

import pytest

from protocol.chain.view import ChainView, Stretch
from protocol.dispute import Verdict
from tests.protocol.make_vectors import word
from tests.verifier.strangers import (
    HOLDERS,
    Told,
    Work,
    committed,
    disputed,
    paid,
    resolved,
    seeded,
)

WORK, OTHER = Work(), Work(name="other")
ID = WORK.batch_id


def _view(*events: Told) -> ChainView:
    view = ChainView()
    for event in events:
        view.apply(event)
    return view


def test_a_batch_is_under_audit_from_its_commitment_to_the_end_of_its_window() -> None:
    view = _view(committed(WORK, timestamp=1000))
    assert view.batches[ID].seed is None
    view.apply(seeded(WORK, timestamp=1001))
    assert view.batches[ID].seed == word("seed")
    view.prune(1025, 25)
    assert view.batches
    view.prune(1026, 25)
    assert not view.batches


def test_a_seed_that_no_event_told_is_noted() -> None:
    view = _view(committed(WORK))
    view.set_seed(ID, word("asked for"))
    view.set_seed(word("no such batch"), word("seed"))
    assert [batch.seed for batch in view.batches.values()] == [word("asked for")]


def test_a_batch_knows_where_its_leases_stand() -> None:
    batch = _view(committed(WORK)).batches[ID]
    assert batch.batch.result(batch.line_of(WORK.lease_id)) == WORK.lease


def test_a_case_follows_its_events() -> None:
    a, b = HOLDERS[:2]
    deadlines = {"commit_by": 1020, "reveal_by": 1030, "open_by": 1040}
    view = _view(
        committed(WORK),
        seeded(WORK),
        disputed(WORK, HOLDERS[5]),
        Told("CommitteeCalled", {"dispute_id": 1, "seed_block": 20}),
        Told("CommitteeDrawn", {"dispute_id": 1, "members": (a, b), **deadlines}),
        Told("VoteCommitted", {"dispute_id": 1, "member": a}),
    )
    case = view.cases[1]
    assert case.members == (a, b)
    assert case.seed_block == 20
    assert not case.is_commit_over(1020)
    assert case.is_commit_over(1021)
    assert not case.is_reveal_over(1021)
    vote = {"dispute_id": 1, "member": a, "task_digest": word("d")}
    view.apply(Told("VoteRevealed", vote))
    assert view.cases[1].is_reveal_over(1021)
    assert view.cases[1].majority == word("d")
    view.apply(Told("ClaimOpened", {"dispute_id": 1, "task_digest": word("c")}))
    assert view.cases[1].claim == word("c")
    view.apply(resolved(Verdict.PROVIDER_LOST))
    assert not view.cases
    assert (ID, WORK.lease_id, WORK.first_task) in view.disputed


def test_a_committee_may_be_called_again() -> None:
    view = _view(disputed(WORK, HOLDERS[5]))
    assert view.cases[1].seed_block == 0
    for block in (20, 400):
        view.apply(Told("CommitteeCalled", {"dispute_id": 1, "seed_block": block}, timestamp=block))
        assert (view.cases[1].seed_block, view.cases[1].changed_at) == (block, block)
        assert view.cases[1].members is None


def test_a_tie_has_no_majority() -> None:
    view = _view(disputed(WORK, HOLDERS[5]))
    for member, digest in zip(HOLDERS[:2], ("x", "y"), strict=True):
        vote = {"dispute_id": 1, "member": member, "task_digest": word(digest)}
        view.apply(Told("VoteRevealed", vote))
    assert view.cases[1].majority is None


def test_a_lost_lease_makes_its_other_disputes_moot() -> None:
    view = _view(committed(WORK), disputed(WORK, HOLDERS[5]))
    view.apply(Told("LeaseReleased", {"batch_id": ID, "lease_id": WORK.lease_id, "job_id": b""}))
    assert view.cases[1].is_moot
    assert (ID, WORK.lease_id) in view.released


def test_a_conceded_dispute_is_over() -> None:
    view = _view(disputed(WORK, HOLDERS[5]), Told("DisputeConceded", {"dispute_id": 1}))
    assert not view.cases


def test_a_won_case_tells_which_audits_were_paid_for_the_wrong_digest() -> None:
    task = WORK.first_task
    view = _view(
        committed(WORK),
        paid(WORK, task, 1, HOLDERS[0]),
        paid(WORK, task + 1, 0, HOLDERS[1]),
        disputed(WORK, HOLDERS[5]),
        resolved(Verdict.PROVIDER_LOST, timestamp=1050),
    )
    assert view.accepted_rounds(view.won[1]) == (1,)
    view.prune(1075, 25)
    assert view.accepted_rounds(view.won[1]) == (1,)
    view.prune(1076, 25)
    assert view == ChainView()


def test_a_case_that_was_not_won_accuses_nobody() -> None:
    for verdict in (Verdict.NONE, Verdict.CHALLENGER_LOST):
        assert not _view(disputed(WORK, HOLDERS[5]), resolved(verdict)).won
    conceded = Told("DisputeConceded", {"dispute_id": 1})
    assert not _view(disputed(WORK, HOLDERS[5]), conceded).won


def test_reading_again_begins_at_what_is_not_over() -> None:
    assert _view().first_live_block() is None
    view = _view(committed(WORK, 10, 1000), committed(OTHER, 20, 2000))
    assert view.first_live_block() == 10
    view.prune(1500, 25)
    assert view.first_live_block() == 20


def test_reading_again_begins_at_the_batch_of_a_case_even_when_its_window_is_over() -> None:
    view = _view(committed(WORK, 10), disputed(WORK, HOLDERS[5]))
    view.prune(1500, 25)
    assert not view.batches
    assert view.first_live_block() == 10


def test_events_of_unknown_things_are_passed_over() -> None:
    view = _view(
        seeded(OTHER),
        Told("VoteCommitted", {"dispute_id": 9, "member": HOLDERS[0]}),
        Told("DisputeResolved", {"dispute_id": 9, "verdict": 0}),
        Told("Deposited", {"owner": HOLDERS[0], "amount_wei": 1}),
    )
    assert view == ChainView()


@pytest.mark.parametrize("kind", ["GameEscalated", "Appealed"])
def test_a_case_whose_game_led_to_nothing_waits_for_another_committee(kind: str) -> None:
    view = _view(committed(WORK), seeded(WORK), disputed(WORK, HOLDERS[5]))
    narrowed = {"dispute_id": 1, "low": 4, "low_state": word("low"), "high_state": word("high")}
    deadlines = {"commit_by": 1020, "reveal_by": 1030, "open_by": 1040}
    for event, args in (
        ("ClaimOpened", {"task_digest": word("claim")}),
        ("GameNarrowed", narrowed),
        ("CommitteeCalled", {"seed_block": 20}),
        ("CommitteeDrawn", {"members": HOLDERS[:2], **deadlines}),
        ("VoteCommitted", {"member": HOLDERS[0]}),
        ("VoteRevealed", {"member": HOLDERS[0], "task_digest": word("vote")}),
    ):
        view.apply(Told(event, {"dispute_id": 1, **args}))
    assert view.cases[1].stretch == Stretch(4, word("low"))
    view.apply(Told(kind, {"dispute_id": 1}))
    case = view.cases[1]
    assert (case.stretch, case.members, case.seed_block) == (None, None, 0)
    assert (case.committed, case.votes, case.committees_before) == (frozenset(), (), 1)
    assert case.claim == word("claim")

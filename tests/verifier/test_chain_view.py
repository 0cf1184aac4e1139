"""The view follows the events, and says from where to read again."""

from __future__ import annotations

from protocol import merkle
from tests.protocol.make_vectors import word
from tests.verifier.strangers import HOLDERS, Told, Work, committed, disputed, seeded
from verifier.chain_view import ChainView

WORK = Work()


def _view(*events: Told) -> ChainView:
    view = ChainView()
    for event in events:
        view.apply(event)
    return view


def test_a_batch_is_under_audit_from_its_seed_to_the_end_of_its_window() -> None:
    view = _view(committed(WORK))
    view.prune(10**9, 25)
    assert view.batches[1].seed is None
    view.apply(seeded(timestamp=1001))
    assert view.batches[1].seed == word("seed")
    view.prune(1026, 25)
    assert view.batches
    view.prune(1027, 25)
    assert not view.batches


def test_a_batch_proves_its_leases() -> None:
    batch = _view(committed(WORK)).batches[1]
    leaf = WORK.lease.leaf()
    assert merkle.verify(leaf, 0, 1, batch.proof(0), merkle.root([leaf]))


def test_a_case_follows_its_events() -> None:
    a, b = HOLDERS[:2]
    deadlines = {"commit_by": 1020, "reveal_by": 1030, "open_by": 1040}
    view = _view(
        committed(WORK),
        seeded(),
        disputed(WORK, HOLDERS[5]),
        Told("CommitteeDelayed", {"dispute_id": 1, "seed_block": 20}),
        Told("CommitteeDrawn", {"dispute_id": 1, "members": (a, b), **deadlines}),
        Told("VoteCommitted", {"dispute_id": 1, "member": a}),
    )
    case = view.cases[1]
    assert case.members == (a, b)
    assert case.delays == 1
    assert not case.is_commit_over(1020)
    assert case.is_commit_over(1021)
    assert not case.is_reveal_over(1021)
    vote = {"dispute_id": 1, "member": a, "task_digest": word("d")}
    view.apply(Told("VoteRevealed", vote))
    assert view.cases[1].is_reveal_over(1021)
    assert view.cases[1].majority == word("d")
    view.apply(Told("ClaimOpened", {"dispute_id": 1, "task_digest": word("c")}))
    assert view.cases[1].claim == word("c")
    view.apply(Told("DisputeResolved", {"dispute_id": 1, "verdict": 1}))
    assert not view.cases
    assert (1, WORK.lease_id, WORK.first_task) in view.disputed


def test_a_tie_has_no_majority() -> None:
    view = _view(disputed(WORK, HOLDERS[5]))
    for member, digest in zip(HOLDERS[:2], ("x", "y"), strict=True):
        vote = {"dispute_id": 1, "member": member, "task_digest": word(digest)}
        view.apply(Told("VoteRevealed", vote))
    assert view.cases[1].majority is None


def test_a_lost_lease_makes_its_other_disputes_moot() -> None:
    view = _view(committed(WORK), disputed(WORK, HOLDERS[5]))
    view.apply(Told("LeaseReleased", {"batch_id": 1, "lease_id": WORK.lease_id, "job_id": b""}))
    assert view.cases[1].is_moot
    assert (1, WORK.lease_id) in view.released


def test_a_conceded_dispute_is_over() -> None:
    view = _view(disputed(WORK, HOLDERS[5]), Told("DisputeConceded", {"dispute_id": 1}))
    assert not view.cases


def test_reading_again_begins_at_what_is_not_over() -> None:
    assert _view().first_live_block() is None
    view = _view(committed(WORK, 1, 10), committed(WORK, 2, 20), seeded(1), seeded(2, 2000))
    assert view.first_live_block() == 10
    view.prune(1500, 25)
    assert view.first_live_block() == 20


def test_events_of_unknown_things_are_passed_over() -> None:
    view = _view(
        seeded(7),
        Told("VoteCommitted", {"dispute_id": 9, "member": HOLDERS[0]}),
        Told("DisputeResolved", {"dispute_id": 9, "verdict": 0}),
        Told("Deposited", {"owner": HOLDERS[0], "amount_wei": 1}),
    )
    assert view == ChainView()

"""Statuses are derived from facts, and every derived change is a move of the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import IllegalMove
from protocol.lifecycle import (
    JOB_MOVES,
    LEASE_MOVES,
    JobFacts,
    JobStatus,
    LeaseFacts,
    LeaseStatus,
    job_status,
    lease_status,
    require_job_move,
    require_lease_move,
)

DEADLINE = 100
EXPIRES_AT = 100


@st.composite
def job_histories(draw: st.DrawFn) -> list[tuple[JobFacts, int]]:
    """A job's facts as the contract changes them, one fact or one second at a time."""
    facts = JobFacts(draw(st.integers(1, 4)), DEADLINE, 0, 0, 0)
    now_seconds, grace_ends_at = draw(st.integers(80, 99)), DEADLINE + 30
    history = [(facts, now_seconds)]
    steps = ["wait", "wait long", "commit", "settle", "slash", "cancel"]
    for step in draw(st.lists(st.sampled_from(steps), max_size=30)):
        in_flight = facts.committed_tasks - facts.settled_tasks
        if step.startswith("wait"):
            now_seconds += 1 if step == "wait" else 25
        elif step == "commit" and now_seconds <= grace_ends_at:
            committed = min(facts.committed_tasks + 1, facts.task_count)
            facts = replace(facts, committed_tasks=committed)
        elif step == "settle" and in_flight:
            facts = replace(facts, settled_tasks=facts.settled_tasks + 1)
        elif step == "slash" and in_flight:
            facts = replace(facts, committed_tasks=facts.committed_tasks - 1)
        elif step == "cancel" and not facts.cancelled_at:
            facts = replace(facts, cancelled_at=now_seconds)
        history.append((facts, now_seconds))
    return history


LEASE_STEPS: dict[str, Callable[[LeaseFacts], LeaseFacts]] = {
    "dispute": lambda facts: replace(facts, is_disputed=True),
    "void": lambda facts: replace(facts, is_disputed=False),
    "lose": lambda facts: replace(facts, is_disputed=False, is_slashed=facts.is_disputed),
    "settle": lambda facts: replace(facts, is_settled=not facts.is_disputed),
    "forfeit": lambda facts: replace(facts, is_slashed=not facts.is_disputed),
}


@st.composite
def lease_histories(draw: st.DrawFn) -> list[tuple[LeaseFacts, int]]:
    """A lease's facts: its result is taken before it expires, or never."""
    facts, now_seconds = LeaseFacts(EXPIRES_AT), draw(st.integers(90, 99))
    history = [(facts, now_seconds)]
    steps = ["wait", "commit", *LEASE_STEPS]
    for step in draw(st.lists(st.sampled_from(steps), max_size=25)):
        if step == "wait":
            now_seconds += 3
        elif step == "commit":
            facts = replace(facts, is_committed=facts.is_committed or now_seconds < EXPIRES_AT)
        elif facts.is_committed and not (facts.is_settled or facts.is_slashed):
            facts = LEASE_STEPS[step](facts)
        history.append((facts, now_seconds))
    return history


@given(job_histories())
def test_every_derived_change_of_a_job_is_legal(history: list[tuple[JobFacts, int]]) -> None:
    statuses = [job_status(facts, now_seconds) for facts, now_seconds in history]
    for before, after in pairwise(statuses):
        require_job_move(before, after)


@given(lease_histories())
def test_every_derived_change_of_a_lease_is_legal(history: list[tuple[LeaseFacts, int]]) -> None:
    statuses = [lease_status(facts, now_seconds) for facts, now_seconds in history]
    for before, after in pairwise(statuses):
        require_lease_move(before, after)


def test_every_status_but_the_final_ones_can_be_left() -> None:
    assert {before for before, _ in JOB_MOVES} == set(JobStatus) - {JobStatus.SETTLED}
    final = {LeaseStatus.SETTLED, LeaseStatus.EXPIRED, LeaseStatus.SLASHED}
    assert {before for before, _ in LEASE_MOVES} == set(LeaseStatus) - final


def test_every_status_can_be_reached() -> None:
    assert {after for _, after in JOB_MOVES} == set(JobStatus)
    assert {after for _, after in LEASE_MOVES} == set(LeaseStatus) - {LeaseStatus.GRANTED}


@pytest.mark.parametrize("before", list(JobStatus))
@pytest.mark.parametrize("after", list(JobStatus))
def test_moves_of_a_job_outside_the_table_are_refused(before: JobStatus, after: JobStatus) -> None:
    if before == after or (before, after) in JOB_MOVES:
        require_job_move(before, after)
        return
    with pytest.raises(IllegalMove, match=f"{before} to {after}"):
        require_job_move(before, after)


@pytest.mark.parametrize("before", list(LeaseStatus))
@pytest.mark.parametrize("after", list(LeaseStatus))
def test_moves_of_a_lease_outside_the_table_are_refused(
    before: LeaseStatus, after: LeaseStatus
) -> None:
    if before == after or (before, after) in LEASE_MOVES:
        require_lease_move(before, after)
        return
    with pytest.raises(IllegalMove, match=f"{before} to {after}"):
        require_lease_move(before, after)


def test_a_deadline_is_the_last_second_of_a_job() -> None:
    facts = JobFacts(1, DEADLINE, 0, 0, 0)
    assert job_status(facts, DEADLINE) == JobStatus.OPEN
    assert job_status(facts, DEADLINE + 1) == JobStatus.EXPIRED


def test_an_expiry_is_the_first_second_after_a_lease() -> None:
    assert lease_status(LeaseFacts(EXPIRES_AT), EXPIRES_AT - 1) == LeaseStatus.GRANTED
    assert lease_status(LeaseFacts(EXPIRES_AT), EXPIRES_AT) == LeaseStatus.EXPIRED

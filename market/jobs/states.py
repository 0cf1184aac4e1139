"""The state of a task, derived from what the market and the chain know of its lease."""

from __future__ import annotations

from collections.abc import Mapping, Set

from market.store.reports import LeaseState
from protocol.client.wire import TaskState
from protocol.units import Bytes32


def task_state(
    task: int,
    lease_id: Bytes32 | None,
    was_slashed: bool,
    leases: Mapping[Bytes32, LeaseState],
    audited: Mapping[Bytes32, Set[int]],
) -> TaskState:
    """One task's state; `leases` are those on chain."""
    if lease_id is None:
        return "slashed" if was_slashed else "waiting"
    lease = leases.get(lease_id)
    if lease is None:
        return "leased"
    is_audited = task in audited.get(lease_id, frozenset())
    return lease_state(lease, is_audited=is_audited)


def lease_state(lease: LeaseState, *, is_audited: bool) -> TaskState:
    """The state that a committed lease gives to its tasks."""
    if lease.is_settled:
        return "paid"
    if lease.is_disputed:
        return "disputed"
    return "audited" if is_audited else "committed"


def count_states(
    groups: list[tuple[Bytes32 | None, bool, int]],
    leases: Mapping[Bytes32, LeaseState],
    audited: Mapping[Bytes32, Set[int]],
) -> dict[TaskState, int]:
    """Tasks by state, from (lease, was_slashed, tasks) groups: one step a lease, not a task."""
    counts: dict[TaskState, int] = {}

    def add(state: TaskState, tasks: int) -> None:
        if tasks:
            counts[state] = counts.get(state, 0) + tasks

    for lease_id, was_slashed, tasks in groups:
        if lease_id is None:
            add("slashed" if was_slashed else "waiting", tasks)
        elif lease_id not in leases:
            add("leased", tasks)
        else:
            audits = min(tasks, len(audited.get(lease_id, frozenset())))
            add(lease_state(leases[lease_id], is_audited=True), audits)
            add(lease_state(leases[lease_id], is_audited=False), tasks - audits)
    return counts

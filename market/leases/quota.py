"""How many tasks a lease has: pure. A new device gets a few; trust and speed make it more."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

GROWTH = 4


@dataclass(frozen=True, slots=True)
class QuotaRules:
    """The market's choices."""

    first_lease_tasks: int = 2
    max_lease_tasks: int = 256
    max_running_leases: int = 16
    target_lease_seconds: float = 10.0
    least_lease_seconds: float = 0.1


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What is known of a device; `seconds_per_task` is None before its first lease of the job."""

    finished_leases: int
    settled_leases: int
    running_leases: int
    has_stake: bool
    seconds_per_task: float | None
    last_count: int


@dataclass(frozen=True, slots=True)
class Demand:
    """What waits: tasks, and how many devices they are for."""

    waiting_tasks: int
    fitting_devices: int
    wall_seconds: int
    seconds_left: int


def running_limit(rules: QuotaRules, finished_leases: int, slots: int) -> int:
    """How many leases a device may run at once: one at first, later one more than fit on it."""
    return 1 if finished_leases == 0 else min(rules.max_running_leases, slots + 1)


def lease_size(rules: QuotaRules, device: DeviceFacts, demand: Demand) -> int:
    """The number of tasks to lease, at least one while any waits.

    A lease is at most half of a fair share of what waits, so that the last ones are small and no
    single device holds up the job; but not so small that granting it takes longer than its work.
    """
    share = ceil(demand.waiting_tasks / (2 * max(1, demand.fitting_devices)))
    if device.seconds_per_task:
        share = max(share, int(rules.least_lease_seconds / device.seconds_per_task))
    in_time = max(1, demand.seconds_left // max(1, demand.wall_seconds))
    limits = [demand.waiting_tasks, share, in_time, rules.max_lease_tasks]
    limits.append(_by_speed(rules, device))
    if not device.has_stake:
        # Nothing at risk: only work that was verified and paid makes it more.
        limits.append(rules.first_lease_tasks << min(device.settled_leases, 12))
    return max(1, min(limits))


def _by_speed(rules: QuotaRules, device: DeviceFacts) -> int:
    if device.finished_leases == 0 or device.seconds_per_task is None:
        return rules.first_lease_tasks
    wanted = int(rules.target_lease_seconds / max(device.seconds_per_task, 1e-3))
    return max(1, min(wanted, device.last_count * GROWTH))

"""When a lease ends without a result: silence, or far more time than its tasks can take."""

from __future__ import annotations

from market.leases import faults
from market.store.records import LeaseRecord
from market.store.unit import Unit
from protocol.lifecycle import Fault

SILENT_HEARTBEATS = 5
WALL_MULTIPLE = 3
FETCH_SECONDS = 300


def silence_expiry(now: int, heartbeat_seconds: int, last_expiry_at: int) -> int:
    """Until when a device may be silent."""
    return min(now + SILENT_HEARTBEATS * heartbeat_seconds, last_expiry_at)


def last_expiry(now: int, wall_seconds: int, count: int) -> int:
    """Until when a lease can last, heartbeats or not: fetching, and its limits three times."""
    return now + FETCH_SECONDS + WALL_MULTIPLE * wall_seconds * count


def expire_lease(unit: Unit, lease: LeaseRecord, now: int) -> bool:
    """End a lease whose time is over; False when it had ended or finished before."""
    if lease.expires_at < lease.last_expiry_at:
        return end_lease(unit, lease, Fault.OFFLINE, faults.SILENT, "no heartbeat in time", now)
    detail = "not done in three times its limits"
    return end_lease(unit, lease, Fault.ERROR, faults.TOO_SLOW, detail, now)


def end_lease(
    unit: Unit, lease: LeaseRecord, fault: Fault, code: str, detail: str, now: int
) -> bool:
    """End a running lease and free its tasks; False when it had ended or finished before."""
    if not unit.leases.end(lease.lease_id, fault, code, detail, now):
        return False
    unit.tasks.free(lease.lease_id)
    if not faults.is_blameless(fault, code):
        failures = unit.offers.device(lease.device).failures_in_row
        unit.offers.failed(lease.device, now + faults.backoff_seconds(fault, failures))
    unit.feed.append("lease_ended", now, lease.job_id, lost_facts(lease, fault, code))
    unit.is_work_new = True
    return True


def lost_facts(lease: LeaseRecord, fault: Fault, code: str) -> dict[str, object]:
    """What everybody is told of a lease that ended without a result."""
    return {
        "lease_id": "0x" + lease.lease_id.hex(),
        "provider": lease.provider,
        "first_task": lease.first_task,
        "count": lease.count,
        "fault": fault.value,
        "reason": code,
    }

"""When a lease ends without a result: silence, or far more time than its tasks can take."""

from __future__ import annotations

from market.store.records import LeaseRecord
from market.store.unit import Unit
from protocol.errors import NotDeterministic

SILENT_HEARTBEATS = 5
WALL_MULTIPLE = 3
FETCH_SECONDS = 300
MAX_BACKOFF_SECONDS = 300
# Reasons that say nothing bad about the device.
BLAMELESS = frozenset({"execution_stopped", "paused", "shutdown", NotDeterministic.code})


def silence_expiry(now: int, heartbeat_seconds: int, last_expiry_at: int) -> int:
    """Until when a device may be silent."""
    return min(now + SILENT_HEARTBEATS * heartbeat_seconds, last_expiry_at)


def last_expiry(now: int, wall_seconds: int, count: int) -> int:
    """Until when a lease can last, heartbeats or not: fetching, and its limits three times."""
    return now + FETCH_SECONDS + WALL_MULTIPLE * wall_seconds * count


def end_lease(unit: Unit, lease: LeaseRecord, reason: str, detail: str, now: int) -> bool:
    """End a running lease and free its tasks; False when it had ended or finished before."""
    if not unit.leases.end(lease.lease_id, reason, detail, now):
        return False
    unit.tasks.free(lease.lease_id)
    if reason not in BLAMELESS:
        failures = unit.offers.device(lease.device).failures_in_row
        unit.offers.failed(lease.device, now + _backoff_seconds(failures))
    data = {"lease_id": "0x" + lease.lease_id.hex(), "provider": lease.provider, "reason": reason}
    unit.feed.append("lease_ended", now, lease.job_id, data)
    unit.is_work_new = True
    return True


def _backoff_seconds(failures_before: int) -> int:
    """Nothing the first time, then 2, 4, 8... seconds."""
    return 0 if failures_before == 0 else min(MAX_BACKOFF_SECONDS, 2 << min(failures_before - 1, 8))

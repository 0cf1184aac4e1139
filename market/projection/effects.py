"""What follows from an event for the market's own tables and for who watches: once, not again."""

from __future__ import annotations

from typing import Any

from market.store.unit import Unit
from protocol.chain.events import ChainEvent
from protocol.job import Job
from protocol.lease import CommittedLease
from protocol.typed_data import snake_case
from protocol.units import Bytes32, to_hex

# Events worth showing, and under which name.
_SHOWN = {
    "JobOpened",
    "JobCancelled",
    "JobClosed",
    "BatchCommitted",
    "SeedFixed",
    "LeaseSettled",
    "LeaseReleased",
    "AuditPaid",
    "DisputeOpened",
    "DisputeConceded",
    "DisputeResolved",
    "Slashed",
    "CommitteeDrawn",
    "VoteCommitted",
    "VoteRevealed",
    "ClaimOpened",
}
# Digests would help whoever has not voted yet.
_HIDDEN = frozenset({"task_digest", "lease", "leases", "job"})


def follow(unit: Unit, event: ChainEvent) -> None:
    """Act on an event that was read for the first time."""
    if event.kind == "JobOpened":
        unit.is_work_new = True
    elif event.kind == "LeaseReleased":
        _release(unit, event)
    elif event.kind == "DeviceRevoked":
        _revoke(unit, event)
    elif event.kind == "DeviceDelegated":
        unit.sessions.end_all(event.args["device"])
    if event.kind in _SHOWN:
        _show(unit, event)


def _release(unit: Unit, event: ChainEvent) -> None:
    """Its results no longer count and its tasks wait again; other results take their place."""
    lease_id = event.args["lease_id"]
    if unit.leases.drop(lease_id, "released", "slashed, conceded or forfeited", event.timestamp):
        unit.tasks.free(lease_id, was_slashed=True)
        unit.is_work_new = True


def _revoke(unit: Unit, event: ChainEvent) -> None:
    device = event.args["device"]
    unit.sessions.end_all(device)
    offer = unit.offers.of_device(device)
    if offer is not None:
        unit.offers.withdraw(offer.offer_id)


def _show(unit: Unit, event: ChainEvent) -> None:
    data = {k: _shown(v) for k, v in event.args.items() if k not in _HIDDEN}
    data["transaction"] = to_hex(event.transaction_hash)
    kind = snake_case(event.kind)
    if event.kind != "BatchCommitted":
        unit.feed.append(kind, event.timestamp, _job_of(unit, event), data)
        return
    leases: tuple[CommittedLease, ...] = event.args["leases"]
    for job_id in dict.fromkeys(lease.result.job_id for lease in leases):
        mine = [lease.result for lease in leases if lease.result.job_id == job_id]
        data = {**data, "leases": len(mine), "tasks": sum(result.count for result in mine)}
        unit.feed.append(kind, event.timestamp, Bytes32(job_id), data)


def _job_of(unit: Unit, event: ChainEvent) -> Bytes32 | None:
    args = event.args
    if "job_id" in args:
        return Bytes32(args["job_id"])
    if "dispute_id" in args:
        dispute = unit.disputes.get(args["dispute_id"])
        return dispute.job_id if dispute else None
    return None


def _shown(value: Any) -> Any:
    """Big numbers as text: JavaScript would round them."""
    if isinstance(value, bytes):
        return to_hex(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1 << 53:
        return str(value)
    if isinstance(value, tuple | list):
        return [_shown(item) for item in value]
    return value if not isinstance(value, Job) else None

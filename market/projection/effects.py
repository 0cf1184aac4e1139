"""What follows from an event for the market's own tables and for who watches: once, not again."""

from __future__ import annotations

from typing import Any

from market.leases import faults
from market.leases.expiry import lost_facts
from market.projection.facts import settled_leases
from market.store.unit import Unit
from protocol.batch import Batch
from protocol.chain.events import ChainEvent
from protocol.dispute import Verdict
from protocol.lifecycle import Fault
from protocol.typed_data import snake_case
from protocol.units import Bytes32, to_hex

# Events worth showing, and under which name.
_SHOWN = {
    "JobOpened",
    "JobCancelled",
    "JobClosed",
    "BatchCommitted",
    "SeedFixed",
    "BatchSettled",
    "LeaseReleased",
    "AuditAccepted",
    "AuditPaid",
    "DisputeOpened",
    "DisputeConceded",
    "DisputeResolved",
    "Slashed",
    "OperatorFined",
    "CommitteeDrawn",
    "VoteCommitted",
    "VoteRevealed",
    "ClaimOpened",
}
# Digests would help whoever has not voted yet.
_HIDDEN = frozenset({"task_digest", "lease", "batch", "job"})


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
    fault, code = _lost_by(unit, lease_id)
    if unit.leases.drop(lease_id, fault, code, "", event.timestamp):
        unit.tasks.free(lease_id, was_slashed=fault is Fault.WRONG)
        unit.is_work_new = True


def _lost_by(unit: Unit, lease_id: Bytes32) -> tuple[Fault, str]:
    """How a released lease was lost: the chain tells of disputes before it tells of that."""
    lost = unit.disputes.lost_about(lease_id)
    if any(dispute.is_conceded for dispute in lost):
        return Fault.WRONG, faults.CONCEDED
    verdicts = [dispute.verdict for dispute in lost]
    if Verdict.UNAVAILABLE in verdicts:
        return Fault.ERROR, faults.UNAVAILABLE
    if Verdict.OUT_OF_TOLERANCE in verdicts:
        return Fault.WRONG, faults.OUT_OF_TOLERANCE
    return Fault.WRONG, faults.DISPUTED if lost else faults.FORFEITED


def _revoke(unit: Unit, event: ChainEvent) -> None:
    device = event.args["device"]
    unit.sessions.end_all(device)
    offer = unit.offers.of_device(device)
    if offer is not None:
        unit.offers.withdraw(offer.offer_id)


def _show(unit: Unit, event: ChainEvent) -> None:
    if event.kind == "BatchCommitted":
        _show_committed(unit, event)
    elif event.kind == "BatchSettled":
        _show_settled(unit, event)
    else:
        unit.feed.append(
            snake_case(event.kind), event.timestamp, _job_of(unit, event), _data(unit, event)
        )


def _show_committed(unit: Unit, event: ChainEvent) -> None:
    """Once for each job that the batch has leases of."""
    batch: Batch = event.args["batch"]
    for index, job in enumerate(batch.jobs):
        mine = [line for line in batch.lines if line.job == index]
        counts = {"leases": len(mine), "tasks": sum(line.count for line in mine)}
        data = {**_data(unit, event), "operator": batch.operator, **counts}
        unit.feed.append("batch_committed", event.timestamp, job.job_id, data)


def _show_settled(unit: Unit, event: ChainEvent) -> None:
    """Once for each lease that was paid: the chain has told all of them in one event."""
    for lease in settled_leases(unit, event):
        data = {
            "batch_id": to_hex(lease.batch_id),
            "lease_id": to_hex(lease.lease_id),
            "provider": lease.provider,
            "job_id": to_hex(lease.job_id),
            "amount_wei": _shown(lease.amount_wei),
            "transaction": to_hex(event.transaction_hash),
        }
        unit.feed.append("lease_settled", event.timestamp, lease.job_id, data)


def _released_facts(unit: Unit, lease_id: Bytes32) -> dict[str, object]:
    lease = unit.leases.get(lease_id)  # None: the market that granted it has lost its database
    if lease is None:
        return {}
    return lost_facts(lease, Fault(lease.fault or Fault.WRONG), lease.end_reason or "")


def _data(unit: Unit, event: ChainEvent) -> dict[str, Any]:
    data = {name: _shown(value) for name, value in event.args.items() if name not in _HIDDEN}
    if event.kind == "JobOpened":
        data["requester"] = event.args["job"].requester
    elif event.kind == "DisputeOpened":
        data["provider"] = event.args["lease"].provider
    elif event.kind == "LeaseReleased":
        data |= _released_facts(unit, event.args["lease_id"])
    data["transaction"] = to_hex(event.transaction_hash)
    return data


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
    return value

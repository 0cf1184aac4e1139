"""What each kind of event says: pure projection, the same whenever it is made again."""

from __future__ import annotations

from collections.abc import Callable

from market.store.unit import Unit
from protocol.chain.events import ChainEvent
from protocol.lease import CommittedLease

Apply = Callable[[Unit, ChainEvent, int], None]


def apply(unit: Unit, event: ChainEvent, dispute_window_seconds: int) -> None:
    """Project one event; kinds that say nothing here are passed over."""
    handler = _HANDLERS.get(event.kind)
    if handler is not None:
        handler(unit, event, dispute_window_seconds)


def _job_opened(unit: Unit, event: ChainEvent, _window: int) -> None:
    unit.chain.open_job(event.args["job_id"], event.args["requester"], event.timestamp)


def _job_cancelled(unit: Unit, event: ChainEvent, _window: int) -> None:
    unit.chain.set_job(event.args["job_id"], cancelled_at=event.timestamp)


def _job_closed(unit: Unit, event: ChainEvent, _window: int) -> None:
    unit.chain.set_job(event.args["job_id"], closed_at=event.timestamp)
    unit.chain.add_to_job(event.args["job_id"], refunded_wei=event.args["refund_wei"])


def _batch_committed(unit: Unit, event: ChainEvent, _window: int) -> None:
    leases: tuple[CommittedLease, ...] = event.args["leases"]
    batch_id = event.args["batch_id"]
    batch = {
        "batch_id": batch_id,
        "operator": event.args["operator"],
        "lease_count": len(leases),
        "commit_block": event.block_number,
        "committed_at": event.timestamp,
        "seed_block": event.block_number,
    }
    rows = [_lease_row(batch_id, i, lease, event.timestamp) for i, lease in enumerate(leases)]
    unit.chain.add_batch(batch, rows)
    for lease in leases:
        result = lease.result
        unit.chain.add_to_job(result.job_id, committed_tasks=result.count, open_leases=1)


def _lease_row(batch_id: int, index: int, lease: CommittedLease, at: int) -> dict[str, object]:
    return {
        "lease_id": lease.result.lease_id,
        "batch_id": batch_id,
        "index": index,
        "job_id": lease.result.job_id,
        "provider": lease.result.provider,
        "first_task": lease.result.first_task,
        "count": lease.result.count,
        "amount_wei": lease.result.amount,
        "result_root": lease.result.result_root,
        "audit_rate_ppm": lease.audit_rate_ppm,
        "committed_at": at,
    }


def _seed_fixed(unit: Unit, event: ChainEvent, window: int) -> None:
    unit.chain.set_batch(
        event.args["batch_id"], seed=event.args["seed"], window_ends_at=event.timestamp + window
    )


def _seed_delayed(unit: Unit, event: ChainEvent, _window: int) -> None:
    unit.chain.set_batch(event.args["batch_id"], seed_block=event.args["seed_block"])


def _lease_settled(unit: Unit, event: ChainEvent, _window: int) -> None:
    lease = unit.chain.lease(event.args["lease_id"])
    unit.chain.set_lease(
        event.args["lease_id"], settled_at=event.timestamp, settled_in=event.transaction_hash
    )
    tasks = lease.count if lease else 0
    unit.chain.add_to_job(
        event.args["job_id"],
        settled_tasks=tasks,
        open_leases=-1,
        paid_wei=event.args["amount_wei"],
    )


def _lease_released(unit: Unit, event: ChainEvent, _window: int) -> None:
    lease = unit.chain.lease(event.args["lease_id"])
    unit.chain.set_lease(event.args["lease_id"], released_at=event.timestamp)
    tasks = lease.count if lease else 0
    unit.chain.add_to_job(event.args["job_id"], committed_tasks=-tasks, open_leases=-1)


def _audit_paid(unit: Unit, event: ChainEvent, _window: int) -> None:
    args = event.args
    unit.chain.add_audit(
        {
            "lease_id": args["lease_id"],
            "task": args["task"],
            "job_id": args["job_id"],
            "batch_id": args["batch_id"],
            "verifier": args["verifier"],
            "fee_wei": args["fee_wei"],
            "transaction_hash": event.transaction_hash,
        }
    )
    unit.chain.add_to_job(args["job_id"], audit_fees_wei=args["fee_wei"])


def _dispute_opened(unit: Unit, event: ChainEvent, _window: int) -> None:
    args = event.args
    lease: CommittedLease = args["lease"]
    unit.disputes.add(
        {
            "dispute_id": args["dispute_id"],
            "lease_id": args["lease_id"],
            "batch_id": args["batch_id"],
            "job_id": lease.result.job_id,
            "task": args["task"],
            "provider": args["provider"],
            "challenger": args["challenger"],
            "opened_block": event.block_number,
            "opened_at": event.timestamp,
        }
    )
    unit.chain.set_lease(args["lease_id"], dispute_id=args["dispute_id"])


def _dispute_conceded(unit: Unit, event: ChainEvent, _window: int) -> None:
    unit.disputes.set(
        event.args["dispute_id"], is_conceded=True, resolved_at=event.timestamp, verdict=1
    )


def _dispute_resolved(unit: Unit, event: ChainEvent, _window: int) -> None:
    unit.disputes.set(
        event.args["dispute_id"], resolved_at=event.timestamp, verdict=event.args["verdict"]
    )


def _slashed(unit: Unit, event: ChainEvent, _window: int) -> None:
    unit.disputes.set(
        event.args["dispute_id"],
        slashed_wei=event.args["amount_wei"],
        slash_transaction=event.transaction_hash,
        slash_block=event.block_number,
    )


def _committee_drawn(unit: Unit, event: ChainEvent, _window: int) -> None:
    args = event.args
    unit.disputes.set(
        args["dispute_id"],
        members=list(args["members"]),
        commit_by=args["commit_by"],
        reveal_by=args["reveal_by"],
        open_by=args["open_by"],
    )


def _vote_committed(unit: Unit, event: ChainEvent, _window: int) -> None:
    unit.disputes.count_vote(event.args["dispute_id"], is_reveal=False)


def _vote_revealed(unit: Unit, event: ChainEvent, _window: int) -> None:
    unit.disputes.count_vote(event.args["dispute_id"], is_reveal=True)


def _claim_opened(unit: Unit, event: ChainEvent, _window: int) -> None:
    unit.disputes.set(event.args["dispute_id"], is_claim_opened=True)


_HANDLERS: dict[str, Apply] = {
    "JobOpened": _job_opened,
    "JobCancelled": _job_cancelled,
    "JobClosed": _job_closed,
    "BatchCommitted": _batch_committed,
    "SeedFixed": _seed_fixed,
    "SeedDelayed": _seed_delayed,
    "LeaseSettled": _lease_settled,
    "LeaseReleased": _lease_released,
    "AuditPaid": _audit_paid,
    "DisputeOpened": _dispute_opened,
    "DisputeConceded": _dispute_conceded,
    "DisputeResolved": _dispute_resolved,
    "Slashed": _slashed,
    "CommitteeDrawn": _committee_drawn,
    "VoteCommitted": _vote_committed,
    "VoteRevealed": _vote_revealed,
    "ClaimOpened": _claim_opened,
}

"""What each kind of event says: pure projection, the same whenever it is made again."""

from __future__ import annotations

from collections.abc import Callable

from market.store.records import ChainLeaseRecord, DisputeRecord
from market.store.unit import Unit
from protocol.batch import Batch
from protocol.chain.events import ChainEvent
from protocol.dispute import Verdict
from protocol.job import Job
from protocol.lease import CommittedLease, LeaseResult
from protocol.units import Bytes32

Apply = Callable[[Unit, ChainEvent], None]


def apply(unit: Unit, event: ChainEvent) -> None:
    """Project one event; kinds that say nothing here are passed over."""
    handler = _HANDLERS.get(event.kind)
    if handler is not None:
        handler(unit, event)


def _job_opened(unit: Unit, event: ChainEvent) -> None:
    job: Job = event.args["job"]
    unit.chain.open_job(event.args["job_id"], job.requester, event.timestamp)


def _job_cancelled(unit: Unit, event: ChainEvent) -> None:
    unit.chain.set_job(event.args["job_id"], cancelled_at=event.timestamp)


def _job_closed(unit: Unit, event: ChainEvent) -> None:
    unit.chain.set_job(event.args["job_id"], closed_at=event.timestamp)
    unit.chain.add_to_job(event.args["job_id"], refunded_wei=event.args["refund_wei"])


def _batch_committed(unit: Unit, event: ChainEvent) -> None:
    batch: Batch = event.args["batch"]
    batch_id = event.args["batch_id"]
    row = {
        "batch_id": batch_id,
        "operator": batch.operator,
        "lease_count": len(batch.lines),
        "commit_block": event.block_number,
        "committed_at": event.timestamp,
        "content": batch.to_json(),
    }
    rows = [_lease_row(batch_id, i, lease, event) for i, lease in enumerate(batch.leases)]
    unit.chain.add_batch(row, rows)
    for line in range(len(batch.lines)):
        result = batch.result(line)
        unit.chain.add_to_job(result.job_id, committed_tasks=result.count, open_leases=1)
        unit.chain.advance_frontier(result.job_id, result.first_task + result.count)


def _lease_row(
    batch_id: Bytes32, line: int, lease: CommittedLease, event: ChainEvent
) -> dict[str, object]:
    return {
        "lease_id": lease.result.lease_id,
        "batch_id": batch_id,
        "line": line,
        "job_id": lease.result.job_id,
        "provider": lease.result.provider,
        "first_task": lease.result.first_task,
        "count": lease.result.count,
        "amount_wei": lease.result.amount,
        "result_root": lease.result.result_root,
        "audit_rate_ppm": lease.audit_rate_ppm,
        "committed_at": event.timestamp,
    }


def _seed_fixed(unit: Unit, event: ChainEvent) -> None:
    unit.chain.set_batch(event.args["batch_id"], seed=event.args["seed"])


def _batch_settled(unit: Unit, event: ChainEvent) -> None:
    """Pay by the bits; what was forfeited has told so itself, by `LeaseReleased`."""
    batch_id = event.args["batch_id"]
    for lease in settled_leases(unit, event):
        unit.chain.set_lease(
            lease.lease_id, settled_at=event.timestamp, settled_in=event.transaction_hash
        )
        unit.chain.add_to_job(
            lease.job_id, settled_tasks=lease.count, open_leases=-1, paid_wei=lease.amount_wei
        )
    if unit.chain.is_all_finished(batch_id):
        unit.chain.set_batch(batch_id, finished_at=event.timestamp)


def settled_leases(unit: Unit, event: ChainEvent) -> list[ChainLeaseRecord]:
    """The leases that a `BatchSettled` has paid."""
    bits = event.args["settled_bits"]
    leases = unit.chain.leases_of(event.args["batch_id"])
    return [lease for lease in leases if bits >> lease.line & 1]


def _lease_released(unit: Unit, event: ChainEvent) -> None:
    lease = unit.chain.lease(event.args["lease_id"])
    unit.chain.set_lease(event.args["lease_id"], released_at=event.timestamp)
    tasks = lease.count if lease else 0
    unit.chain.add_to_job(event.args["job_id"], committed_tasks=-tasks, open_leases=-1)


def _audit_accepted(unit: Unit, event: ChainEvent) -> None:
    args = event.args
    unit.chain.add_audit(
        {
            "lease_id": args["lease_id"],
            "task": args["task"],
            "round": args["round"],
            "job_id": args["job_id"],
            "batch_id": args["batch_id"],
            "verifier": args["verifier"],
            "fee_wei": args["fee_wei"],
            "transaction_hash": event.transaction_hash,
        }
    )


def _audit_paid(unit: Unit, event: ChainEvent) -> None:
    args = event.args
    payee, fee_wei = args["payee"], args["fee_wei"]
    verifier = unit.chain.pay_audit(
        args["lease_id"], args["task"], args["round"], payee, event.transaction_hash
    )
    if payee == verifier:
        unit.chain.add_to_job(args["job_id"], audit_fees_wei=fee_wei)
    else:
        unit.chain.add_to_job(args["job_id"], refunded_wei=fee_wei)


def _dispute_opened(unit: Unit, event: ChainEvent) -> None:
    args = event.args
    lease: LeaseResult = args["lease"]
    unit.disputes.add(
        {
            "dispute_id": args["dispute_id"],
            "lease_id": args["lease_id"],
            "batch_id": args["batch_id"],
            "job_id": lease.job_id,
            "task": args["task"],
            "provider": lease.provider,
            "challenger": args["challenger"],
            "opened_block": event.block_number,
            "opened_at": event.timestamp,
        }
    )
    unit.chain.set_lease(args["lease_id"], dispute_id=args["dispute_id"])


def _dispute_conceded(unit: Unit, event: ChainEvent) -> None:
    unit.disputes.set(
        event.args["dispute_id"], is_conceded=True, resolved_at=event.timestamp, verdict=1
    )


def _dispute_resolved(unit: Unit, event: ChainEvent) -> None:
    unit.disputes.set(
        event.args["dispute_id"], resolved_at=event.timestamp, verdict=event.args["verdict"]
    )


def _slashed(unit: Unit, event: ChainEvent) -> None:
    dispute_id = event.args["dispute_id"]
    values = {
        "slashed_wei": event.args["amount_wei"],
        "slash_transaction": event.transaction_hash,
    }
    dispute = unit.disputes.get(dispute_id)
    if dispute is None or not _keeps_other_pay(unit, dispute):
        values["slash_block"] = event.block_number
    unit.disputes.set(dispute_id, **values)


def _keeps_other_pay(unit: Unit, lost: DisputeRecord) -> bool:
    """Whether only this lease is lost: by a first concession, or out of tolerance."""
    if lost.is_conceded:
        return not unit.disputes.has_strikes(lost.provider, besides=lost.dispute_id)
    return lost.verdict == Verdict.OUT_OF_TOLERANCE


def _committee_called(unit: Unit, event: ChainEvent) -> None:
    unit.disputes.set(event.args["dispute_id"], seed_block=event.args["seed_block"])


def _committee_drawn(unit: Unit, event: ChainEvent) -> None:
    args = event.args
    unit.disputes.set(
        args["dispute_id"],
        members=list(args["members"]),
        commit_by=args["commit_by"],
        reveal_by=args["reveal_by"],
        open_by=args["open_by"],
    )


def _vote_committed(unit: Unit, event: ChainEvent) -> None:
    unit.disputes.count_vote(event.args["dispute_id"], is_reveal=False)


def _vote_revealed(unit: Unit, event: ChainEvent) -> None:
    unit.disputes.count_vote(event.args["dispute_id"], is_reveal=True)


def _judged_anew(unit: Unit, event: ChainEvent) -> None:
    """A game leads to nothing that stands: a committee of its own judges the whole task."""
    unit.disputes.set(
        event.args["dispute_id"],
        members=None,
        seed_block=None,
        votes=0,
        reveals=0,
        commit_by=None,
        reveal_by=None,
        open_by=None,
    )


def _claim_opened(unit: Unit, event: ChainEvent) -> None:
    unit.disputes.set(event.args["dispute_id"], is_claim_opened=True)


_HANDLERS: dict[str, Apply] = {
    "JobOpened": _job_opened,
    "JobCancelled": _job_cancelled,
    "JobClosed": _job_closed,
    "BatchCommitted": _batch_committed,
    "SeedFixed": _seed_fixed,
    "BatchSettled": _batch_settled,
    "LeaseReleased": _lease_released,
    "AuditAccepted": _audit_accepted,
    "AuditPaid": _audit_paid,
    "DisputeOpened": _dispute_opened,
    "DisputeConceded": _dispute_conceded,
    "DisputeResolved": _dispute_resolved,
    "Slashed": _slashed,
    "CommitteeCalled": _committee_called,
    "CommitteeDrawn": _committee_drawn,
    "VoteCommitted": _vote_committed,
    "VoteRevealed": _vote_revealed,
    "ClaimOpened": _claim_opened,
    "GameEscalated": _judged_anew,
    "Appealed": _judged_anew,
}

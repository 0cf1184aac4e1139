"""A job as its requester sees it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from market.jobs.states import count_states, task_state
from market.ports import Book
from market.store.records import ChainJobRecord, JobRecord, ResultRecord, TaskRecord
from market.store.unit import Unit
from protocol.client.wire import (
    AuditPayment,
    JobView,
    Payment,
    Receipt,
    Slash,
    TaskState,
    TaskView,
)
from protocol.lifecycle import JobStatus, job_status

ENDED = (JobStatus.SETTLED, JobStatus.CANCELLED, JobStatus.EXPIRED)


def status_of(job: JobRecord, chain: ChainJobRecord | None, now: int) -> JobStatus:
    """The job's status; one that the chain refused counts as cancelled."""
    if chain is not None:
        return job_status(chain.facts(job), now)
    if job.rejected_because is not None:
        return JobStatus.CANCELLED
    return JobStatus.EXPIRED if now > job.deadline else JobStatus.OPEN


def job_view(unit: Unit, book: Book, job: JobRecord, now: int) -> JobView:
    """The view; asks for everything at once."""
    chain = unit.jobs.on_chain(job.job_id)
    groups = unit.reports.tasks_by_lease(job.job_id)
    leases = unit.reports.lease_states(job.job_id)
    states = count_states(groups, leases, unit.reports.audited_tasks(job.job_id))
    status = status_of(job, chain, now)
    return JobView(
        job_id=job.job_id,
        requester=job.requester,
        label=job.label,
        status=status,
        is_on_chain=chain is not None,
        task_count=job.task_count,
        tasks_by_state=states,
        max_price_per_task_wei=job.max_price_wei,
        audit_budget_wei=job.audit_budget_wei,
        escrow_wei=job.task_count * job.max_price_wei + job.audit_budget_wei,
        paid_wei=chain.paid_wei if chain else 0,
        audit_fees_wei=chain.audit_fees_wei if chain else 0,
        refunded_wei=chain.refunded_wei if chain else 0,
        created_at=job.created_at,
        deadline=job.deadline,
        finished_at=_finished_at(unit, chain),
        stopped_because=job.stopped_because,
        lost_leases=unit.leases.lost_by_fault(job.job_id),
        waiting_because=_waiting_because(unit, book, job, chain, states, status, now),
        spec=job.spec,
    )


def task_view(
    unit: Unit, job: JobRecord, tasks: list[TaskRecord], results: list[ResultRecord]
) -> list[TaskView]:
    """Some tasks of a job."""
    leases = unit.reports.lease_states(job.job_id)
    audited = unit.reports.audited_tasks(job.job_id)
    providers = unit.reports.providers({t.lease_id for t in tasks if t.lease_id is not None})
    by_task = {result.task: result for result in results}
    first = tasks[0].task if tasks else 0
    faults = unit.leases.last_faults(job.job_id, first, len(tasks))
    views = []
    for task in tasks:
        # A result shows when it is on chain: until then its provider could still take it back.
        is_committed = task.lease_id is not None and task.lease_id in leases
        result = by_task.get(task.task) if is_committed else None
        fault, code = faults.get(task.task, (None, None))
        views.append(
            TaskView(
                task=task.task,
                state=task_state(task.task, task.lease_id, task.was_slashed, leases, audited),
                provider=providers.get(task.lease_id) if task.lease_id else None,
                lease_id=task.lease_id,
                attempts=task.attempts,
                fault=fault,
                fault_code=code,
                failure=result.failure if result else None,
                result_hash=result.digest if result else None,
                result_bytes=result.size_bytes if result else None,
            )
        )
    return views


def _finished_at(unit: Unit, chain: ChainJobRecord | None) -> int | None:
    """When nothing of it was left in escrow; audit fees that were set aside are, until paid."""
    if chain is None or not chain.closed_at or unit.reports.has_waiting_fees(chain.job_id):
        return None
    return chain.closed_at


def receipt(unit: Unit, job: JobRecord, now: int) -> Receipt:
    """Who was paid, audited and slashed."""
    chain = unit.jobs.on_chain(job.job_id)
    return Receipt(
        job_id=job.job_id,
        status=status_of(job, chain, now),
        escrow_wei=job.task_count * job.max_price_wei + job.audit_budget_wei,
        refunded_wei=chain.refunded_wei if chain else 0,
        payments=[_payment(row) for row in unit.reports.payments(job.job_id)],
        audits=[
            AuditPayment(
                lease_id=row.lease_id,
                task=row.task,
                verifier=row.verifier,
                fee_wei=row.fee_wei,
                transaction=row.paid_in,
            )
            for row in unit.reports.audit_payments(job.job_id)
        ],
        slashes=[_slash(row) for row in unit.reports.slashes(job.job_id)],
    )


def _payment(row: Row[Any]) -> Payment:
    mapping = row._mapping
    return Payment(
        lease_id=row.lease_id,
        provider=row.provider,
        first_task=row.first_task,
        count=mapping["count"],
        amount_wei=row.amount_wei,
        batch_id=row.batch_id,
        result_root=row.result_root,
        transaction=row.settled_in,
    )


def _slash(row: Row[Any]) -> Slash:
    return Slash(
        dispute_id=row.dispute_id,
        lease_id=row.lease_id,
        task=row.task,
        provider=row.provider,
        challenger=row.challenger,
        amount_wei=row.slashed_wei,
        transaction=row.slash_transaction,
    )


def _waiting_because(
    unit: Unit,
    book: Book,
    job: JobRecord,
    chain: ChainJobRecord | None,
    states: dict[TaskState, int],
    status: JobStatus,
    now: int,
) -> str | None:
    if job.rejected_because is not None and chain is None:
        return f"the chain refused the job: {job.rejected_because}"
    if status in ENDED or job.stopped_because is not None:
        return None
    if chain is None:
        return "the chain has yet to lock the escrow"
    if now < job.not_before:
        return f"its tasks are not leased before {job.not_before}"
    if not states.get("waiting", 0) + states.get("slashed", 0):
        return None
    return _no_offer_because(unit, book, job, now)


def _no_offer_because(unit: Unit, book: Book, job: JobRecord, now: int) -> str | None:
    refuters = unit.leases.refuters(job.job_id)
    if refuters:
        return (
            f"{len(refuters)} of the providers had two results for one of its tasks and do not"
            " take it again: is the program deterministic?"
        )
    fitting = book.fitting(unit, job.parsed_spec, now)
    if not fitting:
        return "no device that asks for work now fits the spec"
    if fitting[0].price_wei > job.max_price_wei:
        cheapest = fitting[0].price_wei
        return f"the cheapest fitting device asks {cheapest} wei a task, above maxPricePerTask"
    return None

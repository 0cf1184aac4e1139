"""Jobs and their escrows. Mirrors market/Jobs.sol."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from protocol.job import MAX_ESCROW_WEI, MAX_TASKS
from protocol.settlement.facts import JobState, JobTerms, Moment, Rules, Terms
from protocol.settlement.refusals import Refusal, require
from protocol.settlement.seats import Seats
from protocol.units import Address, Bytes32

EPOCH_SHIFT = 248


class Jobs(Seats):
    """What requesters have put down, and which of their tasks are spoken for."""

    def __init__(self, terms: Terms, rules: Rules | None = None) -> None:
        super().__init__(terms, rules)
        self._jobs: dict[Bytes32, JobState] = {}
        self._committed_tasks: dict[Bytes32, int] = {}

    def job(self, job_id: Bytes32) -> JobState:
        """A job's facts."""
        require(job_id in self._jobs, Refusal.UNKNOWN_JOB)
        return self._jobs[job_id]

    def has_job(self, job_id: Bytes32) -> bool:
        """Whether a job was opened, or cancelled before it could be."""
        return job_id in self._jobs

    def is_task_committed(self, job_id: Bytes32, task: int) -> bool:
        """Whether a result of the task stands now."""
        return bool(self._committed_tasks.get(job_id, 0) >> task & 1)

    def open_job(
        self, job_id: Bytes32, terms: JobTerms, at: Moment, *, signer: Address, relayer: Address
    ) -> None:
        """Lock a signed job's money. `signer` is whom its signature names, for this market."""
        require(1 <= terms.task_count <= MAX_TASKS, Refusal.BAD_TASK_COUNT)
        require(terms.max_price_per_task_wei > 0, Refusal.ZERO_PRICE)
        require(terms.audit_budget_wei <= MAX_ESCROW_WEI, Refusal.AMOUNT_TOO_LARGE)
        require(terms.deadline > at.seconds, Refusal.DEADLINE_PASSED)
        require(terms.not_before < terms.deadline, Refusal.EMPTY_TIME_WINDOW)
        require(terms.escrow_wei <= MAX_ESCROW_WEI, Refusal.AMOUNT_TOO_LARGE)
        require(job_id not in self._jobs, Refusal.JOB_NOT_NEW)
        require(signer == terms.requester, Refusal.BAD_SIGNATURE)
        epoch = self.account(terms.requester).epoch
        require(terms.nonce >> EPOCH_SHIFT == epoch, Refusal.NONCE_OF_ANOTHER_EPOCH)
        locked_wei = terms.escrow_wei + terms.audit_budget_wei
        self._spend(terms.requester, locked_wei + terms.relayer_fee_wei)
        self._jobs[job_id] = JobState(terms, terms.escrow_wei, terms.audit_budget_wei)
        self._committed_tasks[job_id] = 0
        if terms.relayer_fee_wei:
            self._credit(relayer, terms.relayer_fee_wei)

    def cancel_job(self, job_id: Bytes32, terms: JobTerms, at: Moment, *, signer: Address) -> None:
        """Nothing that is leased later can be committed. One that is not open never can be."""
        state = self._jobs.get(job_id, JobState(terms, 0, 0, is_opened=False))
        require(state.closed_at == 0, Refusal.JOB_ALREADY_CLOSED)
        require(state.cancelled_at == 0, Refusal.JOB_ALREADY_CANCELLED)
        require(signer == terms.requester, Refusal.BAD_SIGNATURE)
        self._jobs[job_id] = replace(state, cancelled_at=at.seconds)

    def close_job(self, job_id: Bytes32, at: Moment) -> None:
        """Return what is left of the escrow of a job that is over."""
        state = self._live_job(job_id)
        is_over = state.open_tasks == 0 and at.seconds > self.commit_end(state)
        require(is_over, Refusal.JOB_NOT_CLOSABLE)
        self._close(job_id, at)

    def commit_end(self, state: JobState) -> int:
        """The last second in which finished leases can be committed."""
        end = state.terms.deadline
        if state.cancelled_at:
            end = min(end, state.cancelled_at)
        return end + self.terms.commit_grace_seconds

    def owned_by_wei(self, owners: Collection[Address]) -> int:
        """All that is these accounts' own, the escrow of their jobs included."""
        own = [job for job in self._jobs.values() if job.terms.requester in owners]
        escrows_wei = sum(job.escrow_wei + job.audit_escrow_wei for job in own)
        return super().owned_by_wei(owners) + escrows_wei

    def total_wei(self) -> int:
        """The sum of every claim; always `held_wei`."""
        escrows_wei = sum(job.escrow_wei + job.audit_escrow_wei for job in self._jobs.values())
        return super().total_wei() + escrows_wei

    def _close(self, job_id: Bytes32, at: Moment) -> None:
        state = self._jobs[job_id]
        refund_wei = state.escrow_wei + state.audit_escrow_wei
        self._jobs[job_id] = replace(state, escrow_wei=0, audit_escrow_wei=0, closed_at=at.seconds)
        self._credit(state.terms.requester, refund_wei)

    def _live_job(self, job_id: Bytes32) -> JobState:
        state = self.job(job_id)
        require(state.is_opened, Refusal.UNKNOWN_JOB)
        require(state.closed_at == 0, Refusal.JOB_ALREADY_CLOSED)
        return state

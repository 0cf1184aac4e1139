"""Jobs as their requesters use them; nobody else sees them."""

from __future__ import annotations

from typing import Any

from market.cursors import decode_cursor, encode_cursor
from market.jobs.posting import JobPosting
from market.jobs.views import ENDED, job_view, receipt, status_of, task_view
from market.ports import Book, Clock
from market.principal import Principal
from market.store.records import JobRecord
from market.store.unit import Store, Unit
from protocol.chain.contracts import Contracts
from protocol.client.wire import JobPage, JobView, Receipt, TaskPage
from protocol.errors import IllegalMove, NotFound
from protocol.job import Cancellation
from protocol.units import Bytes32, to_hex

TASKS_PER_PAGE = 1000


class JobService:
    """Post, list, look, cancel."""

    def __init__(
        self, store: Store, posting: JobPosting, book: Book, contracts: Contracts, clock: Clock
    ) -> None:
        self._store = store
        self._posting = posting
        self._book = book
        self._contracts = contracts
        self._clock = clock

    def post(
        self, who: Principal, message: dict[str, Any], signature: bytes, spec_json: dict[str, Any]
    ) -> JobView:
        """See `JobPosting.post`."""
        job_id = self._posting.post(who, message, signature, spec_json)
        return self.get(who, job_id)

    def get(self, who: Principal, job_id: Bytes32) -> JobView:
        """One job.

        Raises:
            NotFound: there is none, or it is somebody else's.
        """
        with self._store.read() as unit:
            return job_view(unit, self._book, own_job(unit, who, job_id), self._now())

    def list(self, who: Principal, limit: int, cursor: str | None) -> JobPage:
        """Own jobs, newest first."""
        with self._store.read() as unit:
            found = unit.jobs.page(who.account, limit + 1, decode_cursor(cursor))
            now = self._now()
            views = [job_view(unit, self._book, job, now) for job in found[:limit]]
        last = found[limit - 1] if len(found) > limit else None
        next_cursor = encode_cursor(last.created_at, last.job_id) if last else None
        return JobPage(jobs=views, next_cursor=next_cursor)

    def tasks(self, who: Principal, job_id: Bytes32, first_task: int) -> TaskPage:
        """Tasks from `first_task` on."""
        with self._store.read() as unit:
            job = own_job(unit, who, job_id)
            found = unit.tasks.page(job_id, first_task, TASKS_PER_PAGE)
            results = unit.results.of_tasks(job_id, first_task, TASKS_PER_PAGE)
            views = task_view(unit, job, found, results)
        after = first_task + TASKS_PER_PAGE
        return TaskPage(tasks=views, next_task=after if after < job.task_count else None)

    def receipt(self, who: Principal, job_id: Bytes32) -> Receipt:
        """Who was paid what."""
        with self._store.read() as unit:
            return receipt(unit, own_job(unit, who, job_id), self._now())

    def require_owner(self, who: Principal, job_id: Bytes32) -> None:
        """Check that a job is one's own.

        Raises:
            NotFound: it is not.
        """
        with self._store.read() as unit:
            own_job(unit, who, job_id)

    def cancel(self, who: Principal, job_id: Bytes32, signature: bytes) -> JobView:
        """Relay the requester's cancellation; a second time changes nothing.

        Raises:
            BadSignature: not signed by the requester.
            IllegalMove: the job is over, or not on chain yet.
        """
        with self._store.read() as unit:
            job = own_job(unit, who, job_id)
            chain = unit.jobs.on_chain(job_id)
        cancellation = Cancellation(job_id)
        cancellation.require_signer(self._contracts.domain, signature, job.requester)
        if job.cancel_signature is None:
            status = status_of(job, chain, self._now())
            if chain is None or status in ENDED:
                raise IllegalMove(f"a job that is {status} cannot be cancelled now")
            self._relay_cancellation(job, signature)
        return self.get(who, job_id)

    def _relay_cancellation(self, job: JobRecord, signature: bytes) -> None:
        now = self._now()
        with self._store.write() as unit:
            unit.jobs.cancel(job.job_id, signature)
            call = self._contracts.cancel_job(job.job, signature)
            unit.relays.add(f"cancel-job:{to_hex(job.job_id)}", call, now)
            unit.feed.append("job_cancel_asked", now, job.job_id, {})

    def _now(self) -> int:
        return int(self._clock())


def own_job(unit: Unit, who: Principal, job_id: Bytes32) -> JobRecord:
    """A job of `who`.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    job = unit.jobs.get(job_id)
    if job is None or job.requester != who.account:
        raise NotFound("there is no such job of yours")
    return job

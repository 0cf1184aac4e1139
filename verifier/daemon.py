"""The loop: read the chain, draw, execute, dispute. Everything it must remember is in the journal.

One thread reads and decides; executions run beside it, one at a time unless told otherwise.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from protocol.chain.contracts import Contracts
from protocol.chain.events import Cursor, EventReader, Page
from protocol.chain.facts import Params
from protocol.chain.sender import Sender
from protocol.errors import ChainUnavailable, FallowError
from protocol.units import Address, Bytes32
from provider.executors.base import ExecutionStopped
from verifier.audits import Auditor
from verifier.casework import Clock, Move, Rules, next_move
from verifier.chain_view import Batch, Case, ChainView
from verifier.disputes import Disputant
from verifier.draws import AuditKey, my_audits
from verifier.journal import Audit, Journal, Step

POLL_SECONDS = 0.5
FIRST_RETRY_SECONDS = 1.0
LAST_RETRY_SECONDS = 16.0
BOOKMARK_BLOCKS = 200
_log = logging.getLogger(__name__)
_OPEN_STEPS = (Step.DRAWN, Step.EXECUTED, Step.COMMITTED)


@dataclass(frozen=True, slots=True)
class Duty:
    """One piece of work for the side thread. Duties of a lower `rank` go first."""

    key: Hashable
    rank: tuple[int, int]
    perform: Callable[[], None]


class Verifier:
    """One verifier. `run` returns when `stop` is set."""

    def __init__(
        self,
        contracts: Contracts,
        reader: EventReader,
        sender: Sender,
        journal: Journal,
        auditor: Auditor,
        disputant: Disputant,
        stop: threading.Event,
        executions_at_once: int = 1,
    ) -> None:
        self._contracts = contracts
        self._reader = reader
        self._sender = sender
        self._journal = journal
        self._auditor = auditor
        self._disputant = disputant
        self._stop = stop
        self._me: Address = sender.address
        self._params: Params | None = None
        self._view = ChainView()
        self._cursor: Cursor | None = journal.bookmark()
        self._bookmarked_block = 0
        self._drawn: set[int] = set()
        self._wake = threading.Event()
        self._crew = _Crew(executions_at_once, self._wake)

    def run(self) -> None:
        """Serve until `stop` is set; outages are waited out."""
        is_out = False
        try:
            while not self._stop.is_set():
                try:
                    self.step()
                    is_out = False
                except ChainUnavailable as error:
                    if not is_out:
                        _log.warning("%s; waiting for it", error.message)
                    is_out = True
                self._wake.wait(POLL_SECONDS)
                self._wake.clear()
        finally:
            self._stop.set()
            self._auditor.close()  # or a duty would go on asking a market that is gone
            self._crew.close()

    def wake(self) -> None:
        """Make `run` look at once, e.g. at `stop`."""
        self._wake.set()

    def step(self) -> None:
        """Read what is new and do what is due.

        Raises:
            ChainUnavailable: the endpoint does not answer.
        """
        while not self._stop.is_set() and not self._read():
            pass
        if self._view.batches or self._view.cases:
            self._decide()
        self._sender.step()

    def _read(self) -> bool:
        """Take in one page of events; whether that was all."""
        page = self._reader.poll(self._cursor)
        if page.rollback_to is not None:
            self._rewind(page)
            return False
        for event in page.events:
            if event.kind == "JobOpened":
                self._journal.add_job(event.args["job_id"], event.args["job"])
            self._view.apply(event)
        if page.cursor != self._cursor:
            self._cursor = page.cursor
            self._bookmark(page)
        return page.is_caught_up

    def _bookmark(self, page: Page) -> None:
        """Remember where to go on after a restart: after news, and now and then without."""
        last = page.cursor.marks[-1].block_number
        if page.events or last >= self._bookmarked_block + BOOKMARK_BLOCKS:
            self._journal.set_bookmark(self._resume_point(page.cursor))
            self._bookmarked_block = last

    def _rewind(self, page: Page) -> None:
        """The chain was reorganised: read everything that is not over again."""
        _log.info("blocks after %s were reorganised away", page.rollback_to)
        self._cursor = self._resume_point(page.cursor)
        self._view = ChainView()
        self._drawn.clear()

    def _resume_point(self, cursor: Cursor) -> Cursor:
        """The last mark before everything that is not over."""
        first = self._view.first_live_block()
        if first is None:
            return cursor
        return Cursor(tuple(mark for mark in cursor.marks if mark.block_number < first))

    def _decide(self) -> None:
        params = self._params = self._params or self._contracts.params()
        clock = Clock(self._contracts.block_timestamp(), self._contracts.block_number())
        self._view.prune(clock.now_seconds, params.dispute_window_seconds)
        self._draw()
        duties = [*self._audit_duties(clock, params), *self._move(clock, params)]
        self._crew.take(duties)

    def _draw(self) -> None:
        """Make the draws of batches whose seed is new."""
        self._drawn &= self._view.batches.keys()
        for batch in self._view.batches.values():
            if batch.seed is None or batch.batch_id in self._drawn:
                continue
            count = self._contracts.batch(batch.batch_id).seat_count
            seats = self._contracts.seats()[:count]
            for key in my_audits(batch, seats, self._requesters(batch), self._me):
                self._journal.add_audit(key)
                _log.info("drawn for task %d of batch %d", key.task, key.batch_id)
            self._drawn.add(batch.batch_id)

    def _requesters(self, batch: Batch) -> dict[Bytes32, Address]:
        requesters = {}
        for job_id in {lease.result.job_id for lease in batch.leases}:
            note = self._journal.job(job_id)
            requesters[job_id] = note.requester if note else self._contracts.job(job_id).requester
        return requesters

    # Audits.

    def _audit_duties(self, clock: Clock, params: Params) -> Iterable[Duty]:
        for batch in list(self._view.batches.values()):
            for audit in self._journal.audits_of(batch.batch_id):
                if audit.step is Step.CONTESTED:
                    self._open_dispute(batch, audit.key)
                elif audit.step in _OPEN_STEPS and not self._is_lost(audit.key):
                    yield self._audit_duty(batch, audit, clock, params)

    def _is_lost(self, key: AuditKey) -> bool:
        return (key.batch_id, key.lease_id) in self._view.released

    def _audit_duty(self, batch: Batch, audit: Audit, clock: Clock, params: Params) -> Duty:
        leases = {lease.result.lease_id: lease for lease in batch.leases}
        ends_at = batch.seeded_at + params.dispute_window_seconds
        is_late = clock.now_seconds > ends_at - params.dispute_window_seconds // 2

        def perform() -> None:
            lease = leases[audit.key.lease_id]
            job = self._journal.job(lease.result.job_id)
            current = self._journal.audit(audit.key)
            if job and current and current.step in _OPEN_STEPS:
                self._auditor.perform(current, lease, job, is_late=is_late)

        return Duty(audit.key, (1, ends_at), perform)

    def _open_dispute(self, batch: Batch, key: AuditKey) -> None:
        """One dispute of mine for each lease: losing one task loses it all, and bonds are dear."""
        is_known = (key.batch_id, key.lease_id, key.task) in self._view.disputed
        lease = (key.batch_id, key.lease_id, self._me)
        mine = {(c.batch_id, c.lease.result.lease_id, c.challenger) for c in self._cases()}
        if not is_known and lease not in mine and not self._is_lost(key):
            self._disputant.open(batch, key)

    def _cases(self) -> list[Case]:
        return list(self._view.cases.values())

    # Disputes.

    def _move(self, clock: Clock, params: Params) -> Iterable[Duty]:
        rules = Rules(
            params.dispute_window_seconds, params.concede_seconds, params.seed_delay_blocks
        )
        for case in self._cases():
            has_ballot = self._journal.ballot(case.dispute_id) is not None
            move = next_move(case, self._me, has_ballot, clock, rules)
            if move is Move.EXECUTE:
                yield Duty(("vote", case.dispute_id), (0, case.commit_by), self._vote(case))
            elif move is Move.OPEN_CLAIM:  # may have to ask the market
                yield Duty(("claim", case.dispute_id), (0, case.open_by), self._claim(case))
            elif move is not None:
                self._disputant.make(move, case)

    def _claim(self, case: Case) -> Callable[[], None]:
        return lambda: self._disputant.make(Move.OPEN_CLAIM, case)

    def _vote(self, case: Case) -> Callable[[], None]:
        def perform() -> None:
            job = self._journal.job(case.lease.result.job_id)
            if job:
                self._disputant.execute(case, job)

        return perform


class _Crew:
    """Side threads, each with one duty at a time; a failed duty waits a little."""

    def __init__(self, size: int, wake: threading.Event) -> None:
        self._size = size
        self._wake = wake
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="execution")
        self._running: dict[Hashable, Future[None]] = {}
        self._not_before: dict[Hashable, float] = {}
        self._failures: dict[Hashable, int] = {}

    def take(self, duties: Iterable[Duty]) -> None:
        """Start the most urgent duties for which there is a thread."""
        self._running = {key: f for key, f in self._running.items() if not f.done()}
        now = time.monotonic()
        for duty in sorted(duties, key=lambda duty: duty.rank):
            if len(self._running) >= self._size:
                return
            if duty.key not in self._running and now >= self._not_before.get(duty.key, 0.0):
                self._running[duty.key] = self._pool.submit(self._perform, duty)

    def close(self) -> None:
        """Wait for the duties in hand; `stop` has told them to end."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _perform(self, duty: Duty) -> None:
        try:
            duty.perform()
            self._failures.pop(duty.key, None)
        except ExecutionStopped:
            _log.info("stopped in mid-execution; it starts again next time")
        except FallowError as error:
            self._failed(duty)
            _log.info("%s: %s; trying again", duty.key, error.message)
        except Exception:  # noqa: BLE001 - a bug in one duty must not cost the others
            self._failed(duty)
            _log.exception("a bug ended %s; trying again", duty.key)
        finally:
            self._wake.set()

    def _failed(self, duty: Duty) -> None:
        failures = self._failures.get(duty.key, 0)
        delay_seconds = min(FIRST_RETRY_SECONDS * 2.0 ** min(failures, 16), LAST_RETRY_SECONDS)
        self._failures[duty.key] = failures + 1
        self._not_before[duty.key] = time.monotonic() + delay_seconds

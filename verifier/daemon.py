"""The loop: read the chain, draw, execute, dispute. Everything it must remember is in the journal.

One thread reads and decides; executions run beside it, one at a time unless told otherwise.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable

from protocol.chain.contracts import Contracts
from protocol.chain.events import Cursor, EventReader, Page
from protocol.chain.facts import Params
from protocol.chain.sender import Sender
from protocol.chain.view import Case, ChainView, OpenBatch
from protocol.errors import ChainUnavailable
from protocol.units import Address, Bytes32, to_hex
from verifier.audits import Auditor
from verifier.casework import Clock, Move, Rules, next_move
from verifier.crew import Crew, Duty
from verifier.disputes import Disputant
from verifier.draws import AuditKey, my_audits
from verifier.games import GameDesk
from verifier.journal import Audit, Journal, Step

POLL_SECONDS = 0.5
BOOKMARK_BLOCKS = 200
REMEMBERED_BLOCKS = 256
"""So far back every chain knows its blocks' hashes; some know more."""
_log = logging.getLogger(__name__)
_OPEN_STEPS = (Step.DRAWN, Step.EXECUTED, Step.COMMITTED)


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
        games: GameDesk,
        stop: threading.Event,
        executions_at_once: int = 1,
    ) -> None:
        self._contracts = contracts
        self._reader = reader
        self._sender = sender
        self._journal = journal
        self._auditor = auditor
        self._disputant = disputant
        self._games = games
        self._stop = stop
        self._me: Address = sender.address
        # Only delays and windows of it are used, which never change.
        self._params: Params | None = None
        self._view = ChainView()
        self._cursor: Cursor | None = journal.bookmark()
        self._bookmarked_block = 0
        self._drawn: dict[Bytes32, Collection[AuditKey]] = {}
        self._wake = threading.Event()
        self._crew = Crew(executions_at_once, self._wake)

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
        if self._view.first_live_block() is not None:
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
        self._learn_seeds(clock, params)
        self._draw()
        duties = [*self._audit_duties(clock, params), *self._move(clock, params)]
        self._contradict()
        self._crew.take(duties)

    def _learn_seeds(self, clock: Clock, params: Params) -> None:
        """Ask for the seeds of batches whose seed block is mined: no event tells them."""
        for batch in list(self._view.batches.values()):
            age_blocks = clock.block_number - batch.commit_block - params.seed_delay_blocks
            if batch.seed is not None or age_blocks <= 0 or batch.batch_id in self._drawn:
                continue
            seed = self._contracts.seed_of(batch.batch_id)
            if any(seed):
                self._view.set_seed(batch.batch_id, seed)
            elif age_blocks > REMEMBERED_BLOCKS:  # before, an endpoint may just lag behind
                _log.warning(
                    "batch %s: its seed is forgotten; it cannot be audited any more",
                    to_hex(batch.batch_id),
                )
                known = self._journal.audits_of(batch.batch_id)
                self._drawn[batch.batch_id] = {audit.key for audit in known}

    def _draw(self) -> None:
        """Make the draws of batches whose seed is new."""
        self._drawn = {i: keys for i, keys in self._drawn.items() if i in self._view.batches}
        for batch in self._view.batches.values():
            if batch.seed is None or batch.batch_id in self._drawn:
                continue
            facts = self._contracts.batch(batch.batch_id)
            if not facts.exists:
                continue  # an endpoint that lags behind
            mine = my_audits(batch, self._contracts.seats()[: facts.seat_count], self._me)
            for key, attempt in mine.items():
                self._journal.add_audit(key, attempt)
                _log.info("drawn for task %d of batch %s", key.task, to_hex(key.batch_id))
            self._drawn[batch.batch_id] = mine.keys()

    # Audits.

    def _audit_duties(self, clock: Clock, params: Params) -> Iterable[Duty]:
        for batch in list(self._view.batches.values()):
            for audit in self._journal.audits_of(batch.batch_id):
                if audit.key not in self._drawn.get(batch.batch_id, ()):
                    continue  # drawn by a seed that a reorganisation took back
                if audit.step is Step.CONTESTED:
                    self._open_dispute(batch, audit.key)
                elif audit.step in _OPEN_STEPS and not self._is_lost(audit.key):
                    yield self._audit_duty(batch, audit, clock, params)

    def _is_lost(self, key: AuditKey) -> bool:
        return (key.batch_id, key.lease_id) in self._view.released

    def _audit_duty(self, batch: OpenBatch, audit: Audit, clock: Clock, params: Params) -> Duty:
        ends_at = batch.committed_at + params.dispute_window_seconds
        is_late = clock.now_seconds > ends_at - params.dispute_window_seconds // 2

        def perform() -> None:
            lease = batch.batch.result(batch.line_of(audit.key.lease_id))
            job = self._journal.job(lease.job_id)
            current = self._journal.audit(audit.key)
            if job and current and current.step in _OPEN_STEPS:
                self._auditor.perform(current, lease, job, is_late=is_late)

        return Duty(audit.key, (1, ends_at), perform)

    def _open_dispute(self, batch: OpenBatch, key: AuditKey) -> None:
        """One dispute of mine for each lease: losing one task loses it all, and bonds are dear."""
        is_known = (key.batch_id, key.lease_id, key.task) in self._view.disputed
        lease = (key.batch_id, key.lease_id, self._me)
        mine = {(c.batch_id, c.lease.lease_id, c.challenger) for c in self._cases()}
        if not is_known and lease not in mine and not self._is_lost(key):
            self._disputant.open(batch, key)

    def _cases(self) -> list[Case]:
        return list(self._view.cases.values())

    # Disputes.

    def _move(self, clock: Clock, params: Params) -> Iterable[Duty]:
        rules = Rules(params.concede_seconds, params.seed_delay_blocks)
        for case in self._cases():
            game = self._games.game_of(case)
            if self._games.is_at_play(case, game, clock):
                duty = self._games.duty(case, game, clock)
                if duty is not None:
                    yield duty
                continue
            of_stretch = case.stretch is not None
            ballot = self._journal.ballot(case.dispute_id, of_stretch=of_stretch)
            has_ballot = ballot is not None
            move = next_move(case, self._me, has_ballot, clock, rules)
            if move is Move.EXECUTE:
                late_at = case.commit_by - params.commit_seconds // 2
                vote = self._vote(case, is_late=clock.now_seconds > late_at)
                key = ("vote", case.dispute_id, of_stretch)
                yield Duty(key, (0, case.commit_by), vote)
            elif move is Move.OPEN_CLAIM:  # may have to ask the market
                yield Duty(("claim", case.dispute_id), (0, case.open_by), self._claim(case))
            elif move is not None:
                self._disputant.make(move, case)

    def _contradict(self) -> None:
        """Hold those to account who agreed with what a committee found wrong."""
        for case in self._view.won.values():
            for audit_round in self._view.accepted_rounds(case):
                self._disputant.contradict(case, audit_round)

    def _claim(self, case: Case) -> Callable[[], None]:
        return lambda: self._disputant.make(Move.OPEN_CLAIM, case)

    def _vote(self, case: Case, *, is_late: bool) -> Callable[[], None]:
        def perform() -> None:
            job = self._journal.job(case.lease.job_id)
            if job:
                self._disputant.execute(case, job, is_late=is_late)

        return perform

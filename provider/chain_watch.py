"""What the chain says of this device's work: which spec a job signed, which lease is disputed.

The chain is read only while there is a reason: a lease in hand, or a result that is not settled.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable

from protocol.batch import Batch
from protocol.chain.events import ChainEvent, Cursor, EventReader
from protocol.errors import ChainUnavailable
from protocol.units import Bytes32, to_hex
from provider.ledger import Ledger

MAX_JOBS = 100_000
ASK_AGAIN_SECONDS = 1.0
PATIENCE_SECONDS = 120.0
_log = logging.getLogger(__name__)
OnDispute = Callable[[int, Bytes32, int], None]
"""Called as `(dispute id, lease id, task)` for a dispute of one of this device's results."""


class ChainWatch:
    """Follows the chain's events. One thread calls `run`; `spec_hash` may be called from any."""

    def __init__(
        self, reader: EventReader, ledger: Ledger, poll_seconds: float, on_dispute: OnDispute
    ) -> None:
        self._reader = reader
        self._ledger = ledger
        self._poll_seconds = poll_seconds
        self._on_dispute = on_dispute
        self._cursor: Cursor | None = None
        self._spec_hashes: OrderedDict[Bytes32, Bytes32] = OrderedDict()
        self._batches: dict[Bytes32, dict[int, Bytes32]] = {}
        """Our leases that are committed and not finished: by batch id and line."""
        self._news = threading.Condition()
        self._wanted = 0
        self._wake = threading.Event()
        self._ending = threading.Event()

    def run(self) -> None:
        """Follow the chain until `end`."""
        outage = False
        while not self._ending.is_set():
            try:
                is_caught_up = self.poll()
                outage = False
            except ChainUnavailable as error:
                if not outage:
                    _log.warning("%s; waiting for it", error.message)
                outage, is_caught_up = True, True
            if is_caught_up:
                self._rest()

    def end(self) -> None:
        """Make `run` and every waiting `spec_hash` return."""
        self._ending.set()
        self._wake.set()
        with self._news:
            self._news.notify_all()

    def wake(self) -> None:
        """There is a reason to look: a result was signed."""
        self._wake.set()

    def poll(self) -> bool:
        """Take in one page of events; whether that was all there is.

        Raises:
            ChainUnavailable: the endpoint does not answer.
        """
        page = self._reader.poll(self._cursor)
        # A reorganisation takes nothing back here: a spec hash is bound by the job's id, and a
        # dispute is looked up on chain before it is answered.
        with self._news:
            for event in page.events:
                if event.kind == "JobOpened":
                    self._spec_hashes[event.args["job_id"]] = event.args["job"].spec_hash
            while len(self._spec_hashes) > MAX_JOBS:
                self._spec_hashes.popitem(last=False)
            self._news.notify_all()
        for event in page.events:
            self._take(event)
        self._cursor = page.cursor
        return page.is_caught_up

    def spec_hash(self, job_id: Bytes32, give_up: threading.Event) -> Bytes32:
        """The spec hash that the job's requester signed; waits until the chain tells.

        Raises:
            ChainUnavailable: it does not tell in time, or `give_up` was set.
        """
        with self._news:
            self._wanted += 1
            self._wake.set()
            try:
                waited_seconds = 0.0
                while job_id not in self._spec_hashes:
                    is_over = give_up.is_set() or self._ending.is_set()
                    if is_over or waited_seconds >= PATIENCE_SECONDS:
                        raise ChainUnavailable(f"the chain does not show job {to_hex(job_id)}")
                    self._news.wait(ASK_AGAIN_SECONDS)
                    waited_seconds += ASK_AGAIN_SECONDS
                return self._spec_hashes[job_id]
            finally:
                self._wanted -= 1

    def _take(self, event: ChainEvent) -> None:
        args = event.args
        if event.kind == "BatchCommitted":
            self._note_batch(args["batch_id"], args["batch"])
        elif event.kind == "BatchSettled":
            self._settle(args["batch_id"], args["settled_bits"])
        elif event.kind == "LeaseReleased":
            self._ledger.remove(args["lease_id"])
        elif event.kind == "DisputeOpened" and self._ledger.has(args["lease_id"]):
            self._on_dispute(args["dispute_id"], args["lease_id"], args["task"])

    def _note_batch(self, batch_id: Bytes32, batch: Batch) -> None:
        ours = {
            number: line.lease_id
            for number, line in enumerate(batch.lines)
            if self._ledger.has(line.lease_id)
        }
        if ours:
            self._batches[batch_id] = ours

    def _settle(self, batch_id: Bytes32, settled_bits: int) -> None:
        """Forget what was paid; the event names leases only by their place in the batch."""
        ours = self._batches.pop(batch_id, {})
        for number, lease_id in ours.items():
            if settled_bits >> number & 1:
                self._ledger.remove(lease_id)
        left = {number: lease for number, lease in ours.items() if self._ledger.has(lease)}
        if left:
            self._batches[batch_id] = left

    def _rest(self) -> None:
        """Sleep: shortly while something depends on the chain, otherwise until woken."""
        is_needed = self._wanted > 0 or not self._ledger.is_empty()
        self._wake.wait(self._poll_seconds if is_needed else None)
        self._wake.clear()

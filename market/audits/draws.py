"""Who was really drawn, computed again from the chain's facts."""

from __future__ import annotations

import threading
from collections import OrderedDict

from market.store.records import ChainLeaseRecord, JobRecord
from protocol.chain.contracts import Contracts
from protocol.chain.facts import BatchFacts
from protocol.errors import Conflict
from protocol.sampling import Draw, Seat, draw_verifier, is_audited
from protocol.units import Address

REMEMBERED_BATCHES = 256


class Draws:
    """Draws of seeded batches; their facts no longer change, so they are asked for once."""

    def __init__(self, contracts: Contracts, operator: Address) -> None:
        self._contracts = contracts
        self._operator = operator
        self._lock = threading.Lock()
        self._batches: OrderedDict[int, tuple[BatchFacts, tuple[Seat, ...]]] = OrderedDict()

    def verifier_of(self, lease: ChainLeaseRecord, job: JobRecord, task: int) -> Draw | None:
        """Who audits a task; None when it is not audited, or nobody could be drawn.

        Raises:
            Conflict: the batch has no seed yet.
            ChainUnavailable: the chain does not answer.
        """
        batch, seats = self._facts(lease.batch_id)
        if not is_audited(batch.seed, lease.lease_id, task, lease.audit_rate_ppm):
            return None
        excluded = {lease.provider, job.requester, self._operator}
        return draw_verifier(batch.seed, lease.lease_id, task, seats, batch.commit_block, excluded)

    def _facts(self, batch_id: int) -> tuple[BatchFacts, tuple[Seat, ...]]:
        with self._lock:
            known = self._batches.get(batch_id)
        if known is not None:
            return known
        batch = self._contracts.batch(batch_id)
        if not batch.is_seeded:
            raise Conflict(f"batch {batch_id} has no seed yet; nothing is drawn")
        found = batch, self._contracts.seats()[: batch.seat_count]
        with self._lock:
            self._batches[batch_id] = found
            while len(self._batches) > REMEMBERED_BATCHES:
                self._batches.popitem(last=False)
        return found

    def forget(self) -> None:
        """A reorganisation may have changed them."""
        with self._lock:
            self._batches.clear()

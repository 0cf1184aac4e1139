"""Who was really drawn, computed again from the chain's facts."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from market.store.records import ChainLeaseRecord, JobRecord
from protocol.chain.contracts import Contracts
from protocol.errors import Conflict
from protocol.sampling import Draw, Seat, draw_verifiers
from protocol.units import ZERO_BYTES32, Address, Bytes32, to_hex

REMEMBERED_BATCHES = 256


@dataclass(frozen=True, slots=True)
class _DrawFacts:
    """What a batch's draws are made from."""

    seed: Bytes32
    commit_block: int
    seats: tuple[Seat, ...]


class Draws:
    """Draws of seeded batches; their facts no longer change, so they are asked for once."""

    def __init__(self, contracts: Contracts, operator: Address) -> None:
        self._contracts = contracts
        self._operator = operator
        self._lock = threading.Lock()
        self._batches: OrderedDict[Bytes32, _DrawFacts] = OrderedDict()

    def verifiers_of(self, lease: ChainLeaseRecord, job: JobRecord, task: int) -> tuple[Draw, ...]:
        """Who audits a task: nobody, one, or two verifiers.

        Raises:
            Conflict: the batch has no seed yet, or is finished.
            ChainUnavailable: the chain does not answer.
        """
        facts = self._facts(lease.batch_id)
        return draw_verifiers(
            facts.seed,
            lease.lease_id,
            task,
            lease.audit_rate_ppm,
            facts.seats,
            facts.commit_block,
            {lease.provider, job.requester, self._operator},
        )

    def _facts(self, batch_id: Bytes32) -> _DrawFacts:
        with self._lock:
            known = self._batches.get(batch_id)
        if known is not None:
            return known
        batch, seed = self._contracts.batch(batch_id), self._contracts.seed_of(batch_id)
        if not batch.exists:
            raise Conflict(f"batch {to_hex(batch_id)} is finished; nothing of it is audited now")
        if seed == ZERO_BYTES32:
            raise Conflict(f"batch {to_hex(batch_id)} has no seed yet; nothing is drawn")
        seats = self._contracts.seats()[: batch.seat_count]
        found = _DrawFacts(seed, batch.commit_block, seats)
        with self._lock:
            self._batches[batch_id] = found
            while len(self._batches) > REMEMBERED_BATCHES:
                self._batches.popitem(last=False)
        return found

    def forget(self) -> None:
        """A reorganisation may have changed them."""
        with self._lock:
            self._batches.clear()

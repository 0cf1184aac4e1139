"""Committing finished leases: many in one batch, and none left behind by a bad one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from market.leases import faults
from market.leases.expiry import lost_facts
from market.store.records import LeaseRecord, RelayRecord
from market.store.unit import Store, Unit
from protocol.chain.contracts import Contracts
from protocol.job import Job
from protocol.lifecycle import Fault
from protocol.units import Bytes32

MAX_LEASES = 64
# A task that is committed out of its order costs a bit of storage.
MAX_TASKS = 16_384
# The chain takes no lease that begins further ahead of all that is committed of its job.
MAX_GAP_TASKS = 65_536
MAX_BATCHES = 16


class Batching:
    """A batch goes out when it is full or its oldest lease has waited long enough."""

    def __init__(self, store: Store, contracts: Contracts, batch_seconds: float) -> None:
        self._store = store
        self._contracts = contracts
        self._batch_seconds = batch_seconds

    def advance(self, now: float) -> None:
        """Put what is due into the outbox."""
        for _ in range(MAX_BATCHES):
            with self._store.read() as unit:
                waiting = unit.leases.to_commit(MAX_LEASES, MAX_GAP_TASKS)
            if not self._is_due(waiting, now):
                return
            with self._store.write() as unit:
                self.send(unit, _fitting(waiting), int(now))

    def send(self, unit: Unit, leases: Sequence[LeaseRecord], now: int) -> None:
        """One batch into the outbox, together with the note of who is in it.

        By rising id, as the chain takes them: mostly the order of a job's tasks, too.
        """
        leases = sorted(leases, key=lambda lease: lease.lease_id)
        digest = hashlib.sha256(b"".join(lease.lease_id for lease in leases)).hexdigest()
        key = f"commit:{digest[:40]}"
        if not unit.leases.put_in_batch([lease.lease_id for lease in leases], key):
            return
        call = self._contracts.commit_batch(
            _jobs_of(unit, leases),
            [lease.result for lease in leases],
            [bytes(lease.signature or b"") for lease in leases],
        )
        unit.relays.add(key, call, now)

    def rejected(self, unit: Unit, relay: RelayRecord, reason: str, now: int) -> None:
        """Halve a refused batch until the bad lease is alone; that one is dropped."""
        leases = unit.leases.of_batch(relay.key)
        unit.leases.take_out_of_batch(relay.key)
        if len(leases) > 1:
            half = len(leases) // 2
            self.send(unit, leases[:half], now)
            self.send(unit, leases[half:], now)
        elif leases and unit.chain.lease(leases[0].lease_id) is None:
            self._drop(unit, leases[0], reason, now)

    def _drop(self, unit: Unit, lease: LeaseRecord, reason: str, now: int) -> None:
        if unit.leases.drop(lease.lease_id, Fault.ERROR, faults.REFUSED, reason, now):
            unit.tasks.free(lease.lease_id)
            unit.offers.failed(lease.device, now)
            unit.is_work_new = True
            data = lost_facts(lease, Fault.ERROR, faults.REFUSED) | {"detail": reason}
            unit.feed.append("lease_rejected", now, lease.job_id, data)

    def _is_due(self, waiting: Sequence[LeaseRecord], now: float) -> bool:
        if not waiting:
            return False
        oldest_ms = waiting[0].finished_at_ms or 0
        return len(waiting) >= MAX_LEASES or now - oldest_ms / 1000 >= self._batch_seconds


def _jobs_of(unit: Unit, leases: Sequence[LeaseRecord]) -> dict[Bytes32, Job]:
    found = (unit.jobs.get(job_id) for job_id in {lease.job_id for lease in leases})
    return {record.job_id: record.job for record in found if record is not None}


def _fitting(leases: Sequence[LeaseRecord]) -> Sequence[LeaseRecord]:
    """As many as one transaction's gas carries, whatever their order."""
    tasks = 0
    for i, lease in enumerate(leases):
        tasks += lease.count
        if i > 0 and tasks > MAX_TASKS:
            return leases[:i]
    return leases

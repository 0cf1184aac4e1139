"""Seeds, settlement, closing: each batch and job as far as the chain lets it go now."""

from __future__ import annotations

from market.settlement.pokes import poke
from market.store.unit import Store
from protocol.chain.contracts import Contracts
from protocol.chain.facts import Params
from protocol.units import Address, to_hex


class Payouts:
    """`now` is the chain's time, `block` its newest block."""

    def __init__(
        self, store: Store, contracts: Contracts, params: Params, operator: Address
    ) -> None:
        self._store = store
        self._contracts = contracts
        self._params = params
        self._operator = operator

    def fix_seeds(self, block: int, now: int) -> None:
        """Fix the seed of every batch whose seed block is mined."""
        with self._store.read() as unit:
            batches = unit.chain.unseeded(self._operator)
        delay = self._params.seed_delay_blocks
        due = [
            b
            for b in batches
            if block > (b.seed_block if b.seed_block != b.commit_block else b.commit_block + delay)
        ]
        for batch in due:
            with self._store.write() as unit:
                call = self._contracts.fix_seed(batch.batch_id)
                poke(unit, f"fix-seed:{batch.batch_id}", call, now)

    def settle(self, now: int) -> None:
        """Pay out what is due, and free the tasks of what is forfeited."""
        with self._store.read() as unit:
            hold_seconds = self._params.unstake_delay_seconds
            due = unit.chain.settleable(self._operator, now, hold_seconds)
        for batch_id, open_leases in due.items():
            with self._store.write() as unit:
                leases = [lease.committed for lease in unit.chain.leases_of(batch_id)]
                call = self._contracts.settle_batch(batch_id, leases)
                # Named by how many are left: what a dispute held back is another action.
                poke(unit, f"settle:{batch_id}:{open_leases}", call, now)

    def close(self, now: int) -> None:
        """Return the left-over escrow of jobs that are done, or over with nothing in flight."""
        grace = self._params.commit_grace_seconds
        with self._store.read() as unit:
            jobs = unit.jobs.closable()
        for job, chain in jobs:
            ends_at = min(job.deadline, chain.cancelled_at or job.deadline) + grace
            is_done = chain.settled_tasks == job.task_count
            if not is_done and (chain.open_leases or now <= ends_at):
                continue
            with self._store.write() as unit:
                call = self._contracts.close_job(job.job_id)
                poke(unit, f"close:{to_hex(job.job_id)}", call, now)

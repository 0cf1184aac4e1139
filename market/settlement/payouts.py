"""Settlement and closing: each batch and job as far as the chain lets it go now."""

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

    def settle(self, block: int, now: int) -> None:
        """Pay out what is due, and free the tasks of what is forfeited.

        Audits of finished leases are not accepted: so while some of a batch are on their way, it
        waits, for half a window at most.
        """
        window_ago = now - self._params.dispute_window_seconds
        patience_seconds = self._params.dispute_window_seconds // 2
        with self._store.read() as unit:
            due = unit.chain.settleable(
                self._operator,
                committed_before=window_ago,
                seeded_by_block=block - self._params.seed_delay_blocks,
                held_before=window_ago - self._params.unstake_delay_seconds,
            )
            unaccepted = unit.audits.unaccepted_batches()
        for batch in due:
            is_late = batch.committed_at < window_ago - patience_seconds
            if batch.batch_id in unaccepted and not is_late:
                continue
            with self._store.write() as unit:
                call = self._contracts.settle_batch(unit.chain.content(batch.batch_id))
                # Named by how many are left: what a dispute held back is another action.
                poke(unit, f"settle:{to_hex(batch.batch_id)}:{batch.leases}", call, now)

    def close(self, now: int) -> None:
        """Return the left-over escrow of jobs that are over with nothing in flight.

        A job whose every task is paid was closed by its last settlement.
        """
        grace = self._params.commit_grace_seconds
        with self._store.read() as unit:
            jobs = unit.jobs.closable()
        for job, chain in jobs:
            ends_at = min(job.deadline, chain.cancelled_at or job.deadline) + grace
            if chain.open_leases or now <= ends_at:
                continue
            with self._store.write() as unit:
                call = self._contracts.close_job(job.job)
                poke(unit, f"close:{to_hex(job.job_id)}", call, now)

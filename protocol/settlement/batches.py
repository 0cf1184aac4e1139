"""Lease results committed together, their seed and their settlement. Mirrors market/Batches.sol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from protocol import pricing
from protocol.lifecycle import LeaseFacts
from protocol.settlement.facts import (
    MAX_FREED_TASKS,
    MAX_GAP,
    MAX_ITEMS,
    MAX_LEASE_TASKS,
    Batch,
    LeaseEntry,
    Moment,
    Rules,
    Terms,
)
from protocol.settlement.jobs import Jobs
from protocol.settlement.refusals import Refusal, require
from protocol.units import Address, Bytes32


class Batches(Jobs):
    """Work that waits for its window, and is then paid or forfeited."""

    def __init__(self, terms: Terms, rules: Rules | None = None) -> None:
        super().__init__(terms, rules)
        self._batches: dict[Bytes32, Batch] = {}
        self._void_results: set[LeaseEntry] = set()
        self._lost_leases: set[tuple[Bytes32, int]] = set()

    def batch(self, batch_id: Bytes32) -> Batch:
        """A batch's facts, also of one that is over."""
        require(batch_id in self._batches, Refusal.UNKNOWN_BATCH)
        return self._batches[batch_id]

    def has_batch(self, batch_id: Bytes32) -> bool:
        """Whether a batch was ever committed."""
        return batch_id in self._batches

    def lease_facts(self, batch_id: Bytes32, index: int) -> LeaseFacts:
        """What `protocol.lifecycle` derives a lease's status from."""
        state = self.batch(batch_id)
        is_lost = (batch_id, index) in self._lost_leases
        return LeaseFacts(
            expires_at=state.committed_at,
            is_committed=True,
            is_disputed=state.is_disputed(index),
            is_settled=state.is_finished(index) and not is_lost,
            is_slashed=is_lost,
        )

    def commit_batch(
        self,
        batch_id: Bytes32,
        operator: Address,
        entries: Sequence[LeaseEntry],
        at: Moment,
        signers: Sequence[Address] | None = None,
    ) -> None:
        """Commit leases under one id, the batch's hash, each with its audit rate.

        `signers` are the wallets that the leases' signatures stand for on this market; without them
        every lease is signed as it claims to be.
        """
        require(0 < len(entries) <= MAX_ITEMS, Refusal.TOO_MANY)
        names = signers if signers is not None else [entry.provider for entry in entries]
        require(len(names) == len(entries), Refusal.LENGTH_MISMATCH)
        taken = self._require_free(operator, entries, names, at)
        self._committed_tasks |= taken
        rates_ppm = tuple(self._record(entry) for entry in entries)
        self._batches[batch_id] = Batch(
            tuple(entries),
            rates_ppm,
            operator,
            commit_block=at.block,
            committed_at=at.seconds,
            seed_block=at.block + self.terms.seed_delay_blocks,
            window_ends_at=at.seconds + self.terms.dispute_window_seconds,
            seat_count=self.seat_count_at(at.block),
        )

    def fix_seed(self, batch_id: Bytes32, seed: Bytes32 | None, at: Moment) -> None:
        """Keep what all draws follow from. `seed` is the `protocol.sampling.batch_seed` of the
        beacon's value for the batch's seed block, None if that is out of reach: then nothing is
        drawn any more.
        """
        require(self._live_batch(batch_id).seed is None, Refusal.SEED_ALREADY_FIXED)
        self._fix_seed(batch_id, seed, at)

    def settle_batch(self, batch_id: Bytes32, at: Moment) -> int:
        """Pay or forfeit what can be; return how many leases that were."""
        state = self._live_batch(batch_id)
        is_due = state.is_window_over(at.seconds) and at.block > state.seed_block
        require(is_due, Refusal.WINDOW_OPEN)
        done = self._settle_pending(batch_id, at)
        finished = state.finished_bitmap | done
        is_over = finished == (1 << len(state.entries)) - 1 and not state.disputed_bitmap
        # Of a batch whose last lease a ruling ended, there is still its state to be forgotten.
        require(done != 0 or is_over, Refusal.NOTHING_TO_SETTLE)
        self._batches[batch_id] = replace(state, finished_bitmap=finished, is_over=is_over)
        self._close_done(state, at)
        return done.bit_count()

    def _fix_seed(self, batch_id: Bytes32, seed: Bytes32 | None, at: Moment) -> None:
        state = self._batches[batch_id]
        require(at.block > state.seed_block, Refusal.SEED_NOT_READY)
        require(seed is not None, Refusal.SEED_GONE)
        self._batches[batch_id] = replace(state, seed=seed)

    def _require_free(
        self,
        operator: Address,
        entries: Sequence[LeaseEntry],
        signers: Sequence[Address],
        at: Moment,
    ) -> dict[Bytes32, int]:
        """Check all leases before anything changes; return their jobs' committed tasks."""
        for job_id in sorted({entry.job_id for entry in entries}):
            self._require_running(operator, job_id, at)
        taken: dict[Bytes32, int] = {}
        frontiers: dict[Bytes32, int] = {}
        latest: Bytes32 | None = None
        for entry, signer in zip(entries, signers, strict=True):
            job_id = entry.job_id
            # Rising, so that no id comes twice: draws, audits and votes name a lease by its id.
            require(latest is None or entry.lease_id > latest, Refusal.LEASES_NOT_IN_ORDER)
            latest = entry.lease_id
            self._require_priced(entry)
            require(signer == entry.provider, Refusal.BAD_SIGNATURE)
            require(entry not in self._void_results, Refusal.RESULT_IS_VOID)
            frontier = frontiers.get(job_id, self._jobs[job_id].frontier)
            require(entry.first_task <= frontier + MAX_GAP, Refusal.TOO_FAR_AHEAD)
            before = taken.get(job_id, self._committed_tasks[job_id])
            require(not before & _bits(entry), Refusal.TASK_ALREADY_COMMITTED)
            taken[job_id] = before | _bits(entry)
            frontiers[job_id] = max(frontier, entry.tasks.stop)
        return taken

    def _require_running(self, operator: Address, job_id: Bytes32, at: Moment) -> None:
        state = self._live_job(job_id)
        require(operator == state.terms.operator, Refusal.WRONG_OPERATOR)
        require(at.seconds >= state.terms.not_before, Refusal.JOB_NOT_STARTED)
        require(at.seconds <= self.commit_end(state), Refusal.COMMIT_PERIOD_OVER)

    def _require_priced(self, entry: LeaseEntry) -> None:
        terms = self._jobs[entry.job_id].terms
        is_inside = entry.first_task + entry.count <= terms.task_count
        is_range = 0 < entry.count <= MAX_LEASE_TASKS and is_inside
        require(is_range, Refusal.TASK_RANGE_INVALID)
        most_wei = entry.count * terms.max_price_per_task_wei
        require(entry.count <= entry.amount_wei <= most_wei, Refusal.AMOUNT_OUT_OF_RANGE)

    def _record(self, entry: LeaseEntry) -> int:
        """Book a checked lease; return its audit rate."""
        state = self._jobs[entry.job_id]
        self._jobs[entry.job_id] = replace(
            state,
            frontier=max(state.frontier, entry.tasks.stop),
            committed_tasks=state.committed_tasks + entry.count,
            open_leases=state.open_leases + 1,
        )
        stake_wei = self.account(entry.provider).stake_wei
        return pricing.audit_rate_ppm(entry.price_per_task_wei, stake_wei)

    def _settle_pending(self, batch_id: Bytes32, at: Moment) -> int:
        """Pay or forfeit what can be; return it as bits. What is forfeited may be freed in part."""
        state = self.batch(batch_id)
        blocked = state.finished_bitmap | state.disputed_bitmap
        done = freed_tasks = 0
        for index, entry in enumerate(state.entries):
            if blocked >> index & 1:
                continue
            if self._is_forfeited(state, entry):
                if freed_tasks >= MAX_FREED_TASKS:
                    continue
                freed_tasks += entry.count
                self._release_lease(batch_id, index)
            elif self._is_held(state, entry, at):
                continue
            else:
                self._settle(entry)
            done |= 1 << index
        return done

    def _is_forfeited(self, state: Batch, entry: LeaseEntry) -> bool:
        """Whoever was slashed loses what it had committed by then."""
        is_before = state.commit_block <= self.account(entry.provider).forfeit_block
        return self.rules.forfeits_after_slash and is_before

    def _is_held(self, state: Batch, entry: LeaseEntry, at: Moment) -> bool:
        """Disputes hold a provider's pay back, but only for so long."""
        held_until = state.window_ends_at + self.terms.unstake_delay_seconds
        return self.account(entry.provider).open_disputes != 0 and at.seconds <= held_until

    def _close_done(self, state: Batch, at: Moment) -> None:
        """A job whose every task is paid is over: what it has not spent returns at once."""
        for job_id in state.job_ids:
            job = self._jobs[job_id]
            if job.settled_tasks == job.terms.task_count and not job.closed_at:
                self._close(job_id, at)

    def _settle(self, entry: LeaseEntry) -> None:
        """Pay fills the provider's stake up to the minimum first."""
        state = self._jobs[entry.job_id]
        self._jobs[entry.job_id] = replace(
            state,
            settled_tasks=state.settled_tasks + entry.count,
            open_leases=state.open_leases - 1,
            escrow_wei=state.escrow_wei - entry.amount_wei,
        )
        provider = self.account(entry.provider)
        missing_wei = max(0, self.terms.minimum_stake_wei - provider.stake_wei)
        to_stake_wei = min(entry.amount_wei, missing_wei)
        self._change(
            entry.provider,
            stake_wei=provider.stake_wei + to_stake_wei,
            balance_wei=provider.balance_wei + entry.amount_wei - to_stake_wei,
        )

    def _release_lease(self, batch_id: Bytes32, index: int) -> None:
        """Give up a lease's pay and free its tasks; its result can never be committed again."""
        entry = self.batch(batch_id).entries[index]
        self._lost_leases.add((batch_id, index))
        state = self._jobs[entry.job_id]
        self._jobs[entry.job_id] = replace(
            state,
            committed_tasks=state.committed_tasks - entry.count,
            open_leases=state.open_leases - 1,
            is_released=True,
        )
        self._void_results.add(entry)
        self._committed_tasks[entry.job_id] &= ~_bits(entry)

    def _live_batch(self, batch_id: Bytes32) -> Batch:
        state = self.batch(batch_id)
        require(not state.is_over, Refusal.UNKNOWN_BATCH)
        return state

    def _store_batch(self, batch_id: Bytes32, state: Batch) -> None:
        self._batches[batch_id] = state

    def _entry(self, batch_id: Bytes32, index: int, task: int) -> LeaseEntry:
        """The lease at an index, which must hold the task."""
        state = self.batch(batch_id)
        require(0 <= index < len(state.entries), Refusal.NO_SUCH_LINE)
        entry = state.entries[index]
        require(task in entry.tasks, Refusal.TASK_NOT_IN_LEASE)
        return entry


def _bits(entry: LeaseEntry) -> int:
    return ((1 << entry.count) - 1) << entry.first_task

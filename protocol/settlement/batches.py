"""Lease results committed together, their seed and their settlement. Mirrors market/Batches.sol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from protocol import pricing
from protocol.lifecycle import LeaseFacts
from protocol.settlement.facts import (
    MAX_ITEMS,
    MAX_LEASE_TASKS,
    Batch,
    LeaseEntry,
    Moment,
    Rules,
    Terms,
)
from protocol.settlement.jobs import Jobs
from protocol.settlement.refusals import Refusal, Refused, require
from protocol.units import Address, Bytes32


class Batches(Jobs):
    """Work that waits for its window, and is then paid or forfeited."""

    def __init__(self, terms: Terms, rules: Rules | None = None) -> None:
        super().__init__(terms, rules)
        self._batches: list[Batch] = []
        self._used_leases: set[tuple[Bytes32, Bytes32]] = set()
        self._lost_leases: set[tuple[int, int]] = set()

    def batch(self, batch_id: int) -> Batch:
        """A batch's facts."""
        require(0 < batch_id <= len(self._batches), Refusal.UNKNOWN_BATCH)
        return self._batches[batch_id - 1]

    def lease_facts(self, batch_id: int, index: int) -> LeaseFacts:
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
        operator: Address,
        entries: Sequence[LeaseEntry],
        at: Moment,
        signers: Sequence[Address] | None = None,
    ) -> int:
        """Commit leases under one number, each with its audit rate.

        `signers` are the wallets that the leases' signatures stand for on this market; without them
        every lease is signed as it claims to be.
        """
        require(0 < len(entries) <= MAX_ITEMS, Refusal.TOO_MANY)
        names = signers if signers is not None else [entry.provider for entry in entries]
        require(len(names) == len(entries), Refusal.LENGTH_MISMATCH)
        taken = self._require_free(operator, entries, names, at)
        self._committed_tasks |= taken
        rates_ppm = tuple(self._record(entry) for entry in entries)
        self._batches.append(
            Batch(
                tuple(entries),
                rates_ppm,
                operator,
                commit_block=at.block,
                seed_block=at.block + self.terms.seed_delay_blocks,
                committed_at=at.seconds,
                seat_count=len(self.seats()),
            )
        )
        return len(self._batches)

    def fix_seed(self, batch_id: int, seed: Bytes32 | None, at: Moment) -> None:
        """Fix what all draws follow from. `seed` is the beacon's value for the batch's seed block,
        None if that is out of its reach: then a later block is chosen.
        """
        state = self.batch(batch_id)
        require(state.seed is None, Refusal.SEED_ALREADY_FIXED)
        require(at.block > state.seed_block, Refusal.SEED_NOT_READY)
        if seed is None:
            seed_block = at.block + self.terms.seed_delay_blocks
            self._store_batch(batch_id, replace(state, seed_block=seed_block))
        else:
            window_ends_at = at.seconds + self.terms.dispute_window_seconds
            self._store_batch(batch_id, replace(state, seed=seed, window_ends_at=window_ends_at))

    def settle_batch(self, batch_id: int, at: Moment) -> int:
        """Pay or forfeit what can be; return how many leases that were."""
        state = self.batch(batch_id)
        blocked = state.finished_bitmap | state.disputed_bitmap
        done = 0
        for index, entry in enumerate(state.entries):
            is_blocked = blocked >> index & 1
            if not is_blocked and self._settle_or_forfeit(batch_id, index, entry, at):
                done |= 1 << index
        if not done:
            require(state.seed is not None, Refusal.SEED_NOT_FIXED)
            require(state.is_window_over(at.seconds), Refusal.WINDOW_OPEN)
            raise Refused(Refusal.NOTHING_TO_SETTLE)
        self._store_batch(batch_id, replace(state, finished_bitmap=state.finished_bitmap | done))
        return done.bit_count()

    def _require_free(
        self,
        operator: Address,
        entries: Sequence[LeaseEntry],
        signers: Sequence[Address],
        at: Moment,
    ) -> dict[Bytes32, int]:
        """Check all leases before anything changes; return their jobs' committed tasks."""
        taken: dict[Bytes32, int] = {}
        fresh: set[tuple[Bytes32, Bytes32]] = set()
        for entry, signer in zip(entries, signers, strict=True):
            self._require_committable(operator, entry, at)
            require(signer == entry.provider, Refusal.BAD_SIGNATURE)
            key = (entry.job_id, entry.lease_id)
            is_used = key in self._used_leases or key in fresh
            require(not is_used, Refusal.LEASE_ALREADY_COMMITTED)
            fresh.add(key)
            before = taken.get(entry.job_id, self._committed_tasks[entry.job_id])
            require(not before & _bits(entry), Refusal.TASK_ALREADY_COMMITTED)
            taken[entry.job_id] = before | _bits(entry)
        return taken

    def _require_committable(self, operator: Address, entry: LeaseEntry, at: Moment) -> None:
        state = self._live_job(entry.job_id)
        terms = state.terms
        require(operator == terms.operator, Refusal.WRONG_OPERATOR)
        require(at.seconds >= terms.not_before, Refusal.JOB_NOT_STARTED)
        require(at.seconds <= self.commit_end(state), Refusal.COMMIT_PERIOD_OVER)
        is_inside = entry.first_task + entry.count <= terms.task_count
        is_range = 0 < entry.count <= MAX_LEASE_TASKS and is_inside
        require(is_range, Refusal.TASK_RANGE_INVALID)
        most_wei = entry.count * terms.max_price_per_task_wei
        require(entry.count <= entry.amount_wei <= most_wei, Refusal.AMOUNT_OUT_OF_RANGE)

    def _record(self, entry: LeaseEntry) -> int:
        """Book a checked lease; return its audit rate."""
        self._used_leases.add((entry.job_id, entry.lease_id))
        state = self._jobs[entry.job_id]
        self._jobs[entry.job_id] = replace(
            state,
            committed_tasks=state.committed_tasks + entry.count,
            open_leases=state.open_leases + 1,
        )
        provider = self.account(entry.provider)
        self._change(entry.provider, unvested_wei=provider.unvested_wei + entry.amount_wei)
        return pricing.audit_rate_ppm(entry.price_per_task_wei, provider.stake_wei)

    def _settle_or_forfeit(self, batch_id: int, index: int, entry: LeaseEntry, at: Moment) -> bool:
        state = self.batch(batch_id)
        if not state.is_window_over(at.seconds):
            return False
        provider = self.account(entry.provider)
        if self.rules.forfeits_after_slash and state.commit_block <= provider.forfeit_block:
            self._release_lease(batch_id, index)
            return True
        held_until = state.window_ends_at + self.terms.unstake_delay_seconds
        if provider.open_disputes and at.seconds <= held_until:
            return False
        self._settle(entry)
        return True

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
            unvested_wei=provider.unvested_wei - entry.amount_wei,
            stake_wei=provider.stake_wei + to_stake_wei,
            balance_wei=provider.balance_wei + entry.amount_wei - to_stake_wei,
        )

    def _release_lease(self, batch_id: int, index: int) -> None:
        """Give up a lease's pay and free its tasks."""
        entry = self.batch(batch_id).entries[index]
        self._lost_leases.add((batch_id, index))
        state = self._jobs[entry.job_id]
        self._jobs[entry.job_id] = replace(
            state,
            committed_tasks=state.committed_tasks - entry.count,
            open_leases=state.open_leases - 1,
        )
        self._committed_tasks[entry.job_id] &= ~_bits(entry)
        provider = self.account(entry.provider)
        self._change(entry.provider, unvested_wei=provider.unvested_wei - entry.amount_wei)

    def _store_batch(self, batch_id: int, state: Batch) -> None:
        self._batches[batch_id - 1] = state

    def _entry(self, batch_id: int, index: int, task: int) -> LeaseEntry:
        """The lease at an index, which must hold the task."""
        state = self.batch(batch_id)
        require(0 <= index < len(state.entries), Refusal.WRONG_LEASE)
        entry = state.entries[index]
        require(task in entry.tasks, Refusal.TASK_NOT_IN_LEASE)
        return entry


def _bits(entry: LeaseEntry) -> int:
    return ((1 << entry.count) - 1) << entry.first_task

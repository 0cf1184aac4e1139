"""Whatever anybody does, in whatever order: no wei is made or lost, and facts stay legal."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from protocol.dispute import OUT_OF_TOLERANCE, UNAVAILABLE, DisputeStatus
from protocol.lifecycle import (
    JobStatus,
    LeaseStatus,
    job_status,
    lease_status,
    require_job_move,
    require_lease_move,
)
from protocol.settlement import Settlement
from protocol.settlement.committee import Vote, decide
from protocol.settlement.facts import (
    AuditClaim,
    AuditRef,
    Dispute,
    JobTerms,
    LeaseEntry,
    Moment,
    Terms,
)
from protocol.settlement.refusals import Refused
from protocol.units import Address, Bytes32

PEOPLE = [Address(name) for name in ("ada", "ben", "cem", "dot")]
OPERATOR = Address("operator")
RIGHT, WRONG = Bytes32(b"\x01" * 32), Bytes32(b"\x02" * 32)
TERMS = Terms(
    seat_stake_wei=101,
    dispute_bond_wei=11,
    minimum_stake_wei=43,
    seed_delay_blocks=1,
    dispute_window_seconds=50,
    concede_seconds=10,
    commit_seconds=20,
    reveal_seconds=15,
    open_seconds=15,
    commit_grace_seconds=20,
    unstake_delay_seconds=110,
    committee_size=3,
)
people = st.sampled_from(PEOPLE)
stakers = st.sampled_from([*PEOPLE, OPERATOR])
small = st.integers(0, 300)
digests = st.sampled_from([RIGHT, WRONG])
VOTES = [RIGHT, WRONG, OUT_OF_TOLERANCE, UNAVAILABLE, None]


class Market(RuleBasedStateMachine):
    """Random moves; the refused ones must change nothing that is counted."""

    @initialize()
    def start(self) -> None:
        self.market = Settlement(TERMS)
        self.at = Moment(10, 1000)
        self.jobs: list[Bytes32] = []
        self.batches = 0
        self.digests: dict[Bytes32, Bytes32] = {}
        self.job_statuses: dict[Bytes32, JobStatus] = {}
        self.lease_statuses: dict[Bytes32, LeaseStatus] = {}
        for person in PEOPLE:
            self.market.deposit(person, 100_000, self.at)
            self.market.take_seats(person, 2, self.at)
        self.market.deposit(OPERATOR, 1_000, self.at)
        self.market.stake(OPERATOR, 500)

    def _do(self, move: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        before = self.market.total_wei()
        with suppress(Refused):
            return move(*arguments, **named)
        assert self.market.total_wei() == before
        return None

    @rule(blocks=st.integers(0, 3), seconds=st.integers(0, 60))
    def wait(self, blocks: int, seconds: int) -> None:
        self.at = Moment(self.at.block + blocks, self.at.seconds + seconds)

    @rule(who=stakers, amount=small)
    def put_in(self, who: Address, amount: int) -> None:
        self._do(self.market.deposit, who, amount, self.at)

    @rule(who=stakers, amount=small)
    def take_out(self, who: Address, amount: int) -> None:
        self._do(self.market.withdraw, who, amount)

    @rule(who=stakers, amount=small)
    def stake(self, who: Address, amount: int) -> None:
        self._do(self.market.stake, who, amount)

    @rule(who=stakers, amount=small)
    def unstake(self, who: Address, amount: int) -> None:
        self._do(self.market.request_unstake, who, amount, self.at)
        self._do(self.market.unstake, who, self.at)

    @rule(who=people, seat=st.integers(0, 9))
    def leave(self, who: Address, seat: int) -> None:
        self._do(self.market.leave_seats, who, [seat], self.at)
        self._do(self.market.release_seats, who, [seat], self.at)

    @rule(who=people)
    def sit(self, who: Address) -> None:
        self._do(self.market.take_seats, who, 1, self.at)

    @rule(who=people, price=st.integers(1, 20), budget=small)
    def open_job(self, who: Address, price: int, budget: int) -> None:
        job_id = Bytes32(len(self.jobs).to_bytes(32, "big"))
        nonce = len(self.jobs)
        deadline = self.at.seconds + 200
        terms = JobTerms(who, OPERATOR, 12, price, budget, deadline, nonce=nonce)
        self.market.open_job(job_id, terms, self.at, signer=who, relayer=who)
        self.jobs.append(job_id)

    @rule(
        who=people,
        job=st.integers(0, 5),
        first=st.integers(0, 12),
        count=st.integers(1, 5),
        amount=st.integers(0, 60),
        digest=digests,
    )
    def commit(
        self, who: Address, job: int, first: int, count: int, amount: int, digest: Bytes32
    ) -> None:
        if not self.jobs:
            return
        lease_id = Bytes32((1000 + self.at.block * 64 + self.batches).to_bytes(32, "big"))
        job_id = self.jobs[job % len(self.jobs)]
        entry = LeaseEntry(lease_id, job_id, who, first, count, amount)
        batch_id = _batch_id(self.batches + 1)
        with suppress(Refused):
            self.market.commit_batch(batch_id, OPERATOR, [entry], self.at)
            self.batches += 1
            self.digests[batch_id] = digest

    @rule(batch=st.integers(1, 6), seed=st.binary(min_size=32, max_size=32))
    def fix_seed(self, batch: int, seed: bytes) -> None:
        self._do(self.market.fix_seed, _batch_id(batch), Bytes32(seed), self.at)

    @rule(batch=st.integers(1, 6), offset=st.integers(0, 4), digest=digests)
    def audit(self, batch: int, offset: int, digest: Bytes32) -> None:
        if batch > self.batches:
            return
        batch_id = _batch_id(batch)
        entry = self.market.batch(batch_id).entries[0]
        task = entry.first_task + offset % entry.count
        claimed = self.digests[batch_id]
        for draw in self.market.audit_draws(batch_id, 0, task):
            claim = AuditClaim(0, task, draw.holder, draw.attempt, digest, claimed)
            self._do(self.market.accept_audits, batch_id, [claim], self.at)

    @rule(number=st.integers(0, 7))
    def pay(self, number: int) -> None:
        audits = list(self.market.accepted_audits)
        if audits:
            batch_id, *place = audits[number % len(audits)]
            self._do(self.market.pay_audits, batch_id, [AuditRef(*place)])

    @rule(who=people, batch=st.integers(1, 6), offset=st.integers(0, 4))
    def contest(self, who: Address, batch: int, offset: int) -> None:
        if batch <= self.batches:
            entry = self.market.batch(_batch_id(batch)).entries[0]
            task = entry.first_task + offset % entry.count
            self._do(self.market.open_dispute, who, _batch_id(batch), 0, task, self.at)

    @rule(number=st.integers(1, 6))
    def concede(self, number: int) -> None:
        if number <= self.market.dispute_count:
            provider = self.market.dispute(number).entry.provider
            self._do(self.market.concede, provider, number, self.at)

    @rule(
        number=st.integers(1, 6),
        votes=st.lists(st.sampled_from(VOTES), min_size=3, max_size=3),
        opens=st.booleans(),
        seed=st.binary(min_size=32, max_size=32),
    )
    def judge(self, number: int, votes: list[Bytes32 | None], opens: bool, seed: bytes) -> None:
        if number > self.market.dispute_count:
            return
        self._do(self.market.convene, number, Bytes32(seed), self.at)
        contested = self.market.dispute(number)
        if contested.seat_ids is None:
            return
        holders = [self.market.seats()[seat_id].holder for seat_id in contested.seat_ids]
        cast = [Vote(who, digest) for who, digest in zip(holders, votes, strict=False)]
        claimed = self.digests[contested.batch_id] if opens else None
        self._do(self.market.rule, number, decide(cast, claimed), self.at)

    @rule(who=people, number=st.integers(1, 6), audit_round=st.integers(0, 1))
    def report(self, who: Address, number: int, audit_round: int) -> None:
        if number <= self.market.dispute_count:
            place = self._place(self.market.dispute(number))
            claimed = self.digests[place[0]]
            self._do(self.market.contradict, who, number, audit_round, claimed, self.at)
            done = self.market.accepted_audit(place[0], AuditRef(*place[1:], audit_round))
            signer = done.verifier if done else who
            self._do(
                self.market.report_equivocation, who, *place, audit_round, self.at, signer=signer
            )

    @rule(batch=st.integers(1, 6))
    def settle(self, batch: int) -> None:
        self._do(self.market.settle_batch, _batch_id(batch), self.at)

    @rule(job=st.integers(0, 5), cancels=st.booleans())
    def end_job(self, job: int, cancels: bool) -> None:
        if job < len(self.jobs):
            job_id = self.jobs[job]
            terms = self.market.job(job_id).terms
            if cancels:
                self._do(self.market.cancel_job, job_id, terms, self.at, signer=terms.requester)
            self._do(self.market.close_job, job_id, self.at)

    @invariant()
    def nothing_is_made_or_lost(self) -> None:
        assert self.market.total_wei() == self.market.held_wei

    @invariant()
    def what_is_set_aside_was_the_jobs(self) -> None:
        """A fee leaves its job's budget once, and is part of the whole until it is paid."""
        fees_wei = [audit.fee_wei for audit in self.market.accepted_audits.values()]
        budgets_wei = sum(self.market.job(job_id).terms.audit_budget_wei for job_id in self.jobs)
        assert 0 <= sum(fees_wei) <= budgets_wei
        owned_wei = sum(self.market.owned_by_wei([who]) for who in (*PEOPLE, OPERATOR))
        bonds_wei = self._bonds_wei()
        assert owned_wei + bonds_wei + sum(fees_wei) + self.market.burnt_wei == self.market.held_wei

    @invariant()
    def escrows_cover_the_work(self) -> None:
        for person in (*PEOPLE, OPERATOR):
            account = self.market.account(person)
            assert min(account.balance_wei, account.stake_wei, account.unstaking_wei) >= 0
        for job_id in self.jobs:
            waiting_wei = sum(
                entry.amount_wei
                for number in range(1, self.batches + 1)
                for index, entry in enumerate(self.market.batch(_batch_id(number)).entries)
                if entry.job_id == job_id
                and not self.market.batch(_batch_id(number)).is_finished(index)
            )
            assert self.market.job(job_id).escrow_wei >= waiting_wei

    @invariant()
    def every_change_is_a_legal_move(self) -> None:
        for job_id in self.jobs:
            job = job_status(self.market.job(job_id).facts, self.at.seconds)
            require_job_move(self.job_statuses.get(job_id, JobStatus.OPEN), job)
            self.job_statuses[job_id] = job
        for number in range(1, self.batches + 1):
            key = _batch_id(number)
            lease = lease_status(self.market.lease_facts(key, 0), self.at.seconds)
            before = self.lease_statuses.get(key, LeaseStatus.COMMITTED)
            require_lease_move(before, lease)
            self.lease_statuses[key] = lease

    def _bonds_wei(self) -> int:
        known = [self.market.dispute(n) for n in range(1, self.market.dispute_count + 1)]
        return sum(d.bond_wei for d in known if d.status == DisputeStatus.OPEN)

    @staticmethod
    def _place(contested: Dispute) -> tuple[Bytes32, int, int]:
        return contested.batch_id, contested.index, contested.task


def _batch_id(number: int) -> Bytes32:
    return Bytes32(number.to_bytes(32, "big"))


TestMarket = Market.TestCase
TestMarket.settings = settings(max_examples=60, stateful_step_count=40)

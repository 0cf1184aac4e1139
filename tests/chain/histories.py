"""Random histories of a market: mostly what people do, now and then what nobody may.

Each choice comes from a seeded generator, so that a history can be had again by its number. Time
likes to stop at the edges: the last second of a phase, and the first one after it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import TypeVar

from protocol.batch import Batch
from protocol.dispute import OUT_OF_TOLERANCE, UNAVAILABLE, DisputeStatus, DisputeTerms
from protocol.job import Job
from protocol.lease import LeaseResult
from protocol.sampling import MAX_DRAWS, Draw, draw_verifiers
from protocol.settlement.audits import AuditKey
from protocol.settlement.facts import AuditClaim, AuditRef, Dispute
from protocol.settlement.facts import Batch as BatchState
from protocol.units import ZERO_BYTES32, Address, Bytes32
from tests.chain.twins import EVERYBODY, OPERATORS, PEOPLE, Twins, vote_of

GOOD, WRONG, OTHER = (Bytes32(bytes([i]) * 32) for i in (0x41, 0x42, 0x43))
# What the others of a committee find, each with the end of its share.
_OPINIONS = ((0.8, GOOD), (0.88, WRONG), (0.92, OTHER), (0.96, OUT_OF_TOLERANCE), (1, UNAVAILABLE))
MOST_JOBS = 6
LONG_SECONDS = 10_000
T = TypeVar("T")


class History:
    """A random one; `step` goes on with it."""

    def __init__(self, seed: int, twins: Twins) -> None:
        self.random = Random(seed)
        self.twins = twins
        self._count = 0
        self._released: list[tuple[LeaseResult, Address]] = []
        # How often, and what there should be for it: without that it comes up rarely.
        self._moves: tuple[tuple[int, Callable[[], object], str], ...] = (
            (2, self._pay_in, ""),
            (1, self._pay_out, ""),
            (2, self._stake, ""),
            (4, self._unstake, ""),
            (3, self._sit, ""),
            (4, self._stand_up, ""),
            (1, self._pause, ""),
            (2, self._govern, ""),
            (20, self._govern, "due"),
            (1, self._void, ""),
            (7, self._open_job, ""),
            (2, self._cancel, "job"),
            (2, self._close, "job"),
            (30, self._commit, "job"),
            (3, self._fix_seed, "batch"),
            (25, self._audit, "window"),
            (10, self._pay, "fee"),
            (16, self._contest, "window"),
            (15, self._settle, "batch"),
            (10, self._concede, "dispute"),
            (20, self._draw, "dispute"),
            (60, self._vote, "voting"),
            (60, self._reveal, "revealing"),
            (40, self._open_claim, "opening"),
            (10, self._resolve, "committee"),
            (30, self._resolve, "opening"),
            (6, self._race, "dispute"),
            (6, self._race, "committee"),
            (6, self._contradict, "ruling"),
            (4, self._equivocate, "audit"),
        )
        self._begin()

    def step(self) -> None:
        """Let some time pass, or none, and do something."""
        self._pass_time()
        things = self._things()
        weights = [
            weight if not need or need in things else weight / 15 for weight, _, need in self._moves
        ]
        (_, move, _), *_ = self.random.choices(self._moves, weights)
        move()

    def finish(self) -> None:
        """Time ends every dispute, settles every batch and lets all money out."""
        self._end_disputes()
        for batch in list(self.twins.batches.values()):
            self.twins.settle(self._someone(), batch)
        self._end_fees()
        self._end_jobs_and_seats()
        for who in EVERYBODY:
            self.twins.unstake(self._someone(), who)
            self.twins.request_unstake(who, self.twins.mirror.account(who).stake_wei)
        self.twins.wait(1, self.twins.mirror.terms.unstake_delay_seconds)
        for who in EVERYBODY:
            self.twins.unstake(self._someone(), who)
            self.twins.withdraw(who, self.twins.mirror.account(who).balance_wei)

    def _end_disputes(self) -> None:
        mirror = self.twins.mirror
        numbers = range(1, mirror.dispute_count + 1)
        self.twins.wait(1, mirror.terms.concede_seconds + 1)
        for _ in ("call", "draw"):
            for number in numbers:
                if mirror.dispute(number).seat_ids is None:
                    self.twins.draw_committee(self._someone(), number)
            self.twins.wait(3, 0)
        self.twins.wait(1, mirror.terms.unstake_delay_seconds)
        for number in numbers:
            self.twins.resolve(self._someone(), number)

    def _end_fees(self) -> None:
        """Everything is finished: nothing that was set aside stays so."""
        for batch_id, batch in self.twins.batches.items():
            audits = self.twins.mirror.accepted_audits.items()
            due = [AuditRef(*key[1:]) for key, a in audits if key[0] == batch_id and a.fee_wei]
            for audit in due:
                self.twins.pay_audits(self._someone(), batch, [audit])

    def _end_jobs_and_seats(self) -> None:
        seats = self.twins.mirror.seats()
        for number, seat in enumerate(seats):
            self.twins.leave_seats(seat.holder, [number])
        self.twins.wait(1, LONG_SECONDS)
        for job in list(self.twins.jobs.values()):
            self.twins.close_job(self._someone(), job)
        for number, seat in enumerate(seats):
            self.twins.release_seats(seat.holder, [number])

    def _things(self) -> set[str]:
        """What there is to do something about."""
        mirror, now = self.twins.mirror, self.twins.at.seconds
        batches = [mirror.batch(batch_id) for batch_id in self.twins.batches]
        live = [batch for batch in batches if not self._is_spent(batch)]
        phases = [self._phase(number) for number in range(1, mirror.dispute_count + 1)]
        known = [mirror.dispute(number) for number in range(1, mirror.dispute_count + 1)]
        unsolved = [d for d in known if d.status == DisputeStatus.OPEN]
        there = {
            "job": any(self._is_open(job) for job in self.twins.jobs.values()),
            "batch": bool(live),
            "window": any(not batch.is_window_over(now) for batch in live),
            "dispute": any(d.seat_ids is None for d in unsolved),
            "committee": any(d.seat_ids is not None for d in unsolved),
            "ruling": any(d.digest is not None for d in known),
            "audit": bool(mirror.accepted_audits),
            "fee": any(audit.fee_wei for audit in mirror.accepted_audits.values()),
            "due": mirror.proposal is not None and now > mirror.proposal.notice_ends_at,
        }
        return {name for name, is_there in there.items() if is_there}.union(phases)

    def _phase(self, number: int) -> str:
        """What an open dispute's committee is at."""
        mirror, now = self.twins.mirror, self.twins.at.seconds
        drawn = mirror.committee(number)
        if drawn is None or mirror.dispute(number).status != DisputeStatus.OPEN:
            return ""
        if not drawn.is_commit_over(now):
            return "voting"
        return "opening" if drawn.is_reveal_over(now) else "revealing"

    @staticmethod
    def _is_spent(batch: BatchState) -> bool:
        """Nothing of it is left to pay, forgotten or not."""
        return batch.is_over or batch.finished_bitmap == (1 << len(batch.entries)) - 1

    # ------------------------------------------------------------------------------ choices

    def _pick(self, choices: Sequence[T]) -> T:
        return self.random.choice(choices)

    def _rarely(self, one_in: int = 12) -> bool:
        return self.random.randrange(one_in) == 0

    def _someone(self) -> Address:
        return self._pick(PEOPLE)

    def _mostly(self, who: Address) -> Address:
        """That one, or now and then somebody else."""
        return self._pick(EVERYBODY) if self._rarely() else who

    def _amount(self, most: int) -> int:
        """Up to that; now and then nothing, all of it, or more than there is."""
        edges = (0, most, most + 1)
        return self._pick(edges) if self._rarely(4) else self.random.randint(1, max(1, most))

    def _job(self) -> Job | None:
        return self._pick(list(self.twins.jobs.values())) if self.twins.jobs else None

    def _batch(self) -> Batch | None:
        """Rather one of the latest, and now and then one that was never committed."""
        if not self.twins.batches:
            return None
        batches = list(self.twins.batches.values())
        live = [b for b in batches if not self._is_spent(self.twins.mirror.batch(b.batch_id()))]
        batch = self._pick(batches if not live or self._rarely(15) else live)
        return replace(batch, operator=self._someone()) if self._rarely(40) else batch

    def _dispute(self) -> int | None:
        """An open one if there is one; now and then any, or none such."""
        count = self.twins.mirror.dispute_count
        if self._rarely(15):
            return self.random.randint(0, count + 1)
        known = {number: self.twins.mirror.dispute(number) for number in range(1, count + 1)}
        open_ones = [n for n, d in known.items() if d.status == DisputeStatus.OPEN]
        return self._pick(open_ones or list(known)) if known else None

    # ------------------------------------------------------------------------------ time

    def _pass_time(self) -> None:
        chance = self.random.random()
        if chance < 0.5:
            return
        if chance < 0.94:
            self.twins.wait(self._pick((1, 1, 1, 2, 3)), self._pick((0, 0, 1, 5, 12)))
            return
        if self._rarely(20):
            self.twins.wait(256 + self._pick((0, 1, 2, 3)), 0)
            return
        now = self.twins.at.seconds
        edges = sorted({edge for edge in self._edges() if edge >= now})[:3]
        if edges:
            late = max(0, self._pick(edges) + self._pick((0, 0, 1, 1, 1)) - now)
            self.twins.wait(self._pick((1, 3)), late)

    def _edges(self) -> list[int]:
        """Moments at which a rule changes its mind."""
        mirror = self.twins.mirror
        terms = mirror.terms
        edges = [mirror.account(who).unstake_at for who in EVERYBODY]
        edges += [mirror.seat_stake(i).releasable_at for i in range(len(mirror.seats()))]
        edges += [mirror.proposal.notice_ends_at] if mirror.proposal else []
        for job in self.twins.jobs.values():
            edges += [job.deadline, job.deadline + terms.commit_grace_seconds]
        for batch_id in self.twins.batches:
            state = mirror.batch(batch_id)
            ends = [state.window_ends_at, state.window_ends_at + terms.unstake_delay_seconds]
            edges += [] if state.is_over else ends
        for number in range(1, mirror.dispute_count + 1):
            edges += self._phases(number, mirror.dispute(number))
        return [edge for edge in edges if edge]

    def _phases(self, number: int, known: Dispute) -> list[int]:
        drawn = self.twins.mirror.committee(number)
        if known.status != DisputeStatus.OPEN:
            return []
        if drawn is None:
            return [known.opened_at + self.twins.mirror.terms.concede_seconds]
        return [drawn.commit_by, drawn.reveal_by, drawn.open_by]

    # ------------------------------------------------------------------------------ money

    def _begin(self) -> None:
        """Some have money, some a stake, some a seat; all in the first block."""
        for who in PEOPLE:
            self.twins.deposit(who, 300_000)
        for who in self.random.sample(PEOPLE, 4):
            self.twins.stake(who, self.random.randint(1_000, 60_000))
        for who in OPERATORS:
            self.twins.deposit(who, 10_000)
            self.twins.stake(who, self.random.randint(100, 9_000))
        for who in self.random.sample(PEOPLE, 8):
            self.twins.take_seats(who, self._pick((1, 1, 2)))
        self.twins.wait(1, 12)

    def _pay_in(self) -> None:
        self.twins.deposit(self._pick(EVERYBODY), self._amount(50_000))

    def _pay_out(self) -> None:
        who = self._pick(EVERYBODY)
        self.twins.withdraw(who, self._amount(self.twins.mirror.account(who).balance_wei // 4))

    def _stake(self) -> None:
        who = self._pick(EVERYBODY)
        self.twins.stake(who, self._amount(self.twins.mirror.account(who).balance_wei // 4))

    def _unstake(self) -> None:
        waiting = [p for p in EVERYBODY if self.twins.mirror.account(p).unstaking_wei]
        who = self._pick(waiting if waiting and not self._rarely(3) else EVERYBODY)
        own = self.twins.mirror.account(who)
        if (own.unstaking_wei and not self._rarely(4)) or self._rarely(6):
            self.twins.unstake(self._someone(), who)
        else:
            self.twins.request_unstake(who, self._amount(own.stake_wei))

    def _sit(self) -> None:
        self.twins.take_seats(self._someone(), self._pick((0, 1, 1, 1, 2, 65)))

    def _stand_up(self) -> None:
        mirror = self.twins.mirror
        seat = self._pick(range(len(mirror.seats()) + 1))
        seats = [seat, *([self._pick(range(len(mirror.seats())))] if self._rarely(4) else [])]
        is_known = seat < len(mirror.seats())
        who = self._mostly(mirror.seats()[seat].holder if is_known else self._someone())
        is_left = is_known and mirror.seats()[seat].vacated_block != 0
        if is_left != self._rarely(6):
            self.twins.release_seats(who, seats)
        else:
            self.twins.leave_seats(who, seats)

    def _pause(self) -> None:
        self.twins.pause_intake(self._pick((0, 5, 20, 604_801)))

    def _govern(self) -> None:
        """Propose, enact, or think better of it; mostly what can be done now."""
        if self.twins.mirror.proposal is None or self._rarely(15):
            self.twins.propose(self._dispute_terms())
        elif self._rarely(15):
            self.twins.withdraw_proposal()
        else:
            self.twins.enact(self._someone())
        if self._rarely(20):
            self.twins.withdraw_proposal()

    def _dispute_terms(self) -> DisputeTerms:
        """Now and then one of them is out of bounds."""
        slash = self._pick((60, 61, 90, 120)) + int(self._rarely(15))
        concession = self._pick((50, 51, slash)) - int(self._rarely(15))
        bond_wei = self._pick((251, 1_003, 2_000, 4_012)) - int(self._rarely(15))
        return DisputeTerms(bond_wei, slash, concession, self._pick((1, 3, 3, 4, 5, 5)))

    def _void(self) -> None:
        if self._rarely(3):
            self.twins.cancel_all(self._someone())

    # ------------------------------------------------------------------------------ jobs

    def _open_job(self) -> None:
        job = self._job()
        live = [j for j in self.twins.jobs.values() if j.deadline > self.twins.at.seconds]
        if job is None or (len(live) < MOST_JOBS and not self._rarely(6)):
            job = self._new_job()
        self.twins.open_job(
            job, self._pick((job.requester, job.operator)), self._mostly(job.requester)
        )

    def _new_job(self) -> Job:
        self._count += 1
        requester, now = self._someone(), self.twins.at.seconds
        epoch = self.twins.mirror.account(requester).epoch
        price = self._pick((1, 7, 97, 1_009))
        return Job(
            requester=requester,
            operator=self._pick(OPERATORS),
            token=self.twins.contracts.deployment.token,
            spec_hash=ZERO_BYTES32,
            task_count=0 if self._rarely(40) else self._pick((1, 2, 5, 9)),
            max_price_per_task=0 if self._rarely(40) else price,
            audit_budget=self._pick((0, price, 25 * price, 2**88 if self._rarely() else price)),
            relayer_fee=self._pick((0, 0, 3)),
            not_before=now + self._pick((-5, -5, 0, 10)),
            deadline=now + self._pick((0 if self._rarely(6) else 400, 900, 1_500, 3_000)),
            nonce=self._count | (epoch + int(self._rarely(20))) << 248,
        )

    def _cancel(self) -> None:
        job = self._new_job() if self._rarely(6) else self._job()
        if job:
            self.twins.cancel_job(job, self._mostly(job.requester), self._mostly(job.requester))

    def _close(self) -> None:
        if job := self._job():
            self.twins.close_job(self._someone(), job)

    # ------------------------------------------------------------------------------ work

    def _commit(self) -> None:
        known = self.twins.jobs.values()
        jobs = [job for job in known if self._rarely(40) or self._is_open(job)]
        if not jobs:
            return
        first = self._pick(jobs)
        same = [job for job in jobs if job.operator == first.operator]
        work: list[tuple[LeaseResult, Address]] = []
        for job in self.random.sample(same, min(len(same), self._pick((1, 1, 2)))):
            work += self._work(job)
        if self._released and self._rarely(10):
            work.append(self._pick(self._released))
        if work:
            self._arrange(work)
            self.twins.commit(self._mostly(first.operator), work)
            self._released += work if self._rarely(3) else []

    def _arrange(self, work: list[tuple[LeaseResult, Address]]) -> None:
        """By rising id, each once; or hardly ever not."""
        work.sort(key=lambda made: made[0].lease_id)
        if self._rarely(12):
            self.random.shuffle(work)
        if self._rarely(24):
            work.append(work[-1])

    def _is_open(self, job: Job) -> bool:
        mirror, job_id = self.twins.mirror, self.twins.job_id(job)
        state = mirror.job(job_id) if mirror.has_job(job_id) else None
        if state is None or not state.is_opened or state.closed_at:
            return False
        return self.twins.at.seconds <= mirror.commit_end(state)

    def _work(self, job: Job) -> list[tuple[LeaseResult, Address]]:
        """Leases on free tasks, of one or two providers."""
        mirror, job_id = self.twins.mirror, self.twins.job_id(job)
        tasks = range(max(1, job.task_count))
        free = [task for task in tasks if not mirror.is_task_committed(job_id, task)]
        work: list[tuple[LeaseResult, Address]] = []
        while free and len(work) < 3:
            task = free[0] if not self._rarely(4) else self._pick(free)
            count = self._pick((1, 1, 2, 3))
            while any(t not in free for t in range(task, task + count)):
                count -= 1
            work.append(self._lease(job, task, count))
            free = [t for t in free if t not in range(task, task + count)]
            if self._rarely(2):
                break
        return work

    def _lease(self, job: Job, task: int, count: int) -> tuple[LeaseResult, Address]:
        self._count += 1
        amount = count * job.max_price_per_task
        if self._rarely(4):
            amount = self._pick((amount - 1, amount + 1, count, count - 1, count + amount // 2))
        if self._rarely(40):
            task, count = self._pick(((task + 5, count), (task, 0), (max(0, task - 1), count + 1)))
        provider = self._pick(PEOPLE[:6])
        digest = self._pick((GOOD, WRONG))
        job_id = self.twins.job_id(job)
        made = self.twins.work(job_id, provider, task, count, max(0, amount), digest, self._count)
        return made, self._mostly(provider) if self._rarely(4) else provider

    def _fix_seed(self) -> None:
        if batch := self._batch():
            self.twins.fix_seed(self._someone(), batch)

    def _audit(self) -> None:
        batch = self._batch()
        if batch is None:
            return
        lines = range(len(batch.lines))
        places = [(line, task) for line in lines for task in batch.result(line).tasks]
        drawn = [place for place in places if self._draws(batch, *place)]
        line, task = self._pick(drawn or places)
        digest = self._digest(batch.result(line))
        claims = [
            AuditClaim(line, task, draw.holder, draw.attempt, digest, digest)
            for draw in self._draws(batch, line, task)
        ]
        if not claims or self._rarely(4):
            claims.append(self._odd_claim(batch, line, task, claims))
        if len(claims) > 1 and self._rarely(3):
            claims = claims[::-1] if self._rarely(2) else claims[:1]
        if self._rarely(10):
            claims = [*claims, claims[0]]
        signed = [(c, self._mostly(c.verifier) if self._rarely(3) else c.verifier) for c in claims]
        self.twins.accept_audits(self._someone(), batch, signed)

    def _pay(self) -> None:
        """Fees that wait: of one batch, due or not; now and then one that is paid, or of nobody."""
        audits = self.twins.mirror.accepted_audits
        waiting = [key for key, audit in audits.items() if audit.fee_wei]
        if not audits:
            return
        finished = [key for key in waiting if self._is_finished(key)]
        batch_id, *_ = self._pick((self._rarely(3) and waiting) or finished or list(audits))
        due = [AuditRef(*key[1:]) for key in waiting if key[0] == batch_id]
        if not due or self._rarely(6):
            due += [AuditRef(*key[1:]) for key in audits if key[0] == batch_id]
        refs = self.random.sample(due, self.random.randint(1, min(3, len(due))))
        if self._rarely(10):
            refs.append(replace(refs[-1], round=self._pick((0, 1, 2)), task=refs[-1].task + 1))
        batch = self.twins.batches[batch_id]
        self.twins.pay_audits(self._someone(), batch, refs)

    def _is_finished(self, key: AuditKey) -> bool:
        return self.twins.mirror.batch(key[0]).is_finished(key[1])

    def _digest(self, lease: LeaseResult) -> Bytes32:
        return self.twins.digests[lease.result_root]

    def _draws(self, batch: Batch, line: int, task: int) -> tuple[Draw, ...]:
        seed, lease = self.twins.seed_of(batch), batch.result(line)
        if seed is None:
            return ()
        state = self.twins.mirror.batch(batch.batch_id())
        parties = {lease.provider, batch.requester(line), batch.operator}
        seats = self.twins.mirror.seats(state.seat_count)
        rate_ppm = batch.audit_rate_ppm(line)
        return draw_verifiers(
            seed, lease.lease_id, task, rate_ppm, seats, state.commit_block, parties
        )

    def _odd_claim(
        self, batch: Batch, line: int, task: int, claims: Sequence[AuditClaim]
    ) -> AuditClaim:
        claimed = self._digest(batch.result(line))
        due = AuditClaim(line, task, self._someone(), 0, claimed, claimed)
        due = self._pick(claims) if claims else due
        changes: tuple[dict[str, object], ...] = (
            {"attempt": due.attempt + 1},
            {"attempt": due.attempt + MAX_DRAWS},
            {"attempt": due.attempt % MAX_DRAWS + 2 * MAX_DRAWS},
            {"verifier": self._someone()},
            {"digest": OTHER},
            {"task": due.task + 7},
            {"index": len(batch.lines)},
        )
        return replace(due, **self._pick(changes))  # type: ignore[arg-type]

    def _settle(self) -> None:
        if batch := self._batch():
            self.twins.settle(self._someone(), batch)

    # ------------------------------------------------------------------------------ disputes

    def _contest(self) -> None:
        batch = self._batch()
        if batch is None:
            return
        lines = range(len(batch.lines))
        wrong = [line for line in lines if self._digest(batch.result(line)) != GOOD]
        line = self._pick(lines if not wrong or self._rarely(3) else wrong)
        task = self._pick(batch.result(line).tasks)
        line += int(self._rarely(40))
        self.twins.open_dispute(self._someone(), batch, line, task + 5 * int(self._rarely(40)))

    def _race(self) -> None:
        """Commit more work in the very block in which an earlier lease is lost."""
        number = self._dispute()
        if number is None or not 0 < number <= self.twins.mirror.dispute_count:
            return
        provider = self.twins.mirror.dispute(number).entry.provider
        is_first = self._rarely(3)
        if not is_first:
            self._commit_by(provider)
        self.twins.concede(provider, number)
        self.twins.resolve(self._someone(), number)
        if is_first:
            self._commit_by(provider)

    def _commit_by(self, provider: Address) -> None:
        known = [job for job in self.twins.jobs.values() if self._is_open(job)]
        leases = [(job, *made) for job in known for made in self._work(job)]
        if leases:
            job, result, _ = self._pick(leases)
            again = replace(result, provider=provider)
            self.twins.commit(job.operator, [(again, provider)])

    def _concede(self) -> None:
        number = self._dispute()
        if number is not None:
            is_known = 0 < number <= self.twins.mirror.dispute_count
            who = self.twins.mirror.dispute(number).entry.provider if is_known else self._someone()
            self.twins.concede(self._mostly(who), number)

    def _draw(self) -> None:
        number = self._dispute()
        if number is not None:
            self.twins.draw_committee(self._someone(), number)

    def _members(self, number: int) -> Sequence[Address]:
        drawn = self.twins.mirror.committee(number)
        return [ballot.member for ballot in drawn.ballots] if drawn else []

    def _vote(self) -> None:
        """Most see what is right; some are silent, and some commit to nothing."""
        number = self._dispute()
        if number is None:
            return
        for who in self._members(number) or [self._someone()]:
            digest = self._opinion(number, who)
            vote = ZERO_BYTES32 if self._rarely(30) else vote_of(who, digest)
            if not self._rarely(6):
                self.twins.commit_vote(self._mostly(who) if self._rarely(4) else who, number, vote)

    def _opinion(self, number: int, who: Address) -> Bytes32:
        """What a member finds: each time the same. Some disputes are about what is just beyond
        tolerance, or about what hardly anybody is given.
        """
        matter = Random(f"{number}").choice((GOOD, GOOD, GOOD, OUT_OF_TOLERANCE, UNAVAILABLE))
        lot = Random(f"{number} {who}").random()
        if lot < 0.7:
            return matter
        return next(digest for most, digest in _OPINIONS if lot < most)

    def _reveal(self) -> None:
        number = self._dispute()
        if number is None:
            return
        for who in self._members(number) or [self._someone()]:
            digest = OTHER if self._rarely(20) else self._opinion(number, who)
            if not self._rarely(6):
                self.twins.reveal_vote(who, number, digest)

    def _open_claim(self) -> None:
        number = self._dispute()
        if number is not None:
            self.twins.open_claim(self._someone(), number, is_proven=not self._rarely(6))

    def _resolve(self) -> None:
        number = self._dispute()
        if number is not None:
            self.twins.resolve(self._someone(), number)

    def _contradict(self) -> None:
        mirror = self.twins.mirror
        numbers = range(1, mirror.dispute_count + 1)
        ruled = [number for number in numbers if mirror.dispute(number).digest is not None]
        if numbers:
            number = self._pick(ruled if ruled and not self._rarely(8) else numbers)
            rounds = self._pick((0, 0, 1))
            self.twins.contradict(self._someone(), number, rounds, is_proven=not self._rarely(8))

    def _equivocate(self) -> None:
        """Somebody shows two words of a verifier whose audit was accepted, or of nobody's."""
        accepted = list(self.twins.mirror.accepted_audits.items())
        if not accepted:
            return
        (batch_id, line, task, number), audit = self._pick(accepted)
        self.twins.report_equivocation(
            self._someone(),
            self.twins.batches[batch_id],
            (line + int(self._rarely(20)), task, number ^ int(self._rarely(20))),
            self._mostly(audit.verifier) if self._rarely(4) else audit.verifier,
            is_kept=self._rarely(4),
        )

"""Rare moments in the life of a market, which random histories seldom come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from protocol.batch import Batch
from protocol.dispute import OUT_OF_TOLERANCE, UNAVAILABLE, DisputeTerms, Verdict
from protocol.job import Job
from protocol.lease import LeaseResult
from protocol.sampling import Draw
from protocol.settlement.facts import (
    MAX_FREED_TASKS,
    MAX_GAP,
    MAX_LEASE_TASKS,
    AuditClaim,
    AuditRef,
)
from protocol.units import ZERO_BYTES32, Address, Bytes32
from tests.chain.twins import OPERATORS, PARAMS, PEOPLE, Twins, vote_of

PROVIDER, REQUESTER, CHALLENGER, STRANGER, *VERIFIERS = PEOPLE
OPERATOR, POOR = OPERATORS[0], STRANGER
GOOD, WRONG = Bytes32(b"\x41" * 32), Bytes32(b"\x42" * 32)
PRICE_WEI = 101
DAY_SECONDS = 24 * 3600
WEEK_SECONDS = 7 * DAY_SECONDS


def slashed_while_committing(twins: Twins) -> None:
    """A lease that is committed in the very block of the slash is forfeited with the rest."""
    job = _stage(twins)
    twins.concede(PROVIDER, _contested(twins, job, 0))
    number = _contested(twins, job, 1)
    twins.wait(1, 12)
    late = _commit(twins, job, 2)
    assert twins.concede(PROVIDER, number)
    also_late = _commit(twins, job, 3)
    twins.wait(1, 0)
    later = _commit(twins, job, 4)
    twins.wait(3, PARAMS.dispute_window_seconds + 1)
    for batch in (late, also_late, later):
        assert twins.settle(STRANGER, batch)
    assert [twins.contracts.is_task_committed(twins.job_id(job), task) for task in range(5)] == [
        *(False, False, False, False),
        True,
    ]


def unstaking_in_a_dispute(twins: Twins) -> None:
    """What is asked for in time is kept while a dispute about one's work is open."""
    job = _stage(twins)
    twins.request_unstake(PROVIDER, 2_000)
    twins.wait(3, PARAMS.unstake_delay_seconds - 5)
    number = _contested(twins, job, 0)
    assert not twins.unstake(STRANGER, PROVIDER)
    twins.wait(1, 5)
    assert not twins.unstake(STRANGER, PROVIDER)
    assert twins.concede(PROVIDER, number)
    assert twins.unstake(STRANGER, PROVIDER)


def held_pay(twins: Twins) -> None:
    """A dispute holds back what its provider is due elsewhere, to the second, and no longer."""
    job = _stage(twins)
    due = _commit(twins, job, 1)
    _contested(twins, job, 0)
    twins.wait(3, PARAMS.dispute_window_seconds)
    assert not twins.settle(STRANGER, due)
    twins.wait(1, 1)
    assert not twins.settle(STRANGER, due)
    twins.wait(1, PARAMS.unstake_delay_seconds - 1)
    assert not twins.settle(STRANGER, due)
    twins.wait(1, 1)
    assert twins.settle(STRANGER, due)


def judged(twins: Twins) -> None:
    """Two providers lose their disputes, a rich one and one whose stake is soon taken."""
    job = _stage(twins)
    twins.deposit(POOR, 10_000)
    twins.stake(POOR, 150)
    lease = twins.work(twins.job_id(job), POOR, 1, 6, 6 * PRICE_WEI, WRONG)
    poor = twins.commit(OPERATOR, [(lease, POOR)])
    assert poor is not None
    rich = _contested(twins, job, 0)
    twins.wait(3, 12)
    twins.fix_seed(CHALLENGER, poor)
    (task, draw), (other, again), *_ = _audited(twins, poor)
    claimed = twins.mirror.dispute_count + 1
    assert twins.open_dispute(CHALLENGER, poor, 0, task)
    for number in (rich, claimed):
        _judge(twins, number)
    assert twins.contradict(REQUESTER, claimed, draw.round, is_proven=True)
    for _ in range(2):
        twins.report_equivocation(
            REQUESTER, poor, (0, other, again.round), again.holder, is_kept=False
        )
    assert twins.mirror.account(POOR).stake_wei == 0


def _audited(twins: Twins, batch: Batch) -> list[tuple[int, Draw]]:
    """Accept all who are drawn and say what the provider says; the first tries another digest."""
    accepted: list[tuple[int, Draw]] = []
    for task in batch.result(0).tasks:
        for draw in twins.mirror.audit_draws(batch.batch_id(), 0, task):
            claim = AuditClaim(0, task, draw.holder, draw.attempt, WRONG, WRONG)
            lie = replace(claim, digest=GOOD)
            assert accepted or not twins.accept_audits(CHALLENGER, batch, [(lie, draw.holder)])
            assert twins.accept_audits(CHALLENGER, batch, [(claim, draw.holder)])
            accepted.append((task, draw))
    return [accepted[0], *(place for place in accepted if place[0] != accepted[0][0])]


def _judge(
    twins: Twins,
    number: int,
    digest: Bytes32 = GOOD,
    odd: Bytes32 | None = None,
    *,
    is_opened: bool = True,
) -> Sequence[Address]:
    """A committee finds a digest, but its last member an `odd` one; the provider's is WRONG."""
    if twins.at.seconds <= twins.mirror.dispute(number).opened_at + PARAMS.concede_seconds:
        twins.wait(1, PARAMS.concede_seconds + 1)
    twins.draw_committee(CHALLENGER, number)
    twins.wait(PARAMS.seed_delay_blocks + 1, 0)
    assert twins.draw_committee(CHALLENGER, number)
    members = twins.contracts.committee(number).members
    votes = dict.fromkeys(members, digest) | ({members[-1]: odd} if odd else {})
    for member, vote in votes.items():
        assert twins.commit_vote(member, number, vote_of(member, vote))
    for member, vote in votes.items():
        assert twins.reveal_vote(member, number, vote)
    if is_opened:
        assert twins.open_claim(CHALLENGER, number, is_proven=True)
    else:
        twins.wait(1, PARAMS.commit_seconds + PARAMS.reveal_seconds + PARAMS.open_seconds + 1)
    assert twins.resolve(CHALLENGER, number)
    return members


def judged_by_doubtful_votes(twins: Twins) -> None:
    """What is out of tolerance or could not be checked; and votes that may have been honest."""
    job = _stage(twins)
    whole_wei = PARAMS.seat_stake_wei
    stays, leaves, loses = (whole_wei, False), (whole_wei, True), (0, True)
    for task, (digest, odd, verdict, end) in enumerate(
        (
            (OUT_OF_TOLERANCE, WRONG, Verdict.OUT_OF_TOLERANCE, leaves),
            (UNAVAILABLE, GOOD, Verdict.UNAVAILABLE, stays),
            (WRONG, OUT_OF_TOLERANCE, Verdict.CHALLENGER_LOST, leaves),
            (OUT_OF_TOLERANCE, GOOD, Verdict.OUT_OF_TOLERANCE, loses),
            (GOOD, UNAVAILABLE, Verdict.PROVIDER_LOST, leaves),
        )
    ):
        number = _contested(twins, job, task)
        member = _judge(twins, number, digest, odd)[-1]
        assert twins.contracts.dispute(number).verdict == verdict
        seat = VERIFIERS.index(member)
        is_vacated = twins.contracts.seats()[seat].vacated_block != 0
        assert (twins.contracts.seat_release(seat)[0], is_vacated) == end
    account = twins.contracts.account(PROVIDER)
    assert account.stake_wei == 60_000 - (47 + 47 + 61) * PRICE_WEI
    assert account.strikes == 1


def fined(twins: Twins) -> None:
    """Who gave out no inputs pays with its stake, also what it is taking back, till it has none."""
    job = _stage(twins)
    due_wei = PARAMS.concede_multiple * PRICE_WEI
    twins.deposit(OPERATOR, 2 * due_wei + 77)
    assert twins.stake(OPERATOR, 2 * due_wei + 77)
    assert twins.request_unstake(OPERATOR, due_wei + 5)
    for task, left_wei in enumerate((due_wei + 77, 77, 0, 0)):
        number = _contested(twins, job, task)
        _judge(twins, number, UNAVAILABLE)
        assert twins.contracts.dispute(number).verdict == Verdict.UNAVAILABLE
        account = twins.contracts.account(OPERATOR)
        assert account.stake_wei + account.unstaking_wei == left_wei
        assert account.strikes == 0
    assert twins.contracts.account(PROVIDER).stake_wei == 60_000


def contested_at_large(twins: Twins) -> None:
    """A bond is a third of what a large lease is paid: it is lost, and comes back."""
    _stage(twins)
    twins.deposit(OPERATOR, 10_000)
    twins.stake(OPERATOR, 10_000)
    job = _job(twins, 2, 170, PRICE_WEI)
    assert twins.open_job(job, REQUESTER, REQUESTER)
    for first, digest in ((0, WRONG), (85, UNAVAILABLE)):
        number = _contested(twins, job, first, count=85)
        bond_wei = 85 * PRICE_WEI // 3
        assert twins.contracts.dispute(number).bond_wei == bond_wei > 15 * PRICE_WEI
        _judge(twins, number, digest)
    assert twins.contracts.account(OPERATOR).stake_wei == 10_000 - 47 * PRICE_WEI


def judged_without_the_claim(twins: Twins) -> None:
    """Of a claim that stays shut nobody knows whether somebody found the same."""
    number = _contested(twins, _stage(twins), 0)
    member = _judge(twins, number, OUT_OF_TOLERANCE, GOOD, is_opened=False)[-1]
    assert twins.contracts.dispute(number).verdict == Verdict.OUT_OF_TOLERANCE
    assert twins.contracts.seat_stake(VERIFIERS.index(member)) == PARAMS.seat_stake_wei


def fees_that_wait(twins: Twins) -> None:
    """Verifiers are paid once the lease is, and only those who still stand for what they found."""
    job = _stage(twins)
    kept, lost = _poor_work(twins, job, 0, 6), _poor_work(twins, job, 6, 3)
    twins.wait(PARAMS.seed_delay_blocks + 1, 0)
    for batch in (kept, lost):
        assert twins.fix_seed(STRANGER, batch)
    due, back = ([_ref(place) for place in _audited(twins, batch)] for batch in (kept, lost))
    for batch, refs in ((kept, due), (lost, back)):
        assert not twins.pay_audits(STRANGER, batch, refs[:1])
    assert twins.open_dispute(CHALLENGER, lost, 0, 6)
    assert twins.concede(POOR, twins.mirror.dispute_count)
    _require_paid(twins, lost, back[0], REQUESTER)
    by_verifier = {_verifier_of(twins, kept, audit): audit for audit in due}
    refuted, left, earned, *_ = by_verifier.values()
    verifier = _verifier_of(twins, kept, refuted)
    place = (0, refuted.task, refuted.round)
    assert twins.report_equivocation(REQUESTER, kept, place, verifier, is_kept=False)
    leaver = _verifier_of(twins, kept, left)
    assert twins.leave_seats(leaver, [VERIFIERS.index(leaver)])
    twins.wait(3, PARAMS.unstake_delay_seconds)
    assert twins.release_seats(leaver, [VERIFIERS.index(leaver)])
    assert twins.take_seats(CHALLENGER, 1)
    assert not twins.pay_audits(STRANGER, kept, [earned])
    assert twins.settle(STRANGER, kept)
    assert not twins.contracts.batch(kept.batch_id()).exists
    assert not twins.pay_audits(STRANGER, kept, [earned, earned])
    assert not twins.pay_audits(STRANGER, kept, [])
    for audit, payee in (
        (refuted, REQUESTER),
        (left, REQUESTER),
        (earned, _verifier_of(twins, kept, earned)),
    ):
        _require_paid(twins, kept, audit, payee)


def _poor_work(twins: Twins, job: Job, task: int, count: int) -> Batch:
    """Tasks of somebody without stake: each is audited."""
    lease = twins.work(twins.job_id(job), POOR, task, count, count * PRICE_WEI, WRONG, task)
    batch = twins.commit(OPERATOR, [(lease, POOR)])
    assert batch is not None
    return batch


def _ref(place: tuple[int, Draw]) -> AuditRef:
    task, draw = place
    return AuditRef(0, task, draw.round)


def _verifier_of(twins: Twins, batch: Batch, audit: AuditRef) -> Address:
    done = twins.mirror.accepted_audit(batch.batch_id(), audit)
    assert done is not None
    return done.verifier


def _require_paid(twins: Twins, batch: Batch, audit: AuditRef, payee: Address) -> None:
    """It goes to them, once."""
    before_wei = twins.contracts.account(payee).balance_wei
    assert twins.pay_audits(STRANGER, batch, [audit])
    assert twins.contracts.account(payee).balance_wei > before_wei
    assert not twins.pay_audits(STRANGER, batch, [audit])


def forgotten_seeds(twins: Twins) -> None:
    """A batch's seed is gone for good; a committee is called again, for another block."""
    job = _stage(twins)
    number = _contested(twins, job, 0)
    batch = list(twins.batches.values())[-1]
    twins.wait(1, PARAMS.concede_seconds + 1)
    assert twins.draw_committee(STRANGER, number)
    twins.wait(PARAMS.seed_delay_blocks + 257, 0)
    assert not twins.fix_seed(STRANGER, batch)
    assert not twins.accept_audits(STRANGER, batch, [])
    assert twins.draw_committee(STRANGER, number)
    assert not twins.draw_committee(STRANGER, number)
    twins.wait(PARAMS.seed_delay_blocks + 1, 0)
    assert twins.draw_committee(STRANGER, number)
    assert twins.contracts.committee(number).is_drawn


def far_ahead(twins: Twins) -> None:
    """Tasks far above what was ever committed wait, so that no commitment leaves too many holes."""
    _stage(twins)
    job = _job(twins, 2, MAX_GAP + 5, price_wei=1)
    assert not twins.open_job(replace(job, not_before=job.deadline), REQUESTER, REQUESTER)
    assert twins.open_job(job, REQUESTER, REQUESTER)
    job_id = twins.job_id(job)
    for task, is_taken in ((MAX_GAP + 1, False), (MAX_GAP, True), (MAX_GAP + 1, True), (0, True)):
        lease = twins.work(job_id, PROVIDER, task, 1, 1, WRONG)
        assert (twins.commit(OPERATOR, [(lease, PROVIDER)]) is not None) == is_taken


def forfeited_in_parts(twins: Twins) -> None:
    """More forfeited tasks than one settlement frees: the next one frees the rest."""
    lines = MAX_FREED_TASKS // MAX_LEASE_TASKS + 2
    small, large = _stage(twins), _job(twins, 2, lines * MAX_LEASE_TASKS, price_wei=1)
    twins.open_job(large, REQUESTER, REQUESTER)
    job_id = twins.job_id(large)
    work = [
        LeaseResult(
            lease_id=Bytes32(line.to_bytes(32, "big")),
            job_id=job_id,
            provider=PROVIDER,
            first_task=line * MAX_LEASE_TASKS,
            count=MAX_LEASE_TASKS,
            amount=MAX_LEASE_TASKS,
            result_root=ZERO_BYTES32,
        )
        for line in range(lines)
    ]
    batch = twins.commit(OPERATOR, [(lease, PROVIDER) for lease in work])
    assert batch is not None
    for task in range(2):
        assert twins.concede(PROVIDER, _contested(twins, small, task))
    twins.wait(3, PARAMS.dispute_window_seconds + 1)
    assert twins.settle(STRANGER, batch)
    assert twins.contracts.job(job_id).committed_tasks == 2 * MAX_LEASE_TASKS
    assert twins.settle(STRANGER, batch)
    assert twins.contracts.job(job_id).committed_tasks == 0
    assert not twins.settle(STRANGER, batch)


def conceded_too_late(twins: Twins) -> None:
    """Who fights one dispute cannot concede another of the lease, until the first is over."""
    job = _stage(twins)
    number = _contested(twins, job, 0, count=3)
    batch = list(twins.batches.values())[-1]
    twins.wait(1, PARAMS.concede_seconds + 1)
    assert twins.open_dispute(PROVIDER, batch, 0, 1)
    assert not twins.concede(PROVIDER, number + 1)
    for contested in (number, number + 1):
        _judge(twins, contested, digest=WRONG)
    assert twins.open_dispute(CHALLENGER, batch, 0, 2)
    assert twins.concede(PROVIDER, number + 2)
    claim = AuditClaim(0, 2, VERIFIERS[0], 0, WRONG, WRONG)
    assert not twins.accept_audits(STRANGER, batch, [(claim, VERIFIERS[0])])
    twins.wait(1, PARAMS.dispute_window_seconds)
    assert twins.settle(STRANGER, batch)
    assert not twins.settle(STRANGER, batch)


def named_out_of_order(twins: Twins) -> None:
    """Leases come by rising id: else two of one batch could have the same."""
    job = _stage(twins)
    one, other = (
        (twins.work(twins.job_id(job), PROVIDER, task, 1, PRICE_WEI, WRONG, task), PROVIDER)
        for task in range(2)
    )
    assert twins.commit(OPERATOR, [other, one]) is None
    same = (replace(other[0], lease_id=one[0].lease_id), PROVIDER)
    assert twins.commit(OPERATOR, [one, same]) is None
    assert twins.commit(OPERATOR, [one, other]) is not None


def released_before_the_draw(twins: Twins) -> None:
    """Who took its stake back sits on no committee, and nobody in its place."""
    job = _stage(twins)
    number = _contested(twins, job, 0)
    twins.wait(1, 0)
    for seat, who in enumerate(VERIFIERS[:-1]):
        assert twins.leave_seats(who, [seat])
    twins.wait(1, PARAMS.unstake_delay_seconds)
    # So many that one of them would be drawn, whatever the seed.
    gone = len(VERIFIERS) - PARAMS.committee_size + 1
    for seat in range(gone - 1):
        assert twins.release_seats(VERIFIERS[seat], [seat])
    twins.draw_committee(STRANGER, number)
    twins.wait(PARAMS.seed_delay_blocks + 1, 0)
    assert twins.release_seats(VERIFIERS[gone - 1], [gone - 1])
    assert twins.draw_committee(STRANGER, number)
    members = twins.contracts.committee(number).members
    assert set(members) <= set(VERIFIERS[gone:])
    twins.deposit(STRANGER, PARAMS.seat_stake_wei)
    assert twins.take_seats(STRANGER, 1)


def all_cancelled(twins: Twins) -> None:
    """Whatever was signed before one's last word to cancel all is void."""
    _stage(twins)
    signed = _job(twins, 2, 3, PRICE_WEI)
    assert twins.cancel_all(REQUESTER)
    assert not twins.open_job(signed, OPERATOR, REQUESTER)
    assert twins.open_job(replace(signed, nonce=1 << 248), OPERATOR, REQUESTER)


def reported_on_duty(twins: Twins) -> None:
    """Whoever reports a member of a committee gets nothing of its seat."""
    job = _stage(twins)
    twins.deposit(POOR, 10_000)
    lease = twins.work(twins.job_id(job), POOR, 1, 8, 8 * PRICE_WEI, WRONG)
    batch = twins.commit(OPERATOR, [(lease, POOR)])
    assert batch is not None
    number = _contested(twins, job, 0)
    twins.wait(3, PARAMS.concede_seconds + 1)
    twins.draw_committee(CHALLENGER, number)
    twins.wait(PARAMS.seed_delay_blocks + 1, 0)
    assert twins.draw_committee(CHALLENGER, number)
    members = twins.contracts.committee(number).members
    twins.fix_seed(STRANGER, batch)
    audited = _audited(twins, batch)
    own = [(task, draw) for task, draw in audited if draw.holder in members]
    burnt = twins.mirror.burnt_wei
    task, draw = own[0]
    place = (0, task, draw.round)
    assert twins.report_equivocation(draw.holder, batch, place, draw.holder, is_kept=False)
    assert twins.mirror.burnt_wei - burnt == PARAMS.seat_stake_wei


def governed(twins: Twins) -> None:
    """Terms change in the middle of three disputes; those that are open keep the earlier ones."""
    job = _stage(twins)
    wanted = DisputeTerms(2_000, 90, 70, 5)
    assert not twins.propose(replace(wanted, concede_multiple=91))
    assert not twins.enact(STRANGER)
    assert twins.propose(wanted)
    twins.wait(3, twins.mirror.notice_seconds)
    assert not twins.enact(STRANGER)
    before = [_contested(twins, job, task) for task in range(2)]
    twins.wait(1, 1)
    assert twins.enact(STRANGER)
    assert not twins.withdraw_proposal()
    assert twins.concede(PROVIDER, before[0])
    after = _contested(twins, job, 2)
    for number, members in ((before[1], 3), (after, 5)):
        _judge(twins, number)
        assert len(twins.contracts.committee(number).members) == members
    lost_wei = (47 + 61 + 90) * PRICE_WEI
    assert twins.contracts.account(PROVIDER).stake_wei == 60_000 - lost_wei
    assert twins.propose(wanted)
    twins.wait(1, twins.mirror.notice_seconds + WEEK_SECONDS + 1)
    assert not twins.enact(STRANGER)
    assert twins.withdraw_proposal()


def _stage(twins: Twins) -> Job:
    """A provider with a stake, some verifiers, and an open job."""
    for who in (PROVIDER, REQUESTER, CHALLENGER):
        twins.deposit(who, 500_000)
    twins.stake(PROVIDER, 60_000)
    for who in VERIFIERS:
        twins.deposit(who, PARAMS.seat_stake_wei)
        twins.take_seats(who, 1)
    twins.wait(1, 12)
    job = _job(twins, 1, 9, PRICE_WEI)
    assert twins.open_job(job, REQUESTER, REQUESTER)
    return job


def _job(twins: Twins, nonce: int, tasks: int, price_wei: int) -> Job:
    return Job(
        requester=REQUESTER,
        operator=OPERATOR,
        token=twins.contracts.deployment.token,
        spec_hash=ZERO_BYTES32,
        task_count=tasks,
        max_price_per_task=price_wei,
        audit_budget=3_000,
        relayer_fee=0,
        not_before=0,
        deadline=twins.at.seconds + DAY_SECONDS,
        nonce=nonce,
    )


def _commit(twins: Twins, job: Job, task: int, count: int = 1) -> Batch:
    lease = twins.work(twins.job_id(job), PROVIDER, task, count, count * PRICE_WEI, WRONG)
    batch = twins.commit(OPERATOR, [(lease, PROVIDER)])
    assert batch is not None
    return batch


def _contested(twins: Twins, job: Job, task: int, count: int = 1) -> int:
    assert twins.open_dispute(CHALLENGER, _commit(twins, job, task, count), 0, task)
    return twins.mirror.dispute_count

"""One job through every contract: paid, audited, disputed, judged, slashed; no wei is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocol.audit import AuditResult
from protocol.chain.development import development_account
from protocol.chain.facts import JobFlag
from protocol.dispute import DisputeStatus, Verdict
from protocol.errors import ChainRejected
from protocol.lifecycle import JobFacts, JobStatus, job_status
from protocol.pricing import audit_fee_wei, audit_rate_ppm
from protocol.sampling import MAX_DRAWS, batch_seed
from protocol.units import PPM, Bytes32
from tests.chain.conftest import Market
from tests.chain.stage import (
    CHEAT,
    GOOD,
    HONEST,
    LEASE_TASKS,
    OPERATOR,
    PRICE_WEI,
    REQUESTER,
    STAKE_WEI,
    TASKS,
    VERIFIERS,
    VOTE_SALT,
    WRONG,
    accept,
    accepted_audits,
    address,
    audit,
    commit,
    dispute,
    do_lease,
    draws_of,
    enrol,
    events,
    judge,
    later,
    open_job,
    ref,
    require_every_wei,
)


def test_a_job_with_a_cheat_among_its_providers(fresh: Market) -> None:
    contracts, rules = fresh.contracts, fresh.contracts.params()
    enrol(fresh, CHEAT)
    job = open_job(fresh)
    job_id = job.job_id(contracts.domain)
    batch = commit(
        fresh,
        [job],
        (HONEST, do_lease(job_id, HONEST, 0, GOOD)),
        (CHEAT, do_lease(job_id, CHEAT, LEASE_TASKS, WRONG)),
    )
    rates = [lease.audit_rate_ppm for lease in batch.leases]
    assert rates == [audit_rate_ppm(PRICE_WEI, 0), audit_rate_ppm(PRICE_WEI, STAKE_WEI)]
    require_every_wei(fresh)

    # The honest provider has no stake: each of its tasks is audited, most of them twice.
    claims = audit(fresh, batch, 0, GOOD)
    assert len(claims) > LEASE_TASKS
    fresh.send(accept(fresh, batch, claims), OPERATOR)
    told = [event.args for event in events(fresh, "AuditAccepted")]
    assert [(a["task"], a["round"], a["verifier"]) for a in told] == [
        (c.task, c.attempt // MAX_DRAWS, c.verifier) for c in claims
    ]
    fee_wei = audit_fee_wei(PRICE_WEI)
    assert {audit.fee_wei for audit in accepted_audits(fresh)} == {fee_wei}
    call = contracts.pay_audits(batch, [ref(claim) for claim in claims])
    with pytest.raises(ChainRejected, match=r"^LeaseNotFinished\("):
        contracts.check(call, address(OPERATOR))

    # A verifier disputes the other lease, the committee agrees, and the cheat is slashed.
    dispute_id = dispute(fresh, batch, 1, 6, VERIFIERS[0])
    require_every_wei(fresh)
    judge(fresh, dispute_id, WRONG)
    facts = contracts.dispute(dispute_id)
    assert (facts.status, facts.verdict) == (DisputeStatus.RESOLVED, Verdict.PROVIDER_LOST)
    assert facts.ruled_digest == GOOD
    (slashed,) = events(fresh, "Slashed")
    assert slashed.args["amount_wei"] == rules.slash_multiple * PRICE_WEI
    cheat = contracts.account(address(CHEAT))
    assert cheat.stake_wei == STAKE_WEI - rules.slash_multiple * PRICE_WEI
    assert (cheat.strikes, cheat.open_disputes) == (1, 0)
    assert not contracts.is_task_committed(job_id, 6)

    # The honest provider does the lost tasks anew; everybody is paid and the job closes itself.
    again = commit(fresh, [job], (HONEST, do_lease(job_id, HONEST, LEASE_TASKS, GOOD)))
    later(fresh, rules.dispute_window_seconds + 1)
    fresh.send(contracts.settle_batch(batch), OPERATOR)
    assert not contracts.job(job_id).is_closed
    fresh.send(contracts.settle_batch(again), OPERATOR)
    assert [e.args["settled_bits"] for e in events(fresh, "BatchSettled")] == [1, 1]
    state = contracts.job(job_id)
    assert (state.frontier, state.committed_tasks, state.settled_tasks) == (TASKS, TASKS, TASKS)
    assert state.flags == JobFlag.OPENED | JobFlag.RELEASED | JobFlag.CLOSED
    assert not contracts.batch(batch.batch_id()).exists
    require_every_wei(fresh)

    # The batch is forgotten; its fees are not.
    before_wei = {c.verifier: contracts.account(c.verifier).balance_wei for c in claims}
    fresh.send(call, OPERATOR)
    assert [e.args["payee"] for e in events(fresh, "AuditPaid")] == [c.verifier for c in claims]
    earned_wei = sum(contracts.account(v).balance_wei - wei for v, wei in before_wei.items())
    assert earned_wei == len(claims) * fee_wei
    with pytest.raises(ChainRejected, match=r"^NoFeeLeft\("):
        contracts.check(call, address(OPERATOR))

    spent = TASKS * PRICE_WEI + len(claims) * fee_wei + job.relayer_fee
    refund = job.total_wei - spent
    assert [e.args["refund_wei"] for e in events(fresh, "JobClosed")] == [refund]
    left = contracts.account(address(REQUESTER)).balance_wei
    assert left == refund + slashed.args["to_requester_wei"]
    assert contracts.account(address(HONEST)).stake_wei == TASKS * PRICE_WEI
    require_every_wei(fresh)


def test_a_seed_comes_with_its_block_and_is_kept(fresh: Market) -> None:
    contracts = fresh.contracts
    enrol(fresh)
    job = open_job(fresh)
    batch = commit(fresh, [job], (HONEST, do_lease(job.job_id(contracts.domain), HONEST, 0, GOOD)))
    batch_id = batch.batch_id()
    facts = contracts.batch(batch_id)
    seed_block = facts.commit_block + contracts.params().seed_delay_blocks
    value = Bytes32(contracts.ask("BlockhashBeacon", "valueAt", seed_block))
    assert any(value)
    assert contracts.seed_of(batch_id) == batch_seed(value, batch_id)
    fresh.send(contracts.fix_seed(batch_id), OPERATOR)
    (fixed,) = events(fresh, "SeedFixed")
    assert fixed.args == {"batch_id": batch_id, "seed": contracts.seed_of(batch_id)}
    with pytest.raises(ChainRejected, match=r"^SeedAlreadyFixed\("):
        fresh.send(contracts.fix_seed(batch_id), OPERATOR)


def test_what_is_no_due_audit_is_not_accepted(fresh: Market) -> None:
    contracts = fresh.contracts
    enrol(fresh)
    job = open_job(fresh)
    batch = commit(fresh, [job], (HONEST, do_lease(job.job_id(contracts.domain), HONEST, 0, GOOD)))
    assert batch.audit_rate_ppm(0) > PPM
    claims = audit(fresh, batch, 0, GOOD)
    fresh.send(accept(fresh, batch, claims[1:]), OPERATOR)
    good = claims[0]
    message = AuditResult(batch.batch_id(), batch.lines[0].lease_id, good.task, WRONG, VOTE_SALT)
    (signer,) = [i for i in VERIFIERS if address(i) == good.verifier]
    lie = message.sign(contracts.domain, development_account(signer))
    refused = {
        "AuditAlreadyAccepted": claims[1],
        "VerifierNotDrawn": replace(good, attempt=good.attempt + 1),
        "AuditDisagrees": replace(good, task_digest=WRONG, signature=lie),
        "BadSignature": replace(good, task_digest=WRONG),
        "TaskNotInLease": replace(good, task=LEASE_TASKS),
        "TaskNotDrawn": replace(good, attempt=good.attempt + 2 * MAX_DRAWS),
        "NoSuchLine": replace(good, line=1),
    }
    for error, wrong in refused.items():
        with pytest.raises(ChainRejected, match=rf"^{error}\("):
            contracts.check(accept(fresh, batch, [wrong]), address(OPERATOR))
    for count in (0, len(VERIFIERS) - 1, len(VERIFIERS) + 1):
        with pytest.raises(ChainRejected, match=r"^WrongSeatCount\("):
            contracts.check(contracts.accept_audits(batch, count, [good]), address(OPERATOR))
    stranger = replace(batch, operator=address(REQUESTER))
    with pytest.raises(ChainRejected, match=r"^UnknownBatch\("):
        contracts.check(
            contracts.accept_audits(stranger, len(VERIFIERS), [good]), address(OPERATOR)
        )
    fresh.send(accept(fresh, batch, [good]), OPERATOR)


def test_the_second_round_is_drawn_alike_on_both_sides(fresh: Market) -> None:
    """Tasks that are audited once have no second audit; those audited twice, one."""
    contracts = fresh.contracts
    enrol(fresh)
    job = open_job(fresh, 4 * LEASE_TASKS)
    job_id = job.job_id(contracts.domain)
    work = [(HONEST, do_lease(job_id, HONEST, i * LEASE_TASKS, GOOD)) for i in range(4)]
    batch = commit(fresh, [job], *work)
    seen = set()
    for line in range(4):
        claims = audit(fresh, batch, line, GOOD)
        for task in batch.result(line).tasks:
            draws = draws_of(fresh, batch, line, task)
            assert [draw.round for draw in draws] == list(range(len(draws)))
            seen.add(len(draws))
            (first, *_) = [claim for claim in claims if claim.task == task]
            if len(draws) == 1:
                second = accept(fresh, batch, [replace(first, attempt=MAX_DRAWS)])
                with pytest.raises(ChainRejected, match=r"^TaskNotDrawn\("):
                    contracts.check(second, address(OPERATOR))
        fresh.send(accept(fresh, batch, claims), OPERATOR)
    assert 2 in seen
    assert len(events(fresh, "AuditAccepted")) == sum(
        len(draws_of(fresh, batch, line, task))
        for line in range(4)
        for task in batch.result(line).tasks
    )


def test_two_jobs_in_one_batch_are_settled_together(fresh: Market) -> None:
    contracts, rules = fresh.contracts, fresh.contracts.params()
    jobs = [open_job(fresh, LEASE_TASKS), open_job(fresh, LEASE_TASKS)]
    ids = [job.job_id(contracts.domain) for job in jobs]
    work = [(provider, do_lease(ids[i], provider, 0, GOOD)) for i, provider in ((0, 4), (1, 3))]
    batch = commit(fresh, jobs, *work)
    with pytest.raises(ChainRejected, match=r"^WindowOpen\("):
        contracts.check(contracts.settle_batch(batch), address(OPERATOR))
    later(fresh, rules.dispute_window_seconds + 1)
    fresh.send(contracts.settle_batch(batch), OPERATOR)
    (settled,) = events(fresh, "BatchSettled")
    assert settled.args == {"batch_id": batch.batch_id(), "settled_bits": 3, "released_bits": 0}
    assert {e.args["job_id"] for e in events(fresh, "JobClosed")} == set(ids)
    with pytest.raises(ChainRejected, match=r"^UnknownBatch\("):
        contracts.check(contracts.settle_batch(batch), address(OPERATOR))
    require_every_wei(fresh)


def test_later_seats_draw_nothing_of_earlier_batches(fresh: Market) -> None:
    contracts = fresh.contracts
    enrol(fresh)
    job = open_job(fresh)
    batch = commit(fresh, [job], (HONEST, do_lease(job.job_id(contracts.domain), HONEST, 0, GOOD)))
    fresh.fund(CHEAT, 3 * contracts.params().seat_stake_wei)
    fresh.send(contracts.take_seats(3), CHEAT)
    assert contracts.seat_count() == len(VERIFIERS) + 3
    facts = contracts.batch(batch.batch_id())
    assert facts.seat_count == contracts.seat_count_at(facts.commit_block) == len(VERIFIERS)
    claims = audit(fresh, batch, 0, GOOD)
    with pytest.raises(ChainRejected, match=r"^WrongSeatCount\("):
        contracts.check(
            contracts.accept_audits(batch, len(VERIFIERS) + 3, claims), address(OPERATOR)
        )
    fresh.send(accept(fresh, batch, claims), OPERATOR)


def test_a_jobs_status_is_derived_alike_on_both_sides(fresh: Market) -> None:
    contracts, rules = fresh.contracts, fresh.contracts.params()
    job = open_job(fresh, LEASE_TASKS)
    job_id = job.job_id(contracts.domain)
    work = (HONEST, do_lease(job_id, HONEST, 0, GOOD))

    def require(status: JobStatus) -> None:
        state = contracts.job(job_id)
        facts = JobFacts(
            task_count=job.task_count,
            deadline=job.deadline,
            committed_tasks=state.committed_tasks,
            settled_tasks=state.settled_tasks,
            open_leases=0,
            cancelled_at=state.cancelled_at,
        )
        assert contracts.job_status(job) == status
        assert job_status(facts, contracts.block_timestamp()) == status

    assert contracts.job_status(replace(job, nonce=99)) is None
    require(JobStatus.OPEN)
    batch = commit(fresh, [job], work)
    require(JobStatus.RUNNING)
    later(fresh, 200_000)
    require(JobStatus.EXPIRED)
    fresh.send(contracts.cancel_job(job, b""), REQUESTER)
    require(JobStatus.CANCELLED)
    later(fresh, rules.dispute_window_seconds + 1)
    fresh.send(contracts.settle_batch(batch), OPERATOR)
    require(JobStatus.SETTLED)

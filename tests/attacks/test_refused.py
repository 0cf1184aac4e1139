"""Moves that the contracts refuse: every one that the simulator tries, sent to a real chain.

The simulator's mirror names what each must meet; the contracts on Anvil must say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from protocol.audit import AuditResult
from protocol.batch import Batch
from protocol.chain.calls import Call
from protocol.chain.development import development_account
from protocol.chain.facts import AuditClaim
from protocol.errors import ChainRejected
from protocol.job import Job
from protocol.lease import LeaseResult
from protocol.pricing import audit_rate_ppm
from protocol.sampling import audited_tasks
from protocol.settlement.refusals import Refusal
from protocol.typed_data import Domain
from protocol.units import WEI_PER_CREDIT, Address
from tests.chain.conftest import Market
from tests.chain.stage import (
    CHEAT,
    GOOD,
    HONEST,
    LEASE_TASKS,
    OPERATOR,
    REQUESTER,
    STAKE_WEI,
    VERIFIERS,
    VOTE_SALT,
    WRONG,
    accept,
    address,
    audit,
    commit,
    dispute,
    do_lease,
    enrol,
    events,
    fresh_market,
    later,
    open_job,
    ref,
)
from verifier.simulation.strategies.refused import ATTACKS
from verifier.simulation.strategies.refused import Attack as Refusable

STRANGER, BROKE, EARNER = 13, 14, 15
BONDS_WEI = 1000 * WEI_PER_CREDIT
Move = Callable[[Market], tuple[Call, Address]]
"""Prepares, and says who then sends what."""


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    with fresh_market("anvil") as made:
        enrol(made, CHEAT)
        made.fund(STRANGER, BONDS_WEI)
        yield made


def work(market: Market, provider: int = HONEST) -> tuple[Job, LeaseResult, Batch]:
    """A lease of four tasks, committed and seeded."""
    job = open_job(market)
    lease = do_lease(job.job_id(market.contracts.domain), provider, 0, GOOD)
    return job, lease, commit(market, [job], (provider, lease))


def committing(market: Market, job: Job, lease: LeaseResult, signature: bytes) -> Call:
    job_id = job.job_id(market.contracts.domain)
    return market.contracts.commit_batch({job_id: job}, [lease], [signature])


def signed(market: Market, lease: LeaseResult, signer: int, domain: Domain | None = None) -> bytes:
    return lease.sign(domain or market.contracts.domain, development_account(signer))


def fresh_lease(market: Market) -> tuple[Job, LeaseResult]:
    job = open_job(market)
    return job, do_lease(job.job_id(market.contracts.domain), HONEST, 0, GOOD)


def signed_elsewhere(**changes: object) -> Move:
    def move(market: Market) -> tuple[Call, Address]:
        job, lease = fresh_lease(market)
        there = replace(market.contracts.domain, **changes)  # type: ignore[arg-type]
        return committing(market, job, lease, signed(market, lease, HONEST, there)), OPERATES

    return move


def invent_lease(market: Market) -> tuple[Call, Address]:
    job, lease = fresh_lease(market)
    return committing(market, job, lease, signed(market, lease, OPERATOR)), OPERATES


def commit_as_another(market: Market) -> tuple[Call, Address]:
    job, lease = fresh_lease(market)
    return committing(market, job, lease, signed(market, lease, HONEST)), address(STRANGER)


def replay_lease(market: Market) -> tuple[Call, Address]:
    job, lease, _ = work(market)
    return committing(market, job, lease, signed(market, lease, HONEST)), OPERATES


def deliver_late(market: Market) -> tuple[Call, Address]:
    job, _, _ = work(market)
    late = do_lease(job.job_id(market.contracts.domain), CHEAT, 0, GOOD)
    return committing(market, job, late, signed(market, late, CHEAT)), OPERATES


def claim_too_much(market: Market) -> tuple[Call, Address]:
    job, lease = fresh_lease(market)
    dear = replace(lease, amount=lease.amount + 1)
    return committing(market, job, dear, signed(market, dear, HONEST)), OPERATES


def settle_twice(market: Market) -> tuple[Call, Address]:
    _, _, batch = work(market, CHEAT)
    later(market, market.contracts.params().dispute_window_seconds + 1)
    market.send(market.contracts.settle_batch(batch), STRANGER)
    return market.contracts.settle_batch(batch), OPERATES


def settle_early(market: Market) -> tuple[Call, Address]:
    return market.contracts.settle_batch(work(market)[2]), OPERATES


def fix_seed_again(market: Market) -> tuple[Call, Address]:
    batch_id = work(market)[2].batch_id()
    market.send(market.contracts.fix_seed(batch_id), STRANGER)
    return market.contracts.fix_seed(batch_id), OPERATES


def a_claim(market: Market, provider: int = HONEST) -> tuple[Batch, AuditClaim]:
    """Without stake every task is audited: the first one's claim."""
    batch = work(market, provider)[2]
    return batch, audit(market, batch, 0, GOOD)[0]


def be_accepted_twice(market: Market) -> tuple[Call, Address]:
    batch, claim = a_claim(market)
    market.send(accept(market, batch, [claim]), STRANGER)
    return accept(market, batch, [claim]), OPERATES


def be_paid_early(market: Market) -> tuple[Call, Address]:
    batch, claim = a_claim(market)
    market.send(accept(market, batch, [claim]), STRANGER)
    return market.contracts.pay_audits(batch, [ref(claim)]), OPERATES


def be_paid_twice(market: Market) -> tuple[Call, Address]:
    batch, claim = a_claim(market, EARNER)  # whose pay becomes stake
    market.send(accept(market, batch, [claim]), STRANGER)
    later(market, market.contracts.params().dispute_window_seconds + 1)
    market.send(market.contracts.settle_batch(batch), STRANGER)
    paying = market.contracts.pay_audits(batch, [ref(claim)])
    market.send(paying, STRANGER)
    return paying, OPERATES


def steal_audit(market: Market) -> tuple[Call, Address]:
    batch, claim = a_claim(market)
    lease_id = batch.lines[0].lease_id
    message = AuditResult(batch.batch_id(), lease_id, claim.task, GOOD, VOTE_SALT)
    signature = message.sign(market.contracts.domain, development_account(STRANGER))
    stolen = replace(claim, verifier=address(STRANGER), signature=signature)
    return accept(market, batch, [stolen]), address(STRANGER)


def skip_attempts(market: Market) -> tuple[Call, Address]:
    batch, claim = a_claim(market)
    return accept(market, batch, [replace(claim, attempt=claim.attempt + 1)]), OPERATES


def contest_late(market: Market) -> tuple[Call, Address]:
    batch = work(market)[2]
    later(market, market.contracts.params().dispute_window_seconds + 1)
    return market.contracts.open_dispute(batch, 0, 0), address(STRANGER)


def contest_twice(market: Market) -> tuple[Call, Address]:
    batch = work(market)[2]
    dispute(market, batch, 0, 0, STRANGER)
    return market.contracts.open_dispute(batch, 0, 0), address(STRANGER)


def open_without_funds(market: Market) -> tuple[Call, Address]:
    job = replace(open_job(market), requester=address(BROKE))
    return market.contracts.open_job(job, b""), address(BROKE)


def replay_job(market: Market) -> tuple[Call, Address]:
    job = open_job(market)
    market.fund(REQUESTER, job.total_wei)
    return market.contracts.open_job(job, b""), address(REQUESTER)


def unstake_at_once(market: Market) -> tuple[Call, Address]:
    market.send(market.contracts.request_unstake(1), CHEAT)
    return market.contracts.unstake(address(CHEAT)), address(CHEAT)


def unstake_in_dispute(market: Market) -> tuple[Call, Address]:
    _, _, batch = work(market, CHEAT)
    dispute(market, batch, 0, 0, STRANGER)
    market.send(market.contracts.request_unstake(1), CHEAT)
    later(market, market.contracts.params().unstake_delay_seconds + 1)
    return market.contracts.unstake(address(CHEAT)), address(CHEAT)


def release_held_seat(market: Market) -> tuple[Call, Address]:
    return market.contracts.release_seats([0]), address(VERIFIERS[0])


OPERATES = address(OPERATOR)
MOVES: dict[str, Move] = {
    "signature for another chain": signed_elsewhere(chain_id=2),
    "signature for another contract": signed_elsewhere(market=Address("0x" + "22" * 20)),
    "operator invents a lease": invent_lease,
    "another operator commits": commit_as_another,
    "lease result replayed": replay_lease,
    "late result after re-lease": deliver_late,
    "over-claimed amount": claim_too_much,
    "settled twice": settle_twice,
    "settled before the window ends": settle_early,
    "seed fixed again": fix_seed_again,
    "audit accepted twice": be_accepted_twice,
    "fee paid before its lease is": be_paid_early,
    "fee paid twice": be_paid_twice,
    "audit claimed by another": steal_audit,
    "a later attempt claimed": skip_attempts,
    "contested after the window": contest_late,
    "one task contested twice": contest_twice,
    "job without funds": open_without_funds,
    "job replayed": replay_job,
    "unstaking without delay": unstake_at_once,
    "unstaking during a dispute": unstake_in_dispute,
    "seat's stake taken while it is held": release_held_seat,
}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_the_contracts_refuse_it_by_the_mirrors_name(market: Market, attack: Refusable) -> None:
    call, sender = MOVES[attack.name](market)
    require_refused(market, call, sender, attack.expected)


def test_what_was_drawn_is_not_committed_again_for_another_draw(market: Market) -> None:
    """Operator and provider together: neither the same lease nor another one of its tasks."""
    job, lease, batch = work(market, CHEAT)
    again = do_lease(job.job_id(market.contracts.domain), CHEAT, 0, WRONG)
    for result in (lease, again):
        call = committing(market, job, result, signed(market, result, CHEAT))
        require_refused(market, call, OPERATES, Refusal.TASK_ALREADY_COMMITTED)
    # Conceded to a friend its tasks are free, but not for the result that was given up.
    market.send(market.contracts.concede(dispute(market, batch, 0, 0, STRANGER)), CHEAT)
    call = committing(market, job, lease, signed(market, lease, CHEAT))
    require_refused(market, call, OPERATES, Refusal.RESULT_IS_VOID)


def test_a_seed_that_is_known_tells_nothing_of_the_next_draws(market: Market) -> None:
    """Whoever cheats where the last seed would spare it is drawn all the same."""
    contracts, leases = market.contracts, 16
    known = contracts.seed_of(work(market, STRANGER)[2].batch_id())
    price_wei = STAKE_WEI
    market.fund(CHEAT, STAKE_WEI)
    market.send(contracts.stake(STAKE_WEI), CHEAT)
    job = open_job(market, leases * LEASE_TASKS, price_wei)
    job_id = job.job_id(contracts.domain)
    results = [do_lease(job_id, CHEAT, i * LEASE_TASKS, WRONG, price_wei) for i in range(leases)]
    stake_wei = contracts.account(address(CHEAT)).stake_wei
    rate_ppm = audit_rate_ppm(price_wei, stake_wei)
    foreseen = [audited_tasks(known, r.lease_id, r.tasks, rate_ppm) for r in results]
    batch = commit(market, [job], *((CHEAT, result) for result in results))
    seed = contracts.seed_of(batch.batch_id())
    drawn = [audited_tasks(seed, r.lease_id, r.tasks, rate_ppm) for r in results]
    assert batch.audit_rate_ppm(0) == rate_ppm
    assert drawn != foreseen


def test_no_seed_is_known_when_a_batch_is_committed(market: Market) -> None:
    job, lease = fresh_lease(market)
    call = committing(market, job, lease, signed(market, lease, HONEST))
    market.send(call, OPERATOR)
    batch_id = events(market, "BatchCommitted")[-1].args["batch_id"]
    assert not any(market.contracts.seed_of(batch_id))
    fix = market.contracts.fix_seed(batch_id)
    require_refused(market, fix, OPERATES, Refusal.SEED_NOT_READY)


def require_refused(market: Market, call: Call, sender: Address, refusal: Refusal) -> None:
    with pytest.raises(ChainRejected, match=rf"^{refusal}\("):
        market.contracts.check(call, sender)

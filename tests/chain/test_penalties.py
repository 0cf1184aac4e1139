"""Who is wrong pays, and who helped: what concessions, lost disputes and false audits cost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocol.audit import AuditCommitment, commitment
from protocol.batch import Batch
from protocol.chain.facts import AuditClaim, Equivocation
from protocol.dispute import DisputeStatus, Verdict
from protocol.errors import ChainRejected
from protocol.pricing import REPORTER_PERCENT, audit_fee_wei, bond_wei, concession_wei
from protocol.sampling import MAX_DRAWS
from protocol.units import Bytes32
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
    VERIFIERS,
    WRONG,
    accept,
    address,
    audit,
    commit,
    dispute,
    do_lease,
    enrol,
    events,
    judge,
    later,
    open_job,
    opening_of,
    ref,
    require_every_wei,
    verifier_account,
)


def test_a_challenger_who_is_wrong_pays(fresh: Market) -> None:
    """The committee gets half of its bond; the provider, that may have provoked it, nothing."""
    contracts, rules = fresh.contracts, fresh.contracts.params()
    enrol(fresh)
    job = open_job(fresh)
    batch = commit(fresh, [job], (HONEST, do_lease(job.job_id(contracts.domain), HONEST, 0, GOOD)))
    dispute_id = dispute(fresh, batch, 0, 1, VERIFIERS[0])
    judge(fresh, dispute_id, GOOD)
    assert contracts.dispute(dispute_id).verdict == Verdict.CHALLENGER_LOST
    assert contracts.account(address(VERIFIERS[0])).balance_wei == 0
    assert contracts.account(address(HONEST)).balance_wei == 0
    members = contracts.committee(dispute_id).members
    given_wei = rules.dispute_bond_wei // 2 // len(members) * len(members)
    assert contracts.burnt_wei() == rules.dispute_bond_wei - given_wei
    later(fresh, rules.dispute_window_seconds + 1)
    fresh.send(contracts.settle_batch(batch), OPERATOR)
    (settled,) = events(fresh, "BatchSettled")
    assert (settled.args["settled_bits"], settled.args["released_bits"]) == (1, 0)
    require_every_wei(fresh)


def test_conceding_costs_what_cheating_could_have_earned(fresh: Market) -> None:
    contracts, rules = fresh.contracts, fresh.contracts.params()
    enrol(fresh, CHEAT)
    job = open_job(fresh)
    job_id = job.job_id(contracts.domain)
    batch = commit(fresh, [job], (CHEAT, do_lease(job_id, CHEAT, 0, WRONG)))
    challenger = address(VERIFIERS[0])
    before = contracts.account(challenger).balance_wei
    requester_before = contracts.account(address(REQUESTER)).balance_wei
    dispute_id = dispute(fresh, batch, 0, 2, VERIFIERS[0])
    assert contracts.batch(batch.batch_id()).is_disputed(0)
    fresh.send(contracts.concede(dispute_id), CHEAT)

    taken_wei = concession_wei(PRICE_WEI, STAKE_WEI)
    assert taken_wei == rules.concede_multiple * PRICE_WEI
    (slashed,) = events(fresh, "Slashed")
    assert slashed.args["amount_wei"] == taken_wei
    account = contracts.account(address(CHEAT))
    assert (account.stake_wei, account.strikes) == (STAKE_WEI - taken_wei, 1)
    assert account.forfeit_block == 0
    assert contracts.account(challenger).balance_wei == before + taken_wei // 10
    given = contracts.account(address(REQUESTER)).balance_wei - requester_before
    assert given == PRICE_WEI  # half of it would be 25 times as much
    assert contracts.burnt_wei() == taken_wei - PRICE_WEI - taken_wei // 10
    assert contracts.dispute(dispute_id).status == DisputeStatus.CONCEDED
    assert contracts.batch(batch.batch_id()).is_finished(0)
    (released,) = events(fresh, "LeaseReleased")
    lease_id = batch.lines[0].lease_id
    assert released.args == {
        "batch_id": batch.batch_id(),
        "lease_id": lease_id,
        "job_id": job_id,
    }
    require_every_wei(fresh)

    # The second one costs as much as losing, and all that waits for its window.
    first = commit(fresh, [job], (CHEAT, do_lease(job_id, CHEAT, 0, GOOD)))
    second = commit(fresh, [job], (CHEAT, do_lease(job_id, CHEAT, LEASE_TASKS, WRONG)))
    fresh.send(contracts.concede(dispute(fresh, second, 0, LEASE_TASKS, VERIFIERS[0])), CHEAT)
    assert contracts.account(address(CHEAT)).forfeit_block > 0
    left_wei = STAKE_WEI - taken_wei
    assert events(fresh, "Slashed")[-1].args["amount_wei"] == min(
        left_wei, rules.slash_multiple * PRICE_WEI
    )
    later(fresh, rules.dispute_window_seconds + 1)
    fresh.send(contracts.settle_batch(first), OPERATOR)
    forfeited = events(fresh, "BatchSettled")[-1].args
    assert (forfeited["settled_bits"], forfeited["released_bits"]) == (0, 1)
    require_every_wei(fresh)


def test_a_bond_is_by_price(fresh: Market) -> None:
    contracts, rules = fresh.contracts, fresh.contracts.params()
    enrol(fresh)
    dear_wei = rules.dispute_bond_wei
    job = open_job(fresh, price_wei=dear_wei)
    lease = do_lease(job.job_id(contracts.domain), HONEST, 0, GOOD, price_wei=dear_wei)
    batch = commit(fresh, [job], (HONEST, lease))
    missing = contracts.open_dispute(batch, 0, 0)
    with pytest.raises(ChainRejected, match=r"^InsufficientBalance\("):
        contracts.check(missing, address(VERIFIERS[0]))
    bond = bond_wei(dear_wei, lease.amount, rules.dispute_bond_wei)
    assert bond == 15 * rules.dispute_bond_wei
    fresh.fund(VERIFIERS[0], bond - rules.dispute_bond_wei)
    dispute_id = dispute(fresh, batch, 0, 0, VERIFIERS[0])
    assert contracts.dispute(dispute_id).bond_wei == bond
    assert contracts.account(address(VERIFIERS[0])).balance_wei == 0
    require_every_wei(fresh)


def test_a_released_result_never_counts_again(fresh: Market) -> None:
    contracts = fresh.contracts
    enrol(fresh)
    job = open_job(fresh)
    work = (CHEAT, do_lease(job.job_id(contracts.domain), CHEAT, 0, WRONG))
    batch = commit(fresh, [job], work)
    fresh.send(contracts.concede(dispute(fresh, batch, 0, 0, VERIFIERS[0])), CHEAT)
    with pytest.raises(ChainRejected, match=r"^ResultIsVoid\("):
        commit(fresh, [job], work)


def test_whose_false_audit_was_accepted_loses_its_seat_and_the_fee(fresh: Market) -> None:
    """A provider and the verifiers that it shares a lie with, until somebody else looks."""
    contracts, rules = fresh.contracts, fresh.contracts.params()
    enrol(fresh)
    job = open_job(fresh)
    batch = commit(fresh, [job], (CHEAT, do_lease(job.job_id(contracts.domain), CHEAT, 0, WRONG)))
    claims = audit(fresh, batch, 0, WRONG)
    fresh.send(accept(fresh, batch, claims), OPERATOR)
    lie = next(claim for claim in claims if claim.attempt >= MAX_DRAWS)
    (challenger, *_) = [i for i in VERIFIERS if address(i) != lie.verifier]
    dispute_id = dispute(fresh, batch, 0, lie.task, challenger)
    opening = opening_of(batch.result(0), lie.task, WRONG)
    with pytest.raises(ChainRejected, match=r"^NotContradicted\("):
        contracts.check(contracts.contradict(dispute_id, 1, opening), address(HONEST))
    judge(fresh, dispute_id, WRONG)
    assert contracts.dispute(dispute_id).verdict == Verdict.PROVIDER_LOST

    (seat_id,) = [i for i, seat in enumerate(contracts.seats()) if seat.holder == lie.verifier]
    burnt_wei = contracts.burnt_wei()
    fresh.send(contracts.contradict(dispute_id, 1, opening), HONEST)
    assert contracts.seat_stake(seat_id) == 0
    reward_wei = rules.seat_stake_wei * REPORTER_PERCENT // 100
    assert contracts.account(address(HONEST)).balance_wei == reward_wei
    assert contracts.burnt_wei() == burnt_wei + rules.seat_stake_wei - reward_wei
    (slashed,) = events(fresh, "SeatSlashed")
    assert slashed.args == {
        "seat_id": seat_id,
        "holder": lie.verifier,
        "dispute_id": dispute_id,
    }
    with pytest.raises(ChainRejected, match=r"^AuditNotAccepted\("):
        contracts.check(contracts.contradict(dispute_id, 1, opening), address(HONEST))
    requester = contracts.account(address(REQUESTER)).balance_wei
    fresh.send(contracts.pay_audits(batch, [ref(claim) for claim in claims]), OPERATOR)
    back_wei = contracts.account(address(REQUESTER)).balance_wei - requester
    assert back_wei == len(claims) * audit_fee_wei(PRICE_WEI)
    require_every_wei(fresh)


def test_who_signs_another_word_than_it_gave_loses_its_seat(fresh: Market) -> None:
    """It commits to nonsense, is shown what is right, and signs that."""
    contracts, rules = fresh.contracts, fresh.contracts.params()
    enrol(fresh)
    job = open_job(fresh)
    batch = commit(fresh, [job], (HONEST, do_lease(job.job_id(contracts.domain), HONEST, 0, GOOD)))
    signed = audit(fresh, batch, 0, GOOD)[0]
    lie = _words(fresh, batch, signed, WRONG)
    report = contracts.report_equivocation(batch, lie)
    with pytest.raises(ChainRejected, match=r"^AuditNotAccepted\("):
        contracts.check(report, address(CHEAT))
    fresh.send(accept(fresh, batch, [signed]), OPERATOR)
    kept = contracts.report_equivocation(batch, _words(fresh, batch, signed, GOOD))
    with pytest.raises(ChainRejected, match=r"^NoEquivocation\("):
        contracts.check(kept, address(CHEAT))
    forged = contracts.report_equivocation(batch, replace(lie, commitment=WRONG))
    with pytest.raises(ChainRejected, match=r"^BadSignature\("):
        contracts.check(forged, address(CHEAT))

    fresh.send(report, CHEAT)
    (seat_id,) = [i for i, seat in enumerate(contracts.seats()) if seat.holder == signed.verifier]
    assert contracts.seat_stake(seat_id) == 0
    reward_wei = rules.seat_stake_wei * REPORTER_PERCENT // 100
    assert contracts.account(address(CHEAT)).balance_wei == reward_wei
    (slashed,) = events(fresh, "SeatSlashed")
    assert slashed.args == {"seat_id": seat_id, "holder": signed.verifier, "dispute_id": 0}
    with pytest.raises(ChainRejected, match=r"^AuditNotAccepted\("):
        contracts.check(report, address(CHEAT))
    require_every_wei(fresh)


def _words(market: Market, batch: Batch, signed: AuditClaim, committed: Bytes32) -> Equivocation:
    """A commitment to one digest beside the result that was accepted."""
    lease_id = batch.lines[signed.line].lease_id
    bound = commitment(signed.verifier, committed, signed.salt)
    message = AuditCommitment(batch.batch_id(), lease_id, signed.task, bound)
    return Equivocation(
        line=signed.line,
        task=signed.task,
        round=signed.attempt // MAX_DRAWS,
        commitment=bound,
        commitment_signature=message.sign(
            market.contracts.domain, verifier_account(signed.verifier)
        ),
        task_digest=signed.task_digest,
        salt=signed.salt,
        result_signature=signed.signature,
    )

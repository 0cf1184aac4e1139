"""One job through every contract: paid, audited, disputed, judged, slashed; no wei is lost.

Python makes the draws and proofs, the contracts check them: this holds both to one protocol.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from protocol import merkle
from protocol.audit import AuditResult, commitment
from protocol.chain import params
from protocol.chain.connection import connect, rpc
from protocol.chain.deploy import deploy
from protocol.chain.development import development_account
from protocol.chain.events import ChainEvent, EventReader
from protocol.chain.facts import AuditClaim, DisputeStatus, Verdict
from protocol.errors import ChainRejected
from protocol.job import Job
from protocol.lease import CommittedLease, Lease, LeaseResult
from protocol.pricing import audit_fee_wei, audit_rate_ppm
from protocol.result import Opening, open_task, result_root
from protocol.sampling import audited_tasks, draw_committee, draw_verifier
from protocol.units import WEI_PER_CREDIT, Address, Bytes32
from tests.chain.conftest import SUPPLY_WEI, Market, mine
from tests.support.chains import start_anvil, start_devchain

REQUESTER, OPERATOR, HONEST, CHEAT = 1, 2, 3, 4
VERIFIERS = range(5, 12)
PRICE_WEI = WEI_PER_CREDIT // 10
TASKS = 8
LEASE_SALT, VOTE_SALT = Bytes32(b"\x31" * 32), Bytes32(b"\x32" * 32)
GOOD, WRONG = Bytes32(b"\x41" * 32), Bytes32(b"\x42" * 32)


@pytest.fixture(params=["py-evm", "anvil"])
def fresh(request: pytest.FixtureRequest) -> Iterator[Market]:
    """A market on a chain of its own, whose clock the test moves."""
    started = start_devchain(block_seconds=0) if request.param == "py-evm" else start_anvil()
    with started as url:
        web3 = connect(url)
        made = deploy(web3, development_account(0), params.development(), SUPPLY_WEI)
        yield Market(web3, made)


def address(index: int) -> Address:
    return Address(development_account(index).address)


def later(market: Market, seconds: int) -> None:
    rpc(market.web3, "evm_increaseTime", seconds)
    mine(market.web3)


def events(market: Market, kind: str) -> list[ChainEvent]:
    found = EventReader(market.web3, market.deployment).poll(None, 10**6).events
    return [event for event in found if event.kind == kind]


def open_job(market: Market) -> tuple[Job, Bytes32]:
    now = market.contracts.block_timestamp()
    job = Job(
        requester=address(REQUESTER),
        operator=address(OPERATOR),
        token=market.deployment.token,
        spec_hash=Bytes32(b"\x05" * 32),
        task_count=TASKS,
        max_price_per_task=PRICE_WEI,
        audit_budget=TASKS * audit_fee_wei(PRICE_WEI),
        relayer_fee=WEI_PER_CREDIT // 1000,
        not_before=now - 10,
        deadline=now + 100_000,
        nonce=1,
    )
    domain = market.contracts.domain
    market.fund(REQUESTER, job.total_wei)
    signature = job.sign(domain, development_account(REQUESTER))
    market.send(market.contracts.open_job(job, signature), OPERATOR)
    return job, job.job_id(domain)


def do_lease(job_id: Bytes32, provider: int, first_task: int, digest: Bytes32) -> LeaseResult:
    lease = Lease(
        job_id, address(provider), address(provider), first_task, 4, PRICE_WEI, first_task
    )
    root = result_root(lease.lease_id, first_task, [digest] * 4, LEASE_SALT)
    return LeaseResult(
        lease.lease_id, job_id, address(provider), first_task, 4, 4 * PRICE_WEI, root
    )


def commit(market: Market, *work: tuple[int, LeaseResult]) -> int:
    signed = [r.sign(market.contracts.domain, development_account(i)) for i, r in work]
    market.send(market.contracts.commit_batch([r for _, r in work], signed), OPERATOR)
    batch_id = int(events(market, "BatchCommitted")[-1].args["batch_id"])
    mine(market.web3, 2)
    market.send(market.contracts.fix_seed(batch_id), OPERATOR)
    return batch_id


def leases_of(market: Market, batch_id: int) -> tuple[CommittedLease, ...]:
    (found,) = [e for e in events(market, "BatchCommitted") if e.args["batch_id"] == batch_id]
    leases: tuple[CommittedLease, ...] = found.args["leases"]
    return leases


def proof_of(leases: tuple[CommittedLease, ...], index: int) -> tuple[Bytes32, ...]:
    return merkle.proof([lease.leaf() for lease in leases], index)


def audit(market: Market, batch_id: int, index: int, digest: Bytes32) -> list[AuditClaim]:
    """Make the draw of one lease and the claims of the drawn verifiers."""
    contracts, leases = market.contracts, leases_of(market, batch_id)
    batch, lease = contracts.batch(batch_id), leases[index]
    seats = contracts.seats()[: batch.seat_count]
    excluded = {lease.result.provider, address(REQUESTER), address(OPERATOR)}
    claims = []
    for task in audited_tasks(
        batch.seed, lease.result.lease_id, lease.result.tasks, lease.audit_rate_ppm
    ):
        drawn = draw_verifier(
            batch.seed, lease.result.lease_id, task, seats, batch.commit_block, excluded
        )
        assert drawn is not None
        message = AuditResult(batch_id, lease.result.lease_id, task, digest, VOTE_SALT)
        (signer,) = [i for i in VERIFIERS if address(i) == drawn.holder]
        claims.append(
            AuditClaim(
                lease=lease,
                index=index,
                proof=proof_of(leases, index),
                task=task,
                verifier=drawn.holder,
                attempt=drawn.attempt,
                task_digest=digest,
                salt=VOTE_SALT,
                signature=message.sign(contracts.domain, development_account(signer)),
            )
        )
    return claims


def judge(market: Market, dispute_id: int) -> None:
    """Run the whole committee: draw, vote for GOOD, reveal, open the claim, resolve."""
    contracts, rules = market.contracts, market.contracts.params()
    later(market, rules.concede_seconds + 1)
    market.send(contracts.draw_committee(dispute_id), OPERATOR)
    committee, dispute = contracts.committee(dispute_id), contracts.dispute(dispute_id)
    excluded = {dispute.provider, dispute.challenger, address(REQUESTER), address(OPERATOR)}
    seed = contracts.ask("BlockhashBeacon", "valueAt", committee.seed_block)
    assert committee.members == draw_committee(
        seed,
        dispute_id,
        contracts.seats()[: dispute.seat_count],
        dispute.opened_block,
        excluded,
        rules.committee_size,
    )
    members = [i for i in VERIFIERS if address(i) in committee.members]
    for member in members:
        vote = commitment(address(member), GOOD, VOTE_SALT)
        market.send(contracts.commit_vote(dispute_id, vote), member)
        assert contracts.committee(dispute_id).has_committed(address(member))
    for member in members:
        market.send(contracts.reveal_vote(dispute_id, GOOD, VOTE_SALT), member)
        assert contracts.committee(dispute_id).has_revealed(address(member))
    market.send(contracts.open_claim(dispute_id, claim_of(market, dispute_id)), OPERATOR)
    market.send(contracts.resolve(dispute_id), OPERATOR)


def claim_of(market: Market, dispute_id: int) -> Opening:
    facts = market.contracts.dispute(dispute_id)
    digest = WRONG if facts.provider == address(CHEAT) else GOOD
    digests = [digest] * facts.count
    return open_task(facts.lease_id, facts.first_task, digests, LEASE_SALT, facts.task)


def held_wei(market: Market) -> int:
    """All that the market owes to anybody."""
    contracts = market.contracts
    accounts = [contracts.account(address(index)) for index in range(20)]
    owed = sum(a.balance_wei + a.stake_wei + a.unstaking_wei for a in accounts)
    seats = sum(contracts.seat_release(i)[0] for i in range(contracts.seat_count()))
    jobs = {e.args["job_id"] for e in events(market, "JobOpened")}
    states = [contracts.job(job_id) for job_id in jobs]
    escrows = sum(state.escrow_wei + state.audit_escrow_wei for state in states)
    disputes = [contracts.dispute(e.args["dispute_id"]) for e in events(market, "DisputeOpened")]
    bonds = sum(facts.bond_wei for facts in disputes if facts.is_open)
    return owed + seats + escrows + bonds + int(contracts.ask("Market", "burntWei"))


def enrol(market: Market) -> None:
    rules = market.contracts.params()
    for index in VERIFIERS:
        market.fund(index, rules.seat_stake_wei + rules.dispute_bond_wei)
        market.send(market.contracts.take_seats(1), index)
    for index in (HONEST, CHEAT):
        market.fund(index, 10 * WEI_PER_CREDIT)
        market.send(market.contracts.stake(10 * WEI_PER_CREDIT), index)


def test_a_job_with_a_cheat_among_its_providers(fresh: Market) -> None:
    contracts, rules = fresh.contracts, fresh.contracts.params()
    enrol(fresh)
    job, job_id = open_job(fresh)
    honest, cheat = do_lease(job_id, HONEST, 0, GOOD), do_lease(job_id, CHEAT, 4, WRONG)
    batch_id = commit(fresh, (HONEST, honest), (CHEAT, cheat))
    leases = leases_of(fresh, batch_id)
    rate = audit_rate_ppm(PRICE_WEI, 10 * WEI_PER_CREDIT, 0)
    assert [lease.audit_rate_ppm for lease in leases] == [rate, rate]
    assert held_wei(fresh) == contracts.token_balance(fresh.deployment.market)

    # The honest lease is audited as drawn; the fees come out of the audit escrow.
    claims = audit(fresh, batch_id, 0, GOOD)
    if claims:
        fresh.send(contracts.pay_audits(batch_id, claims), OPERATOR)
        assert contracts.is_audit_paid(batch_id, 0, claims[0].task)
        with pytest.raises(ChainRejected, match=r"^AuditAlreadyPaid\("):
            fresh.send(contracts.pay_audits(batch_id, claims), OPERATOR)
        wrong = replace(claims[0], attempt=claims[0].attempt + 1)
        with pytest.raises(ChainRejected, match=r"^(AuditAlreadyPaid|VerifierNotDrawn)\("):
            fresh.send(contracts.pay_audits(batch_id, [wrong]), OPERATOR)
    assert len(events(fresh, "AuditPaid")) == len(claims)

    # A verifier disputes the other lease, the committee agrees, and the cheat is slashed.
    challenger = VERIFIERS[0]
    call = contracts.open_dispute(batch_id, leases[1], 1, proof_of(leases, 1), 6)
    fresh.send(call, challenger)
    dispute_id = int(events(fresh, "DisputeOpened")[-1].args["dispute_id"])
    assert held_wei(fresh) == contracts.token_balance(fresh.deployment.market)
    judge(fresh, dispute_id)
    facts = contracts.dispute(dispute_id)
    assert (facts.status, facts.verdict) == (DisputeStatus.RESOLVED, Verdict.PROVIDER_LOST)
    (slashed,) = events(fresh, "Slashed")
    assert slashed.args["amount_wei"] == rules.slash_multiple * PRICE_WEI
    assert contracts.account(address(CHEAT)).stake_wei == 4 * WEI_PER_CREDIT
    assert not contracts.is_task_committed(job_id, 6)

    # The honest provider does the lost tasks anew; everybody is paid and the job is closed.
    again = replace(do_lease(job_id, HONEST, 4, GOOD), lease_id=Bytes32(b"\x77" * 32))
    second = commit(fresh, (HONEST, again))
    later(fresh, rules.dispute_window_seconds + 1)
    fresh.send(contracts.settle_batch(batch_id, leases), OPERATOR)
    fresh.send(contracts.settle_batch(second, leases_of(fresh, second)), OPERATOR)
    state = contracts.job(job_id)
    assert (state.settled_tasks, state.open_leases) == (TASKS, 0)
    fresh.send(contracts.close_job(job_id), OPERATOR)
    assert contracts.job(job_id).closed_at > 0

    spent = TASKS * PRICE_WEI + len(claims) * audit_fee_wei(PRICE_WEI) + job.relayer_fee
    refund = job.total_wei - spent
    assert events(fresh, "JobClosed")[0].args["refund_wei"] == refund
    earned = contracts.account(address(REQUESTER)).balance_wei
    assert earned == refund + slashed.args["to_requester_wei"]
    assert held_wei(fresh) == contracts.token_balance(fresh.deployment.market)


def test_a_challenger_who_is_wrong_pays(fresh: Market) -> None:
    contracts, rules = fresh.contracts, fresh.contracts.params()
    enrol(fresh)
    _, job_id = open_job(fresh)
    batch_id = commit(fresh, (HONEST, do_lease(job_id, HONEST, 0, GOOD)))
    leases = leases_of(fresh, batch_id)
    before = contracts.account(address(HONEST)).balance_wei
    fresh.send(contracts.open_dispute(batch_id, leases[0], 0, [], 1), VERIFIERS[0])
    dispute_id = int(events(fresh, "DisputeOpened")[0].args["dispute_id"])
    judge(fresh, dispute_id)
    facts = contracts.dispute(dispute_id)
    assert facts.verdict == Verdict.CHALLENGER_LOST
    assert contracts.account(address(VERIFIERS[0])).balance_wei == 0
    assert contracts.account(address(HONEST)).balance_wei == before + rules.dispute_bond_wei // 2
    later(fresh, rules.dispute_window_seconds + 1)
    fresh.send(contracts.settle_batch(batch_id, leases), OPERATOR)
    assert len(events(fresh, "LeaseSettled")) == 1
    assert held_wei(fresh) == contracts.token_balance(fresh.deployment.market)

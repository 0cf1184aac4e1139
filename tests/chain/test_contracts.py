"""The bindings against the deployed contracts: the same on py-evm and on Anvil."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from eth_account import Account

from protocol.batch import make_batch
from protocol.chain import params
from protocol.chain.contracts import Contracts
from protocol.chain.deploy import check_deployment
from protocol.chain.development import development_account
from protocol.chain.events import EventReader
from protocol.chain.facts import AuditClaim, AuditRef, Equivocation
from protocol.delegation import Delegation
from protocol.dispute import DisputeStatus, DisputeTerms, Proposal
from protocol.errors import ChainRejected, InvalidInput
from protocol.job import Cancellation, Job
from protocol.lease import CommittedLease, Lease, LeaseResult
from protocol.pricing import audit_rate_ppm
from protocol.request import Request
from protocol.result import open_task, result_root
from protocol.typed_data import nonce_of
from protocol.units import WEI_PER_CREDIT, ZERO_ADDRESS, Address, Bytes32
from tests.chain.conftest import Market, mine
from tests.chain.stage import GOVERNOR, GUARDIAN, later

REQUESTER, OPERATOR, PROVIDER, VERIFIER, OWNER, LEAVER = 4, 5, 6, 7, 8, 14


def address(index: int) -> Address:
    return Address(development_account(index).address)


def make_job(market: Market, nonce: int, tasks: int = 4) -> Job:
    now = market.contracts.block_timestamp()
    return Job(
        requester=address(REQUESTER),
        operator=address(OPERATOR),
        token=market.deployment.token,
        spec_hash=Bytes32(b"\x05" * 32),
        task_count=tasks,
        max_price_per_task=WEI_PER_CREDIT,
        audit_budget=WEI_PER_CREDIT,
        relayer_fee=7,
        not_before=now - 10,
        deadline=now + 3600,
        nonce=nonce,
    )


def open_job(market: Market, nonce: int) -> tuple[Job, Bytes32]:
    job = make_job(market, nonce)
    signature = job.sign(market.contracts.domain, development_account(REQUESTER))
    market.fund(REQUESTER, job.total_wei)
    market.send(market.contracts.open_job(job, signature), OPERATOR)
    return job, job.job_id(market.contracts.domain)


def make_result(job_id: Bytes32, first_task: int = 0, count: int = 2) -> LeaseResult:
    lease = Lease(job_id, address(PROVIDER), address(PROVIDER), first_task, count, 10**17, 1)
    digests = [Bytes32(bytes([task]) * 32) for task in lease.tasks]
    root = result_root(lease.lease_id, first_task, digests, Bytes32(b"\x09" * 32))
    amount = count * lease.price_per_task
    return LeaseResult(lease.lease_id, job_id, address(PROVIDER), first_task, count, amount, root)


def test_the_job_id_is_the_contracts(market: Market) -> None:
    job, job_id = open_job(market, time.time_ns())
    state = market.contracts.job(job_id)
    assert state.exists
    assert not state.is_cancelled
    assert not state.is_closed
    assert state.escrow_wei == job.task_count * job.max_price_per_task
    assert state.escrow_wei + state.audit_escrow_wei == job.escrow_wei
    assert (state.frontier, state.committed_tasks, state.cancelled_at) == (0, 0, 0)
    reader = EventReader(market.web3, market.deployment)
    (opened,) = [
        e for e in reader.poll(None).events if e.kind == "JobOpened" and e.args["job_id"] == job_id
    ]
    assert opened.args["job"] == job
    signature = job.sign(market.contracts.domain, development_account(REQUESTER))
    with pytest.raises(ChainRejected, match=r"^JobNotNew\("):
        market.contracts.check(market.contracts.open_job(job, signature), address(OPERATOR))


def test_a_requester_that_sends_its_job_needs_no_signature(market: Market) -> None:
    job = make_job(market, time.time_ns())
    market.fund(REQUESTER, job.total_wei)
    with pytest.raises(ChainRejected, match=r"^BadSignature\("):
        market.contracts.check(market.contracts.open_job(job, b""), address(OPERATOR))
    market.send(market.contracts.open_job(job, b""), REQUESTER)
    job_id = job.job_id(market.contracts.domain)
    assert market.contracts.job(job_id).exists
    market.send(market.contracts.cancel_job(job, b""), REQUESTER)
    assert market.contracts.job(job_id).is_cancelled


def test_what_is_unknown_does_not_exist(market: Market) -> None:
    unknown = Bytes32(b"\x01" * 32)
    assert not market.contracts.job(unknown).exists
    assert not market.contracts.batch(unknown).exists
    assert not any(market.contracts.seed_of(unknown))
    assert market.contracts.accepted_audit(unknown, AuditRef(0, 0, 0)) is None
    with pytest.raises(ChainRejected, match=r"^UnknownDispute\("):
        market.contracts.dispute(10**9)
    assert not market.contracts.committee(10**9).is_drawn


def test_a_permit_deposits_without_the_owners_gas(market: Market) -> None:
    contracts, owner = market.contracts, Account.from_key(bytes([*([1] * 31), 9]))
    amount = 3 * WEI_PER_CREDIT
    market.send(contracts.token_transfer(Address(owner.address), amount))
    deadline = contracts.block_timestamp() + 600
    before = contracts.account(Address(owner.address)).balance_wei
    nonce = contracts.token_permit_nonce(Address(owner.address))
    signature = contracts.sign_permit(owner, amount, deadline, nonce)
    call = contracts.deposit_with_permit(Address(owner.address), amount, deadline, signature)
    market.send(call, OPERATOR)
    assert contracts.account(Address(owner.address)).balance_wei == before + amount
    with pytest.raises(ChainRejected, match=r"^PermitInvalid\("):
        market.send(call, OPERATOR)
    with pytest.raises(InvalidInput):
        contracts.deposit_with_permit(Address(owner.address), amount, deadline, b"short")


def test_money_goes_round(market: Market) -> None:
    contracts, owner = market.contracts, address(OWNER)
    market.fund(OWNER, 1000)
    before = contracts.account(owner)
    tokens = contracts.token_balance(owner)
    market.send(contracts.stake(600), OWNER)
    market.send(contracts.request_unstake(200), OWNER)
    market.send(contracts.withdraw(300, owner), OWNER)
    after = contracts.account(owner)
    assert after.balance_wei == before.balance_wei - 900
    assert after.stake_wei == before.stake_wei + 400
    assert after.unstaking_wei == before.unstaking_wei + 200
    assert contracts.token_balance(owner) == tokens + 300
    assert contracts.gas_balance(owner) > 0
    with pytest.raises(ChainRejected, match=r"^StakeLocked\("):
        market.send(contracts.unstake(owner), OPERATOR)


def test_seats_are_taken_and_left(market: Market) -> None:
    contracts, holder = market.contracts, address(VERIFIER)
    market.fund(VERIFIER, 2 * contracts.params().seat_stake_wei)
    first = contracts.seat_count()
    market.send(contracts.take_seats(2), VERIFIER)
    assert [seat.holder for seat in contracts.seats()[first:]] == [holder, holder]
    market.send(contracts.leave_seats([first]), VERIFIER)
    left, held = contracts.seats()[first:]
    assert left.vacated_block > left.taken_block
    assert held.vacated_block == 0
    assert contracts.seat_release(first)[0] == contracts.params().seat_stake_wei
    with pytest.raises(ChainRejected, match=r"^SeatLocked\("):
        market.send(contracts.release_seats([first]), VERIFIER)


def test_devices_are_delegated_and_revoked(market: Market) -> None:
    contracts = market.contracts
    device = Address(Account.create().address)
    until = contracts.block_timestamp() + 3600
    message = Delegation(address(OWNER), device, until, time.time_ns())
    signature = message.sign(contracts.domain, development_account(OWNER))
    assert contracts.device_of(device) == (ZERO_ADDRESS, 0)
    market.send(contracts.delegate(message, signature), OPERATOR)
    assert contracts.device_of(device) == (address(OWNER), until)
    market.send(contracts.revoke_device(device), OWNER)
    assert contracts.device_of(device)[1] < until
    assert contracts.is_nonce_used(address(OWNER), message.nonce)
    with pytest.raises(ChainRejected, match=r"^NonceUsed\("):
        market.send(contracts.delegate(message, signature), OPERATOR)


def test_anyone_sends_a_signed_request_for_a_fee(market: Market) -> None:
    contracts, owner, fee_wei = market.contracts, address(OWNER), 30
    market.fund(OWNER, 1000)
    before, relayer = contracts.account(owner), contracts.account(address(OPERATOR))
    request = Request(
        from_=owner,
        data=contracts.stake(600).data,
        max_fee_wei=fee_wei,
        not_after=contracts.block_timestamp() + 600,
        nonce=nonce_of(0, time.time_ns()),
    )
    signature = request.sign(contracts.domain, development_account(OWNER))
    with pytest.raises(ChainRejected, match=r"^FeeOverCap\("):
        contracts.check(contracts.relay(request, fee_wei + 1, signature), address(OPERATOR))
    changed = replace(request, data=contracts.stake(601).data)
    with pytest.raises(ChainRejected, match=r"^BadSignature\("):
        contracts.check(contracts.relay(changed, fee_wei, signature), address(OPERATOR))
    receipt = market.send(contracts.relay(request, fee_wei, signature), OPERATOR)
    after = contracts.account(owner)
    assert after.stake_wei == before.stake_wei + 600
    assert after.balance_wei == before.balance_wei - 600 - fee_wei
    earned = contracts.account(address(OPERATOR)).balance_wei - relayer.balance_wei
    assert earned == fee_wei
    (relayed,) = _events(market, receipt.block_number, "Relayed")
    assert relayed.args == {
        "signer": owner,
        "relayer": address(OPERATOR),
        "nonce": request.nonce,
        "fee_wei": fee_wei,
    }
    with pytest.raises(ChainRejected, match=r"^NonceUsed\("):
        contracts.check(contracts.relay(request, fee_wei, signature), address(OPERATOR))


def test_a_new_epoch_voids_all_that_was_signed(market: Market) -> None:
    contracts, owner = market.contracts, address(LEAVER)
    epoch = contracts.account(owner).epoch
    until = contracts.block_timestamp() + 3600
    device = Address(Account.create().address)
    old = Delegation(owner, device, until, nonce_of(epoch, 5))
    receipt = market.send(contracts.cancel_all(), LEAVER)
    (begun,) = _events(market, receipt.block_number, "EpochBegun")
    assert begun.args == {"signer": owner, "epoch": epoch + 1}
    assert contracts.account(owner).epoch == epoch + 1
    assert contracts.is_nonce_used(owner, old.nonce)
    signature = old.sign(contracts.domain, development_account(LEAVER))
    with pytest.raises(ChainRejected, match=r"^NonceOfAnotherEpoch\("):
        contracts.check(contracts.delegate(old, signature), address(OPERATOR))
    new = replace(old, nonce=nonce_of(epoch + 1, 5))
    signature = new.sign(contracts.domain, development_account(LEAVER))
    contracts.check(contracts.delegate(new, signature), address(OPERATOR))


def test_the_guardian_keeps_new_money_out_for_a_while(fresh: Market) -> None:
    contracts, guardian = fresh.contracts, address(GUARDIAN)
    assert contracts.guardian() == guardian
    fresh.fund(OWNER, 1000)
    with pytest.raises(ChainRejected, match=r"^NotTheGuardian\("):
        contracts.check(contracts.pause_intake(60), address(OWNER))
    receipt = fresh.send(contracts.pause_intake(60), GUARDIAN)
    (paused,) = _events(fresh, receipt.block_number, "IntakePausedUntil")
    assert paused.args["paused_until"] == contracts.block_timestamp() + 60
    with pytest.raises(ChainRejected, match=r"^IntakePaused\("):
        fresh.fund(OWNER, 1000)
    fresh.send(contracts.withdraw(1000, address(OWNER)), OWNER)
    with pytest.raises(ChainRejected, match=r"^PausedTooSoon\("):
        contracts.check(contracts.pause_intake(60), guardian)
    later(fresh, 61)
    fresh.fund(OWNER, 500)


def test_the_governor_changes_the_terms_of_disputes_after_a_notice(fresh: Market) -> None:
    contracts, before = fresh.contracts, fresh.contracts.params()
    assert contracts.governor() == address(GOVERNOR)
    longest_seconds = before.dispute_window_seconds + before.concede_seconds
    longest_seconds += before.commit_seconds + before.reveal_seconds + before.open_seconds
    assert contracts.notice_seconds() == before.unstake_delay_seconds + longest_seconds
    assert contracts.proposal() is None
    wanted, terms = DisputeTerms(2 * before.dispute_bond_wei, 90, 70, 5), contracts.terms()
    with pytest.raises(ChainRejected, match=r"^NotTheGovernor\("):
        contracts.check(contracts.propose(terms, wanted), address(OWNER))
    even = contracts.propose(terms, replace(wanted, committee_size=4))
    with pytest.raises(ChainRejected, match=r"^InvalidParams\(an odd committee of 3-31\)"):
        contracts.check(even, address(GOVERNOR))
    fresh.send(contracts.propose(terms, wanted), GOVERNOR)
    ends_at = contracts.block_timestamp() + contracts.notice_seconds()
    assert contracts.proposal() == Proposal(wanted, ends_at, ends_at + 7 * 24 * 3600)
    with pytest.raises(ChainRejected, match=r"^NoticeRunning\("):
        contracts.check(contracts.enact(terms), address(OWNER))
    contracts.check(contracts.withdraw_proposal(terms), address(GOVERNOR))
    later(fresh, contracts.notice_seconds() + 1)
    assert contracts.params() == before
    fresh.send(contracts.enact(terms), OWNER)
    assert contracts.params() == replace(
        before,
        dispute_bond_wei=wanted.dispute_bond_wei,
        slash_multiple=90,
        concede_multiple=70,
        committee_size=5,
    )
    assert contracts.proposal() is None


def test_a_batch_is_committed_seeded_and_disputed(market: Market) -> None:
    contracts = market.contracts
    job, job_id = open_job(market, time.time_ns())
    result = make_result(job_id)
    signature = result.sign(contracts.domain, development_account(PROVIDER))
    receipt = market.send(contracts.commit_batch({job_id: job}, [result], [signature]), OPERATOR)
    assert contracts.is_task_committed(job_id, 1)
    assert not contracts.is_task_committed(job_id, 2)
    (committed,) = _events(market, receipt.block_number, "BatchCommitted")
    batch, batch_id = committed.args["batch"], committed.args["batch_id"]
    stake_wei = batch.providers[0].stake_wei
    stakes = {address(PROVIDER): stake_wei}
    assert batch == make_batch(address(OPERATOR), {job_id: job}, [result], stakes)
    assert batch.batch_id() == batch_id
    assert batch.leases == (CommittedLease(result, audit_rate_ppm(10**17, stake_wei)),)
    facts = contracts.batch(batch_id)
    assert facts.exists
    assert (facts.commit_block, facts.line_count) == (receipt.block_number, 1)
    _await_block(market, facts.commit_block + contracts.params().seed_delay_blocks + 1)
    assert any(contracts.seed_of(batch_id))

    market.fund(VERIFIER, contracts.params().dispute_bond_wei)
    receipt = market.send(contracts.open_dispute(batch, 0, 1), VERIFIER)
    (opened,) = _events(market, receipt.block_number, "DisputeOpened")
    assert opened.args["lease"] == result
    dispute = contracts.dispute(opened.args["dispute_id"])
    assert dispute.is_open
    assert (dispute.task, dispute.provider, dispute.line) == (1, address(PROVIDER), 0)
    assert (dispute.batch_id, dispute.requester) == (batch_id, address(REQUESTER))
    assert contracts.batch(batch_id).is_disputed(0)
    market.send(contracts.concede(opened.args["dispute_id"]), PROVIDER)
    assert contracts.dispute(opened.args["dispute_id"]).status == DisputeStatus.CONCEDED
    assert contracts.batch(batch_id).is_finished(0)
    with pytest.raises(ChainRejected, match=r"^NothingToSettle\(|^WindowOpen\("):
        market.send(contracts.settle_batch(batch), OPERATOR)


@pytest.mark.parametrize("signature", [b"", b"\x01" * 64, b"\x01" * 66, bytes(64) + b"\x01"])
def test_only_ecdsa_signatures_are_committed(market: Market, signature: bytes) -> None:
    job = make_job(market, 1)
    job_id = job.job_id(market.contracts.domain)
    result = make_result(job_id)
    with pytest.raises(InvalidInput):
        market.contracts.commit_batch({job_id: job}, [result], [signature])


def test_a_batch_without_all_its_parts_is_refused(market: Market) -> None:
    job = make_job(market, 1)
    job_id = job.job_id(market.contracts.domain)
    result = make_result(job_id)
    signature = result.sign(market.contracts.domain, development_account(PROVIDER))
    with pytest.raises(InvalidInput, match=job_id.hex()):
        market.contracts.commit_batch({}, [result], [signature])
    with pytest.raises(InvalidInput, match="2 signatures for 1"):
        market.contracts.commit_batch({job_id: job}, [result], [signature] * 2)
    with pytest.raises(InvalidInput, match="1 to 64"):
        market.contracts.commit_batch({job_id: job}, [], [])


def test_a_job_is_cancelled_by_signature(market: Market) -> None:
    contracts = market.contracts
    job, job_id = open_job(market, time.time_ns())
    wish = Cancellation(job_id)
    signature = wish.sign(contracts.domain, development_account(REQUESTER))
    market.send(contracts.cancel_job(job, signature), OPERATOR)
    state = contracts.job(job_id)
    assert state.is_cancelled
    assert state.cancelled_at > 0
    with pytest.raises(ChainRejected, match=r"^JobNotClosable\("):
        market.send(contracts.close_job(job), OPERATOR)


def test_calls_out_of_season_are_refused_by_name(market: Market) -> None:
    contracts, digest = market.contracts, Bytes32(b"\x01" * 32)
    job = make_job(market, 1)
    result = LeaseResult(digest, digest, address(PROVIDER), 0, 1, 1, digest)
    batch = make_batch(address(OPERATOR), {digest: job}, [result], {address(PROVIDER): 0})
    opening = open_task(digest, 0, [digest], digest, 0)
    words = Equivocation(0, 0, 0, digest, b"", digest, digest, b"")
    for call in (
        contracts.draw_committee(10**9),
        contracts.commit_vote(10**9, digest),
        contracts.reveal_vote(10**9, digest, digest),
        contracts.open_claim(10**9, opening),
        contracts.resolve(10**9),
        contracts.concede(10**9),
        contracts.contradict(10**9, 0, opening),
        contracts.report_equivocation(batch, words),
        contracts.fix_seed(digest),
        contracts.settle_batch(batch),
        contracts.accept_audits(batch, 0, [_claim(digest)]),
        contracts.pay_audits(batch, [AuditRef(0, 0, 0)]),
        contracts.open_dispute(batch, 0, 0),
        contracts.close_job(job),
        contracts.unstake(address(GUARDIAN)),
        contracts.pause_intake(1),
        contracts.burn_nonce(0),
    ):
        if call.data == contracts.burn_nonce(0).data:
            contracts.check(call, address(OWNER))
            continue
        with pytest.raises(ChainRejected, match=r"^[A-Z][A-Za-z]+\("):
            contracts.check(call, address(OWNER))


def test_only_the_minter_mints(market: Market) -> None:
    contracts = market.contracts
    before = contracts.token_balance(address(OWNER))
    market.send(contracts.token_mint(address(OWNER), 5))
    assert contracts.token_balance(address(OWNER)) == before + 5
    with pytest.raises(ChainRejected, match=r"^NotTheMinter\("):
        market.send(contracts.token_mint(address(OWNER), 5), OWNER)


def test_a_deployment_is_checked(market: Market) -> None:
    made, expected = market.deployment, params.development()
    check_deployment(market.web3, made, expected)
    wrong = [
        (made, params.production(), "params"),
        (replace(made, token=made.beacon), expected, "token"),
        (replace(made, arbiter=made.beacon), expected, "arbiter"),
        (replace(made, chain_id=1), expected, "chain id"),
    ]
    for deployment, wanted, what in wrong:
        with pytest.raises(ChainRejected, match=what):
            check_deployment(market.web3, deployment, wanted)
    with pytest.raises(ChainRejected, match="guardian"):
        check_deployment(market.web3, made, expected, guardian=address(OWNER))
    with pytest.raises(ChainRejected, match="governor"):
        check_deployment(market.web3, made, expected, governor=address(OWNER))
    nowhere = replace(made, market=address(OWNER))
    with pytest.raises(ChainRejected, match="no contract answers"):
        check_deployment(market.web3, nowhere, expected)
    assert Contracts(market.web3, made).params() == expected


def _claim(digest: Bytes32) -> AuditClaim:
    return AuditClaim(0, 0, 0, address(VERIFIER), digest, digest, b"", digest, ())


def _events(market: Market, block_number: int, kind: str) -> list:  # type: ignore[type-arg]
    found = EventReader(market.web3, market.deployment).poll(None, 10**6).events
    return [e for e in found if e.block_number == block_number and e.kind == kind]


def _await_block(market: Market, number: int) -> None:
    while market.contracts.block_number() < number:
        mine(market.web3)

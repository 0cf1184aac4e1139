"""The bindings against the deployed contracts: the same on py-evm and on Anvil."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from eth_account import Account

from protocol.chain import params
from protocol.chain.contracts import Contracts
from protocol.chain.deploy import check_deployment
from protocol.chain.development import development_account
from protocol.chain.events import EventReader
from protocol.chain.facts import DisputeStatus
from protocol.delegation import Delegation
from protocol.errors import ChainRejected, InvalidInput
from protocol.job import Cancellation, Job
from protocol.lease import CommittedLease, Lease, LeaseResult
from protocol.pricing import audit_rate_ppm
from protocol.result import open_task, result_root
from protocol.units import WEI_PER_CREDIT, ZERO_ADDRESS, Address, Bytes32
from tests.chain.conftest import Market

REQUESTER, OPERATOR, PROVIDER, VERIFIER, OWNER = 4, 5, 6, 7, 8


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
    assert (state.requester, state.operator) == (job.requester, job.operator)
    assert state.escrow_wei + state.audit_escrow_wei == job.escrow_wei
    assert (state.not_before, state.deadline) == (job.not_before, job.deadline)
    reader = EventReader(market.web3, market.deployment)
    (opened,) = [
        e for e in reader.poll(None).events if e.kind == "JobOpened" and e.args["job_id"] == job_id
    ]
    assert opened.args["job"] == job
    assert market.contracts.is_nonce_used(job.requester, job.nonce)


def test_an_unknown_job_does_not_exist(market: Market) -> None:
    assert not market.contracts.job(Bytes32(b"\x01" * 32)).exists
    with pytest.raises(ChainRejected, match=r"^UnknownBatch\("):
        market.contracts.batch(10**9)
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
        market.send(contracts.unstake(), OWNER)


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
    with pytest.raises(ChainRejected, match=r"^NonceUsed\("):
        market.send(contracts.delegate(message, signature), OPERATOR)


def test_a_batch_is_committed_seeded_and_disputed(market: Market) -> None:
    contracts = market.contracts
    job, job_id = open_job(market, time.time_ns())
    result = make_result(job_id)
    signature = result.sign(contracts.domain, development_account(PROVIDER))
    receipt = market.send(contracts.commit_batch([result], [signature]), OPERATOR)
    assert contracts.is_task_committed(job_id, 1)
    assert not contracts.is_task_committed(job_id, 2)
    (committed,) = _events(market, receipt.block_number, "BatchCommitted")
    batch_id, leases = committed.args["batch_id"], committed.args["leases"]
    rate = audit_rate_ppm(10**17, 0, 0)
    assert leases == (CommittedLease(result, rate),)
    batch = contracts.batch(batch_id)
    assert batch.root == leases[0].leaf() == committed.args["root"]
    assert batch.commit_block == receipt.block_number
    _await_block(market, batch.seed_block + 1)
    market.send(contracts.fix_seed(batch_id), OPERATOR)
    assert contracts.batch(batch_id).is_seeded

    market.fund(VERIFIER, contracts.params().dispute_bond_wei)
    receipt = market.send(contracts.open_dispute(batch_id, leases[0], 0, [], 1), VERIFIER)
    (opened,) = _events(market, receipt.block_number, "DisputeOpened")
    assert opened.args["lease"] == leases[0]
    dispute = contracts.dispute(opened.args["dispute_id"])
    assert dispute.is_open
    assert (dispute.task, dispute.provider, dispute.index) == (1, address(PROVIDER), 0)
    assert contracts.batch(batch_id).is_disputed(0)
    market.send(contracts.concede(opened.args["dispute_id"]), PROVIDER)
    assert contracts.dispute(opened.args["dispute_id"]).status == DisputeStatus.CONCEDED
    assert contracts.batch(batch_id).is_finished(0)
    with pytest.raises(ChainRejected, match=r"^NothingToSettle\(|^WindowOpen\("):
        market.send(contracts.settle_batch(batch_id, leases), OPERATOR)
    assert job.task_count == contracts.job(job_id).task_count


def test_a_job_is_cancelled_by_signature(market: Market) -> None:
    contracts = market.contracts
    _, job_id = open_job(market, time.time_ns())
    wish = Cancellation(job_id)
    signature = wish.sign(contracts.domain, development_account(REQUESTER))
    market.send(contracts.cancel_job(job_id, signature), OPERATOR)
    assert contracts.job(job_id).cancelled_at > 0
    with pytest.raises(ChainRejected, match=r"^JobNotClosable\("):
        market.send(contracts.close_job(job_id), OPERATOR)


def test_calls_out_of_season_are_refused_by_name(market: Market) -> None:
    contracts, digest = market.contracts, Bytes32(b"\x01" * 32)
    leaf = LeaseResult(digest, digest, address(PROVIDER), 0, 1, 1, digest)
    opening = open_task(digest, 0, [digest], digest, 0)
    for call in (
        contracts.draw_committee(10**9),
        contracts.commit_vote(10**9, digest),
        contracts.reveal_vote(10**9, digest, digest),
        contracts.open_claim(10**9, opening),
        contracts.resolve(10**9),
        contracts.concede(10**9),
        contracts.fix_seed(10**9),
        contracts.settle_batch(10**9, [CommittedLease(leaf, 1)]),
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
    nowhere = replace(made, market=address(OWNER))
    with pytest.raises(ChainRejected, match="no contract answers"):
        check_deployment(market.web3, nowhere, expected)
    assert Contracts(market.web3, made).params() == expected


def _events(market: Market, block_number: int, kind: str) -> list:  # type: ignore[type-arg]
    found = EventReader(market.web3, market.deployment).poll(None, 10**6).events
    return [e for e in found if e.block_number == block_number and e.kind == kind]


def _await_block(market: Market, number: int) -> None:
    from tests.chain.conftest import mine

    while market.contracts.block_number() < number:
        mine(market.web3)

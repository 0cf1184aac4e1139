"""The steps of a job on a fresh chain, which tests take again and again.

Python makes the batches, draws and proofs, the contracts check them: both are held to one protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count

from eth_account.signers.local import LocalAccount

from protocol.audit import AuditResult, commitment
from protocol.batch import Batch, make_batch
from protocol.chain import params
from protocol.chain.calls import Call
from protocol.chain.connection import connect, rpc
from protocol.chain.deploy import deploy
from protocol.chain.development import development_account
from protocol.chain.events import ChainEvent, EventReader
from protocol.chain.facts import AcceptedAudit, AuditClaim, AuditRef
from protocol.chain.mirrored import rules_of
from protocol.job import Job
from protocol.lease import Lease, LeaseResult
from protocol.pricing import audit_fee_wei
from protocol.result import Opening, open_task, result_root
from protocol.sampling import MAX_DRAWS, Draw, draw_committee, draw_verifiers
from protocol.units import WEI_PER_CREDIT, Address, Bytes32
from tests.chain.conftest import SUPPLY_WEI, Market, mine
from tests.support.chains import start_anvil, start_devchain
from tests.support.replay import Replay, require_same

REQUESTER, OPERATOR, HONEST, CHEAT = 1, 2, 3, 4
VERIFIERS = range(5, 12)
GUARDIAN, GOVERNOR = 12, 13
PRICE_WEI = WEI_PER_CREDIT // 10
STAKE_WEI = 10 * WEI_PER_CREDIT
TASKS, LEASE_TASKS = 8, 4
LEASE_SALT, VOTE_SALT = Bytes32(b"\x31" * 32), Bytes32(b"\x32" * 32)
GOOD, WRONG = Bytes32(b"\x41" * 32), Bytes32(b"\x42" * 32)


@contextmanager
def fresh_market(kind: str) -> Iterator[Market]:
    """A market on a chain of its own, whose clock the test moves."""
    started = start_devchain(block_seconds=0) if kind == "py-evm" else start_anvil()
    with started as url:
        web3 = connect(url)
        made = deploy(
            web3,
            development_account(0),
            params.development(),
            SUPPLY_WEI,
            guardian=address(GUARDIAN),
            governor=address(GOVERNOR),
        )
        yield Market(web3, made)


def address(index: int) -> Address:
    """A development account's address."""
    return Address(development_account(index).address)


def later(market: Market, seconds: int) -> None:
    """Let time pass."""
    rpc(market.web3, "evm_increaseTime", seconds)
    mine(market.web3)


def events(market: Market, kind: str) -> list[ChainEvent]:
    """All of a kind that happened so far."""
    return [event for event in all_events(market) if event.kind == kind]


def all_events(market: Market) -> tuple[ChainEvent, ...]:
    """All that happened so far."""
    return EventReader(market.web3, market.deployment).poll(None, 10**6).events


def enrol(market: Market, *staked: int) -> None:
    """Seven verifiers with a seat each, and a stake for some providers."""
    rules = market.contracts.params()
    for index in VERIFIERS:
        market.fund(index, rules.seat_stake_wei + rules.dispute_bond_wei)
        market.send(market.contracts.take_seats(1), index)
    for index in staked:
        market.fund(index, STAKE_WEI)
        market.send(market.contracts.stake(STAKE_WEI), index)


def open_job(market: Market, tasks: int = TASKS, price_wei: int = PRICE_WEI) -> Job:
    """A job with an audit budget for every audit that its tasks could have."""
    now = market.contracts.block_timestamp()
    job = Job(
        requester=address(REQUESTER),
        operator=address(OPERATOR),
        token=market.deployment.token,
        spec_hash=Bytes32(b"\x05" * 32),
        task_count=tasks,
        max_price_per_task=price_wei,
        audit_budget=2 * tasks * audit_fee_wei(price_wei),
        relayer_fee=WEI_PER_CREDIT // 1000,
        not_before=now - 10,
        deadline=now + 100_000,
        nonce=len(events(market, "JobOpened")),
    )
    market.fund(REQUESTER, job.total_wei)
    signature = job.sign(market.contracts.domain, development_account(REQUESTER))
    market.send(market.contracts.open_job(job, signature), OPERATOR)
    return job


_FENCES = count(1)


def do_lease(
    job_id: Bytes32,
    provider: int,
    first_task: int,
    digest: Bytes32,
    price_wei: int = PRICE_WEI,
) -> LeaseResult:
    """Four tasks' results, all with the same digest. A later lease has a higher id."""
    holder = address(provider)
    lease = Lease(job_id, holder, holder, first_task, LEASE_TASKS, price_wei, next(_FENCES))
    root = result_root(lease.lease_id, first_task, [digest] * LEASE_TASKS, LEASE_SALT)
    return lease.result(root)


def commit(market: Market, jobs: Sequence[Job], *work: tuple[int, LeaseResult]) -> Batch:
    """Commit signed results, check that both sides name the batch alike, and await its seed."""
    contracts = market.contracts
    by_id = {job.job_id(contracts.domain): job for job in jobs}
    results = [result for _, result in work]
    signed = [r.sign(contracts.domain, development_account(i)) for i, r in work]
    stakes = {result.provider: contracts.account(result.provider).stake_wei for result in results}
    batch = make_batch(address(OPERATOR), by_id, results, stakes)
    market.send(contracts.commit_batch(by_id, results, signed), OPERATOR)
    told = events(market, "BatchCommitted")[-1].args
    assert (told["batch_id"], told["batch"]) == (batch.batch_id(), batch)
    mine(market.web3, contracts.params().seed_delay_blocks + 1)
    return batch


def draws_of(market: Market, batch: Batch, line: int, task: int) -> tuple[Draw, ...]:
    """Who is drawn to audit a task."""
    contracts, batch_id = market.contracts, batch.batch_id()
    facts, lease = contracts.batch(batch_id), batch.result(line)
    return draw_verifiers(
        contracts.seed_of(batch_id),
        lease.lease_id,
        task,
        batch.audit_rate_ppm(line),
        contracts.seats()[: facts.seat_count],
        facts.commit_block,
        {lease.provider, batch.requester(line), batch.operator},
    )


def audit(market: Market, batch: Batch, line: int, digest: Bytes32) -> list[AuditClaim]:
    """The claims of all who are drawn for a lease, and find what its provider found."""
    lease = batch.result(line)
    return [
        claim(market, batch, line, task, draw, digest)
        for task in lease.tasks
        for draw in draws_of(market, batch, line, task)
    ]


def claim(
    market: Market, batch: Batch, line: int, task: int, draw: Draw, digest: Bytes32
) -> AuditClaim:
    """What a drawn verifier has a fee set aside for, whose digest is the provider's."""
    lease = batch.result(line)
    message = AuditResult(batch.batch_id(), lease.lease_id, task, digest, VOTE_SALT)
    opening = opening_of(lease, task, digest)
    return AuditClaim(
        line=line,
        task=task,
        attempt=draw.attempt,
        verifier=draw.holder,
        task_digest=digest,
        salt=VOTE_SALT,
        signature=message.sign(market.contracts.domain, verifier_account(draw.holder)),
        leaf_salt=opening.salt,
        proof=opening.proof,
    )


def verifier_account(holder: Address) -> LocalAccount:
    """The key of a verifier that holds a seat."""
    (index,) = [i for i in VERIFIERS if address(i) == holder]
    return development_account(index)


def accept(market: Market, batch: Batch, claims: Sequence[AuditClaim]) -> Call:
    """The call that has audits accepted, with as many seats as there were."""
    facts = market.contracts.batch(batch.batch_id())
    return market.contracts.accept_audits(batch, facts.seat_count, claims)


def ref(claim: AuditClaim) -> AuditRef:
    """Which audit a claim is for."""
    return AuditRef(claim.line, claim.task, claim.attempt // MAX_DRAWS)


def opening_of(lease: LeaseResult, task: int, digest: Bytes32) -> Opening:
    """The provider's opening, where each of its tasks has that digest."""
    digests = [digest] * lease.count
    return open_task(lease.lease_id, lease.first_task, digests, LEASE_SALT, task)


def dispute(market: Market, batch: Batch, line: int, task: int, challenger: int) -> int:
    """Open a dispute; its id."""
    market.send(market.contracts.open_dispute(batch, line, task), challenger)
    told = events(market, "DisputeOpened")[-1].args
    assert (told["batch_id"], told["line"], told["task"]) == (batch.batch_id(), line, task)
    assert told["lease"] == batch.result(line)
    assert (told["requester"], told["operator"]) == (batch.requester(line), batch.operator)
    return int(told["dispute_id"])


def judge(
    market: Market,
    dispute_id: int,
    claimed: Bytes32,
    opinion: Callable[[Sequence[int], int], Bytes32] = lambda _members, _who: GOOD,
) -> None:
    """Run the whole committee: call, draw, vote, reveal, open the claim, resolve.

    `opinion` is what each of the members votes for, given them all.
    """
    contracts, rules = market.contracts, market.contracts.params()
    later(market, rules.concede_seconds + 1)
    market.send(contracts.draw_committee(dispute_id), OPERATOR)
    called = events(market, "CommitteeCalled")[-1].args
    assert called["dispute_id"] == dispute_id
    assert called["seed_block"] == contracts.committee(dispute_id).seed_block
    mine(market.web3, rules.seed_delay_blocks + 1)
    market.send(contracts.draw_committee(dispute_id), OPERATOR)
    committee, facts = contracts.committee(dispute_id), contracts.dispute(dispute_id)
    seats = contracts.seats()[: facts.seat_count]
    drawn = draw_committee(
        contracts.ask("BlockhashBeacon", "valueAt", committee.seed_block),
        dispute_id,
        seats,
        facts.opened_block,
        {facts.provider, facts.challenger, facts.requester, facts.operator},
        rules.committee_size,
    )
    assert committee.members == tuple(seats[seat_id].holder for seat_id in drawn)
    members = [i for i in VERIFIERS if address(i) in committee.members]
    for member in members:
        vote = commitment(address(member), opinion(members, member), VOTE_SALT)
        market.send(contracts.commit_vote(dispute_id, vote), member)
        assert contracts.committee(dispute_id).has_committed(address(member))
    for member in members:
        found = opinion(members, member)
        market.send(contracts.reveal_vote(dispute_id, found, VOTE_SALT), member)
        assert contracts.committee(dispute_id).has_revealed(address(member))
    digests = [claimed] * facts.count
    opening = open_task(facts.lease_id, facts.first_task, digests, LEASE_SALT, facts.task)
    market.send(contracts.open_claim(dispute_id, opening), OPERATOR)
    market.send(contracts.resolve(dispute_id), OPERATOR)


def accepted_audits(market: Market) -> list[AcceptedAudit]:
    """What the chain keeps of every audit that was accepted."""
    lines = {
        lease.lease_id: line
        for event in events(market, "BatchCommitted")
        for line, lease in enumerate(event.args["batch"].lines)
    }
    found = []
    for args in (event.args for event in events(market, "AuditAccepted")):
        audit = AuditRef(lines[args["lease_id"]], args["task"], args["round"])
        kept = market.contracts.accepted_audit(args["batch_id"], audit)
        assert kept is not None
        found.append(kept)
    return found


def require_every_wei(market: Market) -> None:
    """What the market holds is what it owes to somebody, or has burnt."""
    contracts = market.contracts
    accounts = [contracts.account(address(index)) for index in range(20)]
    owed = sum(a.balance_wei + a.stake_wei + a.unstaking_wei for a in accounts)
    seats = sum(contracts.seat_release(i)[0] for i in range(contracts.seat_count()))
    states = [contracts.job(e.args["job_id"]) for e in events(market, "JobOpened")]
    escrows = sum(state.escrow_wei + state.audit_escrow_wei for state in states)
    disputes = [contracts.dispute(e.args["dispute_id"]) for e in events(market, "DisputeOpened")]
    bonds = sum(facts.bond_wei for facts in disputes if facts.is_open)
    fees = sum(audit.fee_wei for audit in accepted_audits(market))
    total = owed + seats + escrows + bonds + fees + contracts.burnt_wei()
    assert total == contracts.token_balance(market.deployment.market)


def require_replayed(market: Market) -> None:
    """By the mirror's rules everybody owns the same, after every transaction of the chain."""
    made = params.development()
    replay = Replay(market.contracts, made, rules_of(made), all_events(market))
    require_same(replay, market.web3, market.contracts, [address(i) for i in range(20)])

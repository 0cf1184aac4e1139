"""One market twice: the contracts on py-evm, and their pure mirror. Every step is done to both.

After each step whatever one of them knows is compared with the other's: what was refused and why,
accounts, seats, jobs and their status, batches, audits and their fees, disputes, committees, what
is burnt, and that no wei is made or lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

from eth_account.signers.local import LocalAccount

from protocol.audit import AuditCommitment, AuditResult, commitment
from protocol.batch import Batch, make_batch
from protocol.chain import facts
from protocol.chain.calls import Call
from protocol.chain.codec import codec
from protocol.chain.devchain.evm import ExecutionReverted
from protocol.chain.development import development_account
from protocol.chain.facts import Params
from protocol.chain.mirrored import rules_of, terms_of
from protocol.dispute import DisputeTerms
from protocol.job import Cancellation, Job
from protocol.lease import Lease, LeaseResult
from protocol.lifecycle import JobStatus, require_job_move
from protocol.result import Opening, open_task, result_root
from protocol.sampling import batch_seed
from protocol.settlement import Settlement
from protocol.settlement.facts import (
    AuditClaim,
    AuditRef,
    JobTerms,
    LeaseEntry,
    Moment,
    Rules,
)
from protocol.settlement.refusals import Refused
from protocol.units import ZERO_BYTES32, Address, Bytes32, to_hex
from tests.chain.compare import Facts, evm_facts, mirror_facts, require_conserved, require_same
from tests.chain.evm import Evm, deploy_on

OWNER, GUARDIAN, GOVERNOR = 0, 13, 14
PEOPLE = tuple(Address(development_account(i).address) for i in range(1, 11))
OPERATORS = tuple(Address(development_account(i).address) for i in range(11, 13))
EVERYBODY = (*PEOPLE, *OPERATORS)
# Odd amounts, which divide by nothing: every floor counts.
PARAMS = Params(
    seat_stake_wei=10_007,
    dispute_bond_wei=1_003,
    minimum_stake_wei=4_001,
    seed_delay_blocks=2,
    dispute_window_seconds=300,
    concede_seconds=40,
    commit_seconds=60,
    reveal_seconds=50,
    open_seconds=50,
    commit_grace_seconds=60,
    unstake_delay_seconds=627,
    slash_multiple=61,
    concede_multiple=47,
    committee_size=3,
)
FUNDS_WEI = 10**24
SALT = Bytes32(b"\x5a" * 32)
NO_OPENING = Opening(ZERO_BYTES32, ZERO_BYTES32, ())


class Twins:
    """The two markets, and what their people know."""

    def __init__(
        self,
        mirror_type: type[Settlement] = Settlement,
        rules: Rules | None = None,
        *,
        forgets: bool = False,
    ) -> None:
        self.evm = Evm(forgets=forgets)
        owner, self.guardian, self.governor = (
            Address(development_account(i).address) for i in (OWNER, GUARDIAN, GOVERNOR)
        )
        self.contracts = deploy_on(self.evm, owner, PARAMS, self.guardian, self.governor)
        self.everybody = EVERYBODY
        self._terms = self.contracts.terms()
        self.mirror = mirror_type(terms_of(PARAMS), rules or rules_of(PARAMS))
        self.jobs: dict[Bytes32, Job] = {}
        self.batches: dict[Bytes32, Batch] = {}
        self.digests: dict[Bytes32, Bytes32] = {}
        self.tally: Counter[tuple[str, str]] = Counter()
        self.ends: Counter[str] = Counter()
        self.log: list[str] = []
        self._facts: Facts = {}
        self._statuses: dict[Bytes32, JobStatus | None] = {}
        for who in EVERYBODY:
            self.contracts.send(owner, self.contracts.token_transfer(who, FUNDS_WEI))
            self.contracts.send(who, self.contracts.token_approve(FUNDS_WEI))

    @property
    def at(self) -> Moment:
        """The open block and its time."""
        return Moment(self.evm.number, self.evm.timestamp)

    # -------------------------------------------------------------------------- money and seats

    def wait(self, blocks: int, seconds: int) -> None:
        """Mine blocks; the open one is then so much later."""
        self.evm.pass_blocks(blocks, self.evm.timestamp + seconds)
        self.log.append(f"wait {blocks} blocks, {seconds} s: {self.at}")
        self._compare(has_changed=True)

    def deposit(self, who: Address, amount_wei: int) -> bool:
        """Tokens in."""
        call = self.contracts.deposit(amount_wei)
        return self._do("deposit", who, call, lambda: self.mirror.deposit(who, amount_wei, self.at))

    def withdraw(self, who: Address, amount_wei: int) -> bool:
        """Tokens out."""
        call = self.contracts.withdraw(amount_wei, who)
        return self._do("withdraw", who, call, lambda: self.mirror.withdraw(who, amount_wei))

    def stake(self, who: Address, amount_wei: int) -> bool:
        """Balance becomes stake."""
        call = self.contracts.stake(amount_wei)
        return self._do("stake", who, call, lambda: self.mirror.stake(who, amount_wei))

    def request_unstake(self, who: Address, amount_wei: int) -> bool:
        """Ask for stake."""
        call = self.contracts.request_unstake(amount_wei)

        def move() -> None:
            self.mirror.request_unstake(who, amount_wei, self.at)

        return self._do("request_unstake", who, call, move)

    def unstake(self, sender: Address, owner: Address) -> bool:
        """Take it, for whomever."""
        call = self.contracts.unstake(owner)
        return self._do("unstake", sender, call, lambda: self.mirror.unstake(owner, self.at))

    def take_seats(self, who: Address, count: int) -> bool:
        """Sit down."""
        call = self.contracts.take_seats(count)
        return self._do(
            "take_seats", who, call, lambda: self.mirror.take_seats(who, count, self.at)
        )

    def leave_seats(self, who: Address, seats: Sequence[int]) -> bool:
        """Stand up."""
        call = self.contracts.leave_seats(seats)
        return self._do(
            "leave_seats", who, call, lambda: self.mirror.leave_seats(who, seats, self.at)
        )

    def release_seats(self, who: Address, seats: Sequence[int]) -> bool:
        """Take the seats' stake back."""
        call = self.contracts.release_seats(seats)
        return self._do(
            "release_seats", who, call, lambda: self.mirror.release_seats(who, seats, self.at)
        )

    def pause_intake(self, seconds: int) -> bool:
        """The guardian pauses."""
        call = self.contracts.pause_intake(seconds)
        return self._do(
            "pause_intake", self.guardian, call, lambda: self.mirror.pause_intake(seconds, self.at)
        )

    def propose(self, wanted: DisputeTerms) -> bool:
        """The governor proposes other terms for disputes."""
        call = self.contracts.propose(self._terms, wanted)
        return self._do(
            "propose", self.governor, call, lambda: self.mirror.propose(wanted, self.at)
        )

    def withdraw_proposal(self) -> bool:
        """The governor thinks better of it."""
        call = self.contracts.withdraw_proposal(self._terms)
        return self._do("withdraw_proposal", self.governor, call, self.mirror.withdraw_proposal)

    def enact(self, sender: Address) -> bool:
        """What was proposed counts."""
        call = self.contracts.enact(self._terms)
        return self._do("enact", sender, call, lambda: self.mirror.enact(self.at))

    def cancel_all(self, who: Address) -> bool:
        """Begin an epoch."""
        call = self.contracts.cancel_all()
        return self._do("cancel_all", who, call, lambda: self.mirror.cancel_all(who))

    # -------------------------------------------------------------------------- jobs and work

    def job_id(self, job: Job) -> Bytes32:
        """A job's id; from here on its facts are compared."""
        job_id = job.job_id(self.contracts.domain)
        if job_id not in self.jobs:
            self.jobs[job_id] = job
            self._compare(has_changed=True)
        return job_id

    def open_job(self, job: Job, sender: Address, signer: Address) -> bool:
        """Open a job that `signer` signed; its requester needs no signature."""
        job_id = self.job_id(job)
        call = self.contracts.open_job(job, job.sign(self.contracts.domain, key_of(signer)))
        names = job.requester if sender == job.requester else signer

        def move() -> None:
            self.mirror.open_job(job_id, JobTerms.of(job), self.at, signer=names, relayer=sender)

        return self._do("open_job", sender, call, move)

    def cancel_job(self, job: Job, sender: Address, signer: Address) -> bool:
        """Cancel a job, opened or not."""
        job_id = self.job_id(job)
        signature = Cancellation(job_id).sign(self.contracts.domain, key_of(signer))
        call = self.contracts.cancel_job(job, signature)
        names = job.requester if sender == job.requester else signer

        def move() -> None:
            self.mirror.cancel_job(job_id, JobTerms.of(job), self.at, signer=names)

        return self._do("cancel_job", sender, call, move)

    def close_job(self, sender: Address, job: Job) -> bool:
        """Close a job."""
        job_id = self.job_id(job)
        call = self.contracts.close_job(job)
        return self._do("close_job", sender, call, lambda: self.mirror.close_job(job_id, self.at))

    def work(
        self,
        job_id: Bytes32,
        provider: Address,
        first_task: int,
        count: int,
        amount_wei: int,
        digest: Bytes32,
        fence: int = 0,
    ) -> LeaseResult:
        """A lease's results, each with the same digest."""
        lease = Lease(job_id, provider, provider, first_task, count, amount_wei, fence)
        root = result_root(lease.lease_id, first_task, [digest] * max(1, count), SALT)
        self.digests[root] = digest
        return LeaseResult(lease.lease_id, job_id, provider, first_task, count, amount_wei, root)

    def commit(
        self, operator: Address, work: Sequence[tuple[LeaseResult, Address]]
    ) -> Batch | None:
        """Commit results with whoever signed them; the batch, if it was taken."""
        domain, results = self.contracts.domain, [result for result, _ in work]
        signed = [result.sign(domain, key_of(signer)) for result, signer in work]
        call = self.contracts.commit_batch(self.jobs, results, signed)
        stakes = {who: self.mirror.account(who).stake_wei for who in EVERYBODY}
        is_empty = any(result.count == 0 for result in results)
        batch = None if is_empty else make_batch(operator, self.jobs, results, stakes)
        batch_id = ZERO_BYTES32 if batch is None else batch.batch_id()

        def move() -> Bytes32:
            entries = [LeaseEntry.of(result) for result in results]
            signers = [signer for _, signer in work]
            self.mirror.commit_batch(batch_id, operator, entries, self.at, signers)
            return batch_id

        is_done = self._do("commit_batch", operator, call, move)
        if batch is None or not is_done:
            return None
        self.batches[batch_id] = batch
        self._compare(has_changed=True)
        return batch

    def fix_seed(self, sender: Address, batch: Batch) -> bool:
        """Keep a batch's seed."""
        batch_id = batch.batch_id()
        call = self.contracts.fix_seed(batch_id)
        seed = self.seed_of(batch)
        return self._do(
            "fix_seed", sender, call, lambda: self.mirror.fix_seed(batch_id, seed, self.at)
        )

    def accept_audits(
        self, sender: Address, batch: Batch, claims: Sequence[tuple[AuditClaim, Address]]
    ) -> bool:
        """Accept audits, each signed by somebody."""
        batch_id = batch.batch_id()
        given = [replace(claim, is_signed=who == claim.verifier) for claim, who in claims]
        signed = [self._signed(batch, claim, who) for claim, who in claims]
        is_known = self.mirror.has_batch(batch_id)
        seats = self.mirror.batch(batch_id).seat_count if is_known else 0
        call = self.contracts.accept_audits(batch, seats, signed)
        seed = self.seed_of(batch)
        return self._do(
            "accept_audits",
            sender,
            call,
            lambda: self.mirror.accept_audits(batch_id, given, self.at, seed),
        )

    def pay_audits(self, sender: Address, batch: Batch, audits: Sequence[AuditRef]) -> bool:
        """Pay accepted audits."""
        batch_id = batch.batch_id()
        refs = [facts.AuditRef(audit.index, audit.task, audit.round) for audit in audits]
        call = self.contracts.pay_audits(batch, refs)

        def move() -> None:
            earned_wei = self.mirror.pay_audits(batch_id, audits)
            self.ends["fees earned" if earned_wei else "fees returned"] += 1

        return self._do("pay_audits", sender, call, move)

    def settle(self, sender: Address, batch: Batch) -> bool:
        """Settle a batch."""
        batch_id = batch.batch_id()
        call = self.contracts.settle_batch(batch)
        return self._do(
            "settle_batch", sender, call, lambda: self.mirror.settle_batch(batch_id, self.at)
        )

    # -------------------------------------------------------------------------- disputes

    def open_dispute(self, who: Address, batch: Batch, line: int, task: int) -> bool:
        """Contest a task."""
        batch_id = batch.batch_id()
        call = self.contracts.open_dispute(batch, line, task)

        def move() -> Bytes32:
            number = self.mirror.open_dispute(who, batch_id, line, task, self.at)
            return Bytes32(number.to_bytes(32, "big"))

        return self._do("open_dispute", who, call, move)

    def concede(self, who: Address, number: int) -> bool:
        """Admit it."""
        call = self.contracts.concede(number)
        return self._do("concede", who, call, lambda: self.mirror.concede(who, number, self.at))

    def draw_committee(self, sender: Address, number: int) -> bool:
        """Draw a dispute's committee."""
        call = self.contracts.draw_committee(number)
        is_known = 0 < number <= self.mirror.dispute_count
        block = self.mirror.committee_seed_block(number) if is_known else 0
        seed = self.beacon(block)
        return self._do(
            "draw_committee",
            sender,
            call,
            lambda: self.mirror.draw_committee(number, seed, self.at),
        )

    def commit_vote(self, who: Address, number: int, vote: Bytes32) -> bool:
        """Vote with a commitment."""
        call = self.contracts.commit_vote(number, vote)
        return self._do(
            "commit_vote", who, call, lambda: self.mirror.commit_vote(who, number, vote, self.at)
        )

    def reveal_vote(self, who: Address, number: int, digest: Bytes32) -> bool:
        """Show a vote."""
        call = self.contracts.reveal_vote(number, digest, SALT)
        vote = vote_of(who, digest)

        def move() -> None:
            self.mirror.reveal_vote(who, number, digest, vote, self.at)

        return self._do("reveal_vote", who, call, move)

    def open_claim(self, sender: Address, number: int, *, is_proven: bool) -> bool:
        """Open the provider's digest, or fail to."""
        digest, opening = self._claimed(number, is_proven=is_proven)
        call = self.contracts.open_claim(number, opening)
        return self._do(
            "open_claim", sender, call, lambda: self.mirror.open_claim(number, digest, self.at)
        )

    def resolve(self, sender: Address, number: int) -> bool:
        """Judge."""
        call = self.contracts.resolve(number)

        def move() -> None:
            self.mirror.resolve(number, self.at)
            self.ends[self.mirror.dispute(number).verdict.name] += 1

        return self._do("resolve", sender, call, move)

    def contradict(self, who: Address, number: int, audit_round: int, *, is_proven: bool) -> bool:
        """Take the seat of who agreed with what lost."""
        digest, opening = self._claimed(number, is_proven=is_proven)
        call = self.contracts.contradict(number, audit_round, opening)

        def move() -> None:
            self.mirror.contradict(who, number, audit_round, digest, self.at)

        return self._do("contradict", who, call, move)

    def report_equivocation(
        self,
        who: Address,
        batch: Batch,
        place: tuple[int, int, int],
        signer: Address,
        *,
        is_kept: bool,
    ) -> bool:
        """Show that `signer` committed to one digest, and signed another; or did not."""
        batch_id, (line, task, number) = batch.batch_id(), place
        is_line = line < len(batch.lines)
        lease_id = batch.lines[line].lease_id if is_line else ZERO_BYTES32
        digest = self.digests[batch.lines[line].result_root] if is_line else ZERO_BYTES32
        made = vote_of(signer, digest if is_kept else ZERO_BYTES32)
        domain, key = self.contracts.domain, key_of(signer)
        first = AuditCommitment(batch_id, lease_id, task, made).sign(domain, key)
        second = AuditResult(batch_id, lease_id, task, digest, SALT).sign(domain, key)
        found = (line, task, number, made, first, digest, SALT, second)
        market = codec("Market")
        data = market.encode_call("reportEquivocation", batch.values(), found)
        call = Call(self.contracts.deployment.market, data)

        def move() -> None:
            self.mirror.report_equivocation(
                who, batch_id, *place, self.at, signer=signer, is_kept=is_kept
            )

        return self._do("report_equivocation", who, call, move)

    # -------------------------------------------------------------------------- what is known

    def beacon(self, block: int) -> Bytes32 | None:
        """A block's value; None if it is out of reach."""
        value = Bytes32(self.contracts.ask("BlockhashBeacon", "valueAt", block))
        return value if any(value) else None

    def seed_of(self, batch: Batch) -> Bytes32 | None:
        """What follows from the beacon's value for a batch's seed block."""
        batch_id = batch.batch_id()
        if not self.mirror.has_batch(batch_id):
            return None
        value = self.beacon(self.mirror.batch(batch_id).seed_block)
        return None if value is None else batch_seed(value, batch_id)

    def kept_seeds(self) -> list[Bytes32]:
        """The batches whose seeds somebody has kept."""
        known = [batch_id for batch_id in self.batches if self.mirror.has_batch(batch_id)]
        return [batch_id for batch_id in known if self.mirror.batch(batch_id).seed is not None]

    def _signed(self, batch: Batch, claim: AuditClaim, who: Address) -> facts.AuditClaim:
        lease_id, opening = ZERO_BYTES32, NO_OPENING
        if claim.index < len(batch.lines):
            lease = batch.result(claim.index)
            lease_id = lease.lease_id
            if claim.task in lease.tasks:
                opening = self._opening(lease, claim.task)
        message = AuditResult(batch.batch_id(), lease_id, claim.task, claim.digest, SALT)
        return facts.AuditClaim(
            line=claim.index,
            task=claim.task,
            attempt=claim.attempt,
            verifier=claim.verifier,
            task_digest=claim.digest,
            salt=SALT,
            signature=message.sign(self.contracts.domain, key_of(who)),
            leaf_salt=opening.salt,
            proof=opening.proof,
        )

    def _opening(self, lease: LeaseResult, task: int) -> Opening:
        digests = [self.digests[lease.result_root]] * lease.count
        return open_task(lease.lease_id, lease.first_task, digests, SALT, task)

    def _claimed(self, number: int, *, is_proven: bool) -> tuple[Bytes32 | None, Opening]:
        """The digest that a dispute is about, as its opening proves it."""
        if not 0 < number <= self.mirror.dispute_count:
            return None, NO_OPENING
        contested = self.mirror.dispute(number)
        lease = self.batches[contested.batch_id].result(contested.index)
        opening = self._opening(lease, contested.task)
        if is_proven:
            return opening.digest, opening
        return None, replace(opening, digest=Bytes32(b"\x99" * 32))

    # -------------------------------------------------------------------------- both at once

    def _do(self, name: str, sender: Address, call: Call, move: Callable[[], object]) -> bool:
        """Do a step to both; whether they took it."""
        answer, refusal = b"", ""
        try:
            answer = self.contracts.send(sender, call)
        except ExecutionReverted as error:
            refusal = str(error)
        known, mirrored = None, ""
        try:
            known = move()
        except Refused as refused:
            mirrored = str(refused.reason)
        contract_says = refusal.partition("(")[0]
        self.log.append(f"{name} by {sender}: {refusal or 'done'}")
        self.tally[name, contract_says or "done"] += 1
        require_same({name: contract_says}, {name: mirrored}, self.log)
        if isinstance(known, bytes):
            require_same({name: to_hex(answer)}, {name: to_hex(known)}, self.log)
        self._compare(has_changed=not refusal)
        return not refusal

    def _compare(self, *, has_changed: bool) -> None:
        """What was refused has changed nothing: then the chain is not asked again."""
        if has_changed:
            self._facts = evm_facts(self)
            require_conserved(self._facts, self.log)
        require_same(self._facts, mirror_facts(self), self.log)
        for job_id in self.jobs:
            after = self._facts["status", job_id]
            before = self._statuses.get(job_id)
            if isinstance(before, JobStatus) and isinstance(after, JobStatus):
                require_job_move(before, after)
            self._statuses[job_id] = after if isinstance(after, JobStatus) else None


@cache
def key_of(who: Address) -> LocalAccount:
    """The key of one of the people."""
    accounts = (development_account(i) for i in range(15))
    return next(account for account in accounts if str(account.address) == who)


def vote_of(who: Address, digest: Bytes32) -> Bytes32:
    """A member's commitment."""
    return commitment(who, digest, SALT)

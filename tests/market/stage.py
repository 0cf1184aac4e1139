"""A real market over HTTP on a real chain, and people to play on it. The keeper goes by hand."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from eth_account import Account
from eth_account.signers.local import LocalAccount

from market.main import Market, build
from market.server import listen
from market.settings import Settings
from protocol.audit import AuditCommitment, AuditResult, ToleranceCommitment, commitment
from protocol.chain.calls import Call
from protocol.chain.connection import connect, rpc
from protocol.chain.contracts import Contracts
from protocol.chain.deploy import deploy
from protocol.chain.development import development_account
from protocol.chain.facts import AcceptedAudit, AuditClaim, AuditRef, Params
from protocol.chain.sender import MemoryJournal, Sender
from protocol.client.client import MarketClient
from protocol.client.keys import write_key
from protocol.client.wire import (
    AuditCommitmentRequest,
    AuditOutcome,
    AuditRequest,
    AuditResultRequest,
    DelegationRequest,
    JobRequest,
    JobView,
    LeaseGrant,
    LeaseResultRequest,
    OfferRequest,
    OpeningView,
    PermitDeposit,
    TaskResult,
)
from protocol.delegation import Delegation
from protocol.job import Job
from protocol.lease import Lease, LeaseResult
from protocol.offer import RUNTIME_WASM, Offer
from protocol.result import Outcome, result_root
from protocol.spec import Limits, Resources, Spec, WasmRuntime, encode_task_list
from protocol.units import WEI_PER_CREDIT, Address, Bytes32, content_id, to_hex

SUPPLY_WEI = 10**9 * WEI_PER_CREDIT
ASK_WEI = WEI_PER_CREDIT // 100
WALL_SECONDS = 10
PRICE_WEI = ASK_WEI * WALL_SECONDS
Commitment = AuditCommitment | ToleranceCommitment
MODULE = b"\x00asm a module that nobody runs here"


@contextmanager
def open_market(
    directory: Path, rpc_url: str, params: Params, database_url: str | None = None, **options: Any
) -> Iterator[Stage]:
    """Deploy, build and serve a market; its keeper only goes when told."""
    operator = development_account(0)
    guardian = Address(operator.address)
    deployment = deploy(connect(rpc_url), operator, params, SUPPLY_WEI, guardian=guardian)
    directory.mkdir(parents=True, exist_ok=True)
    write_key(directory / "operator.key", operator)
    (directory / "deployment.json").write_text(json.dumps(deployment.to_json()))
    settings = Settings(
        data_directory=directory,
        rpc_url=rpc_url,
        database_url=database_url,
        is_development=True,
        batch_seconds=0,
        web_directory=directory / "web",
        **options,
    )
    with ExitStack() as stack:
        market = build(settings)
        stack.callback(market.store.engine.dispose)
        url = stack.enter_context(_served(market))
        yield Stage(market, url, stack)


@contextmanager
def _served(market: Market) -> Iterator[str]:
    listener = listen("127.0.0.1", 0)
    config = uvicorn.Config(market.app(), log_config=None, access_log=False, lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        market.services.bell.close()
        market.services.work_bell.close()
        server.should_exit = True
        thread.join(10)
        listener.close()


@dataclass
class Stage:
    """One market and everything on it."""

    market: Market
    url: str
    stack: ExitStack
    clients: dict[str, MarketClient] = field(default_factory=dict)

    @property
    def contracts(self) -> Contracts:
        return self.market.contracts

    @property
    def operator(self) -> Address:
        return Address(self.market.services.info.operator)

    @property
    def params(self) -> Params:
        return self.contracts.params()

    @cached_property
    def http(self) -> httpx.Client:
        """For what no client of ours would ask. It waits long: a busy machine is no failure."""
        anew = httpx.Limits(max_keepalive_connections=0)
        return self.stack.enter_context(httpx.Client(timeout=60, limits=anew))

    def keep(self, rounds: int = 1) -> None:
        """Let the keeper go round, each time until nothing is on its way any more."""
        for _ in range(rounds):
            for _ in range(100):
                if not self.market.keeper.advance():
                    break
                time.sleep(0.02)

    def keep_until(self, check: Callable[[], bool], rounds: int = 50) -> None:
        """Let the keeper go until something has happened."""
        for _ in range(rounds):
            if check():
                return
            self.keep()
        raise AssertionError("the keeper did not get there")

    def pass_time(self, seconds: int) -> None:
        """Let the chain's clock run, and mine."""
        web3 = self.contracts.web3
        rpc(web3, "evm_increaseTime", seconds)
        self.mine()

    def mine(self, blocks: int = 1) -> None:
        """Mine empty blocks."""
        rpc(self.contracts.web3, "anvil_mine", hex(blocks))

    def client(self, account: LocalAccount) -> MarketClient:
        """A signed-in client, one an account."""
        if account.address not in self.clients:
            self.clients[account.address] = self.stack.enter_context(
                MarketClient(self.url, account)
            )
        return self.clients[account.address]

    def send(self, account: LocalAccount, call: Call) -> None:
        """A transaction of somebody's own, with gas given."""
        web3 = self.contracts.web3
        rpc(web3, "anvil_setBalance", account.address, hex(10**20))
        sender = Sender(web3, account, MemoryJournal())
        sender.submit("it", call)
        sender.wait("it", 20)

    def person(self, credits_: int = 0) -> LocalAccount:
        """A new account with a free balance, deposited by permit."""
        account: LocalAccount = Account.create()
        if credits_:
            self.give(account, credits_)
        return account

    def give(self, account: LocalAccount, credits_: int) -> None:
        """Tokens, deposited by a relayed permit."""
        owner, amount_wei = Address(account.address), credits_ * WEI_PER_CREDIT
        self.send(development_account(0), self.contracts.token_mint(owner, amount_wei))
        deadline = int(time.time()) + 100_000
        nonce = self.contracts.token_permit_nonce(owner)
        signature = self.contracts.sign_permit(account, amount_wei, deadline, nonce)
        permit = PermitDeposit(
            owner=owner, amount_wei=amount_wei, deadline=deadline, signature=to_hex(signature)
        )
        self.client(account).deposit(permit)
        self.keep_until(lambda: self.contracts.account(owner).balance_wei >= amount_wei)

    def provider(self, stake_credits: int = 0, ask_wei: int = ASK_WEI) -> Device:
        """A wallet with a device that has put up its offer."""
        wallet, key = self.person(stake_credits), Account.create()
        if stake_credits:
            self.send(wallet, self.contracts.stake(stake_credits * WEI_PER_CREDIT))
        self.delegate(wallet, Address(key.address))
        device = Device(self, wallet, key)
        device.put_offer(ask_wei=ask_wei)
        return device

    def delegate(self, wallet: LocalAccount, device: Address) -> None:
        """Let `device` sign for `wallet`; nobody asks the device."""
        delegation = Delegation(
            wallet=Address(wallet.address),
            device=device,
            not_after=int(time.time()) + 1_000_000,
            nonce=secrets.randbits(64),
        )
        signature = delegation.sign(self.contracts.domain, wallet)
        self.client(wallet).delegate(
            DelegationRequest(delegation=delegation.to_json(), signature=to_hex(signature))
        )
        self.keep_until(lambda: self.contracts.device_of(device)[0] == str(wallet.address))

    def verifier(self, seats: int = 1) -> LocalAccount:
        """A verifier with seats."""
        account = self.person(seats * 100 + 50)
        self.send(account, self.contracts.take_seats(seats))
        return account

    def draft(
        self,
        requester: LocalAccount,
        tasks: int = 4,
        respec: Callable[[Spec], Spec] = lambda spec: spec,
        **changes: Any,
    ) -> Draft:
        """A job that could be posted, its blobs uploaded; `respec` makes its spec another one."""
        inputs = [f"input {i}".encode() for i in range(tasks)]
        client = self.client(requester)
        for blob in (*inputs, MODULE):
            client.put_blob(blob)
        task_list = client.put_blob(encode_task_list([content_id(i) for i in inputs]))
        spec = Spec(
            runtime=WasmRuntime(content_id(MODULE)),
            resources=Resources(cpu_millis=1000, memory_bytes=1 << 20, disk_bytes=0),
            limits=Limits(wall_seconds=WALL_SECONDS, fuel=1000, output_bytes=1024),
            task_list=task_list,
            label="a test",
        )
        spec = respec(spec)
        fields: dict[str, Any] = {
            "requester": Address(requester.address),
            "operator": self.operator,
            "token": self.contracts.deployment.token,
            "spec_hash": spec.hash,
            "task_count": tasks,
            "max_price_per_task": PRICE_WEI,
            "audit_budget": tasks * PRICE_WEI * 3,  # both rounds of every task
            "relayer_fee": 0,
            "not_before": 0,
            "deadline": int(time.time()) + 3600,
            "nonce": secrets.randbits(128),
        }
        return Draft(self, requester, Job(**(fields | changes)), spec)

    def job(self, requester: LocalAccount, tasks: int = 4, **changes: Any) -> Bytes32:
        """A posted job, open on chain."""
        draft = self.draft(requester, tasks, **changes)
        draft.post()
        self.keep_until(lambda: self.client(requester).job(draft.job_id).is_on_chain)
        return draft.job_id

    def run_all(self, devices: Sequence[Device], rounds: int = 40) -> None:
        """Devices take and finish leases until none is left."""
        for _ in range(rounds):
            grants = [(d, d.client.lease()) for d in devices]
            for device, grant in grants:
                if grant is not None:
                    device.finish(grant)
            if not any(grant for _, grant in grants):
                break
        self.keep()

    def settle(self) -> None:
        """Let the seed blocks and the window pass, and everything be paid and closed."""
        self.mine(2)
        self.keep()
        self.pass_time(self.params.dispute_window_seconds + 1)
        self.keep(3)


@dataclass
class Draft:
    """A job before it is posted."""

    stage: Stage
    requester: LocalAccount
    job: Job
    spec: Spec

    @property
    def job_id(self) -> Bytes32:
        return self.job.job_id(self.stage.contracts.domain)

    def request(self, signature: bytes | None = None) -> JobRequest:
        """The signed body."""
        signed = signature or self.job.sign(self.stage.contracts.domain, self.requester)
        return JobRequest(
            job=self.job.to_json(), signature=to_hex(signed), spec=self.spec.to_json()
        )

    def post(self, signature: bytes | None = None) -> JobView:
        """Post it."""
        return self.stage.client(self.requester).post_job(self.request(signature))


@dataclass
class Device:
    """A provider's device: its program answers every input by its SHA-256."""

    stage: Stage
    wallet: LocalAccount
    key: LocalAccount
    nonce: int = 0

    @property
    def client(self) -> MarketClient:
        return self.stage.client(self.key)

    def offer(self, **changes: Any) -> Offer:
        """A standing offer, signed by nobody yet."""
        self.nonce += 1
        fields: dict[str, Any] = {
            "provider": Address(self.wallet.address),
            "device": Address(self.key.address),
            "runtimes": RUNTIME_WASM,
            "cpu_millis": 2000,
            "memory_bytes": 1 << 30,
            "disk_bytes": 1 << 30,
            "ask_per_core_second": ASK_WEI,
            "expires_at": int(time.time()) + 3600,
            "nonce": self.nonce,
        }
        return Offer(**(fields | changes))

    def put_offer(self, ask_wei: int = ASK_WEI, **changes: Any) -> bytes:
        """Put it up; its id."""
        offer = self.offer(ask_per_core_second=ask_wei, **changes)
        signature = offer.sign(self.stage.contracts.domain, self.key)
        request = OfferRequest(offer=offer.to_json(), signature=to_hex(signature))
        return self.client.put_offer(request).offer_id

    def outcomes(self, grant: LeaseGrant, wrong: Sequence[int] = ()) -> list[Outcome]:
        """What running the lease gives."""
        lease = Lease.from_json(grant.lease)
        made = []
        for task, blob in zip(lease.tasks, grant.task_inputs, strict=True):
            answer = hashlib.sha256(blob.encode()).digest()
            made.append(Outcome(b"lies" if task in wrong else answer))
        return made

    def result(
        self, grant: LeaseGrant, outcomes: Sequence[Outcome], **changes: Any
    ) -> LeaseResultRequest:
        """The signed body; the outputs are uploaded first."""
        lease, salt = Lease.from_json(grant.lease), Bytes32(secrets.token_bytes(32))
        for outcome in outcomes:
            if outcome.failure is None:
                self.client.put_blob(outcome.output)
        digests = [outcome.digest for outcome in outcomes]
        fields: dict[str, Any] = {
            "lease_id": lease.lease_id,
            "job_id": lease.job_id,
            "provider": lease.provider,
            "first_task": lease.first_task,
            "count": lease.count,
            "amount": lease.count * lease.price_per_task,
            "result_root": result_root(lease.lease_id, lease.first_task, digests, salt),
        }
        message = LeaseResult(**(fields | changes))
        return LeaseResultRequest(
            result=message.to_json(),
            signature=to_hex(message.sign(self.stage.contracts.domain, self.key)),
            lease_salt=salt,
            tasks=[
                TaskResult(
                    task=task,
                    output=None if outcome.failure else content_id(outcome.output),
                    failure=outcome.failure,
                )
                for task, outcome in zip(lease.tasks, outcomes, strict=True)
            ],
        )

    def finish(self, grant: LeaseGrant, wrong: Sequence[int] = ()) -> None:
        """Do the lease's work and hand it in."""
        self.client.post_result(grant.lease_id, self.result(grant, self.outcomes(grant, wrong)))


@dataclass
class Audit:
    """One audit by one verifier, step by step."""

    stage: Stage
    verifier: LocalAccount
    batch_id: Bytes32
    lease_id: Bytes32
    task: int
    salt: Bytes32 = field(default_factory=lambda: Bytes32(secrets.token_bytes(32)))

    def ask(self, dispute_id: int | None = None) -> Outcome:
        """Fetch the task and run it."""
        request = AuditRequest(
            batch_id=self.batch_id, lease_id=self.lease_id, task=self.task, dispute_id=dispute_id
        )
        grant = self.stage.client(self.verifier).audit(request)
        return Outcome(hashlib.sha256(grant.task_input.encode()).digest())

    def commit(self, digest: Bytes32, kind: type[Commitment] = AuditCommitment) -> OpeningView:
        """Bind oneself."""
        return self.stage.client(self.verifier).commit_audit(self.bound(digest, kind))

    def bound(self, digest: Bytes32, kind: type[Commitment]) -> AuditCommitmentRequest:
        """The signed body."""
        message = kind(
            batch_id=self.batch_id,
            lease_id=self.lease_id,
            task=self.task,
            commitment=commitment(Address(self.verifier.address), digest, self.salt),
        )
        signature = message.sign(self.stage.contracts.domain, self.verifier)
        return AuditCommitmentRequest(commitment=message.to_json(), signature=to_hex(signature))

    def signed_result(self, digest: Bytes32) -> tuple[AuditResult, bytes]:
        """What a verifier is paid for."""
        message = AuditResult(
            batch_id=self.batch_id,
            lease_id=self.lease_id,
            task=self.task,
            task_digest=digest,
            salt=self.salt,
        )
        return message, message.sign(self.stage.contracts.domain, self.verifier)

    @property
    def accepted(self) -> AcceptedAudit | None:
        """What the chain keeps of it."""
        with self.stage.market.store.read() as unit:
            lease = unit.chain.lease(self.lease_id)
        assert lease is not None
        rounds = (AuditRef(lease.line, self.task, number) for number in (0, 1))
        found = [self.stage.contracts.accepted_audit(self.batch_id, ref) for ref in rounds]
        holders = [seat.holder for seat in self.stage.contracts.seats()]
        mine = Address(self.verifier.address)
        return next((each for each in found if each and holders[each.seat_id] == mine), None)

    def claim(self, opening: OpeningView) -> Call:
        """The call that has it accepted for finding what was opened, whoever sends it."""
        contracts = self.stage.contracts
        with self.stage.market.store.read() as unit:
            batch = unit.chain.content(self.batch_id)
            lease = unit.chain.lease(self.lease_id)
            known = unit.audits.get(self.lease_id, self.task, Address(self.verifier.address))
        assert lease is not None
        assert known is not None
        digest = Bytes32(opening.digest)
        claim = AuditClaim(
            line=lease.line,
            task=self.task,
            attempt=known.attempt,
            verifier=known.verifier,
            task_digest=digest,
            salt=self.salt,
            signature=self.signed_result(digest)[1],
            leaf_salt=Bytes32(opening.salt),
            proof=tuple(Bytes32(step) for step in opening.proof),
        )
        return contracts.accept_audits(batch, contracts.batch(self.batch_id).seat_count, [claim])

    def reveal(self, digest: Bytes32) -> AuditOutcome:
        """Show it."""
        message, signature = self.signed_result(digest)
        return self.stage.client(self.verifier).post_audit_result(
            AuditResultRequest(result=message.to_json(), signature=to_hex(signature))
        )

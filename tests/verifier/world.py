"""A real chain with a market deployed on it, a job of real wasm tasks, and results for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from eth_account.signers.local import LocalAccount

from protocol.batch import Batch
from protocol.bisection import GameTimes
from protocol.chain import params
from protocol.chain.calls import Call
from protocol.chain.connection import connect, rpc
from protocol.chain.contracts import Contracts
from protocol.chain.deploy import deploy
from protocol.chain.development import development_account
from protocol.chain.events import ChainEvent, Cursor, EventReader
from protocol.chain.sender import MemoryJournal, Receipt, Sender
from protocol.dispute import DisputeTerms
from protocol.job import Job
from protocol.lease import Lease
from protocol.result import Opening, Outcome, open_task, result_root
from protocol.sampling import Draw, draw_verifiers
from protocol.spec import Limits, Resources, Spec, WasmRuntime, encode_task_list
from protocol.units import WEI_PER_CREDIT, Address, Bytes32, ContentId, content_id, to_hex
from tests.protocol.make_vectors import word

ROOT = Path(__file__).parents[2]
NOOP = ROOT / "images" / "wasm" / "built" / "noop.wasm"
PRICE_WEI = WEI_PER_CREDIT
QUICK = replace(
    params.development(),
    dispute_window_seconds=24,
    concede_seconds=1,
    commit_seconds=9,
    reveal_seconds=6,
    open_seconds=5,
)
DEPLOYER, OPERATOR, REQUESTER, PROVIDER = (development_account(i) for i in range(4))


@dataclass(frozen=True)
class Committed:
    """A lease whose result stands on chain."""

    batch_id: Bytes32
    batch: Batch
    lease_id: Bytes32
    digests: tuple[Bytes32, ...]
    first_task: int

    def opening(self, task: int) -> Opening:
        return open_task(self.lease_id, self.first_task, self.digests, word("salt"), task)


@dataclass
class World:
    """One deployment and what was done on it."""

    rpc_url: str
    tasks: int = 8
    games: GameTimes | None = None
    """Of the market's arbiter; None: it knows none."""
    blobs: dict[ContentId, bytes] = field(default_factory=dict)
    jobs: dict[Bytes32, Job] = field(default_factory=dict)
    leases: dict[Bytes32, Committed] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.web3 = connect(self.rpc_url)
        supply_wei = 10**6 * WEI_PER_CREDIT
        governor = Address(DEPLOYER.address)
        terms = params.with_games(QUICK, self.games) if self.games else QUICK
        self.deployment = deploy(
            self.web3, DEPLOYER, terms, supply_wei, governor=governor, games=self.games
        )
        self.contracts = Contracts(self.web3, self.deployment)
        self._reader = EventReader(self.web3, self.deployment)
        self._cursor: Cursor | None = None
        self._events: list[ChainEvent] = []
        self.spec = self._spec(self.tasks)

    def send(self, account: LocalAccount, call: Call) -> Receipt:
        """Send and wait."""
        sender = Sender(self.web3, account, MemoryJournal())
        key = f"test {time.monotonic_ns()}"
        sender.submit(key, call)
        return sender.wait(key, 30)

    def govern(self, wanted: DisputeTerms) -> None:
        """Other terms for disputes: proposed, waited for, and enacted."""
        terms = self.contracts.terms()
        self.send(DEPLOYER, self.contracts.propose(terms, wanted))
        rpc(self.web3, "evm_increaseTime", self.contracts.notice_seconds() + 1)
        self.send(DEPLOYER, self.contracts.enact(terms))

    def give(self, account: LocalAccount, amount_wei: int) -> None:
        """Tokens and gas into a wallet."""
        self.give_to(Address(account.address), amount_wei)

    def give_to(self, owner: Address, amount_wei: int) -> None:
        """The same by address."""
        self.send(DEPLOYER, Call(owner, b"", 10**18))
        self.send(DEPLOYER, self.contracts.token_transfer(owner, amount_wei))

    def fund(self, account: LocalAccount, amount_wei: int) -> None:
        """Tokens into an account's free balance."""
        self.give(account, amount_wei)
        self.send(account, self.contracts.token_approve(amount_wei))
        self.send(account, self.contracts.deposit(amount_wei))

    def open_job(self, nonce: int = 1) -> Bytes32:
        """A funded job of no-op tasks."""
        now = self.contracts.block_timestamp()
        job = Job(
            requester=Address(REQUESTER.address),
            operator=Address(OPERATOR.address),
            token=self.deployment.token,
            spec_hash=self.spec.hash,
            task_count=self.tasks,
            max_price_per_task=PRICE_WEI,
            audit_budget=10 * PRICE_WEI,
            relayer_fee=0,
            not_before=0,
            deadline=now + 3600,
            nonce=nonce,
        )
        self.fund(REQUESTER, job.total_wei)
        call = self.contracts.open_job(job, job.sign(self.contracts.domain, REQUESTER))
        self.send(OPERATOR, call)
        job_id = job.job_id(self.contracts.domain)
        self.jobs[job_id] = job
        return job_id

    def commit(
        self, job_id: Bytes32, first_task: int, digests: Sequence[Bytes32], fence: int = 1
    ) -> Committed:
        """A signed lease result as a batch of its own, with its seed block mined."""
        provider = Address(PROVIDER.address)
        count = len(digests)
        lease = Lease(job_id, provider, provider, first_task, count, PRICE_WEI, fence)
        result = lease.result(result_root(lease.lease_id, first_task, digests, word("salt")))
        signature = result.sign(self.contracts.domain, PROVIDER)
        call = self.contracts.commit_batch(self.jobs, [result], [signature])
        receipt = self.send(OPERATOR, call)
        event = self.await_event("BatchCommitted", lambda e: e.block_number == receipt.block_number)
        batch_id, batch = event.args["batch_id"], event.args["batch"]
        made = Committed(batch_id, batch, lease.lease_id, tuple(digests), first_task)
        self.leases[lease.lease_id] = made
        self.wait_until(lambda: any(self.contracts.seed_of(batch_id)))
        return made

    def draws(self, made: Committed) -> dict[int, tuple[Draw, ...]]:
        """Who is drawn to audit each task of a lease, as anybody can find out."""
        contracts, batch = self.contracts, made.batch
        facts, result = contracts.batch(made.batch_id), batch.result(0)
        seats = contracts.seats()[: facts.seat_count]
        excluded = {result.provider, batch.requester(0), batch.operator}
        seed, rate_ppm = contracts.seed_of(made.batch_id), batch.audit_rate_ppm(0)
        return {
            task: draw_verifiers(
                seed, made.lease_id, task, rate_ppm, seats, facts.commit_block, excluded
            )
            for task in result.tasks
        }

    def honest_digest(self, task: int) -> Bytes32:
        """What the no-op program gives: its input."""
        return Outcome(self.task_input(task)).digest

    @staticmethod
    def task_input(task: int) -> bytes:
        return b"input %d" % task

    def events(self, kind: str) -> list[ChainEvent]:
        """All events of a kind so far."""
        while True:
            page = self._reader.poll(self._cursor)
            assert page.rollback_to is None
            self._events += page.events
            self._cursor = page.cursor
            if page.is_caught_up:
                return [event for event in self._events if event.kind == kind]

    def await_event(
        self,
        kind: str,
        is_wanted: Callable[[ChainEvent], bool] = lambda _: True,
        timeout_seconds: float = 60,
    ) -> ChainEvent:
        """The first wanted event of a kind, once it is there."""
        found: list[ChainEvent] = []

        def look() -> bool:
            found[:] = [event for event in self.events(kind) if is_wanted(event)]
            return bool(found)

        self.wait_until(look, timeout_seconds, kind)
        return found[0]

    def wait_until(
        self, is_so: Callable[[], bool], timeout_seconds: float = 60, what: str = "it"
    ) -> None:
        """Poll until `is_so`."""
        give_up_at = time.monotonic() + timeout_seconds
        while not is_so():
            assert time.monotonic() < give_up_at, f"{what} did not happen"
            time.sleep(0.1)

    def _spec(self, tasks: int) -> Spec:
        inputs = [self._blob(self.task_input(task)) for task in range(tasks)]
        return Spec(
            runtime=WasmRuntime(self._blob(NOOP.read_bytes())),
            resources=Resources(1000, 1 << 26, 0),
            limits=Limits(wall_seconds=10, fuel=10**8, output_bytes=1 << 16),
            task_list=self._blob(encode_task_list(inputs)),
            shared_inputs=(self._blob(b"shared"),),
        )

    def _blob(self, data: bytes) -> ContentId:
        blob_id = content_id(data)
        self.blobs[blob_id] = data
        return blob_id

    def key_file(self, account: LocalAccount, path: Path) -> Path:
        """The account's key as a private file."""
        path.write_text(to_hex(bytes(account.key)))
        path.chmod(0o600)
        return path

    def balance(self, owner: str) -> int:
        return self.contracts.account(Address(owner)).balance_wei

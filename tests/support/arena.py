"""A whole market on Anvil in which every party but the attacker is an honest process.

The attacker is the test: it signs, sends and asks like anybody, and only what it says is a lie.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from eth_account.signers.local import LocalAccount

from deploy.stack import FALLOW, ProviderPlan
from protocol.batch import Batch
from protocol.chain.calls import Call
from protocol.chain.connection import connect, rpc
from protocol.chain.events import ChainEvent
from protocol.chain.facts import AuditRef, Params
from protocol.chain.mirrored import rules_of
from protocol.chain.sender import MemoryJournal, Receipt, Sender
from protocol.client.client import MarketClient
from protocol.dispute import Verdict
from protocol.errors import ChainRejected
from protocol.pricing import audit_fee_wei
from protocol.settlement.facts import Rules
from protocol.settlement.refusals import Refusal
from protocol.units import WEI_PER_CREDIT, Address, Bytes32
from requester.draft import WasmDraft
from requester.handle import JobHandle
from requester.plan import Terms
from requester.requester import Requester
from requester.ringers import KnownTask
from tests.support.chains import anvil_path
from tests.support.grinding import GRINDING
from tests.support.replay import Replay, require_same
from tests.support.stacks import BUDGET_WEI, ENVIRONMENT, QUICK, MortalProcesses, QuickStack

# Room for slow machines where somebody has to act in time; where nobody has to, the clock is moved.
ARENA = replace(
    QUICK,
    dispute_window_seconds=90,
    concede_seconds=12,
    commit_seconds=40,
    reveal_seconds=30,
    open_seconds=30,
    unstake_delay_seconds=400,
)
# What attackers ask for is below any honest device's price, so that none takes their jobs.
LEAST_ASK_WEI = WEI_PER_CREDIT // 2000
HONEST_MEMORY_BYTES = 128 << 20
WAIT_SECONDS = 60.0
JUDGING_SECONDS = 150.0


class Arena(QuickStack):
    """Market, verifiers and providers as processes; `edge` is where verifiers reach the market."""

    def __init__(self, processes: MortalProcesses, folder: Path, params: Params = ARENA) -> None:
        super().__init__(processes, folder)
        self.params = params
        self.edge: str | None = None
        self._exits = ExitStack()
        self._clients: dict[Address, MarketClient] = {}
        self._requesters: dict[str, Requester] = {}
        self._tiers = count(1)
        self._telling = threading.Lock()
        self._meeting = threading.Lock()
        self._posting = threading.Lock()

    # ------------------------------------------------------------------------------ starting

    def start_chain(self) -> None:
        """Anvil, with a block each second."""
        port = self.chain_url.rsplit(":", 1)[1]
        options = ["--silent", "--port", port, "--accounts", "20", "--block-time", "1"]
        self.processes.start("chain", [anvil_path(), *options])

    def start_contracts_and_market(self) -> None:
        """The chain, the contracts with this arena's parameters, the market."""
        self.start_chain()
        self._deploy(self.params)
        self.start_market()
        self.wait_ready()

    def start_verifiers(self, names: Sequence[str]) -> None:
        """Verifiers with a seat each, and with bonds enough for many disputes at once."""
        with ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(lambda name: self.person(name, 500 * WEI_PER_CREDIT), names))
        for name in names:
            key_file = self.folder / "keys" / f"{name}.key"
            command = [FALLOW, "verifier", "start", "--market", self.edge or self.url]
            command += ["--seats", "1", "--key-file", str(key_file)]
            self.processes.start(name, [*command, "--state", str(self.folder / name)])

    def close(self) -> None:
        """End every session."""
        self._exits.close()
        self.market.close()

    # ------------------------------------------------------------------------------ people

    def person(self, name: str, deposit_wei: int, stake_wei: int = 0) -> LocalAccount:
        """Somebody with credits, so much of them deposited, and so much of that staked."""
        account = self.key(name)
        self.fund(account)
        contracts = self.contracts()
        self.send(account, contracts.token_approve(deposit_wei))
        self.send(account, contracts.deposit(deposit_wei))
        if stake_wei:
            self.send(account, contracts.stake(stake_wei))
        return account

    def client(self, account: LocalAccount) -> MarketClient:
        """Somebody's signed-in client, one an account."""
        address = Address(account.address)
        with self._meeting:
            if address not in self._clients:
                client = self._exits.enter_context(MarketClient(self.url, account))
                self._clients[address] = client
            return self._clients[address]

    def requester_named(self, name: str) -> Requester:
        """Somebody with credits to post jobs, met when first asked for."""
        with self._posting:
            if name not in self._requesters:
                self._requesters[name] = self._exits.enter_context(self.requester(name))
            return self._requesters[name]

    def send(self, account: LocalAccount, call: Call) -> Receipt:
        """A transaction of somebody's own, mined."""
        sender = Sender(connect(self.chain_url), account, MemoryJournal())
        key = f"test {time.monotonic_ns()}"
        sender.submit(key, call)
        return sender.wait(key, WAIT_SECONDS)

    def require_refused(self, call: Call, sender: Address, refusal: Refusal) -> None:
        """Check that the contracts refuse a call by that name."""
        with pytest.raises(ChainRejected, match=rf"^{refusal}\("):
            self.contracts().check(call, sender)

    def wealth_wei(self, names: Iterable[str]) -> int:
        """All that these people own: tokens, balances, stakes and seats."""
        contracts, people = self.contracts(), {self.address(name) for name in names}
        owned = 0
        for person in people:
            account = contracts.account(person)
            owned += contracts.token_balance(person) + account.balance_wei
            owned += account.stake_wei + account.unstaking_wei
        for number, seat in enumerate(contracts.seats()):
            owned += contracts.seat_stake(number) if seat.holder in people else 0
        return owned

    # ------------------------------------------------------------------------------ work

    def tier(self) -> int:
        """A number that keeps two attackers' jobs apart, see `post`."""
        return next(self._tiers)

    def post(
        self,
        requester: Requester,
        inputs: Sequence[bytes],
        tier: int = 0,
        price_wei: int = 0,
        program: WasmDraft = GRINDING,
        known: Sequence[KnownTask] = (),
    ) -> JobHandle:
        """A job for the attacker of that tier alone; of tier 0 for honest devices alone.

        Later tiers ask for more and have more memory: so no other one's offer fits.
        """
        resources = replace(program.resources, memory_bytes=memory_of(tier))
        draft = replace(program, resources=resources, label=f"tier {tier}")
        price_wei = price_wei or price_of(tier)
        with self._posting:
            terms = Terms(max_price_per_task_wei=price_wei)
            plan = requester.plan(draft, inputs, terms, known=known)
            budget_wei = 2 * plan.work.task_count * audit_fee_wei(price_wei)
            job = replace(plan.job, audit_budget=budget_wei)
            return requester.post(replace(plan, job=job), BUDGET_WEI)

    # ------------------------------------------------------------------------------ the chain

    def events(self, kind: str, job_id: Bytes32 | None = None) -> list[ChainEvent]:
        """As always; plays that run side by side ask one after the other."""
        with self._telling:
            return super().events(kind, job_id)

    def all_events(self) -> list[ChainEvent]:
        """Whatever the chain has told so far."""
        self.events("JobOpened")
        return list(self._events)

    def await_event(
        self,
        kind: str,
        is_wanted: Callable[[ChainEvent], bool] = lambda _: True,
        seconds: float = WAIT_SECONDS,
    ) -> ChainEvent:
        """The first event of that kind that is wanted, once it is there."""
        deadline = time.monotonic() + seconds
        while True:
            found = [event for event in self.events(kind) if is_wanted(event)]
            if found:
                return found[0]
            self.processes.check()
            assert time.monotonic() < deadline, f"no {kind} came"
            time.sleep(0.2)

    def await_seed(self, batch_id: Bytes32) -> Bytes32:
        """A batch's seed, once its block is there."""
        contracts = self.contracts()
        self.until(lambda: any(contracts.seed_of(batch_id)), "a seed")
        return contracts.seed_of(batch_id)

    def disputes_of(self, lease_id: Bytes32) -> dict[int, ChainEvent]:
        """The disputes about a lease, by task."""
        opened = self.events("DisputeOpened")
        return {e.args["task"]: e for e in opened if e.args["lease_id"] == lease_id}

    def await_dispute(self, lease_id: Bytes32, task: int | None = None) -> int:
        """The id of the dispute about a task, or of a lease's first one, once it is there."""

        def is_wanted(event: ChainEvent) -> bool:
            return event.args["lease_id"] == lease_id and task in (None, event.args["task"])

        return int(self.await_event("DisputeOpened", is_wanted).args["dispute_id"])

    def verdict_of(self, dispute_id: int) -> Verdict:
        """What a committee says, once it does."""

        def is_it(event: ChainEvent) -> bool:
            return bool(event.args["dispute_id"] == dispute_id)

        event = self.await_event("DisputeResolved", is_it, JUDGING_SECONDS)
        return Verdict(event.args["verdict"])

    def move_clock(self, seconds: int) -> None:
        """Let the chain's next block be so much later."""
        rpc(connect(self.chain_url), "evm_increaseTime", seconds)
        before = self.contracts().block_timestamp()
        self.until(lambda: self.contracts().block_timestamp() >= before + seconds, "the clock")

    def settle_all(self) -> None:
        """Let every window end, and the market pay whatever can be paid of its own batches."""
        self.move_clock(self.params.dispute_window_seconds + 1)
        events, operator = self.events("BatchCommitted"), self.market.market().operator
        batches = [e.args["batch"] for e in events if e.args["batch"].operator == operator]
        self.until(lambda: all(map(self._is_finished, batches)), "every settlement")
        self.until(lambda: not self._waiting_fees_wei(batches), "every fee")

    def _waiting_fees_wei(self, batches: Sequence[Batch]) -> int:
        """What is still set aside for audits of these batches."""
        lines = {ref.lease_id: i for batch in batches for i, ref in enumerate(batch.lines)}
        told = [event.args for event in self.events("AuditAccepted")]
        audits = [
            self.contracts().accepted_audit(
                args["batch_id"], AuditRef(lines[args["lease_id"]], args["task"], args["round"])
            )
            for args in told
            if args["lease_id"] in lines
        ]
        return sum(audit.fee_wei for audit in audits if audit)

    def _is_finished(self, batch: Batch) -> bool:
        facts = self.contracts().batch(batch.batch_id())
        return not facts.exists or all(map(facts.is_finished, range(len(batch.lines))))


def require_mirrored(arena: Arena, rules: Rules | None = None) -> int:
    """Check that by the simulator's rules everybody owns what they own on chain, to the wei.

    Returns how many transactions that takes.
    """
    contracts = arena.contracts()
    rules = rules or rules_of(arena.params)
    replay = Replay(contracts, arena.params, rules, arena.all_events())
    owners = [arena.address(path.stem) for path in (arena.folder / "keys").glob("*.key")]
    require_same(replay, connect(arena.chain_url), contracts, owners)
    return replay.count


def price_of(tier: int) -> int:
    """What a task costs in that tier, in wei. Tier 0 is the honest devices'."""
    return GRINDING.limits.wall_seconds * (ask_of(tier) if tier else 2 * LEAST_ASK_WEI)


def ask_of(tier: int) -> int:
    """What an attacker of that tier asks for a second of a core, in wei."""
    return LEAST_ASK_WEI + tier


def memory_of(tier: int) -> int:
    """The memory of that tier's device, and that its tasks need."""
    return (tier << 20) or HONEST_MEMORY_BYTES


@contextmanager
def open_arena(
    folder: Path,
    verifiers: Sequence[str],
    providers: Sequence[ProviderPlan] = (),
    params: Params = ARENA,
    edge: Callable[[Arena], AbstractContextManager[str]] | None = None,
) -> Iterator[Arena]:
    """Start an arena; leaving the block ends every process of it."""
    with MortalProcesses(folder / "logs", ENVIRONMENT) as processes, ExitStack() as stack:
        arena = Arena(processes, folder, params)
        stack.callback(arena.close)
        arena.start_contracts_and_market()
        if edge is not None:
            arena.edge = stack.enter_context(edge(arena))
        arena.start_verifiers(verifiers)
        arena.start_providers(providers)
        arena.wait_seated(verifiers)
        if providers:
            arena.wait_offers(len(providers))
        yield arena

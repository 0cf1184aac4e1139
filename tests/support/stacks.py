"""Whole stacks for tests: real processes with short windows, to be killed, stopped, started again.

Everybody reaches the chain through a proxy, so that it can be away for a while.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from deploy.demo.books import Books, read_books
from deploy.processes import Processes
from deploy.stack import ProviderPlan, Stack
from market.embedded import SUPPLY_WEI
from protocol.bisection import GameTimes
from protocol.chain.connection import connect, rpc
from protocol.chain.deploy import deploy
from protocol.chain.development import development_account
from protocol.chain.events import ChainEvent, Cursor, EventReader
from protocol.chain.facts import Params
from protocol.client.client import MarketClient
from protocol.client.keys import load_or_create_key, write_key
from protocol.client.wire import Receipt
from protocol.errors import ChainUnavailable, FallowError
from protocol.units import WEI_PER_CREDIT, Address, Bytes32
from requester.handle import JobHandle, Until
from requester.requester import Requester
from tests.support.chains import free_port
from tests.support.tcp_proxy import TcpProxy

BUDGET_WEI = 500 * WEI_PER_CREDIT
SETTLE_SECONDS = 120.0
QUICK = Params(
    seat_stake_wei=100 * WEI_PER_CREDIT,
    dispute_bond_wei=10 * WEI_PER_CREDIT,
    minimum_stake_wei=40 * WEI_PER_CREDIT,
    seed_delay_blocks=1,
    dispute_window_seconds=7,
    concede_seconds=1,
    commit_seconds=7,
    reveal_seconds=4,
    open_seconds=4,
    commit_grace_seconds=60,
    unstake_delay_seconds=120,
    slash_multiple=60,
    concede_multiple=50,
    committee_size=3,
)
# A lease that falls silent is lost after five heartbeats.
ENVIRONMENT = {"FALLOW_MARKET_HEARTBEAT_SECONDS": "1", "FALLOW_MARKET_BATCH_SECONDS": "0.5"}


@dataclass
class MortalProcesses(Processes):
    """Processes that can be killed like a machine that loses power, and started again."""

    commands: dict[str, list[str]] = field(default_factory=dict)

    def start(self, name: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """As always; remembers how."""
        self.commands[name] = list(command)
        return super().start(name, command)

    def kill(self, name: str) -> None:
        """SIGKILL, to it and all it started: no last words."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def start_again(self, name: str) -> None:
        """The same command on what the killed one left behind."""
        self.start(name, self.commands[name])

    @contextmanager
    def stopped(self, *names: str) -> Iterator[None]:
        """SIGSTOP them inside the block."""
        pids = [self.running[name].pid for name in names]
        for pid in pids:
            os.killpg(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                with suppress(ProcessLookupError):  # killed meanwhile
                    os.killpg(pid, signal.SIGCONT)

    def log(self, name: str) -> str:
        """What it has said so far."""
        return (self.log_dir / f"{name}.log").read_text(errors="replace")


class QuickStack(Stack):
    """A stack with windows of seconds, its contracts deployed by the test."""

    processes: MortalProcesses
    params: Params = QUICK
    games: GameTimes | None = None
    """Of the market's arbiter; None: it knows none."""

    def __init__(self, processes: MortalProcesses, folder: Path) -> None:
        super().__init__(processes, folder, free_port())
        self.chain_url = f"http://127.0.0.1:{free_port()}"
        self.processes = processes
        self.proxy = TcpProxy(free_port(), int(self.chain_url.rsplit(":", 1)[1]))
        self._direct_url = self.chain_url
        self._events: list[ChainEvent] = []
        self._cursor: Cursor | None = None
        self._reader: EventReader | None = None

    def start(self, verifiers: Sequence[str], providers: Sequence[ProviderPlan]) -> None:
        """Everything, ready to work."""
        self.start_chain()
        self._deploy(self.params)
        self.proxy.open()
        self.chain_url = f"http://127.0.0.1:{self.proxy.port}"
        self.start_market()
        self.wait_ready()
        self.start_verifiers(verifiers)
        self.start_providers(providers)
        self.wait_seated(verifiers)
        self.wait_offers(len(providers))

    def restart_market(self) -> None:
        """Start the killed market on what it left behind, and wait until it answers."""
        self.processes.start_again("market")
        self.wait_ready()

    def address(self, name: str) -> Address:
        """The wallet's address of somebody here."""
        return Address(self.key(name).address)

    def enrol_idle(self, name: str) -> None:
        """A provider's device that could work, and has never asked for work."""
        self._enrol(ProviderPlan(name, stake_wei=0), self.contracts())

    @contextmanager
    def requester(self, name: str = "requester") -> Iterator[Requester]:
        """Somebody with credits in the market."""
        wallet = self.key(name)
        self.fund(wallet)
        with MarketClient(self.url, wallet) as client:
            requester = Requester(client, wallet, state=self.folder / "fallow" / "requester")
            requester.deposit(BUDGET_WEI)
            yield requester

    def books(self) -> Books:
        """Everybody's money now, and the escrows of all jobs."""
        names = [path.stem for path in (self.folder / "keys").glob("*.key")]
        # A device that answers a dispute asks the faucet for gas, and gets credits as well.
        devices = [load_or_create_key(path) for path in self.folder.glob("*/device.key")]
        machines = [Address(key.address) for key in (*devices, development_account(0))]
        owners = [*map(self.address, names), *machines]
        jobs = [event.args["job_id"] for event in self.events("JobOpened")]
        return read_books(self.contracts(), owners, jobs)

    def events(self, kind: str, job_id: Bytes32 | None = None) -> list[ChainEvent]:
        """What the chain tells of one kind, of one job if its id is given; asked directly."""
        if self._reader is None:
            self._reader = EventReader(connect(self._direct_url), self.deployment())
        page = self._reader.poll(self._cursor)
        assert page.rollback_to is None
        self._cursor = page.cursor
        self._events += page.events
        found = [event for event in self._events if event.kind == kind]
        return [e for e in found if job_id is None or e.args.get("job_id") == job_id]

    def committed(self, handle: JobHandle) -> list[ChainEvent]:
        """The batches with results of that job."""
        batches = self.events("BatchCommitted")
        return [
            event
            for event in batches
            if any(job.job_id == handle.job_id for job in event.args["batch"].jobs)
        ]

    def settled(self, handle: JobHandle) -> list[ChainEvent]:
        """The settlements of those batches."""
        batch_ids = {event.args["batch_id"] for event in self.committed(handle)}
        return [e for e in self.events("BatchSettled") if e.args["batch_id"] in batch_ids]

    def until(self, is_so: Callable[[], object], what: str, seconds: float = 100) -> None:
        """Wait for something while every process lives; an edge that is away is not yet."""

        def holds() -> bool:
            try:
                return bool(is_so())
            except FallowError as error:
                if error.retryable:
                    return False
                raise

        self.processes.wait_until(holds, what, seconds)

    def settle(self, handle: JobHandle) -> Receipt:
        """Wait until the job is paid and closed; the receipt, when every wei is accounted for."""
        handle.wait(until=Until.RESULTS, timeout_seconds=SETTLE_SECONDS)
        handle.wait(until=Until.SETTLED, timeout_seconds=SETTLE_SECONDS)
        # Other jobs go on meanwhile: a figure may have moved between two questions.
        self.until(lambda: self.books().are_balanced, "every wei", 10)
        return handle.receipt()

    def _deploy(self, params: Params) -> None:
        web3 = connect(self.chain_url)

        def answers() -> bool:
            try:
                return bool(rpc(web3, "eth_chainId"))
            except ChainUnavailable:
                return False

        self.processes.wait_until(answers, "the chain", 60)
        operator, data = development_account(0), self.folder / "market"
        data.mkdir(parents=True)
        write_key(data / "operator.key", operator)
        made = deploy(web3, operator, params, SUPPLY_WEI, games=self.games)
        (data / "deployment.json").write_text(json.dumps(made.to_json()))


@contextmanager
def quick_stack(
    folder: Path,
    verifiers: Sequence[str],
    providers: Sequence[ProviderPlan],
    kind: type[QuickStack] = QuickStack,
) -> Iterator[QuickStack]:
    """Start one; leaving the block ends every process of it."""
    with MortalProcesses(folder / "logs", ENVIRONMENT) as processes:
        stack = kind(processes, folder)
        try:
            stack.start(verifiers, providers)
            yield stack
        finally:
            stack.proxy.close()
            stack.market.close()


def require_paid_once(receipt: Receipt, task_count: int, price_wei: int) -> None:
    """Check that the payments cover each task exactly once, at that price."""
    tasks = [t for p in receipt.payments for t in range(p.first_task, p.first_task + p.count)]
    assert sorted(tasks) == list(range(task_count))
    assert all(p.amount_wei == p.count * price_wei for p in receipt.payments)
    fees_wei = sum(audit.fee_wei for audit in receipt.audits)
    assert task_count * price_wei + fees_wei + receipt.refunded_wei == receipt.escrow_wei

"""A chain for the module, a world of its own for each test, and verifiers in it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from eth_account.signers.local import LocalAccount

from protocol.chain.development import development_account
from protocol.units import WEI_PER_CREDIT, Address
from tests.support.chains import ROOT, end, start_devchain
from tests.verifier.lying_market import LyingMarket, serve
from tests.verifier.world import PROVIDER, World
from verifier.enrolment import enroll
from verifier.service import Service, Settings

VERIFIERS = [development_account(i) for i in range(4, 8)]


@pytest.fixture(scope="module")
def rpc_url() -> Iterator[str]:
    with start_devchain(block_seconds=1) as url:
        yield url


@pytest.fixture
def world(rpc_url: str) -> World:
    made = World(rpc_url)
    made.fund(PROVIDER, WEI_PER_CREDIT // 2)
    made.send(PROVIDER, made.contracts.stake(WEI_PER_CREDIT // 2))
    return made


@pytest.fixture
def market(world: World) -> Iterator[LyingMarket]:
    with serve(LyingMarket(world)) as served:
        yield served


@dataclass
class Team:
    """Verifiers as threads of the test, or as processes that can be killed."""

    market: LyingMarket
    root: Path
    stack: ExitStack

    def state(self, account: LocalAccount) -> Path:
        return self.root / account.address

    def enroll(self, *accounts: LocalAccount, seats: int = 1) -> None:
        """Give the accounts credits, and a seat each."""
        for account in accounts:
            self.market.world.give(account, (100 * seats + 40) * WEI_PER_CREDIT)
            with self.service(account) as service:
                assert enroll(service.contracts, service.sender, seats) == seats

    def service(self, account: LocalAccount) -> Service:
        return Service(Settings(self.market.url, self.state(account)), account)

    @contextmanager
    def serving(self, account: LocalAccount) -> Iterator[None]:
        """A verifier that serves in a thread until the block ends."""
        stop = threading.Event()
        with self.service(account) as service:
            verifier = service.verifier(stop)
            thread = threading.Thread(target=verifier.run)
            thread.start()
            try:
                yield
            finally:
                stop.set()
                verifier.wake()
                thread.join()

    def start(self, *accounts: LocalAccount) -> None:
        """Verifiers that serve until the test ends."""
        for account in accounts:
            self.stack.enter_context(self.serving(account))

    def start_process(self, account: LocalAccount) -> subprocess.Popen[str]:
        """`fallow verifier start` as a process of its own."""
        key_file = self.market.world.key_file(account, self.root / f"{account.address}.key")
        command = [
            *(sys.executable, "-m", "requester.cli", "verifier", "start", "--json"),
            *("--market", self.market.url, "--key-file", str(key_file)),
            *("--state", str(self.state(account))),
        ]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self.stack.callback(end, process)
        assert process.stdout is not None
        self.stack.callback(process.stdout.close)
        assert Address(account.address) in process.stdout.readline()
        return process


@pytest.fixture
def team(market: LyingMarket, tmp_path: Path) -> Iterator[Team]:
    with ExitStack() as stack:
        yield Team(market, tmp_path, stack)

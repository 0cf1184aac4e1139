"""A whole Fallow on this machine: chain, market, providers and verifiers, each a process.

They reach each other over loopback HTTP like any stranger. `python -m deploy.stack --run COMMAND`
runs a command beside such a stack, with its address in FALLOW_E2E_URL and FALLOW_MARKET.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from eth_account.signers.local import LocalAccount

from deploy.interrupts import interruptible
from deploy.processes import ProcessEnded, Processes
from protocol.chain.connection import connect
from protocol.chain.contracts import Contracts
from protocol.chain.facts import Deployment
from protocol.chain.sender import MemoryJournal, Sender
from protocol.client.client import MarketClient
from protocol.client.deployment import deployment_of
from protocol.client.keys import load_or_create_key
from protocol.client.wire import QuoteRequest
from protocol.errors import FallowError
from protocol.units import WEI_PER_CREDIT, Address, content_id
from provider.enrolment import enrol, raise_stake
from requester.draft import WasmDraft, spec_of
from requester.programs import program
from verifier.enrolment import held_seats

START_SECONDS = 60.0
FALLOW = str(Path(sys.executable).with_name("fallow"))


@dataclass(frozen=True)
class ProviderPlan:
    """One provider of a stack. `module` replaces `fallow provider start` (the demo's cheater)."""

    name: str
    stake_wei: int = 40 * WEI_PER_CREDIT
    price: str = "0.001"
    module: str | None = None


class Stack:
    """Start it step by step; leaving `processes` ends it."""

    def __init__(self, processes: Processes, folder: Path, port: int | None = None) -> None:
        self.processes = processes
        self.folder = folder
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.chain_url = f"http://127.0.0.1:{free_port()}"
        self._public = MarketClient(self.url)

    @property
    def market(self) -> MarketClient:
        """A client of the market that is not signed in."""
        return self._public

    def contracts(self) -> Contracts:
        """The chain, asked directly."""
        return Contracts(connect(self.chain_url), self.deployment())

    def deployment(self) -> Deployment:
        """Where the market's contracts are."""
        return deployment_of(self._public.market())

    def key(self, name: str) -> LocalAccount:
        """The wallet of somebody here, made when first asked for."""
        return load_or_create_key(self.folder / "keys" / f"{name}.key")

    def start_chain(self) -> None:
        """The embedded chain."""
        port = self.chain_url.rsplit(":", 1)[1]
        module = "protocol.chain.devchain"
        command = [sys.executable, "-m", module, "--port", port, "--block-seconds", "1"]
        self.processes.start("chain", command)

    def start_market(self) -> None:
        """The market, which deploys the contracts when it is the first."""
        command = [FALLOW, "up", "--data", str(self.folder / "market"), "--port", str(self.port)]
        self.processes.start("market", [*command, "--chain-rpc", self.chain_url])

    def wait_ready(self) -> None:
        """Until the market answers."""
        self.processes.wait_until(self._public.is_ready, "the market", START_SECONDS)

    def start_verifiers(self, names: Sequence[str]) -> None:
        """Fund verifiers and start them; each takes a seat by itself."""
        with ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(lambda name: self.fund(self.key(name)), names))
        for name in names:
            key_file = self.folder / "keys" / f"{name}.key"
            command = [FALLOW, "verifier", "start", "--market", self.url, "--seats", "1"]
            command += ["--key-file", str(key_file), "--state", str(self.folder / name)]
            self.processes.start(name, command)

    def start_providers(self, plans: Sequence[ProviderPlan]) -> None:
        """Enrol providers (funds, delegation, stake) and start their daemons."""
        contracts = self.contracts()
        with ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(lambda plan: self._enrol(plan, contracts), plans))
        for plan in plans:
            start = [FALLOW, "provider", "start"]
            if plan.module:
                start = [sys.executable, "-m", plan.module]
            state = str(self.folder / plan.name)
            options = ["--market", self.url, "--state", state, "--price", plan.price]
            self.processes.start(plan.name, [*start, *options])

    def wait_seated(self, names: Sequence[str]) -> None:
        """Until every verifier holds a seat."""
        contracts = self.contracts()
        addresses = [Address(self.key(name).address) for name in names]

        def are_seated() -> bool:
            try:
                return all(held_seats(contracts, address) for address in addresses)
            except FallowError:
                return False

        self.processes.wait_until(are_seated, "the verifiers", START_SECONDS)

    def wait_offers(self, count: int) -> None:
        """Until `count` offers stand that fit a small wasm task."""
        draft = WasmDraft(program("noop"))
        spec = spec_of(draft, content_id(b"[]")).to_json()

        def are_standing() -> bool:
            request = QuoteRequest(spec=spec, task_count=1)
            return observer.quote(request).fitting_offers >= count

        with MarketClient(self.url, self.key("observer")) as observer:
            self.processes.wait_until(are_standing, "the providers", START_SECONDS)

    def fund(self, account: LocalAccount) -> None:
        """Development credits and gas; returns when they have arrived."""
        address = Address(account.address)
        self._public.faucet(address)

        def has_arrived() -> bool:
            return self._public.account(address).wallet_credits_wei > 0

        self.processes.wait_until(has_arrived, "the faucet", START_SECONDS)

    def _enrol(self, plan: ProviderPlan, contracts: Contracts) -> None:
        wallet = self.key(plan.name)
        device = load_or_create_key(self.folder / plan.name / "device.key")
        self.fund(wallet)
        with MarketClient(self.url, wallet) as client:
            enrol(client, contracts, wallet, Address(device.address))
        if plan.stake_wei:
            sender = Sender(connect(self.chain_url), wallet, MemoryJournal())
            raise_stake(contracts, sender, plan.stake_wei)


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_small_stack(processes: Processes, folder: Path) -> Stack:
    """Two honest providers and three verifiers, ready to work."""
    stack = Stack(processes, folder)
    stack.start_chain()
    stack.start_market()
    stack.wait_ready()
    stack.start_verifiers(["v1", "v2", "v3"])
    stack.start_providers([ProviderPlan("p1"), ProviderPlan("p2")])
    stack.wait_seated(["v1", "v2", "v3"])
    stack.wait_offers(2)
    return stack


def main() -> int:
    """Run a command beside a small stack."""
    parser = argparse.ArgumentParser(prog="python -m deploy.stack", description=__doc__)
    parser.add_argument("--run", metavar="COMMAND", required=True, help="shell command to run")
    parser.add_argument("--timeout", type=float, default=600, help="seconds it may take")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="fallow-stack-") as name,
        Processes(Path(name) / "logs") as processes,
        interruptible(),
    ):
        return _run_beside(processes, Path(name), options.run, options.timeout)


def _run_beside(processes: Processes, folder: Path, command: str, timeout_seconds: float) -> int:
    stack = start_small_stack(processes, folder)
    environment = {**os.environ, "FALLOW_E2E_URL": stack.url, "FALLOW_MARKET": stack.url}
    shell = ["/bin/sh", "-c", command]
    try:
        done = subprocess.run(shell, env=environment, timeout=timeout_seconds, check=False)
    except subprocess.TimeoutExpired:
        print(f"took longer than {timeout_seconds:.0f} s", file=sys.stderr)
        return 1
    processes.check()
    return done.returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except (ProcessEnded, FallowError) as error:
        print(error, file=sys.stderr)
        sys.exit(1)

"""Builds a verifier out of its parts: the only place that knows all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from eth_account.signers.local import LocalAccount

from protocol.chain.connection import connect
from protocol.chain.contracts import Contracts
from protocol.chain.events import EventReader
from protocol.chain.sender import Sender, SqliteJournal
from protocol.client.client import MarketClient
from protocol.client.deployment import deployment_of
from protocol.typed_data import TypedMessage
from protocol.units import Address
from provider.executors.base import Executor
from provider.executors.container import ContainerExecutor
from provider.executors.wasm import WasmExecutor
from verifier.audits import Auditor
from verifier.daemon import Verifier
from verifier.disputes import Disputant
from verifier.execution import BlobCache, Rerun
from verifier.games import GameDesk
from verifier.journal import Journal


@dataclass(frozen=True, slots=True)
class Settings:
    """Where everything is. `rpc_url` None: the endpoint that the market names.

    Name an endpoint of your own where money is at stake: the market must not be your only witness.
    """

    market_url: str
    state_directory: Path
    rpc_url: str | None = None
    executions_at_once: int = 1
    replace_after_seconds: float = 15.0


class Service(AbstractContextManager["Service"]):
    """The parts of one verifier, open until the block ends."""

    def __init__(self, settings: Settings, account: LocalAccount) -> None:
        settings.state_directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._settings = settings
        self._account = account
        self.client = MarketClient(settings.market_url, account)
        deployment = deployment_of(self.client.market())
        web3 = connect(settings.rpc_url or self.client.market().rpc_url)
        self.contracts = Contracts(web3, deployment)
        self._reader = EventReader(web3, deployment)
        self._sent = SqliteJournal(settings.state_directory / "transactions.sqlite")
        self.sender = Sender(
            web3, account, self._sent, replace_after_seconds=settings.replace_after_seconds
        )
        self.journal = Journal(settings.state_directory / "journal.sqlite")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.client.close()
        self.journal.close()
        self._sent.close()

    def verifier(self, stop: threading.Event) -> Verifier:
        """The daemon, to be run until `stop` is set."""
        root = self._settings.state_directory
        cache = BlobCache(self.client, root / "blobs")
        me = Address(self._account.address)
        rerun = Rerun(self.client, cache, _executors(me), root / "scratch", stop)
        disputant = Disputant(
            self.contracts, self.sender, self.client, rerun, self.journal, self._signer()
        )
        return Verifier(
            contracts=self.contracts,
            reader=self._reader,
            sender=self.sender,
            journal=self.journal,
            auditor=Auditor(self.client, rerun, self.journal, me, self._signer()),
            disputant=disputant,
            games=GameDesk(self.contracts, disputant, rerun, self.journal, me),
            stop=stop,
            executions_at_once=self._settings.executions_at_once,
        )

    def _signer(self) -> Callable[[TypedMessage], bytes]:
        return lambda message: message.sign(self.contracts.domain, self._account)


def _executors(me: Address) -> list[Executor]:
    # Containers need an engine only once such a task is drawn.
    return [WasmExecutor(), ContainerExecutor(f"verifier-{me}")]

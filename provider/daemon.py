"""The daemon: slots that work, a standing offer, the owner's policy, a watch on the chain.

Crash-only: whatever a killed daemon left behind is cleaned up or given back by the next start.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from eth_account.signers.local import LocalAccount

from protocol.chain.connection import connect
from protocol.chain.contracts import Contracts
from protocol.chain.events import EventReader
from protocol.chain.sender import Sender, SqliteJournal
from protocol.client.client import MarketClient
from protocol.client.deployment import deployment_of
from protocol.client.keys import load_or_create_key
from protocol.client.wire import MarketInfo, OfferRequest
from protocol.errors import ExecutorUnavailable, FallowError, Forbidden
from protocol.offer import CPU_CLASS_BITS, RUNTIME_BITS, Offer
from protocol.units import Address, parse_uint, to_hex
from provider import machine, policy
from provider.cache import BlobCache
from provider.canary import Canaries
from provider.capacity import Capacity, measure, offered
from provider.chain_watch import ChainWatch
from provider.disputes import Defence
from provider.execution import Device
from provider.executors.base import Executor
from provider.executors.cpus import cpu_classes
from provider.ledger import Ledger
from provider.settings import Settings
from provider.slot import Slot, return_leftovers
from provider.status import only_daemon, pause_file, write_status

OFFER_SECONDS = 3600
RENEW_SECONDS = 1200
REPAIR_SECONDS = 30
KEPT_RECORD_SECONDS = 30 * 24 * 3600
STOP_SECONDS = 8.0
_log = logging.getLogger(__name__)


def run_daemon(
    settings: Settings, executors: Sequence[Executor], stop: threading.Event | None = None
) -> None:
    """Work until `stop` is set (or for ever). Uses the device's key alone.

    Raises:
        Conflict: another daemon uses the state directory.
        Forbidden: no wallet has delegated to this device; see `provider.enrolment`.
        FallowError: the market does not answer, or refuses this device.
    """
    with only_daemon(settings.state_directory):
        account = load_or_create_key(settings.device_key)
        with MarketClient(settings.market_url, account) as market:
            Daemon(settings, executors, account, market).run(stop or threading.Event())


def available_executors(owner: str) -> list[Executor]:
    """The sandboxes that work on this device; `owner` names it on a shared container engine."""
    from provider.executors.container import ContainerExecutor
    from provider.executors.wasm import WasmExecutor

    executors: list[Executor] = [WasmExecutor()]
    container = ContainerExecutor(owner)
    try:
        container.check()
    except (ExecutorUnavailable, FallowError) as error:
        _log.info("no container tasks: %s", error.message)
    else:
        container.remove_leftovers()
        executors.append(container)
    return executors


class Daemon:
    """One device at work."""

    def __init__(
        self,
        settings: Settings,
        executors: Sequence[Executor],
        account: LocalAccount,
        market: MarketClient,
    ) -> None:
        self._settings = settings
        self._market = market
        root = settings.state_directory
        wallet = _wallet_of(market)
        ledger = Ledger(root / "ledger")
        ledger.prune(time.time() - KEPT_RECORD_SECONDS)
        info = market.market()
        web3 = connect(settings.rpc_url or info.rpc_url)
        deployment = deployment_of(info)
        contracts = Contracts(web3, deployment)
        poll_seconds = _poll_seconds(info)
        self._watch = ChainWatch(
            EventReader(web3, deployment), ledger, poll_seconds, self._on_dispute
        )
        self._device = Device(
            market=market,
            account=account,
            wallet=wallet,
            domain=market.domain,
            ask_per_core_second_wei=settings.ask_per_core_second_wei,
            executors=executors,
            cache=BlobCache(root / "blobs", settings.cache_bytes, market.fetch_blob),
            ledger=ledger,
            jobs=self._watch,
            scratch=_empty(root / "scratch"),
            canaries=Canaries(root / "canaries"),
        )
        self._journal = SqliteJournal(root / "transactions.sqlite")
        sender = Sender(web3, account, self._journal)
        self._defence = Defence(self._device, contracts, sender, poll_seconds)
        self._slots = [
            Slot(f"slot-{n}", self._device, settings.ask_seconds, self._changed)
            for n in range(settings.executions)
        ]
        self._offer_id: bytes | None = None
        self._offered_at = 0.0
        self._why_not: str | None = "starting"
        self._change = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set."""
        _log.info("device %s works for %s", self._device.address, self._device.wallet)
        return_leftovers(self._device, self._device.ledger.held())
        threads = [threading.Thread(target=self._watch.run, name="chain", daemon=True)]
        threads.append(threading.Thread(target=self._defence.run, name="disputes", daemon=True))
        slots = [threading.Thread(target=s.run, name=s.name, daemon=True) for s in self._slots]
        for thread in (*threads, *slots):
            thread.start()
        try:
            while not stop.is_set():
                self._tick()
                stop.wait(self._settings.policy_seconds)
        finally:
            self._stop(slots)
            for thread in threads:
                thread.join(STOP_SECONDS)
            self._journal.close()

    def status(self) -> dict[str, Any]:
        """What `fallow provider status` shows."""
        return {
            "device": self._device.address,
            "wallet": self._device.wallet,
            "market": self._settings.market_url,
            "process": os.getpid(),
            "runtimes": [executor.kind for executor in self._device.executors],
            "waiting_because": self._why_not,
            "finished_leases": sum(slot.finished_leases for slot in self._slots),
            "finished_tasks": sum(slot.finished_tasks for slot in self._slots),
            "slots": [_slot_status(slot) for slot in self._slots],
            "written_at": int(time.time()),
        }

    def _tick(self) -> None:
        is_working = any(slot.state.phase in machine.HOLDING for slot in self._slots)
        conditions = policy.observe(
            pause_file(self._settings.state_directory),
            datetime.now(),  # noqa: DTZ005 - the owner's hours are local ones
            is_working=is_working,
        )
        why_not = policy.why_not(self._settings.policy, conditions)
        if why_not is None and not self._stand():
            why_not = "the market takes no offer"
        if why_not != self._why_not:
            _log.info("working" if why_not is None else f"not working: {why_not}")
            self._why_not = why_not
            self._change.set()
            for slot in self._slots:
                slot.tell(
                    machine.WorkAllowed() if why_not is None else machine.WorkForbidden(why_not)
                )
        if self._change.is_set():
            self._change.clear()
            write_status(self._settings.state_directory, self.status())

    def _stand(self) -> bool:
        """Keep the offer standing; whether it does."""
        # By the wall clock: the offer also grows old while the machine sleeps.
        age_seconds = time.time() - self._offered_at
        is_refused = any(slot.state.failures for slot in self._slots)
        if self._offer_id is not None and age_seconds < (
            REPAIR_SECONDS if is_refused else RENEW_SECONDS
        ):
            return True
        try:
            self._offer_id = self._put_offer()
        except FallowError as error:
            _log.warning("no offer: %s", error.message)
            return False
        self._offered_at = time.time()
        return True

    def _put_offer(self) -> bytes:
        device = self._device
        capacity = offered(measure(self._settings.state_directory), self._settings.executions)
        offer = _offer(device, capacity, int(time.time()) + OFFER_SECONDS)
        signature = offer.sign(device.domain, device.account)
        request = OfferRequest(offer=offer.to_json(), signature=to_hex(signature))
        device.standing.offer = offer
        return self._market.put_offer(request).offer_id

    def _on_dispute(self, dispute_id: int, lease_id: Any, task: int) -> None:
        if self._settings.answers_disputes:
            self._defence.take(dispute_id, lease_id, task)

    def _changed(self) -> None:
        self._watch.wake()
        self._change.set()

    def _stop(self, slots: list[threading.Thread]) -> None:
        """Give back or finish what is held, quickly, and take the offer down."""
        for slot in self._slots:
            slot.tell(machine.StopAsked())
        deadline = time.monotonic() + STOP_SECONDS
        self._watch.end()
        self._defence.end()
        for thread in slots:
            thread.join(max(0.0, deadline - time.monotonic()))
        if self._offer_id is not None:
            try:
                self._market.delete_offer(self._offer_id)
            except FallowError as error:
                _log.info("the offer stays until it expires: %s", error.message)
        write_status(self._settings.state_directory, self.status())


def _offer(device: Device, capacity: Capacity, expires_at: int) -> Offer:
    runtimes = 0
    for executor in device.executors:
        runtimes |= RUNTIME_BITS[executor.kind]
    return Offer(
        provider=device.wallet,
        device=device.address,
        runtimes=runtimes,
        cpu_millis=capacity.cpu_millis,
        memory_bytes=capacity.memory_bytes,
        disk_bytes=capacity.disk_bytes,
        ask_per_core_second=device.ask_per_core_second_wei,
        expires_at=expires_at,
        nonce=time.time_ns(),  # the market takes only later ones, also after a restart
        cpu_classes=sum(CPU_CLASS_BITS[name] for name in cpu_classes()),
    )


def _wallet_of(market: MarketClient) -> Address:
    session = market.session()
    if session.wallet == session.account:
        raise Forbidden(
            f"no wallet has delegated to the device {session.account}: run fallow provider enroll"
        )
    return Address(session.wallet)


def _poll_seconds(info: MarketInfo) -> float:
    """A third of the time to concede, within reason."""
    concede_seconds = parse_uint(info.params.get("concede_seconds", 60), 64)
    return min(15.0, max(0.5, concede_seconds / 3))


def _slot_status(slot: Slot) -> dict[str, Any]:
    execution = slot.execution
    lease = execution.lease if execution else None
    return {
        "phase": slot.state.phase.value,
        "lease_id": to_hex(execution.lease_id) if execution else None,
        "tasks": lease.count if lease else None,
        "tasks_done": execution.tasks_done if execution else None,
        "label": execution.spec.label if execution and execution.spec else None,
    }


def _empty(directory: Path) -> Path:
    """A directory without what a crash left in it."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True, mode=0o700)
    return directory

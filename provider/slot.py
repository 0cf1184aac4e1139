"""A slot: performs the machine's commands, one lease after the other."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable

from protocol.errors import Conflict, FallowError, LeaseLost, NotFound
from protocol.units import Bytes32, parse_bytes32, to_hex
from provider import machine
from provider.execution import Device, Execution, give_back
from provider.machine import Phase

REPORT_RETRY_SECONDS = 1.0
REPORT_PATIENCE_SECONDS = 300.0
_log = logging.getLogger(__name__)


class _Drop:
    """To the worker: the lease is over, release what it held."""


_DROP = _Drop()


class Slot:
    """Runs one machine on two threads: one for events, one for the command in progress."""

    def __init__(
        self,
        name: str,
        device: Device,
        ask_seconds: int,
        on_change: Callable[[], None],
    ) -> None:
        self.name = name
        self._device = device
        self._ask_seconds = ask_seconds
        self._on_change = on_change
        self._events: queue.Queue[machine.Event] = queue.Queue()
        self._commands: queue.Queue[machine.Command | _Drop | None] = queue.Queue()
        self._state = machine.State()
        self._execution: Execution | None = None
        self._wake_at: float | None = None
        self._stopping = threading.Event()
        self._is_asking = False
        self.finished_leases = 0
        self.finished_tasks = 0

    @property
    def state(self) -> machine.State:
        """Where the slot stands."""
        return self._state

    @property
    def execution(self) -> Execution | None:
        """What it is executing."""
        return self._execution

    def tell(self, event: machine.Event) -> None:
        """Hand in an event, from any thread."""
        if isinstance(event, machine.StopAsked):
            self._stopping.set()
        self._events.put(event)

    def run(self) -> None:
        """Work until stopped."""
        worker = threading.Thread(target=self._work, name=f"{self.name}-worker", daemon=True)
        worker.start()
        try:
            while self._state.phase is not Phase.STOPPED:
                self._react(self._next_event())
        finally:
            self._commands.put(None)
            if not self._is_asking:
                worker.join()  # after it has dropped what it held

    def _next_event(self) -> machine.Event:
        timeout = None if self._wake_at is None else max(0.0, self._wake_at - time.monotonic())
        try:
            return self._events.get(timeout=timeout)
        except queue.Empty:
            self._wake_at = None
            return machine.WaitOver()

    def _react(self, event: machine.Event) -> None:
        before = self._state
        self._state, commands = machine.step(before, event)
        if before.lease_id is not None and self._state.lease_id is None:
            self._count(before.phase)
            self._commands.put(_DROP)
        for command in commands:
            if isinstance(command, machine.Wait):
                self._wake_at = time.monotonic() + command.seconds
            elif isinstance(command, machine.Cancel):
                self._cancel()
            else:
                self._commands.put(command)
        if self._state.phase is not before.phase:
            self._on_change()

    def _count(self, last_phase: Phase) -> None:
        execution = self._execution
        if last_phase is Phase.REPORTING and execution is not None:
            self.finished_leases += 1
            self.finished_tasks += execution.tasks_done

    def _cancel(self) -> None:
        execution = self._execution
        assert execution is not None  # the machine cancels the work on a lease, nothing else
        execution.stop.set()

    # What follows runs on the worker's thread.

    def _work(self) -> None:
        while (command := self._commands.get()) is not None:
            if isinstance(command, _Drop):
                self._drop()
            else:
                self._events.put(self._perform(command))

    def _perform(self, command: machine.Command) -> machine.Event:
        if isinstance(command, machine.Ask):
            return self._ask()
        execution = self._execution
        assert execution is not None  # the machine holds a lease
        if isinstance(command, machine.GiveBack):
            _log.warning("lease returned: %s: %s", command.code, command.detail)
            execution.give_back(command.code, command.detail)
            return machine.Done()
        return self._attempt(execution, command)

    def _ask(self) -> machine.Event:
        if self._stopping.is_set():
            return machine.NothingGranted()
        self._is_asking = True
        try:
            grant = self._device.market.lease(self._ask_seconds)
        except FallowError as error:
            if not self._stopping.is_set():
                _log.warning("no lease: %s", error.message)
            return machine.AskFailed()
        finally:
            self._is_asking = False
        if grant is None:
            return machine.NothingGranted()
        if self._stopping.is_set():
            give_back(
                self._device.market,
                parse_bytes32(grant.lease_id),
                machine.SHUTDOWN,
                "granted too late",
            )
            return machine.NothingGranted()
        execution = Execution(self._device, grant)
        self._device.ledger.hold(execution.lease_id)
        self._execution = execution
        beats = threading.Thread(
            target=self._beat, args=(execution,), name=f"{self.name}-heart", daemon=True
        )
        beats.start()
        return machine.Granted(execution.lease_id)

    def _attempt(self, execution: Execution, command: machine.Command) -> machine.Event:
        try:
            if isinstance(command, machine.Fetch):
                execution.fetch()
            elif isinstance(command, machine.Execute):
                execution.execute()
            else:
                self._report(execution)
        except FallowError as error:
            return machine.Failed(error.code, error.message)
        except Exception as error:  # noqa: BLE001
            # Whatever a strange job provokes must cost one lease, not the daemon.
            _log.exception("lease %s failed", to_hex(execution.lease_id))
            return machine.Failed("internal", f"{type(error).__name__}: {error}")
        return machine.Done()

    def _report(self, execution: Execution) -> None:
        """Hand the result in; a market or chain that is away for a while is waited for."""
        deadline = time.monotonic() + REPORT_PATIENCE_SECONDS
        while True:
            try:
                return execution.report()
            except FallowError as error:
                is_over = time.monotonic() > deadline or self._stopping.is_set()
                if not error.retryable or is_over or execution.stop.is_set():
                    raise
                _log.warning("result kept: %s", error.message)
                execution.stop.wait(REPORT_RETRY_SECONDS)

    def _beat(self, execution: Execution) -> None:
        """Keep the lease alive until its execution is closed."""
        while not execution.closed.wait(execution.heartbeat_seconds):
            try:
                self._device.market.heartbeat(execution.lease_id, execution.tasks_done)
            except (LeaseLost, NotFound, Conflict) as error:
                if not execution.closed.is_set():
                    _log.warning("lease lost: %s", error.message)
                    self._events.put(machine.LeaseWasLost(execution.lease_id))
                return
            except FallowError as error:
                _log.info("heartbeat: %s", error.message)

    def _drop(self) -> None:
        execution = self._execution
        assert execution is not None
        execution.close()
        self._device.ledger.let_go(execution.lease_id)
        self._execution = None


def return_leftovers(device: Device, held: list[Bytes32]) -> None:
    """Give back what a daemon held that was killed: its tasks need not wait for the expiry."""
    for lease_id in held:
        give_back(device.market, lease_id, "restarted", "the device was restarted")
        device.ledger.let_go(lease_id)

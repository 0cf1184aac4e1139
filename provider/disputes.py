"""Answers disputes of this device's results: concedes what was wrong, opens what is defended.

Conceding is not cheap. The first time it takes the lease's pay, and `concede_multiple` times the
task's price out of the stake; losing takes `slash_multiple` times the price, and all unvested pay.
From the second time on conceding costs as much as losing. Both are the dispute's own: a governor
may have changed the terms since it was opened.

Where the job has a comparator nothing is conceded. A result is held against another execution here;
if that finds it out of tolerance, it is left to the committee, since being ruled so costs what a
first concession costs, and is no strike, which conceding would be.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace

from protocol.chain.contracts import Call, Contracts
from protocol.chain.sender import Sender
from protocol.errors import BlobMismatch, ChainRejected, FallowError, Forbidden, NotFound
from protocol.result import Outcome
from protocol.spec import ContainerRuntime
from protocol.units import Bytes32, credits_text
from provider.execution import Device, claimed_outcome, execute_once, is_within_once
from provider.executors.base import APART_SECONDS
from provider.games import Games
from provider.ledger import Record

NOT_DETERMINISTIC = "its program is not deterministic: two executions of it here gave two results"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Case:
    """A dispute of one of our results. `is_defended` is None until the task was executed again."""

    dispute_id: int
    lease_id: Bytes32
    task: int
    is_defended: bool | None = None


class Defence:
    """One thread calls `run`. The device's own key sends; it needs a little of the chain's coin."""

    def __init__(
        self, device: Device, contracts: Contracts, sender: Sender, poll_seconds: float
    ) -> None:
        self._device = device
        self._contracts = contracts
        self._sender = sender
        self._poll_seconds = poll_seconds
        self._cases: dict[int, Case] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._games = Games(device, contracts, self._ending)

    def take(self, dispute_id: int, lease_id: Bytes32, task: int) -> None:
        """A dispute was opened; from any thread, and any number of times."""
        with self._lock:
            self._cases.setdefault(dispute_id, Case(dispute_id, lease_id, task))
        self._wake.set()

    def end(self) -> None:
        """Make `run` return soon."""
        self._ending.set()
        self._wake.set()

    def run(self) -> None:
        """Answer disputes until `end`; sleeps while there are none."""
        while not self._ending.is_set():
            for case in self._open_cases():
                try:
                    self._move(case)
                except FallowError as error:
                    _log.warning("dispute %d: %s", case.dispute_id, error.message)
            self._wake.wait(self._poll_seconds if self._open_cases() else None)
            self._wake.clear()

    def _open_cases(self) -> list[Case]:
        with self._lock:
            return list(self._cases.values())

    def _move(self, case: Case) -> None:
        """Do what is due in one case."""
        if not self._contracts.dispute(case.dispute_id).is_open:
            with self._lock:
                del self._cases[case.dispute_id]
            self._games.forget(case.dispute_id)
            return
        if case.is_defended is None:
            case = self._judge(case)
            with self._lock:
                self._cases[case.dispute_id] = case
        if case.is_defended:
            self._play(case)
            self._open_claim(case)
        else:
            self._send(f"concede:{case.dispute_id}", self._contracts.concede(case.dispute_id))

    def _judge(self, case: Case) -> Case:
        record = self._device.ledger.get(case.lease_id)
        if record is None:
            raise FallowError("no record of the disputed result is left")
        is_defended, why = self._is_defended(case, record)
        _log.warning("dispute %d: our result of task %d %s", case.dispute_id, case.task, why)
        return replace(case, is_defended=is_defended)

    def _is_defended(self, case: Case, record: Record) -> tuple[bool, str]:
        """Whether to stand by a result, and why, in words.

        A program that is not deterministic has no right result to concede to. The committee may
        find none either: then the dispute is void, and nothing is lost.
        """
        found = self._execute(record, case.task)
        if found.digest == record.digest_of(case.task):
            return True, "stands"
        if record.spec.comparator is not None:
            return True, self._standing(case, record, found)
        if isinstance(record.spec.runtime, ContainerRuntime):
            self._ending.wait(APART_SECONDS)
            if self._execute(record, case.task) != found:
                return True, f"is defended, though {NOT_DETERMINISTIC}"
        return False, f"was wrong; conceding costs {self._price(case, record)}"

    def _standing(self, case: Case, record: Record, found: Outcome) -> str:
        """How the claimed outcome stands to the one that was found now."""
        try:
            claimed = claimed_outcome(self._device, record, case.task)
        except (NotFound, Forbidden, BlobMismatch) as error:
            return f"is left to the committee: our own output is not to be had: {error.message}"
        if is_within_once(self._device, record.spec, found, claimed, self._ending):
            return "stands: it is within tolerance"
        return "is out of tolerance here; it is left to the committee, as conceding is a strike"

    def _execute(self, record: Record, task: int) -> Outcome:
        return execute_once(self._device, record, task, self._ending)

    def _price(self, case: Case, record: Record) -> str:
        """What conceding costs now, in words."""
        lease, dispute = record.lease, self._contracts.dispute(case.dispute_id)
        account = self._contracts.account(lease.provider)
        has_conceded = account.strikes > 0
        multiple = dispute.slash_multiple if has_conceded else dispute.concede_multiple
        stake_wei = min(multiple * lease.price_per_task, account.stake_wei + account.unstaking_wei)
        pay = "all unvested pay" if has_conceded else "the lease's pay"
        return f"{credits_text(stake_wei)} credits of stake and {pay}"

    def _play(self, case: Case) -> None:
        record = self._device.ledger.get(case.lease_id)
        due = record and self._games.next_call(case.dispute_id, record, case.task)
        if due:
            self._send(due.name, due.call)

    def _open_claim(self, case: Case) -> None:
        committee = self._contracts.committee(case.dispute_id)
        record = self._device.ledger.get(case.lease_id)
        if record is None or not committee.is_drawn or committee.is_claim_opened:
            return
        opening = record.opening(case.task)
        self._send(f"open:{case.dispute_id}", self._contracts.open_claim(case.dispute_id, opening))

    def _send(self, key: str, call: Call) -> None:
        """Send once the contract would accept it, and until it is mined."""
        if self._sender.status(key) is None:
            try:
                self._contracts.check(call, self._sender.address)
            except ChainRejected as error:
                _log.debug("%s: not now: %s", key, error.message)
                return
            self._need_gas()
            self._sender.submit(key, call)
        self._sender.step()

    def _need_gas(self) -> None:
        me = self._sender.address
        if self._contracts.gas_balance(me):
            return
        if self._device.market.market().is_development:
            self._device.market.faucet(me)
        else:
            _log.error("send %s a little of the chain's coin: it has to answer a dispute", me)

"""Sends transactions so that each wish happens once, through crashes, outages and price rises.

A nonce is given and the signed transaction written to the journal before it is broadcast: after
a crash the very same bytes are sent again, so that nothing can happen twice.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING

from eth_account.signers.local import LocalAccount

from protocol.chain.broadcast import Broadcaster
from protocol.chain.calls import Call
from protocol.chain.fees import Fees, bumped, gas_limit
from protocol.chain.journal import (
    Journal,
    JournalEntry,
    MemoryJournal,
    Receipt,
    SqliteJournal,
)
from protocol.chain.pool import PoolView, look
from protocol.errors import ChainRejected, ChainUnavailable
from protocol.units import Address, Bytes32

if TYPE_CHECKING:
    from web3 import Web3

__all__ = [
    "Journal",
    "MemoryJournal",
    "Mined",
    "Receipt",
    "Rejected",
    "Sender",
    "Sent",
    "SqliteJournal",
]

_log = logging.getLogger(__name__)
_PAUSES_SECONDS = (0.02, 0.05, 0.1, 0.25)


@dataclass(frozen=True, slots=True)
class Sent:
    """On its way; `transaction_hash` is None while it waits for its turn."""

    transaction_hash: Bytes32 | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Mined:
    """In a block, and not reverted."""

    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Rejected:
    """Refused for good: `problem` names the contract's error."""

    problem: str


class Sender:
    """Sends the transactions of one account, several at a time.

    Only one sender may use an account at a time. `step` is what a background loop calls; `wait`
    steps by itself. Thread-safe.
    """

    def __init__(
        self,
        web3: Web3,
        account: LocalAccount,
        journal: Journal,
        *,
        replace_after_seconds: float = 30,
        confirmations: int = 3,
        max_in_flight: int = 16,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._web3 = web3
        self._broadcaster = Broadcaster(web3, account, journal, now)
        self._journal = journal
        self._replace_after_seconds = replace_after_seconds
        self._confirmations = confirmations
        self._max_in_flight = max_in_flight
        self._now = now
        self._lock = Lock()
        self._lost_since: dict[str, int] = {}
        self._outage: ChainUnavailable | None = None

    @property
    def address(self) -> Address:
        """The account that sends."""
        return self._broadcaster.address

    def submit(self, key: str, call: Call) -> None:
        """Durably wish for `call`; the same key again changes nothing.

        Raises:
            Conflict: another call has that key.
        """
        self._journal.add(JournalEntry(key, call))

    def status(self, key: str) -> Sent | Mined | Rejected | None:
        """What became of the key, as of the last step."""
        entry = self._journal.get(key)
        if entry is None:
            return None
        if entry.is_rejected:
            return Rejected(entry.problem or "")
        if entry.receipt is not None:
            return Mined(entry.receipt)
        last = entry.attempts[-1].transaction_hash if entry.attempts else None
        return Sent(last, entry.problem)

    def forget(self, key: str) -> None:
        """Let a rejected key be submitted anew; any other key stays."""
        if isinstance(self.status(key), Rejected):
            self._journal.remove(key)

    def step(self) -> None:
        """Do what can be done now: collect receipts, replace what is stuck, send what waits.

        An endpoint that does not answer is logged, not raised: the next step tries again.

        Raises:
            ChainRejected: the journal belongs to another chain or account.
        """
        with self._lock:
            try:
                if self._step():  # chains that mine at once have receipts already
                    self._collect()
            except ChainUnavailable as error:
                if self._outage is None:
                    _log.warning("%s; transactions wait", error.message)
                self._outage = error
            else:
                self._outage = None

    def wait(self, key: str, timeout_seconds: float = 60) -> Receipt:
        """Step until the key is mined.

        Raises:
            ChainRejected: it was refused; the message is the contract's error with its arguments.
            ChainUnavailable: neither happened in time; the wish stays.
        """
        deadline = time.monotonic() + timeout_seconds
        turn = 0
        while True:
            self.step()
            status = self.status(key)
            if isinstance(status, Mined):
                return status.receipt
            if isinstance(status, Rejected):
                raise ChainRejected(status.problem)
            if status is None:
                raise ChainRejected(f"nothing was submitted as {key!r}")
            if time.monotonic() >= deadline:
                raise self._not_in_time(key, status, timeout_seconds)
            time.sleep(_PAUSES_SECONDS[min(turn, len(_PAUSES_SECONDS) - 1)])
            turn += 1

    def _not_in_time(self, key: str, status: Sent, timeout_seconds: float) -> ChainUnavailable:
        outage = self._outage.message if self._outage else None
        reason = outage or status.problem or "it waits to be mined"
        return ChainUnavailable(f"{key} is not mined after {timeout_seconds:g} s: {reason}")

    def _step(self) -> bool:
        if not self._journal.unfinished():
            return False
        self._broadcaster.bind()
        view = self._collect()
        for entry in _in_flight(self._journal.unfinished()):
            self._push(entry, view)
        self._fill_gap(view)
        return self._send_queued(view)

    # Receipts.

    def _collect(self) -> PoolView:
        watched = [entry for entry in self._journal.unfinished() if entry.attempts]
        hashes = [a.transaction_hash for entry in watched for a in entry.attempts]
        view = look(self._web3, self.address, hashes)
        for entry in watched:
            self._settle(entry, view)
        # A receipt may be newer than the nonces: its nonce must not be given again.
        used = [e.nonce + 1 for e in watched if e.nonce is not None and view.receipt(e)]
        return replace(view, pending_nonce=max([view.pending_nonce, *used]))

    def _settle(self, entry: JournalEntry, view: PoolView) -> None:
        found = view.receipt(entry)
        if found is not None:
            self._lost_since.pop(entry.key, None)
            self._put(entry, self._with_receipt(entry, found[0], found[1], view))
        elif entry.receipt is not None:
            gone = "a reorganisation took it back; it is sent again"
            self._put(entry, replace(entry, receipt=None, problem=gone))
        elif entry.nonce is not None and entry.nonce < view.confirmed_nonce:
            self._count_as_lost(entry, view)

    def _with_receipt(
        self, entry: JournalEntry, receipt: Receipt, succeeded: bool, view: PoolView
    ) -> JournalEntry:
        is_final = view.head - receipt.block_number >= self._confirmations
        if succeeded:
            return replace(entry, receipt=receipt, is_final=is_final, problem=None)
        return replace(entry, receipt=receipt).rejected(
            self._broadcaster.why_reverted(entry, receipt)
        )

    def _count_as_lost(self, entry: JournalEntry, view: PoolView) -> None:
        # Its nonce went to a transaction that is not ours, or one node of the endpoint lags:
        # only after some blocks is it sure that it can be sent anew without happening twice.
        since = self._lost_since.setdefault(entry.key, view.head)
        if view.head - since >= self._confirmations:
            del self._lost_since[entry.key]
            self._journal.put(entry.requeued("its nonce was used by another transaction"))

    # Broadcasting.

    def _push(self, entry: JournalEntry, view: PoolView) -> None:
        last = entry.attempts[-1]
        if entry.nonce is None or entry.nonce < view.confirmed_nonce:
            return
        if self._now() - last.sent_at >= self._replace_after_seconds:
            old = Fees(last.max_fee_wei, last.tip_wei)
            self._broadcaster.send(entry, bumped(old, view.fees))
        elif entry.nonce >= view.pending_nonce:
            self._broadcaster.repeat(entry)

    def _fill_gap(self, view: PoolView) -> None:
        unfinished = self._journal.unfinished()
        nonces = {e.nonce for e in _in_flight(unfinished)}
        free = view.next_nonce(nonces)
        if any(n > free for n in nonces if n is not None):
            if any(entry.is_queued for entry in unfinished):
                return
            # A refused transaction left a hole, behind which all others wait.
            key = f"fill nonce {free} at block {view.head}"
            self._journal.add(JournalEntry(key, Call(self.address, b"")))

    def _send_queued(self, view: PoolView) -> bool:
        unfinished = self._journal.unfinished()
        nonces = {e.nonce for e in _in_flight(unfinished) if e.nonce is not None}
        has_sent = False
        for entry in (e for e in unfinished if e.is_queued):
            if len(nonces) >= self._max_in_flight:
                break
            if entry.waits_for_nonce is not None and entry.waits_for_nonce in nonces:
                continue
            gas = self._broadcaster.estimate(entry, nonces)
            if gas is None:
                continue
            nonce = view.next_nonce(nonces)
            nonces.add(nonce)
            ready = replace(entry, nonce=nonce, gas=gas_limit(gas, view.block_gas_limit))
            self._broadcaster.send(ready, view.fees)
            has_sent = True
        return has_sent

    def _put(self, before: JournalEntry, after: JournalEntry) -> None:
        if after != before:
            self._journal.put(after)


def _in_flight(entries: list[JournalEntry]) -> list[JournalEntry]:
    flying = [entry for entry in entries if entry.is_in_flight]
    return sorted(flying, key=lambda entry: entry.nonce or 0)

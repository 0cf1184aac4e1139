"""Moves the outbox through the sender, and acts on what the chain answered."""

from __future__ import annotations

import logging
from collections.abc import Callable

from market.ports import Clock
from market.store.records import RelayRecord
from market.store.unit import Store, Unit
from protocol.chain.calls import Call
from protocol.chain.sender import Mined, Rejected, Sender
from protocol.units import Address, parse_bytes32

AT_ONCE = 64
_log = logging.getLogger(__name__)

OnRejected = Callable[[Unit, RelayRecord, str, int], None]


class Outbox:
    """The only user of the sender. Keys are the same in both, so that nothing is sent twice."""

    def __init__(
        self, store: Store, sender: Sender, on_rejected: dict[str, OnRejected], clock: Clock
    ) -> None:
        self._store = store
        self._sender = sender
        self._on_rejected = on_rejected
        self._clock = clock

    def advance(self) -> int:
        """Send what waits and collect outcomes; how many still have none."""
        with self._store.read() as unit:
            pending = unit.relays.pending(AT_ONCE)
        for relay in pending:
            if self._sender.status(relay.key) is None:
                self._sender.submit(relay.key, _call(relay))
        self._sender.step()
        return sum(1 for relay in pending if not self._collect(relay))

    def _collect(self, relay: RelayRecord) -> bool:
        status = self._sender.status(relay.key)
        if isinstance(status, Mined):
            with self._store.write() as unit:
                unit.relays.mined(relay.key, status.receipt.transaction_hash)
            return True
        if isinstance(status, Rejected):
            self._reject(relay, status.problem)
            return True
        return False

    def _reject(self, relay: RelayRecord, reason: str) -> None:
        _log.warning("the chain refused %s: %s", relay.key, reason)
        now = int(self._clock())
        with self._store.write() as unit:
            if unit.relays.rejected(relay.key, reason):
                handler = self._on_rejected.get(relay.kind)
                if handler is not None:
                    handler(unit, relay, reason, now)


def _call(relay: RelayRecord) -> Call:
    return Call(Address(relay.to_address), bytes(relay.data), relay.value_wei)


def job_rejected(unit: Unit, relay: RelayRecord, reason: str, now: int) -> None:
    """The chain does not open a job: its requester is told why."""
    job_id = parse_bytes32(relay.key.partition(":")[2])
    if unit.jobs.on_chain(job_id) is None:
        unit.jobs.reject(job_id, reason)
        unit.feed.append("job_rejected", now, job_id, {"reason": reason}, is_public=False)

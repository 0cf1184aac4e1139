"""One round of everything that has to be done without being asked."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from market.leases.expiry import expire_lease
from market.leases.refuted import Refutations
from market.ports import Clock
from market.projection.projector import Projector
from market.settlement.batches import Batching
from market.settlement.disputes import DisputeKeeping
from market.settlement.equivocations import Equivocations
from market.settlement.fees import AuditFees
from market.settlement.outbox import Outbox
from market.settlement.payouts import Payouts
from market.store.unit import Store
from protocol.chain.contracts import Contracts
from protocol.errors import FallowError

HOUSEKEEPING_SECONDS = 600
KEEP_EVENTS_SECONDS = 30 * 24 * 3600
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class KeeperParts:
    """What the keeper moves."""

    projector: Projector
    batching: Batching
    payouts: Payouts
    fees: AuditFees
    disputes: DisputeKeeping
    equivocations: Equivocations
    outbox: Outbox
    refutations: Refutations


class Keeper:
    """Every action is derived from durable facts and has an idempotent key: it may die anywhere."""

    def __init__(
        self, store: Store, contracts: Contracts, parts: KeeperParts, clock: Clock
    ) -> None:
        self._store = store
        self._contracts = contracts
        self._parts = parts
        self._clock = clock
        self._cleaned_at = 0.0
        self._failing: set[str] = set()

    def advance(self) -> bool:
        """One round; True when something is on its way, so that the next should come soon."""
        parts, now = self._parts, self._clock()
        self._try("expiry", lambda: self._expire(int(now)))
        self._try("refutations", lambda: parts.refutations.advance(int(now)))
        is_read = self._try("projection", parts.projector.advance)
        self._try("batches", lambda: parts.batching.advance(now))
        if is_read:
            self._try("settlement", self._settle)
        waiting: list[int] = []
        self._try("outbox", lambda: waiting.append(parts.outbox.advance()))
        if waiting and waiting[0] == 0 and is_read:
            self._try("projection", parts.projector.advance)
        if now - self._cleaned_at >= HOUSEKEEPING_SECONDS:
            self._cleaned_at = now
            self._try("housekeeping", lambda: self._clean(int(now)))
        return bool(waiting and waiting[0])

    def _settle(self) -> None:
        parts = self._parts
        block, now = self._contracts.block_number(), self._contracts.block_timestamp()
        self._try("audit fees", lambda: parts.fees.claim(now))
        self._try("seeds", lambda: parts.fees.keep_seeds(block, now))
        self._try("disputes", lambda: parts.disputes.advance(block, now))
        self._try("contradictions", lambda: parts.disputes.contradict(now))
        self._try("equivocations", lambda: parts.equivocations.report(now))
        self._try("payouts", lambda: parts.payouts.settle(block, now))
        self._try("paid fees", lambda: parts.fees.pay(now))
        self._try("closing", lambda: parts.payouts.close(now))

    def _expire(self, now: int) -> None:
        with self._store.read() as unit:
            expired = unit.leases.expired(now)
        for lease in expired:
            with self._store.write() as unit:
                expire_lease(unit, lease, now)

    def _clean(self, now: int) -> None:
        with self._store.write() as unit:
            unit.sessions.forget_expired(now)
            unit.feed.forget_before(now - KEEP_EVENTS_SECONDS)

    def _try(self, name: str, step: Callable[[], object]) -> bool:
        """One failing step must not stop the others; it is told once, not every round."""
        try:
            step()
        except FallowError as error:
            if name not in self._failing:
                _log.warning("%s waits: %s", name, error.message)
            self._failing.add(name)
            return False
        except Exception:  # noqa: BLE001 - a bug in one step must not stop the market
            _log.exception("%s failed", name)
            self._failing.add(name)
            return False
        self._failing.discard(name)
        return True

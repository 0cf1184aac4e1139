"""What an account owns, earns and has leased."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import Row

from market.cursors import decode_cursor, encode_cursor
from market.ports import Clock
from market.principal import Principal
from market.store.unit import Store
from protocol.chain.contracts import Contracts
from protocol.client.wire import AccountView, LeasePage, LeaseSummary
from protocol.errors import Forbidden
from protocol.lifecycle import Fault, LeaseFacts, LeaseStatus, lease_status
from protocol.units import Address

RECENT_LEASES = 10_000


class AccountService:
    """Reads the chain and the projection."""

    def __init__(self, store: Store, contracts: Contracts, clock: Clock) -> None:
        self._store = store
        self._contracts = contracts
        self._clock = clock

    def get(self, address: Address) -> AccountView:
        """What the chain tells of an account, which is public.

        Raises:
            ChainUnavailable: the chain does not answer.
        """
        facts = self._contracts.account(address)
        seats = sum(
            1 for s in self._contracts.seats() if s.holder == address and s.vacated_block == 0
        )
        now = int(self._clock())
        with self._store.read() as unit:
            rows = unit.reports.leases_of(frozenset((address,)), RECENT_LEASES, None)
            earned_wei = unit.reports.earned_wei(address)
            slashed_wei = unit.reports.slashed_wei(address)
            unvested_wei = unit.reports.unvested_wei(address)
        return AccountView(
            address=address,
            wallet_credits_wei=self._contracts.token_balance(address),
            balance_wei=facts.balance_wei,
            stake_wei=facts.stake_wei,
            unvested_wei=unvested_wei,
            unstaking_wei=facts.unstaking_wei,
            seats=seats,
            epoch=facts.epoch,
            permit_nonce=self._contracts.token_permit_nonce(address),
            earned_wei=earned_wei,
            slashed_wei=slashed_wei,
            leases_by_status=dict(Counter(_status(row, now) for row in rows)),
            lost_leases=dict(Counter(Fault(row.fault) for row in rows if row.fault)),
        )

    def leases(self, who: Principal, address: Address, limit: int, cursor: str | None) -> LeasePage:
        """An account's own leases.

        Raises:
            Forbidden: somebody else's.
        """
        if address not in who.names:
            raise Forbidden("only the account itself sees its leases")
        now = int(self._clock())
        with self._store.read() as unit:
            rows = unit.reports.leases_of(frozenset((address,)), limit + 1, decode_cursor(cursor))
        more = len(rows) > limit
        last = rows[limit - 1] if more else None
        return LeasePage(
            leases=[_summary(row, now) for row in rows[:limit]],
            next_cursor=encode_cursor(last.granted_at_ms, last.lease_id) if last else None,
        )


def _summary(row: Row[Any], now: int) -> LeaseSummary:
    count = row._mapping["count"]  # a row's own `count` is a method of tuples
    return LeaseSummary(
        lease_id=row.lease_id,
        job_id=row.job_id,
        first_task=row.first_task,
        count=count,
        amount_wei=count * row.price_wei,
        status=_status(row, now),
        fault=row.fault,
        fault_code=row.end_reason,
        granted_at=row.granted_at_ms // 1000,
    )


def _status(row: Row[Any], now: int) -> LeaseStatus:
    """A lease that was handed in waits for its batch and does not expire any more."""
    ended = row.ended_at is not None
    is_kept = row.finished_at_ms is not None and not ended
    facts = LeaseFacts(
        expires_at=0 if ended else (now + 1 if is_kept else row.expires_at),
        is_committed=row.committed_at is not None,
        is_disputed=bool(row.is_disputed),
        is_settled=row.settled_at is not None,
        is_slashed=row.released_at is not None,
    )
    return lease_status(facts, now)

"""Queries of the outbox."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from market.store.records import RelayRecord, columns, many, one
from market.store.sql import insert_new
from market.store.tables import relays
from protocol.chain.calls import Call
from protocol.units import Bytes32

_COLUMNS = columns(RelayRecord, relays)
PENDING, MINED, REJECTED = "pending", "mined", "rejected"


class Relays:
    """Transactions to send, each known by a key that says what it does."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.has_new = False

    def add(self, name: str, call: Call, now: int, attempt: int = 0) -> bool:
        """Put a transaction into the outbox; False when it is there already.

        `name` is `<kind>:<what>`; together with the attempt it is the sender's key.
        """
        row = {
            "key": name if attempt == 0 else f"{name}#{attempt}",
            "name": name,
            "attempt": attempt,
            "kind": name.partition(":")[0],
            "to_address": call.to,
            "data": call.data,
            "value_wei": call.value_wei,
            "created_at": now,
            "status": PENDING,
        }
        is_new = insert_new(self._connection, relays, row) == 1
        self.has_new = self.has_new or is_new
        return is_new

    def get(self, key: str) -> RelayRecord | None:
        """One transaction."""
        query = select(*_COLUMNS).where(relays.c.key == key)
        return one(RelayRecord, self._connection.execute(query).one_or_none())

    def pending(self, limit: int) -> list[RelayRecord]:
        """Transactions whose outcome is unknown, oldest first."""
        query = select(*_COLUMNS).where(relays.c.status == PENDING)
        query = query.order_by(relays.c.created_at, relays.c.key).limit(limit)
        return many(RelayRecord, self._connection.execute(query))

    def count_pending(self, kind: str) -> int:
        """How many of a kind have no outcome yet."""
        query = select(func.count()).where(relays.c.status == PENDING, relays.c.kind == kind)
        return int(self._connection.execute(query).scalar_one())

    def newest(self, name: str) -> RelayRecord | None:
        """The newest attempt of an action."""
        query = select(*_COLUMNS).where(relays.c.name == name)
        query = query.order_by(relays.c.attempt.desc()).limit(1)
        return one(RelayRecord, self._connection.execute(query).one_or_none())

    def mined(self, key: str, transaction_hash: Bytes32 | None) -> bool:
        """The transaction is on chain."""
        return self._finish(key, status=MINED, transaction_hash=transaction_hash)

    def rejected(self, key: str, reason: str) -> bool:
        """The chain refused it."""
        return self._finish(key, status=REJECTED, reason=reason)

    def _finish(self, key: str, **values: object) -> bool:
        change = update(relays).where(relays.c.key == key, relays.c.status == PENDING)
        return self._connection.execute(change.values(**values)).rowcount == 1

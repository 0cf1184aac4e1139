"""What a sender must not forget: each transaction from the wish to its final receipt.

Two adapters pass the same tests: one in memory, one in an SQLite file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from protocol.chain.calls import Call
from protocol.chain.sqlite import open_durable
from protocol.errors import ChainRejected, Conflict
from protocol.units import Bytes32, parse_address, parse_bytes32, to_hex


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed transaction; a replacement is another attempt with the same nonce."""

    transaction_hash: Bytes32
    raw: bytes
    max_fee_wei: int
    tip_wei: int
    sent_at: float


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a transaction was mined."""

    transaction_hash: Bytes32
    block_number: int
    block_hash: Bytes32
    gas_used: int


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One wish and what became of it.

    `is_final` entries are never touched again: rejected, or mined deep enough. `problem` says why
    it was rejected or, until then, what stands in its way. `waits_for_nonce` holds an entry back
    until our transaction of that nonce is mined, because it may depend on it.
    """

    key: str
    call: Call
    nonce: int | None = None
    gas: int = 0
    attempts: tuple[Attempt, ...] = ()
    receipt: Receipt | None = None
    is_rejected: bool = False
    is_final: bool = False
    problem: str | None = None
    waits_for_nonce: int | None = None

    @property
    def is_queued(self) -> bool:
        """It has no nonce yet."""
        return self.nonce is None and not self.is_final

    @property
    def is_in_flight(self) -> bool:
        """It has a nonce and no receipt yet."""
        return self.nonce is not None and self.receipt is None and not self.is_final

    def requeued(self, problem: str) -> JournalEntry:
        """This entry without its nonce: it will be sent anew."""
        return replace(self, nonce=None, attempts=(), receipt=None, problem=problem)

    def rejected(self, problem: str) -> JournalEntry:
        """This entry, refused for good."""
        return replace(self, is_rejected=True, is_final=True, problem=problem)


class Journal(Protocol):
    """Where a sender keeps its entries. Every method is atomic, durable and thread-safe."""

    def bind(self, identity: str) -> None:
        """Tie the journal to one chain and account on first use.

        Raises:
            ChainRejected: it belongs to another one.
        """

    def add(self, entry: JournalEntry) -> None:
        """Add an entry; the same key and call again changes nothing.

        Raises:
            Conflict: another call has that key.
        """

    def get(self, key: str) -> JournalEntry | None:
        """The entry of that key."""

    def unfinished(self) -> list[JournalEntry]:
        """All entries that are not final, in the order they were added."""

    def put(self, entry: JournalEntry) -> None:
        """Replace the entry of the same key."""

    def remove(self, key: str) -> None:
        """Forget the key."""


class MemoryJournal:
    """A journal that is lost with the process: for tests and one-off commands."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._identity: str | None = None
        self._entries: dict[str, JournalEntry] = {}

    def bind(self, identity: str) -> None:
        """See `Journal.bind`."""
        with self._lock:
            self._identity = self._identity or identity
            _require_identity(self._identity, identity)

    def add(self, entry: JournalEntry) -> None:
        """See `Journal.add`."""
        with self._lock:
            _require_same_call(self._entries.setdefault(entry.key, entry), entry)

    def get(self, key: str) -> JournalEntry | None:
        """See `Journal.get`."""
        with self._lock:
            return self._entries.get(key)

    def unfinished(self) -> list[JournalEntry]:
        """See `Journal.unfinished`."""
        with self._lock:
            return [entry for entry in self._entries.values() if not entry.is_final]

    def put(self, entry: JournalEntry) -> None:
        """See `Journal.put`."""
        with self._lock:
            self._entries[entry.key] = entry

    def remove(self, key: str) -> None:
        """See `Journal.remove`."""
        with self._lock:
            self._entries.pop(key, None)


_SCHEMA = """
CREATE TABLE IF NOT EXISTS identity (only INTEGER PRIMARY KEY CHECK (only = 1), value TEXT);
CREATE TABLE IF NOT EXISTS entry (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    is_final INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS unfinished ON entry (position) WHERE NOT is_final;
"""


class SqliteJournal:
    """A journal in one SQLite file; what `put` returned from survives a crash."""

    def __init__(self, path: Path | str) -> None:
        self._lock = Lock()
        self._database = open_durable(path, _SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def bind(self, identity: str) -> None:
        """See `Journal.bind`."""
        with self._lock:
            self._database.execute("INSERT OR IGNORE INTO identity VALUES (1, ?)", (identity,))
            (known,) = self._database.execute("SELECT value FROM identity").fetchone()
        _require_identity(known, identity)

    def add(self, entry: JournalEntry) -> None:
        """See `Journal.add`."""
        with self._lock:
            self._database.execute(
                "INSERT OR IGNORE INTO entry (key, is_final, body) VALUES (?, ?, ?)",
                (entry.key, entry.is_final, _dump(entry)),
            )
        _require_same_call(self.get(entry.key), entry)

    def get(self, key: str) -> JournalEntry | None:
        """See `Journal.get`."""
        with self._lock:
            found = self._database.execute("SELECT body FROM entry WHERE key = ?", (key,))
            row = found.fetchone()
        return None if row is None else _load(row[0])

    def unfinished(self) -> list[JournalEntry]:
        """See `Journal.unfinished`."""
        query = "SELECT body FROM entry WHERE NOT is_final ORDER BY position"
        with self._lock:
            rows = self._database.execute(query).fetchall()
        return [_load(body) for (body,) in rows]

    def put(self, entry: JournalEntry) -> None:
        """See `Journal.put`."""
        with self._lock:
            self._database.execute(
                "UPDATE entry SET is_final = ?, body = ? WHERE key = ?",
                (entry.is_final, _dump(entry), entry.key),
            )

    def remove(self, key: str) -> None:
        """See `Journal.remove`."""
        with self._lock:
            self._database.execute("DELETE FROM entry WHERE key = ?", (key,))


def _require_identity(known: str, identity: str) -> None:
    if known != identity:
        raise ChainRejected(
            f"this journal belongs to {known}, but the endpoint and key are {identity}"
        )


def _require_same_call(known: JournalEntry | None, entry: JournalEntry) -> None:
    if known is not None and known.call != entry.call:
        raise Conflict(f"another transaction was submitted as {entry.key!r}")


def _dump(entry: JournalEntry) -> str:
    return json.dumps(
        {
            "key": entry.key,
            "call": [entry.call.to, entry.call.data.hex(), entry.call.value_wei],
            "nonce": entry.nonce,
            "gas": entry.gas,
            "attempts": [
                [to_hex(a.transaction_hash), a.raw.hex(), a.max_fee_wei, a.tip_wei, a.sent_at]
                for a in entry.attempts
            ],
            "receipt": None if entry.receipt is None else _dump_receipt(entry.receipt),
            "is_rejected": entry.is_rejected,
            "is_final": entry.is_final,
            "problem": entry.problem,
            "waits_for_nonce": entry.waits_for_nonce,
        }
    )


def _load(body: str) -> JournalEntry:
    value: dict[str, Any] = json.loads(body)
    to, data, value_wei = value.pop("call")
    attempts = value.pop("attempts")
    receipt = value.pop("receipt")
    return JournalEntry(
        call=Call(parse_address(to), bytes.fromhex(data), value_wei),
        attempts=tuple(
            Attempt(parse_bytes32(a[0]), bytes.fromhex(a[1]), a[2], a[3], a[4]) for a in attempts
        ),
        receipt=None if receipt is None else _load_receipt(receipt),
        **value,
    )


def _dump_receipt(receipt: Receipt) -> list[str | int]:
    hashes = to_hex(receipt.transaction_hash), to_hex(receipt.block_hash)
    return [hashes[0], receipt.block_number, hashes[1], receipt.gas_used]


def _load_receipt(value: list[Any]) -> Receipt:
    return Receipt(parse_bytes32(value[0]), value[1], parse_bytes32(value[2]), value[3])

"""What a verifier must not forget: digests and salts it is bound to, and where it stands.

Everything else is read from the chain again. A row is written before what it binds is sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Any

from protocol.chain.events import Cursor
from protocol.chain.sqlite import open_durable
from protocol.job import Job
from protocol.result import Opening
from protocol.units import Bytes32, ContentId, parse_bytes32, to_hex
from verifier.draws import AuditKey

_SCHEMA = """
CREATE TABLE IF NOT EXISTS bookmark (only INTEGER PRIMARY KEY CHECK (only = 1), cursor TEXT);
CREATE TABLE IF NOT EXISTS job (
    job_id BLOB PRIMARY KEY,
    spec_hash BLOB NOT NULL,
    task_count INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS audit (
    batch_id BLOB NOT NULL,
    lease_id BLOB NOT NULL,
    task INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    step TEXT NOT NULL,
    digest BLOB,
    salt BLOB,
    opening TEXT,
    reason TEXT,
    PRIMARY KEY (batch_id, lease_id, task)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ballot (
    dispute_id TEXT PRIMARY KEY,
    digest BLOB NOT NULL,
    salt BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tolerant_spec (spec_hash BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS own_digest (
    dispute_id TEXT PRIMARY KEY,
    digest BLOB NOT NULL,
    salt BLOB NOT NULL
) WITHOUT ROWID;
"""


class Step(StrEnum):
    """Where an audit stands; the last three are final for the audit itself."""

    DRAWN = "drawn"
    EXECUTED = "executed"
    """The digest and its salt are fixed; the market may have seen the commitment."""
    COMMITTED = "committed"
    """The provider's opening is known."""
    REVEALED = "revealed"
    CONTESTED = "contested"
    """The result is wrong or unproven: a dispute is to be opened, or was."""
    ABANDONED = "abandoned"
    """`reason` says why nothing can be said about this result."""


@dataclass(frozen=True, slots=True)
class Audit:
    """One audit as the journal knows it. `attempt` is the draw's, which tells the round."""

    key: AuditKey
    attempt: int
    step: Step
    digest: Bytes32 | None
    salt: Bytes32 | None
    opening: Opening | None
    reason: str | None
    output: ContentId | None = None
    """The provider's output, in jobs with a comparator."""


@dataclass(frozen=True, slots=True)
class JobNote:
    """What the chain said of a job when it was opened."""

    spec_hash: Bytes32
    task_count: int


@dataclass(frozen=True, slots=True)
class Ballot:
    """A vote in a dispute, fixed before its commitment was sent."""

    digest: Bytes32
    salt: Bytes32


class Journal:
    """One SQLite file. Every method is atomic, durable and thread-safe."""

    def __init__(self, path: Path | str) -> None:
        self._lock = Lock()
        self._database = open_durable(path, _SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    # The chain.

    def bookmark(self) -> Cursor | None:
        """From where to read the chain after a restart."""
        rows = self._run("SELECT cursor FROM bookmark")
        return Cursor.from_json(json.loads(rows[0][0])) if rows else None

    def set_bookmark(self, cursor: Cursor) -> None:
        """Replace the bookmark."""
        text = json.dumps(cursor.to_json())
        self._run("INSERT OR REPLACE INTO bookmark VALUES (1, ?)", text)

    def add_job(self, job_id: Bytes32, job: Job) -> None:
        """Note a job; its id binds all of it, so it never changes."""
        values = (job_id, job.spec_hash, job.task_count)
        self._run("INSERT OR IGNORE INTO job VALUES (?, ?, ?)", *values)

    def job(self, job_id: Bytes32) -> JobNote | None:
        """The note of a job."""
        query = "SELECT spec_hash, task_count FROM job WHERE job_id = ?"
        rows = self._run(query, job_id)
        return JobNote(*rows[0]) if rows else None

    # Audits.

    def add_audit(self, key: AuditKey, attempt: int) -> None:
        """Note a draw; what was done about it before stays as it is."""
        query = (
            "INSERT INTO audit (batch_id, lease_id, task, attempt, step) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET attempt = excluded.attempt"
        )
        self._run(query, *_primary(key), attempt, Step.DRAWN)

    def audit(self, key: AuditKey) -> Audit | None:
        """The audit of that key."""
        where = "WHERE batch_id = ? AND lease_id = ? AND task = ?"
        rows = self._run(f"SELECT * FROM audit {where}", *_primary(key))  # noqa: S608 - constant
        return _audit(rows[0]) if rows else None

    def audits_of(self, batch_id: Bytes32) -> tuple[Audit, ...]:
        """Every audit of a batch."""
        rows = self._run("SELECT * FROM audit WHERE batch_id = ?", batch_id)
        return tuple(_audit(row) for row in rows)

    def audits_by_step(self) -> Mapping[Step, int]:
        """How many audits stand where."""
        rows = self._run("SELECT step, count(*) FROM audit GROUP BY step")
        return {Step(step): count for step, count in rows}

    def set_executed(self, key: AuditKey, digest: Bytes32, salt: Bytes32) -> None:
        """Fix the digest and its salt, once."""
        query = (
            "UPDATE audit SET step = ?, digest = ?, salt = ? WHERE digest IS NULL "
            "AND batch_id = ? AND lease_id = ? AND task = ?"
        )
        self._run(query, Step.EXECUTED, digest, salt, *_primary(key))

    def set_committed(
        self, key: AuditKey, opening: Opening, output: ContentId | None = None
    ) -> None:
        """Keep the provider's opening, and the name of its output where that may be fetched."""
        path = [to_hex(step) for step in opening.proof]
        text = json.dumps([to_hex(opening.digest), to_hex(opening.salt), path, output])
        query = (
            "UPDATE audit SET step = ?, opening = ? "
            "WHERE batch_id = ? AND lease_id = ? AND task = ?"
        )
        self._run(query, Step.COMMITTED, text, *_primary(key))

    def set_step(self, key: AuditKey, step: Step, reason: str | None = None) -> None:
        """Move an audit on."""
        query = (
            "UPDATE audit SET step = ?, reason = ? WHERE batch_id = ? AND lease_id = ? AND task = ?"
        )
        self._run(query, step, reason, *_primary(key))

    # Jobs with a comparator.

    def add_tolerant(self, spec_hash: Bytes32) -> None:
        """Note that a spec has a comparator: a market that goes silent cannot take that back."""
        self._run("INSERT OR IGNORE INTO tolerant_spec VALUES (?)", spec_hash)

    def is_tolerant(self, spec_hash: Bytes32) -> bool:
        """Whether that spec is known to have a comparator."""
        query = "SELECT 1 FROM tolerant_spec WHERE spec_hash = ?"
        return bool(self._run(query, spec_hash))

    def add_own(self, dispute_id: int, own: Ballot) -> Ballot:
        """Fix my own digest of a contested task before a commitment to it is sent, once."""
        values = (str(dispute_id), own.digest, own.salt)
        self._run("INSERT OR IGNORE INTO own_digest VALUES (?, ?, ?)", *values)
        query = "SELECT digest, salt FROM own_digest WHERE dispute_id = ?"
        return Ballot(*self._run(query, str(dispute_id))[0])

    # Disputes.

    def add_ballot(self, dispute_id: int, ballot: Ballot, *, of_stretch: bool = False) -> Ballot:
        """Fix a vote, once; the one that counts comes back."""
        name = _ballot_name(dispute_id, of_stretch)
        values = (name, ballot.digest, ballot.salt)
        self._run("INSERT OR IGNORE INTO ballot VALUES (?, ?, ?)", *values)
        return self.ballot(dispute_id, of_stretch=of_stretch) or ballot

    def ballot(self, dispute_id: int, *, of_stretch: bool = False) -> Ballot | None:
        """The vote in a dispute: about the whole task, or about one stretch of its execution."""
        name = _ballot_name(dispute_id, of_stretch)
        rows = self._run("SELECT digest, salt FROM ballot WHERE dispute_id = ?", name)
        return Ballot(*rows[0]) if rows else None

    def _run(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._database.execute(query, values).fetchall()


def _ballot_name(dispute_id: int, of_stretch: bool) -> str:
    return f"{dispute_id}:stretch" if of_stretch else str(dispute_id)


def _primary(key: AuditKey) -> tuple[bytes, bytes, int]:
    return (key.batch_id, key.lease_id, key.task)


def _audit(row: tuple[Any, ...]) -> Audit:
    batch_id, lease_id, task, attempt, step, digest, salt, opening, reason = row
    key = AuditKey(batch_id, lease_id, task)
    opened, output = _opening(opening)
    return Audit(key, attempt, Step(step), digest, salt, opened, reason, output)


def _opening(text: str | None) -> tuple[Opening | None, ContentId | None]:
    if text is None:
        return None, None
    # Older rows name no output.
    digest, salt, path, output = [*json.loads(text), None][:4]
    opening = Opening(
        parse_bytes32(digest), parse_bytes32(salt), tuple(parse_bytes32(step) for step in path)
    )
    return opening, output

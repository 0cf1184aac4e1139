"""SQLite files whose commits survive a crash, of the process and of the machine."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def open_durable(path: Path | str, schema: str) -> sqlite3.Connection:
    """A connection for threads that take turns under a lock; `schema` may run every time.

    Statements outside a transaction commit themselves.
    """
    database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.executescript(schema)
    return database

"""The simplest durable queue: a table, and one committed transaction for each task taken."""

from __future__ import annotations

import sqlite3
from pathlib import Path

NAME = "SQLite table, a claim a commit"
_CLAIM = """
UPDATE tasks SET taker = ?
WHERE task = (SELECT task FROM tasks WHERE taker IS NULL ORDER BY task LIMIT 1)
RETURNING task
"""


class SqliteQueue:
    """As durable as the market's database: a write-ahead log, on the disk at every commit."""

    def __init__(self, path: Path, tasks: int) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for statement in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=FULL",
            "CREATE TABLE tasks (task INTEGER PRIMARY KEY, taker INTEGER)",
            "CREATE INDEX waiting ON tasks (task) WHERE taker IS NULL",
            "BEGIN",
        ):
            self._connection.execute(statement)
        rows = ((task,) for task in range(tasks))
        self._connection.executemany("INSERT INTO tasks (task) VALUES (?)", rows)
        self._connection.execute("COMMIT")

    def claim(self, taker: int) -> int | None:
        """The next waiting task; it belongs to `taker` from now on."""
        row = self._connection.execute(_CLAIM, (taker,)).fetchone()
        return None if row is None else int(row[0])

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

"""The database engine: SQLite for one machine, PostgreSQL for many.

SQLite runs in WAL mode with synchronous=FULL. With NORMAL, a WAL commit survives the process but
not a loss of power, and this market tells a provider "kept" only once: what it acknowledged must
be on the disk. FULL costs one fsync a commit, which a busy market does not notice: it commits a
lease of many tasks at once. Only uploads are recorded with NORMAL: they can be asked for again, and
become durable together with the first job or result that relies on them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

BUSY_SECONDS = 30
POOL_SIZE = 16


def open_engine(url: str) -> Engine:
    """An engine for `sqlite:///path` or `postgresql+psycopg://...`."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_size=POOL_SIZE, pool_pre_ping=True)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, pool_size=POOL_SIZE, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: Any, _record: object) -> None:
    # Without this the driver begins transactions late and by its own rules.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock first: upgrading in mid-transaction could only fail.
    options = connection.get_execution_options()
    if not options.get("is_writing", False):
        connection.exec_driver_sql("BEGIN")
        return
    level = "FULL" if options.get("is_durable", True) else "NORMAL"
    connection.exec_driver_sql(f"PRAGMA synchronous={level}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")

"""Brings a database to the newest schema, by Alembic, whatever it has now."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 0x46414C4D


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration; no file is needed."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def migrate(engine: Engine) -> None:
    """Upgrade to the newest schema; several processes may do it at once."""
    with engine.connect() as connection:
        writer = connection.execution_options(is_writing=True)
        with writer.begin():
            if engine.dialect.name != "sqlite":
                writer.execute(text("SELECT pg_advisory_xact_lock(:k)"), {"k": MIGRATION_LOCK})
            command.upgrade(configuration(writer), "head")

"""Run by Alembic: the connection comes from `market.store.schema`."""

from __future__ import annotations

from alembic import context

import market.store.projected  # noqa: F401 - it adds its tables to the same metadata
from market.store import tables

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=tables.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
context.run_migrations()

"""Leases that ended without a result say which fault it was: offline, error or wrong."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ERRED = sa.text("fault = 'error'")


def upgrade() -> None:
    """Go one revision up."""
    op.add_column("leases", sa.Column("fault", sa.String(8)))
    op.execute(
        "UPDATE leases SET fault = CASE end_reason"
        " WHEN 'expired' THEN 'offline' WHEN 'released' THEN 'wrong' ELSE 'error' END"
        " WHERE ended_at IS NOT NULL"
    )
    op.create_index(
        "ix_leases_erred",
        "leases",
        ["device", "ended_at"],
        sqlite_where=_ERRED,
        postgresql_where=_ERRED,
    )


def downgrade() -> None:
    """Go one revision down."""
    op.drop_index("ix_leases_erred", "leases")
    op.drop_column("leases", "fault")

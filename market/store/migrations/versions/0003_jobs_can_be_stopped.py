"""Jobs can be stopped, once devices have found them not to be deterministic."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_REFUTED = sa.text("end_reason = 'not_deterministic'")


def upgrade() -> None:
    """Go one revision up."""
    op.add_column("jobs", sa.Column("stopped_because", sa.Text()))
    op.create_index(
        "ix_leases_refuted",
        "leases",
        ["job_id", "device"],
        sqlite_where=_REFUTED,
        postgresql_where=_REFUTED,
    )


def downgrade() -> None:
    """Go one revision down."""
    op.drop_index("ix_leases_refuted", "leases")
    op.drop_column("jobs", "stopped_because")

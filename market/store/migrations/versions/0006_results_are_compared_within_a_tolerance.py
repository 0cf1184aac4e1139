"""Verifiers of jobs with a comparator fetch the output that they compare with their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from market.store.types import Digest

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one revision up."""
    op.add_column(
        "audits",
        sa.Column("is_tolerant", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_index("ix_results_output_blob", "results", ["output_blob"])
    op.create_table(
        "dispute_commitments",
        sa.Column("dispute_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("member", sa.String(42), nullable=False),
        sa.Column("lease_id", Digest(32), nullable=False),
        sa.Column("task", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("commitment", Digest(32), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("committed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lease_id"], ["leases.lease_id"], name=op.f("fk_dispute_commitments_lease_id")
        ),
        sa.PrimaryKeyConstraint(
            "dispute_id", "member", "lease_id", "task", name=op.f("pk_dispute_commitments")
        ),
    )


def downgrade() -> None:
    """Go one revision down."""
    op.drop_table("dispute_commitments")
    op.drop_index("ix_results_output_blob", "results")
    op.drop_column("audits", "is_tolerant")

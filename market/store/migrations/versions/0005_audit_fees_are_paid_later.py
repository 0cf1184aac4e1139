"""An accepted audit's fee is paid when its lease is finished, to its verifier or the requester."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from market.store.types import Digest

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one revision up."""
    op.add_column("chain_audits", sa.Column("payee", sa.String(42)))
    op.add_column("chain_audits", sa.Column("paid_in", Digest(32)))


def downgrade() -> None:
    """Go one revision down."""
    op.drop_column("chain_audits", "paid_in")
    op.drop_column("chain_audits", "payee")

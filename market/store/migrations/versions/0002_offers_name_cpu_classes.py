"""Offers name the CPU classes of their device.

Those from before cannot be read any more. They would expire within the hour; their devices put up
new ones as soon as they are told that none stands.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one revision up."""
    op.execute("DELETE FROM offers")


def downgrade() -> None:
    """Go one revision down."""
    op.execute("DELETE FROM offers")

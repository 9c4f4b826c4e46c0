"""A study that is locked and not open yet has a status of its own."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE studies SET status = 'locked' WHERE status = 'draft' AND lock_hash IS NOT NULL")


def downgrade() -> None:
    op.execute("UPDATE studies SET status = 'draft' WHERE status = 'locked'")

"""A short job has a lane of its own, in which it does not wait for long ones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("lane", sa.String(16), nullable=False, server_default="long"))
    op.execute("UPDATE jobs SET lane = 'short' WHERE kind IN ('audit', 'words', 'lock', 'rehearse')")


def downgrade() -> None:
    op.drop_column("jobs", "lane")

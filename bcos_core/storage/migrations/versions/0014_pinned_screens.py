"""A pinned text keeps the screen that it was on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("collection_texts") as table:
        table.add_column(sa.Column("screen", sa.Text, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("collection_texts") as table:
        table.drop_column("screen")

"""What an installation is called in its store of artefacts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("installation", sa.Column("id", sa.String(32), primary_key=True))


def downgrade() -> None:
    op.drop_table("installation")

"""What lies in a store of artefacts that several hosts share, and where their homes are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "artefacts",
        sa.Column("path", sa.String(500), primary_key=True),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("objects", sa.String(64), nullable=False),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("moved_to", sa.String(500), nullable=False),
    )
    op.create_index("ix_artefacts_objects", "artefacts", ["objects"])
    op.create_index("ix_artefacts_change", "artefacts", ["change"])
    op.create_table("homes", sa.Column("path", sa.String(500), primary_key=True))


def downgrade() -> None:
    op.drop_table("homes")
    op.drop_table("artefacts")

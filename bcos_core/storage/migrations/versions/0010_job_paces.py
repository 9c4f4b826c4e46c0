"""How long a whole job takes is learned from the parts of earlier ones; the seconds of its stages are not kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bcos_core.storage.types import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("expected_seconds", sa.Float, nullable=True))
    op.add_column("jobs", sa.Column("late", sa.Boolean, nullable=False, server_default=sa.false()))
    op.drop_column("jobs", "stage_seconds")
    op.drop_column("jobs", "eta_of_stage")
    op.create_table(
        "job_paces",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("pace", sa.String(255), nullable=False),
        sa.Column("machine", sa.String(255), nullable=False),
        sa.Column("device", sa.String(16), nullable=False),
        sa.Column("declared", sa.Float, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("ended_at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_job_paces_pace", "job_paces", ["pace"])


def downgrade() -> None:
    op.drop_table("job_paces")
    op.add_column("jobs", sa.Column("eta_of_stage", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("jobs", sa.Column("stage_seconds", sa.JSON, nullable=False, server_default="[]"))
    op.drop_column("jobs", "late")
    op.drop_column("jobs", "expected_seconds")

"""Who has looked at which ended job: those that had ended before are no news."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job_looks",
        sa.Column("researcher", sa.String(512), primary_key=True),
        sa.Column("job_id", sa.String(32), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("attempt", sa.Integer, nullable=False),
    )
    op.execute(
        "INSERT INTO job_looks (researcher, job_id, attempt) "
        "SELECT '', id, attempt FROM jobs WHERE state IN ('succeeded', 'failed', 'cancelled')"
    )


def downgrade() -> None:
    op.drop_table("job_looks")

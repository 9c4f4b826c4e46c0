"""A job reserves the name that what it makes will have: no other one can while it waits or runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("reserved", sa.Text, nullable=True))
    active = sa.text("state IN ('queued', 'running')")
    op.create_index(
        "uq_jobs_active_reserved", "jobs", ["reserved"], unique=True, sqlite_where=active, postgresql_where=active
    )


def downgrade() -> None:
    op.drop_index("uq_jobs_active_reserved", "jobs")
    op.drop_column("jobs", "reserved")

"""Several hosts may run the jobs of one database: a job says whose supervisor started it, and how."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_COLUMNS = (("supervisor", sa.String(255)), ("executor", sa.String(16)), ("handle", sa.Text()))


def upgrade() -> None:
    for name, kind in _COLUMNS:
        op.add_column("jobs", sa.Column(name, kind, nullable=False, server_default=""))
    # What runs was started by the one supervisor that there was, on the host of its process.
    op.execute("UPDATE jobs SET supervisor = host, executor = 'local' WHERE state = 'running' AND NOT foreground")
    op.create_table(
        "supervisors",
        sa.Column("host", sa.String(255), primary_key=True),
        sa.Column("home", sa.Text, nullable=False),
        sa.Column("executor", sa.String(16), nullable=False),
        sa.Column("pid_space", sa.String(255), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("pid_started", sa.Float, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beaten_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("supervisors")
    for name, _ in _COLUMNS:
        op.drop_column("jobs", name)

"""Indexes with which pages stay quick however many jobs there are."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_jobs_kind": ["kind", "created_at"],
    "ix_jobs_key": ["key"],
    "ix_jobs_look": ["state", "ended_at", "created_at", "attempt", "foreground", "id"],
}


def upgrade() -> None:
    for name, columns in _INDEXES.items():
        op.create_index(name, "jobs", columns)


def downgrade() -> None:
    for name in _INDEXES:
        op.drop_index(name, "jobs")

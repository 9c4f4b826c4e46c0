"""Accounts of a team, their sessions and links, and how often somebody has guessed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "users",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password", sa.String(255), nullable=False),
        sa.Column("issuer", sa.String(255), nullable=True),
        sa.Column("subject", sa.String(255), nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("disabled_at", moment, nullable=True),
        sa.Column("valid_after", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("key", name="uq_users_key"),
        sa.UniqueConstraint("issuer", "subject", name="uq_users_issuer"),
    )
    for table in ("user_sessions", "user_links"):
        times = ("created_at", "seen_at", "expires_at") if table == "user_sessions" else ("expires_at",)
        op.create_table(
            table,
            sa.Column("token_hash", sa.String(64), nullable=False),
            sa.Column("user", sa.String(32), nullable=False),
            *([sa.Column("address", sa.String(64), nullable=False)] if table == "user_sessions" else []),
            *(sa.Column(time, moment, nullable=False) for time in times),
            sa.PrimaryKeyConstraint("token_hash", name=f"pk_{table}"),
            sa.ForeignKeyConstraint(["user"], ["users.id"], name=f"fk_{table}_user_users", ondelete="CASCADE"),
        )
        op.create_index(f"ix_{table}_user", table, ["user"])
    op.create_table(
        "attempts",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_at", moment, nullable=False),
        sa.Column("until", moment, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_attempts"),
    )


def downgrade() -> None:
    for table in ("attempts", "user_links", "user_sessions", "users"):
        op.drop_table(table)

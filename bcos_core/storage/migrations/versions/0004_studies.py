"""Studies: invitations, raters, what they were shown, what they answered, and what happened."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "studies",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("simulated", sa.Boolean, nullable=False),
        sa.Column("design", sa.JSON, nullable=False),
        sa.Column("locked", sa.JSON, nullable=True),
        sa.Column("lock_hash", sa.String(64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_studies"),
        sa.UniqueConstraint("id", "simulated", name="uq_studies_id"),
    )
    op.create_table(
        "study_invites",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("study", sa.String(32), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("cap", sa.Integer, nullable=True),
        sa.Column("used", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_study_invites"),
        sa.UniqueConstraint("token_hash", name="uq_study_invites_token_hash"),
        sa.CheckConstraint("cap IS NULL OR used <= cap", name="ck_study_invites_cap"),
        _belongs_to("study_invites", "study", "studies"),
    )
    op.create_index("ix_study_invites_study", "study_invites", ["study"])
    op.create_table(
        "study_raters",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("study", sa.String(32), nullable=False),
        sa.Column("simulated", sa.Boolean, nullable=False),
        sa.Column("invite", sa.String(32), nullable=False),
        sa.Column("arrival", sa.Integer, nullable=False),
        sa.Column("resume_hash", sa.String(64), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completion_code", sa.String(16), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("excluded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("exclusion", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_study_raters"),
        sa.UniqueConstraint("study", "arrival", name="uq_study_raters_study"),
        sa.UniqueConstraint("resume_hash", name="uq_study_raters_resume_hash"),
        sa.UniqueConstraint("study", "completion_code", name="uq_study_raters_completion_code"),
        sa.ForeignKeyConstraint(
            ["study", "simulated"],
            ["studies.id", "studies.simulated"],
            name="fk_study_raters_study_studies",
            ondelete="CASCADE",
        ),
        _belongs_to("study_raters", "invite", "study_invites"),
    )
    op.create_index("ix_study_raters_invite", "study_raters", ["invite"])
    op.create_table(
        "study_slots",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("study", sa.String(32), nullable=False),
        sa.Column("rater", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("item", sa.String(200), nullable=False),
        sa.Column("cell", sa.String(200), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_study_slots"),
        sa.UniqueConstraint("rater", "position", name="uq_study_slots_rater"),
        sa.UniqueConstraint("rater", "item", name="uq_study_slots_rater_item"),
        _belongs_to("study_slots", "study", "studies"),
        _belongs_to("study_slots", "rater", "study_raters"),
    )
    live, open_ = sa.text("released_at IS NULL"), sa.text("answered_at IS NULL AND released_at IS NULL")
    counted = ["study", "kind", "item", "cell", "released_at"]
    op.create_index("ix_study_slots_live", "study_slots", counted, sqlite_where=live, postgresql_where=live)
    aged = ["study", "opened_at"]
    op.create_index("ix_study_slots_open", "study_slots", aged, sqlite_where=open_, postgresql_where=open_)
    op.create_table(
        "study_answers",
        sa.Column("study", sa.String(32), nullable=False),
        sa.Column("rater", sa.String(32), nullable=False),
        sa.Column("item", sa.String(200), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("dimension", sa.String(64), nullable=False),
        sa.Column("value", sa.JSON, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("study", "rater", "item", "position", "dimension", name="pk_study_answers"),
        _belongs_to("study_answers", "study", "studies"),
        _belongs_to("study_answers", "rater", "study_raters"),
    )
    op.create_table(
        "study_events",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("study", sa.String(32), nullable=False),
        sa.Column("rater", sa.String(32), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("key", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_study_events"),
        sa.UniqueConstraint("rater", "key", name="uq_study_events_rater"),
        _belongs_to("study_events", "study", "studies"),
        _belongs_to("study_events", "rater", "study_raters"),
    )
    op.create_index("ix_study_events_study", "study_events", ["study"])


def _belongs_to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}", ondelete="CASCADE")


def downgrade() -> None:
    for table in ("study_events", "study_answers", "study_slots", "study_raters", "study_invites", "studies"):
        op.drop_table(table)

"""Raters come from panels, each of whose people is one rater, and may have to understand the instructions first; drafts
can be looked at before they are locked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_RATERS = (
    sa.Column("panel_id", sa.String(64), nullable=True),
    sa.Column("panel_study", sa.String(64), nullable=True),
    sa.Column("panel_session", sa.String(64), nullable=True),
    sa.Column("understood_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("screened_out_at", sa.DateTime(timezone=True), nullable=True),
)
_STUDIES = (sa.Column("preview", sa.JSON, nullable=True), sa.Column("recruiting", sa.JSON, nullable=True))
_ONE_EACH = "uq_study_raters_panel_id"


def upgrade() -> None:
    for table, columns in (("study_raters", _RATERS), ("studies", _STUDIES)):
        for column in columns:
            op.add_column(table, column.copy())
    op.create_index(_ONE_EACH, "study_raters", ["study", "panel_id"], unique=True)


def downgrade() -> None:
    op.drop_index(_ONE_EACH, "study_raters")
    for table, columns in (("study_raters", _RATERS), ("studies", _STUDIES)):
        for column in columns:
            op.drop_column(table, column.name)

"""Studies can be extended: more answers for each item than were wanted when they were locked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("studies", sa.Column("extended_to", sa.Integer, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("studies") as studies:
        studies.drop_column("extended_to")

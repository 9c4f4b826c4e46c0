"""Load tests of the first version had neither a design nor texts, so that no page can show them: they are removed.
Nobody has said anything in them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_STUDIES = sa.table("studies", sa.column("id"), sa.column("simulated", sa.Boolean), sa.column("design", sa.JSON))


def upgrade() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.select(_STUDIES.c.id, _STUDIES.c.design).where(_STUDIES.c.simulated)).all()
    for row in rows:
        if "simulation" in row.design:
            connection.execute(sa.delete(_STUDIES).where(_STUDIES.c.id == row.id))


def downgrade() -> None:
    pass

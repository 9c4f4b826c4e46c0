"""What runs is a job's specification, read by its kind: the words of a command are no part of a row, and locking and
rehearsing a study are two kinds."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CROWD = {"raters": None, "writers": 1, "preference": None, "seed": 0}
"""Who answered a rehearsal, where its row does not say it."""


def upgrade() -> None:
    connection = op.get_bind()
    rehearsals = "kind = 'study' AND key LIKE 'study-rehearsal:%'"
    change = sa.text("UPDATE jobs SET spec = :spec WHERE id = :id").bindparams(sa.bindparam("spec", type_=sa.JSON))
    for id, spec in connection.execute(sa.text(f"SELECT id, CAST(spec AS TEXT) FROM jobs WHERE {rehearsals}")).all():
        if (asked := _read(spec)) is not None:
            study = asked.pop("study", None)
            connection.execute(change, {"id": id, "spec": {"study": study, "crowd": {**CROWD, **asked}}})
    op.execute(f"UPDATE jobs SET kind = 'rehearse' WHERE {rehearsals}")
    op.execute("UPDATE jobs SET kind = 'lock' WHERE kind = 'study'")
    op.drop_column("jobs", "argv")  # not by a copy of the table: dropping the old one would take the curves with it


def _read(spec: str) -> dict[str, Any] | None:
    """None for one that is damaged: it stays as it is, and is refused when it is to run."""
    try:
        asked = json.loads(spec)
    except (ValueError, RecursionError):
        return None
    return asked if isinstance(asked, dict) else None


def downgrade() -> None:
    op.add_column("jobs", sa.Column("argv", sa.JSON, nullable=False, server_default="[]"))
    op.execute("UPDATE jobs SET kind = 'study' WHERE kind IN ('lock', 'rehearse')")

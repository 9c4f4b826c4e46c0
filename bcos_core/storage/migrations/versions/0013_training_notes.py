"""Trainings have notes from the start on; those that were asked for before have none."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TRAININGS = "kind IN ('train', 'quickstart')"


def upgrade() -> None:
    _change(lambda spec: {"notes": "", **spec})


def downgrade() -> None:
    _change(lambda spec: {name: value for name, value in spec.items() if name != "notes"})


def _change(change) -> None:
    connection = op.get_bind()
    store = sa.text("UPDATE jobs SET spec = :spec WHERE id = :id").bindparams(sa.bindparam("spec", type_=sa.JSON))
    for id, text in connection.execute(sa.text(f"SELECT id, CAST(spec AS TEXT) FROM jobs WHERE {TRAININGS}")).all():
        try:
            spec = json.loads(text)
        except (ValueError, RecursionError):  # a damaged one stays as it is, and is refused when it is to run
            continue
        if isinstance(spec, dict) and "recipe" in spec:
            connection.execute(store, {"id": id, "spec": change(spec)})

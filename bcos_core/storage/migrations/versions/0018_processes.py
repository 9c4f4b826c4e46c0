"""A training says how many processes do it, and whether blocks are computed again; those of before had one, and kept
all."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TRAININGS = ("train", "quickstart", "language-model")


def upgrade() -> None:
    _change(_with_processes)


def downgrade() -> None:
    _change(_without_processes)


def _with_processes(kind, spec) -> None:
    if kind in TRAININGS:
        spec.setdefault("processes", 1)
    spec["recipe"].setdefault("checkpointing", False)


def _without_processes(kind, spec) -> None:
    spec.pop("processes", None)
    if kind != "language-model":
        spec["recipe"].pop("checkpointing", None)


def _change(change) -> None:
    connection = op.get_bind()
    store = sa.text("UPDATE jobs SET spec = :spec WHERE id = :id").bindparams(sa.bindparam("spec", type_=sa.JSON))
    for id, kind, text in connection.execute(sa.text("SELECT id, kind, CAST(spec AS TEXT) FROM jobs")).all():
        try:
            spec = json.loads(text)
        except (ValueError, RecursionError):  # a damaged one stays as it is, and is refused when it is to run
            continue
        if isinstance(spec, dict) and isinstance(spec.get("recipe"), dict):
            change(kind, spec)
            connection.execute(store, {"id": id, "spec": spec})

"""Alembic's entry: runs the migrations on the connection, inside the transaction, that `upgrade` opened."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    render_as_batch=True,  # SQLite changes a column by copying the table
)
context.run_migrations()

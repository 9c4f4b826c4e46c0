"""The tables of studies. A change here needs a migration in `bcos_core/storage/migrations/versions`."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bcos_core.storage.types import METADATA, StoredJson, UtcDateTime
from bcos_core.study.plan import LONGEST_NAME
from bcos_core.study.recruiting import LONGEST_ID

STUDIES = Table(
    "studies",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("owner", String(32), nullable=False, server_default=""),  # an account's id; "": nobody's who has one
    Column("title", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("design", StoredJson, nullable=False),
    Column("locked", StoredJson(none_as_null=True), nullable=True),
    Column("lock_hash", String(64), nullable=True),
    Column("extended_to", Integer, nullable=True),  # answers for each item; null: as it was locked
    Column("preview", StoredJson(none_as_null=True), nullable=True),  # of a draft, as a locked study
    Column("recruiting", StoredJson(none_as_null=True), nullable=True),  # by a panel; its codes are no part of a design
    Column("created_at", UtcDateTime, nullable=False),
    Column("locked_at", UtcDateTime, nullable=True),
    Column("closed_at", UtcDateTime, nullable=True),
    UniqueConstraint("id", "simulated"),  # what raters refer to
)

STUDY_INVITES = Table(
    "study_invites",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("study", String(32), ForeignKey("studies.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("token_hash", String(64), nullable=False, unique=True),  # the token itself is shown once, and not kept
    Column("kind", String(16), nullable=False),
    Column("note", Text, nullable=False),
    Column("cap", Integer, nullable=True),  # null: no limit
    Column("used", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=True),
    Column("revoked_at", UtcDateTime, nullable=True),
    CheckConstraint("cap IS NULL OR used <= cap", name="cap"),
)

STUDY_RATERS = Table(
    "study_raters",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("study", String(32), nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("invite", String(32), ForeignKey("study_invites.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("arrival", Integer, nullable=False),
    Column("resume_hash", String(64), nullable=False, unique=True),
    Column("joined_at", UtcDateTime, nullable=False),
    Column("consented_at", UtcDateTime, nullable=True),
    Column("finished_at", UtcDateTime, nullable=True),
    Column("completion_code", String(16), nullable=True),
    Column("withdrawn_at", UtcDateTime, nullable=True),
    Column("excluded_at", UtcDateTime, nullable=True),
    Column("exclusion", Text, nullable=False),
    Column("panel_id", String(LONGEST_ID), nullable=True),  # personal data: in no event, and exported only when asked
    Column("panel_study", String(LONGEST_ID), nullable=True),
    Column("panel_session", String(LONGEST_ID), nullable=True),
    Column("understood_at", UtcDateTime, nullable=True),
    Column("screened_out_at", UtcDateTime, nullable=True),
    # A simulated rater can only be in a simulated study, and a real one only in a real study, whoever writes.
    ForeignKeyConstraint(["study", "simulated"], ["studies.id", "studies.simulated"], ondelete="CASCADE"),
    UniqueConstraint("study", "arrival"),
    UniqueConstraint("study", "completion_code", name="uq_study_raters_completion_code"),
)

# One rater for each person of a panel; those who come otherwise have none.
Index("uq_study_raters_panel_id", STUDY_RATERS.c.study, STUDY_RATERS.c.panel_id, unique=True)

STUDY_SLOTS = Table(
    "study_slots",
    METADATA,
    Column("id", String(32), primary_key=True),  # random: a page may show it, it tells nothing
    Column("study", String(32), ForeignKey("studies.id", ondelete="CASCADE"), nullable=False),
    Column("rater", String(32), ForeignKey("study_raters.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),  # in what the rater was given, from 0; released slots included
    Column("kind", String(16), nullable=False),
    Column("item", String(LONGEST_NAME), nullable=False),
    Column("cell", String(LONGEST_NAME), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("answered_at", UtcDateTime, nullable=True),
    Column("released_at", UtcDateTime, nullable=True),
    UniqueConstraint("rater", "position"),
    UniqueConstraint("rater", "item", name="uq_study_slots_rater_item"),  # nobody sees an item twice
)

_LIVE = text("released_at IS NULL")
_OPEN = text("answered_at IS NULL AND released_at IS NULL")
# The two questions of every assignment: how full is each cell, and what is abandoned.
# `released_at` is null in all of it, but SQLite looks it up in the table where the index does not have it.
_COUNTED = [STUDY_SLOTS.c[name] for name in ("study", "kind", "item", "cell", "released_at")]
Index("ix_study_slots_live", *_COUNTED, sqlite_where=_LIVE, postgresql_where=_LIVE)
Index("ix_study_slots_open", STUDY_SLOTS.c.study, STUDY_SLOTS.c.opened_at, sqlite_where=_OPEN, postgresql_where=_OPEN)

STUDY_ANSWERS = Table(
    "study_answers",
    METADATA,
    Column("study", String(32), ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True),
    Column("rater", String(32), ForeignKey("study_raters.id", ondelete="CASCADE"), primary_key=True),
    Column("item", String(LONGEST_NAME), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("dimension", String(64), primary_key=True),
    Column("value", JSON, nullable=False),
    Column("at", UtcDateTime, nullable=False),  # of the last change; the events have the others
)

STUDY_EVENTS = Table(
    "study_events",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("study", String(32), ForeignKey("studies.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("rater", String(32), ForeignKey("study_raters.id", ondelete="CASCADE"), nullable=True),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("key", String(64), nullable=True),  # made in the page, once for each thing that the rater does
    UniqueConstraint("rater", "key"),
)

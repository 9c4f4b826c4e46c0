"""The tables of jobs. A change here needs a migration in `bcos_core/storage/migrations/versions`."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text, text

from bcos_core.storage.types import METADATA, StoredJson, UtcDateTime

JOBS = Table(
    "jobs",
    METADATA,
    Column("id", String(32), primary_key=True),
    # What was asked, and by which account; "": by nobody who has one.
    Column("owner", String(32), nullable=False, server_default=""),
    Column("key", Text, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("title", Text, nullable=False),
    Column("spec", StoredJson, nullable=False),
    Column("lane", String(16), nullable=False),  # see `bcos_core.jobs.lane`
    Column("reserved", Text, nullable=True),  # the name that what it makes will have, in one spelling
    Column("foreground", Boolean, nullable=False),  # typed by a person: no supervisor starts it
    # Where it stands. `attempt` counts the starts: a process may write only while its own attempt is the
    # present one. `crashes` counts the processes that died without a word since a person last asked for it.
    Column("state", String(16), nullable=False, index=True),
    Column("message", Text, nullable=False),
    Column("cancel_requested", Boolean, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("crashes", Integer, nullable=False),
    # Who runs it: the host of the supervisor that started it, how (see `bcos_core.jobs.executors`), and the process.
    Column("supervisor", String(255), nullable=False),
    Column("executor", String(16), nullable=False),
    Column("handle", Text, nullable=False),
    Column("device", String(64), nullable=False),
    Column("host", String(255), nullable=False),
    Column("pid_space", String(255), nullable=True),
    Column("pid", Integer, nullable=True),
    Column("pid_started", Float, nullable=True),  # see `bcos_core.jobs.process.ProcessId`
    # How far it is. What it takes in all was expected when it was asked for; `late`: it takes longer.
    Column("expected_seconds", Float, nullable=True),
    Column("stage", Text, nullable=False),
    Column("stage_index", Integer, nullable=False),
    Column("stage_count", Integer, nullable=False),
    Column("progress", Float, nullable=True),
    Column("eta_seconds", Float, nullable=True),
    Column("late", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Column("started_at", UtcDateTime, nullable=True),
    Column("ended_at", UtcDateTime, nullable=True),
    Column("heartbeat_at", UtcDateTime, nullable=True),
    # What came out.
    Column("result", StoredJson(none_as_null=True), nullable=True),
    Column("artefacts", StoredJson, nullable=False),
)

_ACTIVE = text("state IN ('queued', 'running')")
# The same work cannot be waiting or running twice, whichever processes ask for it at once.
ACTIVE_KEY = Index("uq_jobs_active_key", JOBS.c.key, unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE)
# Nor can two that wait or run give one name.
ACTIVE_RESERVED = Index(
    "uq_jobs_active_reserved", JOBS.c.reserved, unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE
)

# With 10,000 jobs: the newest of a kind, whether the same was asked for, and, from the index alone, which ended last
# and what has become of all (`JobStore.look`): rows are large.
Index("ix_jobs_kind", JOBS.c.kind, JOBS.c.created_at)
Index("ix_jobs_key", JOBS.c.key)
Index("ix_jobs_look", *(JOBS.c[name] for name in ("state", "ended_at", "created_at", "attempt", "foreground", "id")))

JOB_METRICS = Table(
    "job_metrics",
    METADATA,
    Column("job_id", String(32), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    # A resumed job reports steps again that it reported before: the key makes them one row.
    Column("series", String(128), primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("value", Float, nullable=True),  # null for a value that is not a number
)

# The supervisors that run with this database, one for a host: each writes that it lives.
SUPERVISORS = Table(
    "supervisors",
    METADATA,
    Column("host", String(255), primary_key=True),
    Column("home", Text, nullable=False),
    Column("executor", String(16), nullable=False),
    Column("pid_space", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("pid_started", Float, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("beaten_at", UtcDateTime, nullable=False),
)

# What parts of jobs took, of what was declared: see `bcos_core.jobs.paces`.
JOB_PACES = Table(
    "job_paces",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("pace", String(255), nullable=False, index=True),
    Column("machine", String(255), nullable=False),
    Column("device", String(16), nullable=False),
    Column("declared", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("ended_at", UtcDateTime, nullable=False),
)

# Which ended job, after which of its starts, a researcher has looked at. On a machine without an identity provider all
# are one, called "".
JOB_LOOKS = Table(
    "job_looks",
    METADATA,
    Column("researcher", String(512), primary_key=True),
    Column("job_id", String(32), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("attempt", Integer, nullable=False),
)

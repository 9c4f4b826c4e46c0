"""The tables of accounts. A change here needs a migration in `bcos_core/storage/migrations/versions`."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table, UniqueConstraint

from bcos_core.storage.types import METADATA, UtcDateTime

LONGEST_NAME = 80

USERS = Table(
    "users",
    METADATA,
    Column("id", String(32), primary_key=True),  # random: of an account that is gone, no later one inherits anything
    Column("name", String(LONGEST_NAME), nullable=False),
    Column("key", String(255), nullable=False, unique=True),  # the name, however it is typed
    Column("role", String(16), nullable=False),
    Column("password", String(255), nullable=False),  # Argon2's own form, with its salt; "": none
    Column("issuer", String(255), nullable=True),  # of OpenID Connect, with the subject: one person for good
    Column("subject", String(255), nullable=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("disabled_at", UtcDateTime, nullable=True),
    Column("valid_after", UtcDateTime, nullable=True),  # a provider's sign-in from before counts no more
    UniqueConstraint("issuer", "subject"),
)

USER_SESSIONS = Table(
    "user_sessions",
    METADATA,
    Column("token_hash", String(64), primary_key=True),  # the token itself is in the browser's cookie alone
    Column("user", String(32), ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("address", String(64), nullable=False),  # whence it was begun; "": this machine
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

USER_LINKS = Table(
    "user_links",
    METADATA,
    Column("token_hash", String(64), primary_key=True),
    Column("user", String(32), ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("expires_at", UtcDateTime, nullable=False),
)

ATTEMPTS = Table(
    "attempts",
    METADATA,
    Column("key", String(64), primary_key=True),  # a hash of what is guessed at, or of the address it comes from
    Column("failures", Integer, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
)

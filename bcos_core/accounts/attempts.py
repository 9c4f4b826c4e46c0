"""How often one may guess: after some failures every further guess waits, each longer than the one before.

Counted in the database, before the guess is looked at: several processes, and many guesses at once, share one count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from bcos_core.accounts.schema import ATTEMPTS
from bcos_core.errors import TooManyTriesError
from bcos_core.storage.database import Database, upsert
from bcos_core.storage.types import utc_now

FORGOTTEN_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Patience:
    """`free` failures cost nothing; the next one waits a second, each further one twice as long, `longest` at most."""

    free: int
    longest: timedelta

    def delay(self, failures: int) -> timedelta:
        if failures <= self.free:
            return timedelta(0)
        return min(timedelta(seconds=2.0 ** min(failures - self.free - 1, 20)), self.longest)


# Whoever guesses at an account must not keep its person out for long; an address may be a whole institute's.
ACCOUNT = Patience(5, timedelta(minutes=1))
ADDRESS = Patience(20, timedelta(minutes=15))
INVITATION = Patience(20, timedelta(minutes=1))


def key_of(*parts: str) -> str:
    """The name of what is counted: a guess may be anything, and is not kept."""
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def count_try(database: Database, counted: dict[str, Patience], *, now: datetime | None = None) -> None:
    """Count one guess as failed until `forgive` says otherwise.

    Raises:
        TooManyTriesError: it comes too soon after others, and is not to be looked at.
    """
    now = now or utc_now()
    table = ATTEMPTS.c
    with database.read() as connection:  # whoever goes on and on keeps no writer waiting
        _known(connection, counted, now)
    with database.write() as connection:
        connection.execute(delete(ATTEMPTS).where(table.last_at < now - FORGOTTEN_AFTER))
        known = _known(connection, counted, now)
        rows = []
        for key, patience in counted.items():
            failures = known.get(key, 0) + 1
            rows.append({"key": key, "failures": failures, "last_at": now, "until": now + patience.delay(failures)})
        upsert(connection, ATTEMPTS, rows, key=("key",))


def require_patience(database: Database, key: str, *, now: datetime | None = None) -> None:
    """
    Raises:
        TooManyTriesError: a guess would come too soon after others.
    """
    with database.read() as connection:
        _known(connection, [key], now or utc_now())


def forgive(database: Database, *keys: str) -> None:
    """The guess was right: none before it counts any more."""
    with database.write() as connection:
        connection.execute(delete(ATTEMPTS).where(ATTEMPTS.c.key.in_(keys)))


def take_back(database: Database, key: str) -> None:
    """The guess was right: it alone does not count."""
    table = ATTEMPTS.c
    with database.write() as connection:
        one_less = {"failures": table.failures - 1, "until": table.last_at}
        connection.execute(update(ATTEMPTS).where(table.key == key, table.failures > 0).values(one_less))


def _known(connection: Connection, counted: Iterable[str], now: datetime) -> dict[str, int]:
    """The failures before, by key.

    Raises:
        TooManyTriesError: one of them has to wait.
    """
    table = ATTEMPTS.c
    rows = connection.execute(select(table.key, table.failures, table.until).where(table.key.in_(counted))).all()
    until = max((row.until for row in rows), default=now)
    if until > now:
        seconds = max(1, round((until - now).total_seconds()))
        raise TooManyTriesError(f"Too many tries. Wait {seconds} s, then try again.", seconds)
    return {row.key: row.failures for row in rows}

"""Failures of a database in words: what went wrong, where, and what to do. A password is in none of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bcos_core.errors import DatabaseUnreachableError, InputError, StorageError

_NAMED = "BCOS_DATABASE_URL"
_URL = f"in {_NAMED}"
_OTHER_HOME = "set BCOS_HOME to another folder"
_WHICH_FILE = f"Move the file away, or {_OTHER_HOME}."
_FREE_SPACE = "Free some space on that disk, then try again; what was stored before is intact."
_NOT_THERE = f"Start the PostgreSQL server, or check the host and the port {_URL}."
_WHO = f"Check the user and the password {_URL}."
_COMES_BACK = "Try again when the PostgreSQL server runs again; what was stored before is intact."
# A word of what the database says → what to do; the first that is there.
_OF_SQLITE = {
    "full": _FREE_SPACE,
    "disk I/O": "Free some space on that disk, or check that it is in order, then try again.",
    "readonly": f"Make the folder and the files in it writable, or {_OTHER_HOME}.",
    "unable to open": f"Make the folder writable, or {_OTHER_HOME}.",
    "locked": "Another program holds it for too long: close that one, then try again.",
    "not a database": _WHICH_FILE,
    "malformed": _WHICH_FILE,
}
_OF_POSTGRESQL = {
    "password": _WHO,
    "pg_hba.conf": "Let this user in from this machine in the server's pg_hba.conf, or name another user.",
    "role ": _WHO,
    "does not exist": f"Create it (`createdb NAME`), or check its name {_URL}.",
    "starting up": _COMES_BACK,
    "shutting down": _COMES_BACK,
    "recovery": _COMES_BACK,
    "terminating connection": _COMES_BACK,
    "closed the connection": _COMES_BACK,
    "connection is lost": _COMES_BACK,
    "connection is closed": _COMES_BACK,
    "consuming input failed": _COMES_BACK,
    "sending query": _COMES_BACK,
    "too many clients": "Close other programs that use the server, or raise its max_connections.",
    "connection slots": "Close other programs that use the server, or raise its max_connections.",
    "lock timeout": "Another program holds it for too long: close that one, then try again.",
    "statement timeout": "The server was too busy to answer in time. Try again when less is going on.",
    "permission denied": f"Let the user {_URL} make and change tables, or name another user.",
    "read-only transaction": f"Name a server {_URL} that can be written to, not a standby.",
    "No space left": "Free some space on the server's disk, then try again; what was stored before is intact.",
    "could not extend": "Free some space on the server's disk, then try again; what was stored before is intact.",
    "refused": _NOT_THERE,
    "timeout": _NOT_THERE,
    "resolve host": _NOT_THERE,
    "translate host": _NOT_THERE,
    "No such file": _NOT_THERE,
    "unreachable": _NOT_THERE,
    "No route": _NOT_THERE,
    "connection option": f"Check what follows the question mark {_URL}.",
    "invalid ": f"Check what follows the question mark {_URL}.",
}


@contextmanager
def explained(engine: Engine, named: str = _NAMED) -> Iterator[None]:
    """Failures of the database as a `StorageError` that says what to do, a `DatabaseUnreachableError` where its server
    does not answer. `named`: where a person has named the database.

    A broken constraint passes as it is: it is an answer, and the caller knows what it means.
    """
    try:
        yield
    except IntegrityError:
        raise
    except UnicodeEncodeError as error:  # by the driver, before anything is sent
        raise InputError(
            f"Half of a character (U+{ord(error.object[error.start]):04X}) cannot be kept. Type the text anew."
        ) from error
    # sqlite3's own: from what runs without SQLAlchemy, between transactions. The pool's: every connection is in use.
    except (DBAPIError, sqlite3.Error, PoolTimeoutError) as error:
        reason = " ".join(str(error.orig if isinstance(error, DBAPIError) else error).split())
        remedy = _remedy(engine.url, reason)
        kind = DatabaseUnreachableError if remedy in (_COMES_BACK, _NOT_THERE) else StorageError
        if named != _NAMED:
            remedy = remedy.replace(_URL, f"in {named}").replace(_OTHER_HOME, f"name another one in {named}")
        raise kind(f"The database {place_of(engine.url)} cannot be used ({reason.rstrip('.')}). {remedy}") from error


def place_of(url: URL) -> str:
    """Where a database is, for a person: a file, or `NAME at HOST:PORT`."""
    if url.get_backend_name() == "sqlite":
        return url.database or "in memory"
    host = url.host or _first(url.query.get("host")) or "this machine"
    port = url.port or _first(url.query.get("port"))
    return f"{url.database or url.username or 'of this user'} at {host}{f':{port}' if port else ''}"


def _first(value: str | tuple[str, ...] | None) -> str:
    return "" if not value else value if isinstance(value, str) else value[0]


def _remedy(url: URL, reason: str) -> str:
    remedies = _OF_SQLITE if url.get_backend_name() == "sqlite" else _OF_POSTGRESQL
    return next((remedy for word, remedy in remedies.items() if word in reason), "Check it, then try again.")

"""Bringing a database to the tables that this program knows."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock, Timeout
from sqlalchemy import Connection, inspect, text

from bcos_core.errors import NewerDatabaseError, StorageError
from bcos_core.home import Home
from bcos_core.storage.artefacts.shared import shared
from bcos_core.storage.database import URL_VARIABLE, Database, open_engine
from bcos_core.storage.failures import explained, place_of
from bcos_core.storage.places import note_place
from bcos_core.storage.postgresql import without_time_limit
from bcos_core.storage.sqlite_file import keep_private

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_TIMEOUT_SECONDS = 60.0
_FIRST_TABLE = "jobs"
"""Every revision has it."""


def open_database(home: Home) -> Database:
    """The database of `home`, its folders and tables made or brought up to date.

    Raises:
        StorageError: the folder cannot be written, or a newer program, or another one, made the database.
    """
    home.create()
    upgrade(home)
    database = Database(open_engine(home))
    of = shared(home, database)
    note_place(home, _artefacts(database), of.note_places() if of is not None else ())
    return database


def _artefacts(database: Database) -> Iterator[str]:
    with database.read() as connection:
        yield from connection.execute(text("SELECT CAST(artefacts AS TEXT) FROM jobs")).scalars()


def upgrade(home: Home) -> None:
    """Run the migrations that the database lacks. Any number of processes may call it at once.

    Raises:
        StorageError: the database cannot be written, or a newer program, or another one, made it.
    """
    bring_up_to_date(Database(open_engine(home)), home)


def bring_up_to_date(database: Database, home: Home) -> None:
    """As `upgrade`, of a database that need not be that of `home`, whose folder for locks is used."""
    of_file = database.engine.url.database if database.is_sqlite else None
    if of_file and not Path(of_file).exists():
        keep_private(database.engine)
    is_current = _is_current(database)
    if of_file:
        keep_private(database.engine)
    if is_current:
        return
    if not database.is_sqlite:
        with database.write() as connection:  # in which nobody else writes, on whatever machine
            if _heads(connection, database) != _newest():
                without_time_limit(connection)
                command.upgrade(_config(connection), "head")
        return
    try:
        with FileLock(home.locks / "upgrade.lock", timeout=LOCK_TIMEOUT_SECONDS):
            if not _is_current(database):  # another process may have done it while this one waited
                _use_write_ahead_log(database)
                with database.write() as connection:
                    command.upgrade(_config(connection), "head")
    except Timeout as error:
        raise StorageError(
            f"Another process has been changing the database for over {LOCK_TIMEOUT_SECONDS:.0f} seconds. "
            "Wait for it to end, then try again."
        ) from error
    except OSError as error:
        raise StorageError(
            f"Cannot write to {home.locks} ({error.strerror}). Set BCOS_HOME to a folder that you can write to."
        ) from error


def _is_current(database: Database) -> bool:
    with database.read() as connection:
        return _heads(connection, database) == _newest()


def _heads(connection: Connection, database: Database) -> frozenset[str]:
    """The revisions that the database is at, none for an empty one.

    Raises:
        NewerDatabaseError: a newer version of this program made it.
        StorageError: another program made it, whose revisions may be called as ours.
    """
    found = frozenset(MigrationContext.configure(connection).get_current_heads())
    if found == _newest():
        return found
    place = place_of(database.engine.url)
    of_home = database.is_sqlite and database.named == URL_VARIABLE
    other = "set BCOS_HOME to another folder" if of_home else f"name another one in {database.named}"
    tables = set(inspect(connection).get_table_names()) - {"alembic_version"}
    if tables and not (found and _FIRST_TABLE in tables):
        raise StorageError(
            f"The database {place} has tables that are not of this program ({', '.join(sorted(tables)[:5])}). "
            f"Nothing was changed: {other}."
        )
    if unknown := found - _known_revisions():
        raise NewerDatabaseError(
            f"The database {place} was made by a newer version of this program (revision "
            f"{', '.join(sorted(unknown))}). Update the program, or {other}."
        )
    return found


def is_known(revision: str) -> bool:
    """Whether this program knows the tables of a revision."""
    return revision in _known_revisions()


def revisions_of(database: Database) -> tuple[str, str]:
    """The revision that a database is at, "" for an empty one, and the newest one.

    Raises:
        StorageError: a newer program made it, or another one.
    """
    with database.read() as connection:
        return "".join(_heads(connection, database)), "".join(_newest())


def _newest() -> frozenset[str]:
    return frozenset(_scripts().get_heads())


@functools.cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(MIGRATIONS))


@functools.cache
def _known_revisions() -> frozenset[str]:
    return frozenset(script.revision for script in _scripts().walk_revisions())


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _use_write_ahead_log(database: Database) -> None:
    """Let readers and one writer work at once. A property of the file, so set where the file is made.

    A file system that cannot do it (some network ones) keeps SQLite's other log: slower, and correct.
    """
    with explained(database.engine, database.named):
        connection = database.engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA journal_mode = WAL")
        finally:
            connection.close()

"""How much one person, and all together, may have: jobs that wait or run, and what lies on the disk.

Asked where a job is put in the queue and where an upload is stored. Without a setting there is no bound. A command that
somebody types on the machine itself is not asked.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, func, select, true

from bcos_core.errors import InputError, QuotaError
from bcos_core.home import Home
from bcos_core.jobs.job import ACTIVE_STATES
from bcos_core.jobs.schema import JOBS
from bcos_core.numbers import count, file_size
from bcos_core.storage.database import Database
from bcos_core.storage.places import here
from bcos_core.storage.space import size_of
from bcos_core.storage.stored_files import stored_by

SERVER_JOBS, PERSON_JOBS = "BCOS_QUOTA_JOBS", "BCOS_QUOTA_PERSON_JOBS"
SERVER_DISK, PERSON_DISK = "BCOS_QUOTA_GB", "BCOS_QUOTA_PERSON_GB"
GB = 1_000_000_000
COUNTED_ANEW_SECONDS = 30.0
"""How old a count of the disk may be: to walk through all files takes long. What is stored meanwhile is added."""

_ALL = "all"

_counted: dict[tuple[str, str], tuple[float, int]] = {}


@dataclass(frozen=True)
class Quotas:
    """Jobs that wait or run, and bytes; None: as many as come."""

    server_jobs: int | None = None
    person_jobs: int | None = None
    server_bytes: int | None = None
    person_bytes: int | None = None


def read_quotas(environment: Mapping[str, str] = os.environ) -> Quotas:
    """Those that the settings say.

    Raises:
        InputError: one of them is no number above 0.
    """
    return Quotas(
        server_jobs=_whole(SERVER_JOBS, environment),
        person_jobs=_whole(PERSON_JOBS, environment),
        server_bytes=_bytes(SERVER_DISK, environment),
        person_bytes=_bytes(PERSON_DISK, environment),
    )


def require_place(connection: Connection, owner: str = "") -> None:
    """Whether one more job may wait; asked in the transaction that puts it in the queue, so that of two who ask at once
    one is refused.

    Raises:
        QuotaError: as many wait or run as may.
    """
    if words := lack_of_place(connection, owner):
        raise QuotaError(words)


def lack_of_place(connection: Connection, owner: str = "") -> str:
    """Why one more job would be refused now, and what to do; "" where there is room for it."""
    quotas = read_quotas()
    if quotas.person_jobs is not None and (mine := _active(connection, _of(owner))) >= quotas.person_jobs:
        return (
            f"{_active_words(mine, ' of yours')}, and one person may have {quotas.person_jobs} at once "
            f"({PERSON_JOBS}). Wait for one, or cancel one, then try again."
        )
    if quotas.server_jobs is not None and (everybodys := _active(connection, true())) >= quotas.server_jobs:
        return (
            f"{_active_words(everybodys)} here, and this server takes {quotas.server_jobs} at once ({SERVER_JOBS}). "
            "Try again when one has ended."
        )
    return ""


def _active_words(number: int, whose: str = "") -> str:
    return f"{count(number, 'job')}{whose} {'waits or runs' if number == 1 else 'wait or run'}"


def require_disk(home: Home, database: Database, owner: str = "", *, more: int = 0) -> None:
    """Whether so many bytes `more` may be stored; for a job, of which nobody knows what it will make, whether there is
    anything left.

    Raises:
        QuotaError: there is not.
    """
    quotas = read_quotas()
    counted = []
    for limit, setting, who in (
        (quotas.person_bytes, PERSON_DISK, "What your jobs have made and you have stored"),
        (quotas.server_bytes, SERVER_DISK, "What lies under BCOS_HOME"),
    ):
        if limit is None:
            continue
        used = disk_of(home, database, owner) if setting == PERSON_DISK else disk_of_all(home)
        counted.append(_person(owner) if setting == PERSON_DISK else _ALL)
        if used + more > limit or used >= limit:
            adding = f" This file has {file_size(more)}." if more else ""
            raise QuotaError(
                f"{who} takes {file_size(used)} of {file_size(limit)} ({setting}).{adding} Delete models, results or "
                "jobs that are not needed, empty the trash, then try again."
            )
    for what in counted:
        _add(home, what, more)


def disk_of(home: Home, database: Database, owner: str) -> int:
    """Bytes of the jobs that one person has asked for, with their logs and unfinished work, of what they made, and of
    the files that the person has sent."""
    return _count(home, _person(owner), lambda: _belongs_to(home, database, owner))


def disk_of_all(home: Home) -> int:
    """Bytes of everything under the home."""
    return _count(home, _ALL, lambda: size_of(home.root))


def _belongs_to(home: Home, database: Database, owner: str) -> int:
    with database.read() as connection:
        rows = connection.execute(select(JOBS.c.id, JOBS.c.artefacts).where(_of(owner))).all()
        stored = set(stored_by(connection, home, owner)) if owner else {home.uploads, home.texts}
    folders = {home.jobs / str(id) for id, _ in rows}
    made = {Path(one) for _, artefacts in rows for one in here(artefacts or [], home) if isinstance(one, str)}
    return sum(size_of(path) for path in folders | stored | {one for one in made if one.is_relative_to(home.root)})


def _of(owner: str) -> ColumnElement[bool]:
    """The jobs of one person; without an account there is one person, whose are all."""
    return JOBS.c.owner == owner if owner else true()


def _active(connection: Connection, whose: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(JOBS).where(JOBS.c.state.in_(ACTIVE_STATES), whose)
    return int(connection.execute(query).scalar_one())


def _count(home: Home, what: str, measure: Callable[[], int]) -> int:
    key, now = (str(home.root), what), time.monotonic()
    if key not in _counted or now - _counted[key][0] > COUNTED_ANEW_SECONDS:
        _counted[key] = (now, measure())
    return _counted[key][1]


def _add(home: Home, what: str, more: int) -> None:
    """What is about to be stored counts at once: else as much as comes would be stored between two counts."""
    key = (str(home.root), what)
    counted_at, used = _counted[key]
    _counted[key] = (counted_at, used + more)


def _person(owner: str) -> str:
    return f"person {owner}"


def _whole(setting: str, environment: Mapping[str, str]) -> int | None:
    given = environment.get(setting, "").strip()
    if not given:
        return None
    if not given.isascii() or not given.isdigit() or int(given) < 1:
        raise InputError(f"{setting} is {given[:40]!r}. Give a whole number above 0, or leave it out for no bound.")
    return int(given)


def _bytes(setting: str, environment: Mapping[str, str]) -> int | None:
    given = environment.get(setting, "").strip()
    if not given:
        return None
    try:
        number = float(given)
    except ValueError:
        number = math.nan
    if not 0 < number < 1e9:
        raise InputError(f"{setting} is {given[:40]!r}. Give a number of GB above 0, or leave it out for no bound.")
    return round(number * GB)

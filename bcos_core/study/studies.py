"""The studies of a database: drawn up, locked, opened, paused, extended, closed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from bcos_core.access.table import Action
from bcos_core.errors import DamagedStudyError, StudyError
from bcos_core.storage.audit import deed, demand, owner_of
from bcos_core.storage.database import Database
from bcos_core.storage.listing import Listing
from bcos_core.storage.places import here
from bcos_core.storage.plain import to_plain
from bcos_core.storage.rows import list_rows, read_row
from bcos_core.storage.stored_json import from_plain
from bcos_core.storage.types import utc_now
from bcos_core.study.events import EventKind, record
from bcos_core.study.plan import MOST_RATERS_PER_ITEM
from bcos_core.study.recruiting import Recruiting
from bcos_core.study.schema import STUDIES
from bcos_core.study.tokens import new_id


class StudyStatus(StrEnum):
    DRAFT = "draft"
    LOCKED = "locked"
    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


@dataclass(frozen=True)
class Study:
    """A study without what is locked in it, which may be large."""

    id: str
    owner: str
    """The id of the account that drew it up, "" where none did."""
    title: str
    status: StudyStatus
    simulated: bool
    """All its raters are simulated. Set when it is made, for good: real and simulated answers never meet."""
    design: dict[str, Any]
    lock_hash: str | None
    extended_to: int | None
    """Answers for each item, where that was raised after the study was locked."""
    created_at: datetime
    locked_at: datetime | None
    closed_at: datetime | None


_RUNNING = (StudyStatus.OPEN, StudyStatus.PAUSED)
_COLUMNS = [STUDIES.c[name] for name in Study.__dataclass_fields__]


@dataclass(frozen=True)
class Studies:
    """What the database's actor may not do with them is refused by a `NotAllowedError`."""

    database: Database

    def create(self, title: str, design: Mapping[str, Any], *, simulated: bool = False) -> Study:
        """A new draft.

        Raises:
            StudyError: no title.
        """
        if not title.strip():
            raise StudyError("A study needs a title.")
        row = {
            "id": new_id(),
            "owner": self.database.actor.owner,
            "title": title.strip(),
            "status": StudyStatus.DRAFT.value,
            "simulated": simulated,
            "design": to_plain(design),
            "created_at": utc_now(),
        }
        with deed(self.database, Action.CREATE_STUDY, str(row["id"])) as connection:
            connection.execute(insert(STUDIES), row)
            record(connection, row["id"], EventKind.CREATED)
            return read_study(connection, row["id"])

    def list(self) -> Listing[Study]:
        """The newest first; damaged rows are left out and named."""
        with self.database.read() as connection:
            query = select(*_COLUMNS).order_by(STUDIES.c.created_at.desc(), STUDIES.c.id)
            return list_rows(connection, query, STUDIES.c.id, _study, _unreadable)

    def get(self, id: str) -> Study:
        """
        Raises:
            StudyError: there is no such study.
        """
        with self.database.read() as connection:
            return read_study(connection, id)

    def draft(self, id: str) -> Study:
        """A study that can still be changed.

        Raises:
            StudyError: there is no such study, or it is locked.
        """
        with self.database.read() as connection:
            return _unlocked(connection, id)

    def locked(self, id: str) -> dict[str, Any]:
        """What was locked.

        Raises:
            StudyError: there is no such study, or it is not locked.
        """
        with self.database.read() as connection:
            study = read_study(connection, id)
            query = select(STUDIES.c.locked).where(STUDIES.c.id == id)
            locked = read_row(connection, query, lambda row: row["locked"], refusal=_unreadable(id))
        if locked is None:
            raise StudyError(f"The study {study.title!r} is not locked yet. Lock it first.")
        what = f"What was locked of {study.title!r}"
        return from_plain(locked, dict[str, Any], error=DamagedStudyError, what=what, advice=_ADVICE)

    def edit(self, draft: Study, title: str, design: Mapping[str, Any]) -> Study:
        """Change a draft, as it is given.

        Raises:
            StudyError: there is no such study, it is locked, it was changed since `draft` was read, or no title.
        """
        if not title.strip():
            raise StudyError("A study needs a title.")
        with self._deed(Action.EDIT_STUDY, draft.id) as connection:
            now = _unlocked(connection, draft.id)
            if (now.title, now.design) != (draft.title, draft.design):
                raise StudyError(f"The draft {now.title!r} was saved elsewhere meanwhile, so that nothing was changed.")
            _set(connection, draft.id, title=title.strip(), design=to_plain(design))
            return read_study(connection, draft.id)

    def lock(self, draft: Study, locked: Mapping[str, Any], lock_hash: str) -> Study:
        """Freeze a draft: what raters see is from now on `locked`, which was made of `draft` as it is given.

        Raises:
            StudyError: there is no such study, it is locked already, or it was changed since `draft` was read: what
                raters would see is not what the draft says now.
        """
        frozen = to_plain(locked)
        with self._deed(Action.EDIT_STUDY, draft.id) as connection:
            now = _unlocked(connection, draft.id)
            if (now.title, now.design) != (draft.title, draft.design):
                raise StudyError(
                    f"The draft {now.title!r} was changed while it was being locked, so that nothing was locked. "
                    "Lock it again."
                )
            # The design as it is in what was locked: one source for the page, the export and the hash.
            columns = {"locked": frozen, "lock_hash": lock_hash, "locked_at": utc_now(), "design": frozen["design"]}
            _set(connection, draft.id, status=StudyStatus.LOCKED.value, preview=None, **columns)
            record(connection, draft.id, EventKind.LOCKED, {"lock_hash": lock_hash})
            return read_study(connection, draft.id)

    def keep_preview(self, draft: Study, shown: Mapping[str, Any]) -> None:
        """Keep what raters would see of `draft`, in the form of what is locked.

        Raises:
            StudyError: there is no such study, it is locked, or it was changed since `draft` was read.
        """
        with self._deed(Action.EDIT_STUDY, draft.id) as connection:
            now = _unlocked(connection, draft.id)
            if now.design != draft.design:
                raise StudyError(f"The draft {now.title!r} was changed while it was being explained. Preview it again.")
            _set(connection, draft.id, preview=to_plain(shown))

    def preview(self, draft: Study) -> dict[str, Any] | None:
        """What raters would see of a draft; None where nobody has looked at it as it is now.

        Raises:
            StudyError: there is no such study.
        """
        query = select(STUDIES.c.preview).where(STUDIES.c.id == draft.id)
        with self.database.read() as connection:
            shown = read_row(connection, query, lambda row: row["preview"], refusal=_unreadable(draft.id))
        return shown if isinstance(shown, dict) and shown.get("design") == draft.design else None

    def recruit(self, id: str, recruiting: Recruiting | None) -> None:
        """Say how a panel's people come and go; None for no panel. It can change while the study runs.

        Raises:
            StudyError: there is no such study.
        """
        with self._deed(Action.EDIT_STUDY, id) as connection:
            read_study(connection, id)
            _set(connection, id, recruiting=None if recruiting is None else recruiting.to_dict())

    def recruiting(self, id: str) -> Recruiting | None:
        """How a panel's people come and go, with the codes that they are paid for.

        Raises:
            StudyError: there is no such study, or what it holds is damaged.
            NotAllowedError: the actor may not change it.
        """
        demand(self.database, Action.EDIT_STUDY, id, owner=owner_of(STUDIES, id))
        return self.recruiting_of_raters(id)

    def recruiting_of_raters(self, id: str) -> Recruiting | None:
        """The same for the pages that raters see, which show a person the one end that they have come to.

        Raises:
            StudyError: there is no such study, or what it holds is damaged.
        """
        query = select(STUDIES.c.recruiting).where(STUDIES.c.id == id)
        with self.database.read() as connection:
            read_study(connection, id)
            found = read_row(connection, query, lambda row: row["recruiting"], refusal=_unreadable(id))
        return None if found is None else Recruiting.from_dict(found)

    def open(self, id: str) -> Study:
        """Let raters in.

        Raises:
            StudyError: there is no such study, it is not locked, or it was opened before.
        """
        with self._deed(Action.RUN_STUDY, id) as connection:
            study = read_study(connection, id)
            if study.lock_hash is None:
                raise StudyError(f"The study {study.title!r} is not locked yet. Lock it first, then open it.")
            return _moved(connection, study, (StudyStatus.LOCKED,), StudyStatus.OPEN, EventKind.OPENED)

    def pause(self, id: str) -> Study:
        """Take no answers for now; raters keep what they have.

        Raises:
            StudyError: there is no such study, or it is not open.
        """
        return self._move(id, (StudyStatus.OPEN,), StudyStatus.PAUSED, EventKind.PAUSED)

    def resume(self, id: str) -> Study:
        """Let raters go on after a pause.

        Raises:
            StudyError: there is no such study, or it is not paused.
        """
        return self._move(id, (StudyStatus.PAUSED,), StudyStatus.OPEN, EventKind.RESUMED)

    def extend(self, id: str, raters_per_item: int) -> Study:
        """Want more answers for each item than were wanted so far. Items, wording and rules stay as they were locked.

        Raises:
            StudyError: there is no such study, it is not open or paused, or it has more answers for each item already.
        """
        with self._deed(Action.RUN_STUDY, id) as connection:
            study = read_study(connection, id)
            if study.status not in _RUNNING:
                raise StudyError(f"The study {study.title!r} is {study.status}; only an open one can be extended.")
            wanted = study.extended_to or _raters_per_item(study)
            if not wanted < raters_per_item <= MOST_RATERS_PER_ITEM:
                raise StudyError(
                    f"{raters_per_item} answers for each item are asked for; expected more than the {wanted} that are "
                    f"wanted now, and at most {MOST_RATERS_PER_ITEM:,}."
                )
            _set(connection, id, extended_to=raters_per_item)
            record(connection, id, EventKind.EXTENDED, {"raters_per_item": raters_per_item, "before": wanted})
            return read_study(connection, id)

    def close(self, id: str) -> Study:
        """Take no more answers, for good: results are shown from now on, and nobody can rate after seeing them.

        Raises:
            StudyError: there is no such study, or it is not open or paused.
        """
        return self._move(id, _RUNNING, StudyStatus.CLOSED, EventKind.CLOSED)

    def delete(self, id: str) -> None:
        """Remove a study with all that belongs to it. One that real raters have answered must be closed first.

        Raises:
            StudyError: there is no such study, or it is open.
        """
        with self._deed(Action.DELETE_STUDY, id) as connection:
            with suppress(DamagedStudyError):  # nothing else can be done with it
                study = read_study(connection, id)
                if study.status in _RUNNING and not study.simulated:
                    raise StudyError(f"The study {study.title!r} is {study.status}. Close it first, then delete it.")
            connection.execute(delete(STUDIES).where(STUDIES.c.id == id))

    def _deed(self, action: Action, id: str) -> AbstractContextManager[Connection]:
        return deed(self.database, action, id, owner=owner_of(STUDIES, id))

    def _move(self, id: str, wanted: tuple[StudyStatus, ...], status: StudyStatus, kind: EventKind) -> Study:
        with self._deed(Action.RUN_STUDY, id) as connection:
            return _moved(connection, read_study(connection, id), wanted, status, kind)


class OfStudy(Protocol):
    """What is asked of a job about a study."""

    @property
    def study(self) -> str: ...


def demand_edit(spec: OfStudy, database: Database) -> None:
    """A job about a study changes it, or a copy: for those who may.

    Raises:
        NotAllowedError: the database's actor may not change it.
    """
    demand(database, Action.EDIT_STUDY, spec.study, owner=owner_of(STUDIES, spec.study))


def read_study(connection: Connection, id: str) -> Study:
    """
    Raises:
        StudyError: there is no such study.
    """
    study = read_row(connection, select(*_COLUMNS).where(STUDIES.c.id == id), _study, refusal=_unreadable(id))
    if study is None:
        raise StudyError(f"There is no study {id!r}. The Studies page lists those there are.")
    return study


def _moved(
    connection: Connection, study: Study, wanted: tuple[StudyStatus, ...], status: StudyStatus, kind: EventKind
) -> Study:
    if study.status not in wanted:
        expected = " or ".join(wanted)
        raise StudyError(f"The study {study.title!r} is {study.status}; it can be {kind} only from {expected}.")
    closing = {"closed_at": utc_now()} if status == StudyStatus.CLOSED else {}
    _set(connection, study.id, status=status.value, **closing)
    record(connection, study.id, kind)
    return read_study(connection, study.id)


def _unlocked(connection: Connection, id: str) -> Study:
    study = read_study(connection, id)
    if study.lock_hash is not None:
        raise StudyError(
            f"The study {study.title!r} was locked on {study.locked_at:%d %B %Y} and cannot be changed. "
            "Make a new one from its design."
        )
    return study


def _study(row: RowMapping) -> Study:
    what = f"The row of study {row['id']}"
    values = {name: row[name] for name in Study.__dataclass_fields__}
    study = from_plain(values, Study, error=DamagedStudyError, what=what, advice=_ADVICE)
    if study.lock_hash is not None:  # as it was locked: its conditions are known by what they say
        return study
    return replace(study, design=here(study.design))


def _unreadable(id: str) -> DamagedStudyError:
    return DamagedStudyError(f"The row of study {id} cannot be read. {_ADVICE}")


_ADVICE = "Restore the database from a backup, or delete the study on the Studies page."


def _set(connection: Connection, id: str, **columns: Any) -> None:
    connection.execute(update(STUDIES).where(STUDIES.c.id == id).values(columns))


@dataclass(frozen=True)
class _Wanted:
    """Of a design what is needed here: all of it would bring PyTorch into every process that only writes answers."""

    raters_per_item: int


def _raters_per_item(study: Study) -> int:
    return from_plain(
        study.design, _Wanted, error=StudyError, what="This study's design", advice="Make a new study."
    ).raters_per_item

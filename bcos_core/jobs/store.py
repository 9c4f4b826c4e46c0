"""The jobs as pages and people see them: ask for one, look, cancel, go on, remove."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, RowMapping, Select, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from bcos_core.access.actor import Actor
from bcos_core.access.table import Action
from bcos_core.errors import DamagedJobError, InputError, JobError, StorageError
from bcos_core.home import Home, get_home
from bcos_core.jobs.job import ACTIVE_STATES, FOLDER_NAME, Job, JobState, unreadable_row
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.log import tail
from bcos_core.jobs.presence import supervisors
from bcos_core.jobs.process import ProcessId
from bcos_core.jobs.quotas import lack_of_place, require_disk, require_place
from bcos_core.jobs.schema import JOB_METRICS, JOBS
from bcos_core.jobs.supervisor_lock import supervisor_alive
from bcos_core.storage.artefacts.shared import shared
from bcos_core.storage.audit import deed, owner_of
from bcos_core.storage.database import Database
from bcos_core.storage.listing import Listing
from bcos_core.storage.places import here, key_everywhere
from bcos_core.storage.plain import to_plain
from bcos_core.storage.rows import list_rows, read_row
from bcos_core.storage.types import utc_now
from bcos_core.storage.upgrade import open_database

__all__ = ["Curve", "Job", "JobState", "JobStore"]

Curve = list[tuple[int, float]]

INTERRUPTED = "Interrupted; goes on when a supervisor runs."
NO_PROCESS: dict[str, Any] = {
    "device": "",
    "supervisor": "",
    "executor": "",
    "handle": "",
    "host": "",
    "pid_space": None,
    "pid": None,
    "pid_started": None,
    "heartbeat_at": None,
}
UNTRIED: dict[str, Any] = {"message": "", "cancel_requested": False, "crashes": 0, "ended_at": None, **NO_PROCESS}
UNBEGUN: dict[str, Any] = {
    **UNTRIED,
    "stage": "",
    "stage_index": 0,
    "stage_count": 0,
    "progress": None,
    "eta_seconds": None,
    "late": False,
    "started_at": None,
    "result": None,
    "artefacts": [],
}


class JobStore:
    """Safe to share between threads; each process opens its own. What its database's actor may not do, it refuses."""

    def __init__(self, home: Home, database: Database) -> None:
        self.home = home
        self.database = database

    @classmethod
    def open(cls, home: Home | None = None) -> JobStore:
        """The store of `home` (default: `BCOS_HOME`), its folders and tables made where they are missing.

        Raises:
            StorageError: the folder cannot be written, or a newer program made the database.
        """
        home = home or get_home()
        return cls(home, open_database(home))

    def acting(self, actor: Actor) -> JobStore:
        """The same, in the name of somebody else."""
        return JobStore(self.home, self.database.acting(actor))

    # Asking for work

    def submit(
        self,
        kind: str,
        title: str,
        spec: dict[str, Any],
        key: str,
        *,
        lane: Lane = Lane.LONG,
        expected_seconds: float | None = None,
        reserves: str | None = None,
    ) -> tuple[Job, bool]:
        """Put a job in the queue; `JobKind.submit` makes these arguments. If one with the same key is active, that one
        is returned, with False.

        Raises:
            InputError: another active job reserves the same name.
            NotAllowedError: as everywhere here, the database's actor may not do it.
            QuotaError: as many jobs wait or run as may, or the disk's share is used up.
        """
        require_disk(self.home, self.database, self.database.actor.owner)
        waiting = {"state": JobState.QUEUED, "foreground": False, "attempt": 0, "lane": lane, "reserved": reserves}
        return self._insert(kind, title, spec, key, {**waiting, "expected_seconds": expected_seconds})

    def begin(
        self,
        kind: str,
        title: str,
        spec: dict[str, Any],
        key: str,
        process: ProcessId,
        *,
        lane: Lane = Lane.LONG,
        reserves: str | None = None,
    ) -> tuple[Job, bool]:
        """As `submit`, for a job that `process` runs already: a command that a person typed."""
        now = utc_now()
        running = {"state": JobState.RUNNING, "foreground": True, "attempt": 1, "started_at": now, "heartbeat_at": now}
        asked = {"lane": lane, "reserved": reserves, "expected_seconds": None}
        return self._insert(kind, title, spec, key, {**running, **asked, **process.columns()})

    def lack_of_place(self) -> str:
        """Why one more job of whoever asks would be refused now; "" where there is room for it."""
        with self.database.read() as connection:
            return lack_of_place(connection, self.database.actor.owner)

    def _insert(self, kind: str, title: str, spec: dict[str, Any], key: str, begun: dict[str, Any]) -> tuple[Job, bool]:
        owner = self.database.actor.owner
        asked = {"kind": kind, "title": title, "spec": to_plain(spec), "key": key, "owner": owner}
        for _ in range(100):
            now = utc_now()
            row = {**UNBEGUN, **asked, **begun, "id": _new_id(now), "created_at": now}
            try:
                with deed(self.database, Action.SUBMIT_JOB, row["id"]) as connection:
                    if not begun["foreground"] and not self._is_asked(connection, key):
                        require_place(connection, owner)
                    connection.execute(insert(JOBS).values(row))
                    return self.read(connection, row["id"]), True
            except IntegrityError:
                if (active := self._active_with(JOBS.c.key, key)) is not None:
                    return active, False
                if (active := self._active_with(JOBS.c.reserved, begun["reserved"])) is not None:
                    raise name_reserved(active, str(spec.get("name") or begun["reserved"])) from None
                # That job has ended since, or the new id is taken: the next try settles both.
        raise StorageError("No free job id was found in 100 tries. Try again.")

    def _is_asked(self, connection: Connection, key: str) -> bool:
        """Whether the same work waits or runs already: asking again takes no place."""
        same = select(JOBS.c.id).where(JOBS.c.key == key, JOBS.c.state.in_(ACTIVE_STATES))
        return connection.execute(same).first() is not None

    def resume(self, id: str) -> Job:
        """Put a failed or cancelled job back in the queue; it goes on from its work folder.

        Raises:
            JobError: there is no such job, it is in another state, or the same work is active already.
        """
        with self._restarting(), self._deed(Action.RESTART_JOB, id) as connection:
            job = self.read(connection, id)
            if job.state not in (JobState.FAILED, JobState.CANCELLED):
                raise JobError(f"Job {id} is {job.state}; only a failed or cancelled one can be resumed.")
            require_place(connection, job.owner)
            self._set(connection, id, **UNTRIED, state=JobState.QUEUED, foreground=False)
            return self.read(connection, id)

    def retry(self, id: str) -> Job:
        """Put an ended job back in the queue to begin anew: its work folder is emptied, its curves are removed.

        Raises:
            JobError: there is no such job, it has not ended, or the same work is active already.
        """
        moved: dict[Path, Path] = {}
        try:
            with self._restarting(), self._deed(Action.RESTART_JOB, id) as connection:
                job = self.read(connection, id)
                if job.active:
                    raise JobError(f"Job {id} is {job.state}; cancel it first, then retry.")
                require_place(connection, job.owner)
                self._set(connection, id, **UNBEGUN, state=JobState.QUEUED, foreground=False)
                connection.execute(delete(JOB_METRICS).where(JOB_METRICS.c.job_id == id))
                restarted = self.read(connection, id)
                # Before the commit, so that no supervisor starts it on the old work.
                for path in (job.work, job.journal_path):
                    if (aside := _set_aside(path)) is not None:
                        moved[path] = aside
        except BaseException:  # it was not started again, and may be resumed
            for path, aside in moved.items():
                aside.rename(path)
            raise
        for aside in moved.values():
            _remove(aside)
        return restarted

    # Looking

    def get(self, id: str) -> Job:
        """
        Raises:
            JobError: there is no such job.
        """
        with self.database.read() as connection:
            return self.read(connection, id)

    def list(
        self,
        *,
        kind: str | None = None,
        key: str | None = None,
        active: bool | None = None,
        limit: int | None = None,
        after: int = 0,
    ) -> Listing[Job]:
        """The newest jobs first: all, those of a kind, those that do the same work (`key`), those that wait or run
        (`active=True`) or have ended (`active=False`: those that ended last come first); `limit` of them, `after` so
        many. Damaged rows are left out and named."""
        newest = JOBS.c.created_at if active is not False else func.coalesce(JOBS.c.ended_at, JOBS.c.created_at)
        order = (newest.desc(), JOBS.c.id.desc())
        ids = select(JOBS.c.id).order_by(*order).limit(limit).offset(after)  # first: sorting whole rows is slow
        if kind is not None:
            ids = ids.where(JOBS.c.kind == kind)
        if key is not None:
            ids = ids.where(JOBS.c.key.in_(key_everywhere(key, self.home)))
        if active is not None:
            is_active = JOBS.c.state.in_(ACTIVE_STATES)
            ids = ids.where(is_active if active else ~is_active)
        with self.database.read() as connection:
            return self.read_all(connection, select(JOBS).where(JOBS.c.id.in_(ids)).order_by(*order))

    def find(self, id: str) -> Job | None:
        """The job of that id, None if there is none (any more).

        Raises:
            DamagedJobError: its row cannot be read.
        """
        with self.database.read() as connection:
            return self._read_first(connection, select(JOBS).where(JOBS.c.id == id), id)

    def count(self, kind: str | None = None) -> int:
        """How many jobs there are, in all or of a kind."""
        query = select(func.count()).select_from(JOBS)
        with self.database.read() as connection:
            return int(connection.execute(query if kind is None else query.where(JOBS.c.kind == kind)).scalar_one())

    def active_ids(self) -> frozenset[str]:
        """The jobs that wait or run, by their ids."""
        with self.database.read() as connection:
            return frozenset(connection.execute(select(JOBS.c.id).where(JOBS.c.state.in_(ACTIVE_STATES))).scalars())

    def look(self) -> tuple[object, ...]:
        """Something that is another one as soon as a job is asked for, begins, ends or is removed: little to read,
        however many there are."""
        columns = (JOBS.c.state, func.count(), func.max(JOBS.c.ended_at), func.sum(JOBS.c.attempt))
        active = select(JOBS.c.id, JOBS.c.state).where(JOBS.c.state.in_(ACTIVE_STATES)).order_by(JOBS.c.id)
        with self.database.read() as connection:
            of_state = connection.execute(select(*columns).group_by(JOBS.c.state).order_by(JOBS.c.state)).all()
            return (*map(tuple, of_state), *map(tuple, connection.execute(active).all()))

    def metrics(self, id: str) -> dict[str, Curve]:
        """The curves of a job: points `(step, value)` in the order of the steps.

        Raises:
            JobError: there is no such job.
        """
        curves: dict[str, Curve] = {}
        columns = JOB_METRICS.c
        query = select(columns.series, columns.step, columns.value).where(columns.job_id == id)
        with self.database.read() as connection:
            self.read(connection, id)
            for series, step, value in connection.execute(query.order_by(columns.series, columns.step)):
                curves.setdefault(series, []).append((step, float("nan") if value is None else value))
        return curves

    def log_tail(self, id: str, lines: int = 200) -> str:
        """The last lines of a job's log, "" before it has one.

        Raises:
            JobError: there is no such job.
        """
        return tail(self.get(id).log_path, lines)

    def supervisor_alive(self) -> bool:
        """Whether a supervisor runs that starts waiting jobs, here or on another host."""
        return supervisor_alive(self.home) or any(one.seems_alive for one in supervisors(self.database))

    def retitle(self, titles: Mapping[str, str]) -> None:
        """Call jobs otherwise, by their ids.

        Raises:
            StorageError: the database cannot be written.
        """
        if titles:
            with deed(self.database, Action.EDIT_MODEL, "titles of jobs") as connection:
                for id, title in titles.items():
                    self._set(connection, id, title=title)

    # Ending

    def cancel(self, id: str) -> Job:
        """Ask a job to stop: a waiting one is cancelled at once, a running one is asked, then killed.

        Raises:
            JobError: there is no such job, or it has ended.
        """
        with self._deed(Action.CANCEL_JOB, id) as connection:
            job = self.read(connection, id)
            if not job.active:
                raise JobError(f"Job {id} is {job.state} already; there is nothing to cancel.")
            if job.state == JobState.RUNNING and job.seems_alive():
                self._set(connection, id, cancel_requested=True)
            else:
                message = "Cancelled." if job.state == JobState.RUNNING else "Cancelled before it started."
                self._set(connection, id, state=JobState.CANCELLED, ended_at=utc_now(), message=message, **NO_PROCESS)
            return self.read(connection, id)

    def delete(self, id: str, *, artefacts: bool = False) -> None:
        """Remove an ended job: its row, curves, log and unfinished work.

        With `artefacts`, also what it made, as far as that lies under `BCOS_HOME` and is no model: studies and other
        work may need a model (`bcos_core.shelf.jobs` asks). Of a damaged row it is not known whether it has ended, nor
        what it made.

        Raises:
            JobError: there is no such job, or it has not ended.
        """
        made: tuple[str, ...] = ()
        folder: Path | None = self.home.jobs / id
        with self._deed(Action.DELETE_JOB, id) as connection:
            try:
                job = self.read(connection, id)
                if job.active:
                    raise JobError(f"Job {id} is {job.state}; cancel it first, then delete it.")
                made = job.artefacts
            except DamagedJobError:  # what it was and made is not known: its row and its folder go
                folder = folder if FOLDER_NAME.fullmatch(id) else None
            connection.execute(delete(JOBS).where(JOBS.c.id == id))
            going = [path for path in map(Path, made) if artefacts and self._may_remove(path)]
            going = [path for path in going if not self.is_model(path)]
            of = shared(self.home, self.database)
            objects = of.forget(connection, going) if of is not None else []
        if folder is not None:
            _remove(_set_aside(folder))
        for path in going:
            _remove(_set_aside(path))
        if of is not None:
            of.remove_objects(objects)

    def removable(self, job: Job) -> Sequence[str]:
        """What a job made that is there and that may go with it, models too: nothing outside `BCOS_HOME`."""
        return [artefact for artefact in job.artefacts if self._may_remove(Path(artefact)) and Path(artefact).exists()]

    def is_model(self, artefact: Path) -> bool:
        """Whether it lies where models do."""
        return artefact.resolve().is_relative_to(self.home.models)

    def _may_remove(self, artefact: Path) -> bool:
        """Whether it lies in one of the folders that hold what jobs make, and is none of these."""
        home = self.home
        try:
            path = artefact.resolve()
        except (OSError, ValueError, RuntimeError):  # a null character; a ring of links
            return False
        made = (*home.made, home.uploads)
        return any(path.is_relative_to(folder) and path != folder for folder in made)

    # Shared with the other files of this folder

    def read(self, connection: Connection, id: str) -> Job:
        """
        Raises:
            JobError: there is no such job, or its row is damaged.
        """
        job = self._read_first(connection, select(JOBS).where(JOBS.c.id == id), id)
        if job is None:
            raise JobError(f"There is no job {id!r}. `python -m bcos_core jobs list` shows those there are.")
        return job

    def read_all(self, connection: Connection, query: Select[Any]) -> Listing[Job]:
        """The jobs that a query for whole rows finds; damaged ones are left out and named."""
        return list_rows(connection, query, JOBS.c.id, self._from_row, unreadable_row)

    def _read_first(self, connection: Connection, query: Select[Any], id: str) -> Job | None:
        return read_row(connection, query, self._from_row, refusal=unreadable_row(id))

    def _from_row(self, row: RowMapping) -> Job:
        job = Job.from_row(row, jobs_folder=self.home.jobs)
        return replace(
            job,
            spec=here(job.spec, self.home),
            result=here(job.result, self.home),
            artefacts=here(job.artefacts, self.home),
        )

    def _deed(self, action: Action, id: str) -> AbstractContextManager[Connection]:
        return deed(self.database, action, id, owner=owner_of(JOBS, id))

    def _set(self, connection: Connection, id: str, **columns: Any) -> None:
        connection.execute(update(JOBS).where(JOBS.c.id == id).values(columns))

    def _active_with(self, column: Column[Any], value: str | None) -> Job | None:
        """Of a value that is None, none."""
        query = select(JOBS.c.id).where(column == value, column.is_not(None), JOBS.c.state.in_(ACTIVE_STATES))
        with self.database.read() as connection:
            id = connection.execute(query).scalar()
            return None if id is None else self._read_first(connection, select(JOBS).where(JOBS.c.id == id), id)

    @contextmanager
    def _restarting(self) -> Iterator[None]:
        """The two constraints that a restarted job can break, told in words."""
        try:
            yield
        except IntegrityError as error:
            raise JobError(
                "Another job is doing the same work already, or gives its model the same name. "
                "`python -m bcos_core jobs list` shows it; cancel that one first, or wait for it."
            ) from error


def name_reserved(job: Job, name: str) -> InputError:
    """The refusal of a name that `job` will give to what it makes."""
    return InputError(f"The job {job.id} ({job.state}) will call its model {name!r} too. Choose another name.")


def _new_id(now: datetime) -> str:
    """Readable, and sorted as the times are: 20261124-153012-ab12."""
    return f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def _set_aside(path: Path) -> Path | None:
    """Give a file or folder a name that nobody reads, at once; removing it may take long."""
    aside = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        return path.rename(aside)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"Cannot remove {path} ({error.strerror}). Check who may write to its folder.") from error


def _remove(path: Path | None) -> None:
    if path is None:
        return
    try:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    except OSError as error:
        raise StorageError(f"Cannot remove all of {path} ({error.strerror}). Remove it by hand.") from error

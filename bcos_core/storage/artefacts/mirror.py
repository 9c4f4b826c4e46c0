"""A host kept in step with the store: what was made elsewhere comes here, and what was deleted there goes here.

A pass costs one short query while nothing has changed. A store that does not answer ends it; it is asked again later.
What is wrong with one artefact alone, such as a damaged object, seldom mends itself: it is tried again after pauses
that double, and at once when its row is another one, or a folder has come into its place or left it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bcos_core.errors import BcosError, StorageError, StoreUnreachableError
from bcos_core.home import Home
from bcos_core.storage.artefacts import table
from bcos_core.storage.artefacts.shared import Shared, shared
from bcos_core.storage.artefacts.table import Row
from bcos_core.storage.database import Database
from bcos_core.storage.places import note_place

EVERY_SECONDS = 3.0
LONGEST_PAUSE_SECONDS = 60.0
LONGEST_WAIT_SECONDS = 3600.0
"""Of one artefact that could not be brought."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Wait:
    """Of an artefact that could not be brought as it was (`state`): why, when it is tried again, by the clock, and how
    long that is from the last time, in seconds."""

    state: tuple[str, str, bool]
    reason: str
    ends: float
    seconds: float


@dataclass
class Mirror:
    """One host's. `fetches`: whether what is not here is brought; what has gone goes either way."""

    of: Shared
    fetches: bool = True
    reasons: dict[str, str] = field(default_factory=dict)
    """Why an artefact could not be brought in the last pass, by its path."""
    clock: Callable[[], float] = time.monotonic
    """In seconds."""
    _seen: int = -1
    _waits: dict[str, _Wait] = field(default_factory=dict)

    def step(self) -> bool:
        """One pass; whether the store answered, or was not asked.

        Raises:
            StorageError: the database cannot be read.
        """
        with self.of.database.read() as connection:
            latest = table.latest_change(connection)
            if latest == self._seen and not self.reasons:
                return True
            known = table.rows(connection)
        note_place(self.of.home, (), self.of.note_places())
        reasons: dict[str, str] = {}
        self._follow([row for row in known if row.gone], reasons)
        answered = self._bring([row for row in known if not row.gone], reasons)
        self._waits = {path: wait for path, wait in self._waits.items() if path in reasons}
        self.reasons, self._seen = reasons, latest
        return answered

    def _follow(self, gone: Iterable[Row], reasons: dict[str, str]) -> None:
        for row in gone:
            try:
                self.of.follow(row)
            except StorageError as error:
                reasons[row.path] = str(error)

    def _bring(self, rows: Iterable[Row], reasons: dict[str, str]) -> bool:
        unreachable = ""
        for row in rows:
            here = self.of.is_here(row)
            if not here and (unreachable or not self.fetches):
                if unreachable:
                    reasons[row.path] = unreachable
                continue
            if not here and (reason := self._reason_to_wait(row)):
                reasons[row.path] = reason
                continue
            try:
                self.of.fetch(row)
            except StoreUnreachableError as error:
                reasons[row.path] = unreachable = str(error)
            except StorageError as error:
                reasons[row.path] = self._put_off(row, str(error))
            except OSError as error:
                reasons[row.path] = self._put_off(row, f"It cannot be written ({error.strerror}).")
        return not unreachable

    def _state(self, row: Row) -> tuple[str, str, bool]:
        return row.content, row.objects, self.of.is_there(row)

    def _reason_to_wait(self, row: Row) -> str:
        wait = self._waits.get(row.path)
        waits = wait is not None and self.clock() < wait.ends and wait.state == self._state(row)
        return wait.reason if wait is not None and waits else ""

    def _put_off(self, row: Row, reason: str) -> str:
        before, state = self._waits.get(row.path), self._state(row)
        seconds = 2 * before.seconds if before is not None and before.state == state else EVERY_SECONDS
        seconds = min(LONGEST_WAIT_SECONDS, seconds)
        self._waits[row.path] = _Wait(state, reason, self.clock() + seconds, seconds)
        return reason


def missing(of: Shared) -> Sequence[Row]:
    """What the store has and this host has not."""
    with of.database.read() as connection:
        known = table.rows(connection, gone=False)
    return [row for row in known if not of.is_here(row)]


_MIRRORS: dict[Home, Mirror] = {}


def begin(home: Home, database: Database, *, fetches: bool) -> None:
    """Keep a host in step from now on, in a thread that ends with the process; nothing where there is no store, or it
    is done already.

    Raises:
        InputError: the store's address or its options cannot be used.
    """
    of = shared(home, database)
    if of is None or home in _MIRRORS:
        return
    _MIRRORS[home] = Mirror(of, fetches)
    threading.Thread(target=_keep, args=(_MIRRORS[home],), name="artefacts", daemon=True).start()


def reasons(home: Home) -> Mapping[str, str]:
    """Why artefacts could not be brought, by their paths, as far as this process has tried."""
    return _MIRRORS[home].reasons if home in _MIRRORS else {}


def _keep(mirror: Mirror) -> None:
    pause, never = EVERY_SECONDS, threading.Event()
    while True:
        said = dict(mirror.reasons)
        try:
            pause = EVERY_SECONDS if mirror.step() else min(LONGEST_PAUSE_SECONDS, 2 * pause)
        except BcosError as error:  # a database that is away comes back
            logger.warning("%s", error)
            pause = min(LONGEST_PAUSE_SECONDS, 2 * pause)
        except Exception:
            logger.exception("The store of artefacts was not looked at.")
            pause = LONGEST_PAUSE_SECONDS
        for path, reason in mirror.reasons.items():
            if said.get(path) != reason:
                logger.warning("%s was not brought: %s", path, reason)
        never.wait(pause)

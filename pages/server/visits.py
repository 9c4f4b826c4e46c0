"""Who is at each open connection: a stranger, until a run of a page has found out more on the server's own evidence."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from time import monotonic

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from bcos_core.accounts.origin import origin_of
from pages.server.handed import Handed
from pages.server.limits import Limits, Pace

# By this header a run of a page knows its connection. The server sets it; what a client sends under it is dropped.
HEADER = "x-bcos-visit"
SETTLED_SECONDS = 5.0


class Guest(IntEnum):
    """What is known of somebody, by what they may cost."""

    STRANGER = 0
    RATER = 1
    VIEWER = 2
    """Who has the dashboard."""
    RESEARCHER = 3
    """And may upload files."""


@dataclass(eq=False)
class Visit:
    """One open connection."""

    origin: str
    """As `origin_of` has it."""
    opened_at: float
    task: asyncio.Task[object] | None = None
    """What serves it; cancelled to end it."""
    guest: Guest = Guest.STRANGER
    session: str = ""
    """Streamlit's id of it, once a page has run."""
    account: str = ""
    """The id of whoever is there."""
    evicted: bool = False
    acted: bool = False
    """Whether a person has done something there since that was last asked for (`Visits.take_use`)."""
    _tokens: float = field(default=-1.0)
    _counted_at: float = 0.0

    def wait(self, pace: Pace, now: float) -> float:
        """Count one message that comes at `now`; the seconds that it has to wait (a token bucket)."""
        if self._tokens < 0:
            self._tokens, self._counted_at = float(pace.burst), now
        self._tokens = min(float(pace.burst), self._tokens + (now - self._counted_at) * pace.per_second)
        self._counted_at = now
        self._tokens -= 1.0
        if self._tokens >= 0:
            return 0.0
        waiting = -self._tokens / pace.per_second
        self._tokens, self._counted_at = 0.0, now + waiting
        return waiting


class Visits:
    """All open connections of this process."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._open: dict[str, Visit] = {}
        self.handed = Handed()
        self._clock = clock

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Visit]:
        return iter(list(self._open.values()))

    def enter(self, address: str, limits: Limits, task: asyncio.Task[object] | None = None) -> str | None:
        """The id of a new visit, None where there is no room.

        Where all places are taken, the stranger who came first gives way: whoever opens connections and has no
        invitation keeps no rater out.
        """
        origin = origin_of(address)
        if origin and sum(visit.origin == origin for visit in self._open.values()) >= limits.connections_per_address:
            return None
        now = self._clock()
        if len(self._open) >= limits.connections and not self._make_room(now):
            return None
        id = secrets.token_hex(16)
        self._open[id] = Visit(origin, now, task)
        return id

    def _make_room(self, now: float) -> bool:
        for id, visit in self._open.items():  # in the order in which they came
            if visit.guest == Guest.STRANGER and now - visit.opened_at > SETTLED_SECONDS:
                visit.evicted = True
                if visit.task is not None:
                    visit.task.cancel()
                del self._open[id]
                return True
        return False

    def leave(self, id: str) -> None:
        self._open.pop(id, None)

    def get(self, id: str) -> Visit | None:
        return self._open.get(id)

    def is_researchers(self, session: str) -> bool:
        """Whether a page of somebody who may upload is open under that session."""
        return any(visit.session == session and visit.guest == Guest.RESEARCHER for visit in self)

    def recognise(self, guest: Guest, account: str = "") -> None:
        """Note who is at the connection that the present run of a page is for."""
        visit = self.get(st.context.headers.get(HEADER) or "")
        context = get_script_run_ctx()
        if visit is not None and context is not None:
            visit.guest, visit.session, visit.account = guest, context.session_id, account

    def origin(self) -> str:
        """Whence the present run of a page is asked for; "" where that is this machine, or not known."""
        visit = self.get(st.context.headers.get(HEADER) or "")
        return "" if visit is None else visit.origin

    def take_use(self) -> bool:
        """Whether a person has done something at the connection that the present run of a page is for, be it in a
        fragment, since this was last asked: what a page asks by itself is no use of it. Without a connection it is."""
        visit = self.get(st.context.headers.get(HEADER) or "")
        if visit is None:
            return True
        acted, visit.acted = visit.acted, False
        return acted

    def present(self) -> Guest:
        """Who is at the connection that the present run of a page is for, as far as it is known."""
        visit = self.get(st.context.headers.get(HEADER) or "")
        return Guest.STRANGER if visit is None else visit.guest


VISITS = Visits()
"""Those of this process: Streamlit's pages run in threads of it."""

"""Streamlit's one connection for each open page: how many, how large, how often, and of which kinds of messages."""

from __future__ import annotations

import asyncio
from time import monotonic

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.server.handed import Handed
from pages.server.left import Left
from pages.server.limits import Limits
from pages.server.requests import STREAM, inside, is_own_origin
from pages.server.seams import files_named, hear, without_path
from pages.server.visits import HEADER, Guest, Visit, Visits

RUN = frozenset({"rerun_script", "stop_script", "app_heartbeat"})
# Files to be uploaded, and what a table loads as it is scrolled. Nobody empties the caches, which belong to all, asks
# for the state of the source's repository, or has pages run by themselves.
SPOKEN = {
    Guest.STRANGER: RUN,
    Guest.RATER: RUN,
    Guest.VIEWER: RUN | {"backend_operation_request"},
    Guest.RESEARCHER: RUN | {"file_urls_request", "backend_operation_request"},
}
POLICY, TOO_BIG, TRY_LATER = 1008, 1009, 1013


class Connections:
    """Opens a visit for each connection, and passes on what that visit may say."""

    def __init__(
        self, app: ASGIApp, *, limits: Limits, visits: Visits, left: Left, script: str = "", prefix: str = ""
    ) -> None:
        self.app = app
        self.left = left
        self.limits = limits
        self.visits = visits
        self.script = script.encode()
        self.prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
        elif inside(scope["path"], self.prefix) != STREAM or not is_own_origin(Headers(scope=scope)):
            await _refuse(receive, send, POLICY)
        else:
            client = scope.get("client")
            address = client[0] if client else ""
            id = self.visits.enter(address, self.limits, asyncio.current_task())
            if id is None:
                await _refuse(receive, send, TRY_LATER)
            else:
                await self._serve(id, scope, receive, send)

    async def _serve(self, id: str, scope: Scope, receive: Receive, send: Send) -> None:
        visit = self.visits.get(id)
        assert visit is not None  # it has just been opened
        talk = _Talk(visit, self.visits.handed, self.limits, self.script, receive, send)
        headers = [(name, value) for name, value in scope["headers"] if name.lower() != HEADER.encode()]
        scope = {**scope, "headers": [*headers, (HEADER.encode(), id.encode())]}
        try:
            await self.app(scope, talk.receive, talk.send)
        except asyncio.CancelledError:
            if not visit.evicted:
                raise
            if (task := asyncio.current_task()) is not None:
                task.uncancel()
            await talk.close(TRY_LATER)
        finally:
            self.visits.leave(id)
            self.left.note()


class _Talk:
    """The two directions of one connection."""

    def __init__(
        self, visit: Visit, handed: Handed, limits: Limits, script: bytes, receive: Receive, send: Send
    ) -> None:
        self._visit = visit
        self._handed = handed
        self._limits = limits
        self._script = script
        self._receive = receive
        self._send = send
        self._is_closed = False
        self._has_spoken = False

    async def send(self, message: Message) -> None:
        if self._is_closed:
            return
        if message["type"] == "websocket.send" and message.get("bytes"):
            self._handed.note(self._visit.account, files_named(message["bytes"]))
            if self._script:
                message = {**message, "bytes": without_path(message["bytes"], self._script)}
        self._is_closed = message["type"] == "websocket.close"
        await self._send(message)

    async def receive(self) -> Message:
        """The next message that this visit may send; those of other kinds are dropped, those too large end it."""
        while True:
            message = await self._next()
            if message["type"] != "websocket.receive":
                return message
            fault = self._fault(message)
            if fault is not None:
                return await self.close(fault)
            heard = hear(message["bytes"])
            if heard is None:
                return await self.close(POLICY)
            guest = self._visit.guest
            if guest < Guest.VIEWER and heard.widgets > self._limits.guest_widgets:
                return await self.close(TOO_BIG)
            if guest < Guest.VIEWER:
                # What comes faster waits, unread: a client that floods holds up itself.
                pace = self._limits.rater if guest == Guest.RATER else self._limits.stranger
                await asyncio.sleep(self._visit.wait(pace, monotonic()))
            self._visit.acted |= heard.acts
            if heard.kind in SPOKEN[guest]:
                return message

    async def _next(self) -> Message:
        if self._has_spoken:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), self._limits.first_message_seconds)
        except TimeoutError:
            return await self.close(POLICY)
        self._has_spoken = message["type"] == "websocket.receive"
        return message

    def _fault(self, message: Message) -> int | None:
        data = message.get("bytes")
        if data is None:
            return POLICY
        too_big = self._visit.guest < Guest.VIEWER and len(data) > self._limits.guest_bytes
        return TOO_BIG if too_big else None

    async def close(self, code: int) -> Message:
        """End the connection; what Streamlit hears of it."""
        await self.send({"type": "websocket.close", "code": code})
        return {"type": "websocket.disconnect", "code": code}


async def _refuse(receive: Receive, send: Send, code: int) -> None:
    await receive()  # the request to connect
    await send({"type": "websocket.close", "code": code})

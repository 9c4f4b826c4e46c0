"""A browser's side of the wire, without a browser: what Streamlit's page sends, or what somebody sends in its place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

PATIENCE_SECONDS = 60.0


@dataclass
class Wire:
    """One open connection, and everything that came over it."""

    socket: ClientConnection
    heard: list[ForwardMsg] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)

    async def send(self, message: BackMsg) -> None:
        await self.socket.send(message.SerializeToString())

    async def ask(self, page: str = "", *, query: str = "", fragment: str = "") -> None:
        """Ask for a run of a page, or of one fragment of it."""
        message = BackMsg()
        message.rerun_script.page_name = page
        message.rerun_script.query_string = query
        message.rerun_script.fragment_id = fragment
        await self.send(message)

    async def listen(self, *, finished: int = 1, seconds: float = PATIENCE_SECONDS) -> None:
        """Hear everything up to the end of that many runs, or the end of the connection."""
        with suppress(ConnectionClosed, TimeoutError):
            async with asyncio.timeout(seconds):
                async for frame in self.socket:
                    data = frame if isinstance(frame, bytes) else frame.encode()
                    self.frames.append(data)
                    self.heard.append(ForwardMsg.FromString(data))
                    finished -= self.heard[-1].WhichOneof("type") == "script_finished"
                    if not finished:
                        return

    async def run(self, page: str = "", *, query: str = "") -> Wire:
        """A whole run of a page."""
        await self.ask(page, query=query)
        await self.listen()
        return self

    @property
    def said(self) -> str:
        """All that was heard, as text."""
        return "\n".join(str(message) for message in self.heard)

    @property
    def session(self) -> str:
        return next(
            message.new_session.initialize.session_id
            for message in self.heard
            if message.WhichOneof("type") == "new_session"
        )

    @property
    def fragments(self) -> list[str]:
        """Fragments that were drawn, each once."""
        named = (message.delta.fragment_id for message in self.heard if message.WhichOneof("type") == "delta")
        timed = (message.auto_rerun.fragment_id for message in self.heard if message.WhichOneof("type") == "auto_rerun")
        return list(dict.fromkeys(id for id in (*named, *timed) if id))


@asynccontextmanager
async def wire(
    url: str,
    *,
    origin: str | None = None,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    protocols: Iterable[str] = ("streamlit",),
    path: str = "/_stcore/stream",
) -> AsyncIterator[Wire]:
    """Connect as a page of the server at `url` does; `origin` is the page's own, or that of another."""
    socket = await connect(
        f"ws://{urlsplit(url).netloc}{path}",
        origin=Origin(url if origin is None else origin),
        additional_headers=dict(headers),
        subprotocols=[Subprotocol(one) for one in protocols],
        max_size=None,
        open_timeout=PATIENCE_SECONDS,
    )
    try:
        yield Wire(socket)
    finally:
        await socket.close()


async def race(url: str, pages: Iterable[str], *, each: int = 2) -> list[Wire]:
    """What `each` visitors of every page hear who all come at once, before anybody else was there."""

    async def visit(page: str) -> Wire:
        async with wire(url) as open_wire:
            return await open_wire.run(page)

    visits = [visit(page) for page in pages for _ in range(each)]
    return list(await asyncio.gather(*visits))

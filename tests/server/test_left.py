"""What people who have left leave behind goes, whether or not somebody else comes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.types import Receive, Scope, Send
from streamlit.runtime import Runtime, RuntimeConfig
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.session_manager import SessionInfo

from pages.server.connections import Connections
from pages.server.left import Left
from pages.server.limits import DASHBOARD
from pages.server.seams import forget_left_sessions
from pages.server.visits import Visits

PATIENCE_SECONDS = 30.0


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[MemorySessionStorage, Clock]]:
    """What Streamlit's own runtime, which is made as a server makes it, keeps of pages that were left."""
    monkeypatch.setattr(Runtime, "_instance", None)
    storage, clock = MemorySessionStorage(), Clock()
    monkeypatch.setattr(storage._cache, "_timer", clock)
    files = MemoryMediaFileStorage("/media"), MemoryUploadedFileManager("/upload")
    Runtime(RuntimeConfig("script.py", *files, session_storage=storage))
    yield storage, clock


def left(id: str) -> SessionInfo:
    return SessionInfo(client=None, session=cast(Any, SimpleNamespace(id=id)))


def test_a_page_that_was_left_is_forgotten_when_its_time_is_over(kept: tuple[MemorySessionStorage, Clock]) -> None:
    storage, clock = kept
    storage.save(left("first"))
    clock.now = 100.0
    storage.save(left("second"))
    assert forget_left_sessions() == 2 and storage.get("first") is not None
    clock.now = 130.0
    assert len(storage._cache._data) == 2, "Streamlit forgets by itself now: is pages/server/left.py still needed?"
    assert forget_left_sessions() == 1 and list(storage._cache._data) == ["second"]
    clock.now = 1000.0
    assert forget_left_sessions() == 0 and not storage._cache._data


def test_another_streamlit_is_refused(
    monkeypatch: pytest.MonkeyPatch, kept: tuple[MemorySessionStorage, Clock]
) -> None:
    monkeypatch.setattr(kept[0], "_cache", {})
    with pytest.raises(RuntimeError, match="keeps what was left elsewhere"):
        forget_left_sessions()


def test_it_is_looked_at_until_nothing_is_kept_and_memory_is_given_back_each_time_that_something_went() -> None:
    keeps, happened = iter([2, 1, 1, 0]), []

    async def visits() -> None:
        loop, over = asyncio.get_running_loop(), asyncio.Event()

        def forget() -> int:
            happened.append(f"{(number := next(keeps))} kept")
            if not number:
                loop.call_soon(over.set)
            return number

        async def app(scope: Scope, receive: Receive, send: Send) -> None: ...

        remains = Left(forget, lambda: happened.append("given back"), seconds=0.001)
        layer = Connections(app, limits=DASHBOARD, visits=Visits(), left=remains)
        scope = {"type": "websocket", "path": "/_stcore/stream", "client": ("127.0.0.1", 1), "headers": []}
        for _ in range(2):
            await layer(scope, cast(Any, None), cast(Any, None))
        assert not happened
        await asyncio.wait_for(over.wait(), PATIENCE_SECONDS)
        await loop.shutdown_default_executor()
        assert remains._next is None

    asyncio.run(visits())
    assert [step for step in happened if step != "given back"] == ["2 kept", "1 kept", "1 kept", "0 kept"]
    assert happened.count("given back") == 2

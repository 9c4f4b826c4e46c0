"""A database that does not answer, and comes back: in words that name no host, on pages and before them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import streamlit as st
from starlette.types import Message, Receive, Scope, Send
from streamlit.testing.v1 import AppTest

from bcos_core.access.actor import SINGLE_USER, Actor
from bcos_core.errors import DatabaseUnreachableError
from bcos_core.home import CHECKOUT
from pages.server import roles, sign_in
from pages.server.unreachable import SAID, SaysUnreachable
from pages.widgets.plain import plain

SECRET = "The database lab at db.internal:5432 cannot be used."


def lost(*_: Any, **__: Any) -> Any:
    raise DatabaseUnreachableError(SECRET)


def asked(app: Any, path: str = "/", method: str = "GET", cookie: str = "", body: bytes = b"") -> tuple[int, str]:
    """Status and text of what an ASGI application answers."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"host", b"lab"), (b"origin", b"http://lab"), (b"cookie", cookie.encode())]
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "scheme": "http", "headers": headers, "client": ("203.0.113.7", 1), "server": ("lab", 80),
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    start, *rest = sent
    return start["status"], b"".join(message.get("body", b"") for message in rest).decode()


async def page(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("nobody is there to see it")


def test_a_page_is_answered_in_words(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(sign_in, "actor_of", lost)
    monkeypatch.setattr(sign_in, "database_for", lambda actor: None)
    status, text = asked(SaysUnreachable(sign_in.SignInFirst(page)), "/jobs", cookie="bcos_session=a")
    assert status == 503 and SAID in text and SECRET not in text
    assert SECRET in caplog.text  # for whoever runs it


@pytest.mark.parametrize("form", ["/sign-in", "/sign-out", "/choose-password"])
def test_so_are_the_forms(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """Whoever types a name there is nobody yet, and is not told where the database stands."""
    monkeypatch.setattr(sign_in, "database_for", lost)
    (route,) = [one for one in sign_in.routes() if one.path == form]
    status, text = asked(SaysUnreachable(route.app), form, "POST", body=b"name=a&password=b&again=b&token=c")
    assert status == 503 and SAID in text and SECRET not in text


def test_what_was_begun_is_not_begun_twice() -> None:
    async def half(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        lost()

    with pytest.raises(DatabaseUnreachableError):
        asked(SaysUnreachable(half))


def test_an_open_page_says_so_and_goes_on_by_itself(monkeypatch: pytest.MonkeyPatch, home: Any) -> None:
    answers = True

    def actor() -> Actor:
        return SINGLE_USER if answers else lost()

    monkeypatch.setattr(roles, "who_is_here", lambda: actor)
    at = AppTest.from_file(str(CHECKOUT / "pages" / "navigation.py"), default_timeout=120).run()
    assert not at.exception and not at.error
    answers = False
    at.run()
    assert not at.exception and [one.value for one in at.error] == [plain(SAID)]
    answers = True
    at.run()
    assert not at.exception and not at.error


def test_a_part_that_runs_by_itself_says_so_in_its_place(monkeypatch: pytest.MonkeyPatch, home: Any) -> None:
    def script() -> None:
        import streamlit as st

        from pages.widgets.frame import fragment

        @fragment()
        def part() -> None:
            st.caption("Seen.")

        part()

    st.cache_data.clear()
    monkeypatch.setattr(roles, "who_is_here", lambda: lost)
    at = AppTest.from_function(script).run()
    assert not at.exception and not at.caption and [one.value for one in at.error] == [plain(SECRET)]

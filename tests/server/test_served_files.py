"""The files that pages hand out: theirs who may see the dashboard, at the time when they are fetched."""

from __future__ import annotations

import asyncio
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from bcos_core.access.actor import Role
from bcos_core.accounts.users import Users
from bcos_core.home import Home
from bcos_core.storage.upgrade import open_database
from tests.server.conftest import Serve
from tests.server.provider import COOKIE_SECRET, ISSUER, signed, user, write_secrets
from tests.server.test_team import PASSWORD, cookie_of, send_form
from tests.server.wire import wire


def fetch(url: str, path: str, cookie: str = "", method: str = "GET") -> tuple[int, bytes]:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=20)
    connection.request(method, path, headers={"Cookie": cookie} if cookie else {})
    answer = connection.getresponse()
    return answer.status, answer.read()


async def make_log(url: str, cookie: str, protocols: tuple[str, ...] = ("streamlit",), prefix: str = "") -> str:
    """Press the download of the log on the page People; where Streamlit has put the file."""
    async with wire(url, headers={"Cookie": cookie}, protocols=protocols, path=f"{prefix}/_stcore/stream") as opened:
        await opened.run("people")
        buttons = [m.delta.new_element.download_button for m in opened.heard if m.WhichOneof("type") == "delta"]
        message = BackMsg()
        message.backend_operation_request.request_id = "1"
        message.backend_operation_request.session_id = opened.session
        message.backend_operation_request.deferred_file.file_id = next(
            one.deferred_file_id for one in buttons if one.deferred_file_id
        )
        await opened.send(message)
        async with asyncio.timeout(30):
            while not (answer := opened.heard[-1].backend_operation_response).request_id:
                await opened.listen(finished=0, seconds=0.2)
        assert not answer.error_msg
        return f"{prefix}{answer.deferred_file.url}"


async def say_on_generate(url: str, cookie: str, said: str, prefix: str) -> None:
    """Open Generate with a text, which the page says back."""
    async with wire(url, headers={"Cookie": cookie}, path=f"{prefix}/_stcore/stream") as opened:
        await opened.run("generate", query=urlencode({"prompt": said}))
        assert any(said.encode() in message.SerializeToString() for message in opened.heard)


def assert_only(url: str, place: str, cookie: str, others: tuple[str, ...]) -> None:
    """The file is had with the cookie, and not with the others."""
    for path in (place, place.replace("/media/", "/%6Dedia/")):
        status, body = fetch(url, path, cookie)
        assert status == 200 and b"actor" in body.splitlines()[0]
        assert fetch(url, path, cookie, "HEAD")[0] == 200
        for other in others:
            assert fetch(url, path, other) == (403, b"Sign in to have this file.")
            assert fetch(url, path, other, "HEAD")[0] == 403


@pytest.mark.timeout(240)
@pytest.mark.parametrize("prefix", ["", "/lab/bcos"])
def test_a_file_is_a_members_as_long_as_they_are_one(home: Home, serve: Serve, prefix: str) -> None:
    users = Users(open_database(home))
    root = users.add("Root", Role.ADMIN, password=PASSWORD)
    url = serve("--team", *(("--path", prefix) if prefix else ())).url
    cookie = cookie_of(send_form(url, f"{prefix}/sign-in", name="Root", password=PASSWORD))
    place = asyncio.run(make_log(url, cookie, prefix=prefix))
    assert_only(url, place, cookie, ("", "bcos_session=", "bcos_session=guess", "_streamlit_user=guess"))
    users.add("Second", Role.ADMIN, password=PASSWORD)
    second = cookie_of(send_form(url, f"{prefix}/sign-in", name="Second", password=PASSWORD))
    not_theirs = (403, b"No page of yours has this file. Load the page again that it is on.")
    assert fetch(url, place, second) == not_theirs and fetch(url, place, cookie)[0] == 200
    asyncio.run(say_on_generate(url, second, place.removeprefix(prefix), prefix))  # knows the address, and types it
    assert fetch(url, place, second) == not_theirs
    their_own = asyncio.run(make_log(url, second, prefix=prefix))
    assert fetch(url, their_own, second)[0] == 200 and fetch(url, their_own, cookie) == not_theirs
    users.end_sessions(root.id)
    assert fetch(url, place, cookie)[0] == 403


@pytest.mark.timeout(240)
def test_of_whoever_is_logged_in_at_a_provider_too(
    home: Home, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STREAMLIT_SECRETS_FILES", str(write_secrets(tmp_path / "secrets.toml")))
    users = Users(open_database(home))
    users.add("Root", Role.ADMIN, password=PASSWORD)
    ada = users.add("Ada", Role.ADMIN, issuer=ISSUER, subject="ada")
    url = serve("--team").url

    def cookie(subject: str, secret: str = COOKIE_SECRET, **more: object) -> str:
        return f"_streamlit_user={signed(user(subject, origin=url, **more), secret=secret)}"

    token = generate_xsrf_token_string()
    place = asyncio.run(make_log(url, f"{cookie('ada')}; _streamlit_xsrf={token}", ("streamlit", token)))
    others = (
        "",
        cookie("eve"),
        cookie("ada", "another secret"),
        cookie("ada", is_logged_in=False),
        "_streamlit_user=a.b",
    )
    assert_only(url, place, cookie("ada"), others)
    users.disable(ada.id)
    assert fetch(url, place, cookie("ada"))[0] == 403

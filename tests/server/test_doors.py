"""What a raters' server answers over HTTP, and over the connection of a page, to somebody who is not let in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.web.server.app_discovery import discover_asgi_app
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bcos_core.home import CHECKOUT, Home
from tests.browser.serving import Server, stop
from tests.server.wire import Wire, wire


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One raters' server for all of them."""
    home = Home(tmp_path_factory.mktemp("doors") / "home").create()
    server = Server.at_free_port(home, "--raters", "--host", "studies.example.org")
    app = server.start()
    yield server.url
    stop(app)


def ask(
    url: str, path: str, method: str = "GET", *, body: bytes = b"", announced: int | None = None, **headers: str
) -> HTTPResponse:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=20)
    connection.putrequest(method, path, skip_host="host" in headers)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.putheader("Content-Length", str(len(body) if announced is None else announced))
    connection.endheaders(body)
    response = connection.getresponse()
    response.read()
    return response


def test_what_a_stranger_gets_over_http(url: str) -> None:
    for path in ("/", "/jobs", "/rate", "/_stcore/health", "/_stcore/host-config", "/favicon.png"):
        assert ask(url, path).status == 200, path
    for path in (
        "/_stcore/metrics",
        "/_stcore/metrics?families=cache_memory_bytes",
        "/_stcore/%6Detrics",
        "/_stcore/metrics/",
        "/_stcore/script-health-check",
        "/_stcore/agent",
        "/_stcore/agent/openapi.json",
        "/_stcore",
    ):
        assert ask(url, path).status in (400, 404), path
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert ask(url, "/", method, body=b"x").status == 405, method


def test_every_answer_carries_the_headers(url: str) -> None:
    answers = [
        ask(url, "/"),
        ask(url, "/_stcore/metrics"),
        ask(url, "/", host="evil.example.org"),
        ask(url, "/", "PUT"),
    ]
    for answer in answers:
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy and "default-src 'self'" in policy
        scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
        assert "unsafe" not in scripts and "http" not in policy and "*" not in policy


def test_no_page_elsewhere_may_speak_to_this_one(url: str) -> None:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=20)
    connection.request("GET", "/_stcore/host-config")
    assert json.loads(connection.getresponse().read())["allowedOrigins"] == []


@pytest.mark.parametrize(("host", "status"), [("studies.example.org", 200), ("localhost:1", 200), ("127.0.0.1", 200)])
def test_known_names(url: str, host: str, status: int) -> None:
    assert ask(url, "/", host=host).status == status


@pytest.mark.parametrize("host", ["evil.example.org", "studies.example.org.evil.org", "127.0.0.2", "", "x@localhost"])
def test_other_names(url: str, host: str) -> None:
    assert ask(url, "/", host=host).status == 400


def test_no_upload_is_taken_or_read(url: str) -> None:
    """8 files of 95 MB took 760 MB of memory; now not even the body is waited for, whosever session it is."""

    async def own_session() -> str:
        async with wire(url) as opened:
            return (await opened.run()).session

    session = asyncio.run(own_session())
    for id in (session, "none"):
        path = f"/_stcore/upload_file/{id}/file"
        assert ask(url, path, "PUT", announced=95_000_000).status == 403
        assert ask(url, path, "DELETE").status == 403


async def is_connected(url: str, **options: object) -> bool:
    try:
        async with wire(url, **options) as opened:  # type: ignore[arg-type]
            await opened.run()
            return bool(opened.heard)
    except InvalidStatus as refused:
        assert refused.response.status_code in (400, 403)
        return False


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (None, True),  # the page's own
        ("http://127.0.0.1:1", False),
        ("http://localhost:8501", False),
        ("http://127.0.0.1", False),
        ("https://share.streamlit.app", False),
        ("http://studies.example.org:8000", False),
        ("null", False),
        ("https://evil.example.org", False),
    ],
)
def test_origins_of_a_connection(url: str, origin: str | None, allowed: bool) -> None:
    assert asyncio.run(is_connected(url, origin=origin)) == allowed


def test_no_other_address_opens_a_connection(url: str) -> None:
    assert not asyncio.run(is_connected(url, path="/_stcore/stream/"))
    assert not asyncio.run(is_connected(url, path="/"))


def message(**fields: object) -> BackMsg:
    made = BackMsg()
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def state_of(size: int, *, widgets: int = 1) -> BackMsg:
    made = BackMsg()
    for place in range(widgets):
        widget = made.rerun_script.widget_states.widgets.add()
        widget.id, widget.string_value = f"$$ID-{place}", "x" * (size // widgets)
    return made


async def ends_with(url: str, made: BackMsg | bytes | str) -> int | None:
    """The code with which the server ends the connection on which this was said."""
    async with wire(url) as opened:
        await opened.run()
        try:
            await opened.socket.send(made if isinstance(made, (bytes, str)) else made.SerializeToString())
            while True:
                await asyncio.wait_for(opened.socket.recv(), 20)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (state_of(300_000), 1009),
        (state_of(24_000_000), 1009),
        (state_of(10_000, widgets=500), 1009),
        (b"\xff\xff\xff", 1008),
        (b"", 1008),
        ("words", 1008),
    ],
    ids=["large", "huge", "many", "no message", "nothing", "text"],
)
def test_states_are_small(url: str, made: BackMsg | bytes | str, code: int) -> None:
    assert asyncio.run(ends_with(url, made)) == code


async def answers_to(url: str, *said: BackMsg) -> Wire:
    """What is heard after these, up to the end of a run that is asked for behind them."""
    async with wire(url) as opened:
        await opened.run()
        opened.heard.clear()
        for one in said:
            await opened.send(one)
        return await opened.run()


def test_kinds_of_messages_that_nobody_needs_are_not_heard(url: str) -> None:
    """Caches belong to everybody; the repository's state, and files, are nobody's business."""
    said = [message(clear_cache=True), message(load_git_info=True), message(set_run_on_save=True)]
    upload = BackMsg()
    upload.file_urls_request.request_id = "1"
    upload.file_urls_request.file_names.append("a.csv")
    heard = asyncio.run(answers_to(url, *said, upload))
    kinds = {one.WhichOneof("type") for one in heard.heard}
    assert "script_finished" in kinds
    assert kinds.isdisjoint({"git_info_changed", "file_urls_response"})
    assert not any(one.session_event.HasField("script_changed_on_disk") for one in heard.heard)


def test_streamlit_finds_this_server_too() -> None:
    """Whoever starts it by `streamlit run app.py` has the same doors."""
    found = discover_asgi_app(CHECKOUT / "app.py")
    assert found.is_asgi_app and found.import_string == "app:app"


def test_streamlit_itself_needs_no_folder(tmp_path: Path) -> None:
    """That this project's middleware comes before Streamlit's is what `st.App` promises."""
    import app

    built = app.app._build_starlette_app()
    assert isinstance(built, Starlette)
    names = [layer.cls.__name__ for layer in built.user_middleware]
    ours = ["Headers", "SaysUnreachable", "TrustedHostMiddleware", "Requests", "MembersFiles", "Connections"]
    assert names[: len(ours)] == ours

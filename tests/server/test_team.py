"""A team's server, over HTTP and the raw wire: signing in, forged cookies, a viewer's messages, an account that is
disabled in the middle of a session."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from http.client import HTTPResponse
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import select, update
from streamlit.proto.BackMsg_pb2 import BackMsg

from bcos_core.access.actor import Role
from bcos_core.accounts.schema import USER_SESSIONS
from bcos_core.accounts.users import Users
from bcos_core.cli.main import main
from bcos_core.home import Home
from bcos_core.jobs.store import JobStore
from bcos_core.storage.audit import Outcome, entries
from bcos_core.storage.types import utc_now
from bcos_core.storage.upgrade import open_database
from tests.server.conftest import Serve
from tests.server.test_doors import ask
from tests.server.wire import Wire, wire

PASSWORD = "correct horse battery"
SECRET = "The title of a job"


def send_form(url: str, path: str, *, origin: str | None = None, **fields: str) -> HTTPResponse:
    """Fields that begin with a capital are headers."""
    headers = {name: value for name, value in fields.items() if name[0].isupper()}
    typed = {name: value for name, value in fields.items() if name not in headers}
    form: dict[str, Any] = {"Content_Type": "application/x-www-form-urlencoded", "Origin": origin or url, **headers}
    return ask(url, path, "POST", body=urlencode(typed).encode(), **form)


def cookie_of(answer: HTTPResponse) -> str:
    return (answer.getheader("Set-Cookie") or "").partition(";")[0]


@pytest.mark.timeout(240)
def test_a_teams_server(home: Home, serve: Serve) -> None:
    users = Users(open_database(home))
    users.add("Root", Role.ADMIN, password=PASSWORD)
    vic = users.add("Vic", Role.VIEWER, password=PASSWORD)
    job, _ = JobStore.open(home).submit("batch", SECRET, {}, "key")
    JobStore.open(home).cancel(job.id)
    url = serve("--team").url

    assert send_form(url, "/sign-in", name="Vic", password="wrong wrong wrong").status == 401
    assert send_form(url, "/sign-in", origin="http://evil.example", name="Vic", password=PASSWORD).status == 403
    assert ask(url, "/sign-in", "POST", body=b"name=" + b"x" * 9_000, Origin=url).status == 403
    answer = send_form(url, "/sign-in", name="Vic", password=PASSWORD, next="//evil.example/")
    assert answer.status == 303 and answer.getheader("Location") == "./"
    kept = answer.getheader("Set-Cookie") or ""
    assert "HttpOnly" in kept and "SameSite=lax" in kept and "Secure" not in kept
    for page in ("/", "/jobs?job=a"):
        asked = ask(url, page)
        assert asked.status == 303 and (asked.getheader("Location") or "").startswith("./sign-in?next=")
    assert "Referrer-Policy" in answer.headers and answer.getheader("Cache-Control") is None
    assert ask(url, "/sign-in").getheader("Referrer-Policy") == "same-origin"

    async def see(cookie: str, page: str = "jobs") -> Wire:
        async with wire(url, headers={"Cookie": cookie}) as opened:
            return await opened.run(page, query=f"job={job.id}")

    async def visits() -> None:
        for forged in ("", "bcos_session=", "bcos_session=guess", "bcos_session=" + "a" * 43):
            assert SECRET not in (await see(forged)).said
        assert SECRET in (await see(cookie_of(answer))).said
        people = await see(cookie_of(answer), "people")  # by its address
        assert "Root" not in people.said and "may not manage people" in people.said
        async with wire(url, headers={"Cookie": cookie_of(answer)}) as opened:
            await opened.run("jobs", query=f"job={job.id}")
            found = [
                m.delta.new_element.button.id for m in opened.heard if m.delta.new_element.button.label == "Resume"
            ]
            message = BackMsg()
            message.rerun_script.page_name = "jobs"
            message.rerun_script.query_string = f"job={job.id}"
            widget = message.rerun_script.widget_states.widgets.add()
            widget.id, widget.trigger_value = found[0], True
            await opened.send(message)
            await opened.listen()
            assert "may not go on with a job" in opened.said
            users.disable(vic.id)  # in the middle of the session
            opened.heard.clear()
            await opened.run("jobs")
            assert SECRET not in opened.said and "Sign in" in opened.said
        assert SECRET not in (await see(cookie_of(answer))).said

    asyncio.run(visits())
    assert not JobStore.open(home).get(job.id).active
    refused = [(one.name, one.action) for one in entries(open_database(home), outcome=Outcome.REFUSED)]
    assert ("Vic", "go on with a job") in refused and ("Vic", "manage people") in refused


@pytest.mark.timeout(240)
def test_under_a_path_behind_https(home: Home, serve: Serve) -> None:
    """As a proxy passes it on: forms, cookies and where they lead stay under the path; the cookie goes over https
    alone."""
    Users(open_database(home)).add("Root", Role.ADMIN, password=PASSWORD)
    url = serve("--team", "--path", "/lab/bcos").url
    asked = ask(url, "/lab/bcos/jobs?job=a")
    assert asked.status == 303 and urljoin("/lab/bcos/jobs", asked.getheader("Location") or "").startswith(
        "/lab/bcos/sign-in?next=jobs"
    )
    assert ask(url, "/lab/bcos/sign-in").getheader("Referrer-Policy") == "same-origin"
    assert ask(url, "/sign-in").status == 404
    answer = send_form(
        url, "/lab/bcos/sign-in", name="Root", password=PASSWORD, next="people", X_Forwarded_Proto="https"
    )
    assert answer.status == 303 and answer.getheader("Location") == "./people"
    kept = answer.getheader("Set-Cookie") or ""
    assert "Path=/lab/bcos/" in kept and "Secure" in kept and "HttpOnly" in kept
    cookie = cookie_of(answer)
    assert ask(url, "/lab/bcos/people", Cookie=cookie).status == 200
    ended = send_form(url, "/lab/bcos/sign-out", Cookie=cookie)
    assert ended.status == 303 and "Path=/lab/bcos/" in (ended.getheader("Set-Cookie") or "")
    assert ask(url, "/lab/bcos/people", Cookie=cookie).status == 303


@pytest.mark.timeout(240)
def test_files_come_from_those_alone_who_may_send_them_now(home: Home, serve: Serve) -> None:
    """Without a session, by a viewer, and by a researcher whose page is open and whose role has gone."""
    users = Users(open_database(home))
    users.add("Root", Role.ADMIN, password=PASSWORD)
    ben = users.add("Ben", Role.RESEARCHER, password=PASSWORD)
    users.add("Vic", Role.VIEWER, password=PASSWORD)
    url = serve("--team").url
    own, viewers = (cookie_of(send_form(url, "/sign-in", name=name, password=PASSWORD)) for name in ("Ben", "Vic"))

    async def visit() -> None:
        async with wire(url, headers={"Cookie": own}) as opened:
            page = await opened.run("jobs")
            session = next(
                m.new_session.initialize.session_id for m in page.heard if m.new_session.initialize.session_id
            )
            there = f"/_stcore/upload_file/{session}/a-file"
            # Streamlit’s own token against forged forms, sent twice: whoever has no session has one too.
            token = cookie_of(ask(url, "/_stcore/health")).partition("=")[2]

            def put(cookie: str, method: str = "PUT") -> bool:
                headers: dict[str, Any] = {"Cookie": f"_streamlit_xsrf={token}; {cookie}", "X_Xsrftoken": token}
                return ask(url, there, method, body=b"x", Content_Type="text/plain", **headers).status != 403

            assert not any(put(cookie) for cookie in ("", "bcos_session=guess", viewers))
            assert put(own)
            users.set_role(ben.id, Role.VIEWER)
            assert not put(own)
            users.set_role(ben.id, Role.RESEARCHER)
            assert put(own)
            users.end_sessions(ben.id)
            assert not put(own, "DELETE")

    asyncio.run(visit())


@pytest.mark.timeout(240)
def test_a_session_begins_anew_at_each_signing_in(home: Home, serve: Serve) -> None:
    """Whoever has planted a cookie in somebody's browser does not come in by it afterwards."""
    Users(open_database(home)).add("Root", Role.ADMIN, password=PASSWORD)
    url = serve("--team").url
    planted = f"bcos_session={'a' * 43}"
    answer = send_form(url, "/sign-in", name="Root", password=PASSWORD, Cookie=planted)
    assert cookie_of(answer) != planted
    assert ask(url, "/jobs", Cookie=planted).status == 303
    first = cookie_of(answer)
    second = cookie_of(send_form(url, "/sign-in", name="Root", password=PASSWORD, Cookie=first))
    assert second not in (first, planted)


@pytest.mark.timeout(240)
def test_an_open_page_that_nobody_uses_keeps_nobody_signed_in(home: Home, serve: Serve) -> None:
    """What it asks by itself every few seconds is no use; what somebody does is."""
    database = open_database(home)
    Users(database).add("Root", Role.ADMIN, password=PASSWORD)
    url = serve("--team").url
    cookie = cookie_of(send_form(url, "/sign-in", name="Root", password=PASSWORD))
    hour_ago = utc_now() - timedelta(hours=1)

    def seen_at() -> datetime:
        with database.read() as connection:
            found: datetime = connection.execute(select(USER_SESSIONS.c.seen_at)).scalar_one()
            return found

    async def visit() -> None:
        async with wire(url, headers={"Cookie": cookie}) as opened:
            await opened.run("jobs")
            fragment = next(m.auto_rerun.fragment_id for m in opened.heard if m.auto_rerun.fragment_id)
            with database.write() as connection:
                connection.execute(update(USER_SESSIONS).values(seen_at=hour_ago))
            opened.heard.clear()
            message = BackMsg()
            message.rerun_script.page_name = "jobs"
            message.rerun_script.fragment_id = fragment
            message.rerun_script.is_auto_rerun = True
            await opened.send(message)
            await opened.listen()
            assert any(m.delta.WhichOneof("type") for m in opened.heard)  # it was drawn, for whoever is signed in
            assert "Sign in" not in opened.said and seen_at() == hour_ago
            message.rerun_script.is_auto_rerun = False  # somebody clicks in it
            await opened.send(message)
            await opened.listen()
            assert seen_at() > hour_ago

    asyncio.run(visit())


def test_without_an_admin_a_team_is_not_served(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """There is no password that comes with it: the first admin is made on the machine."""
    assert main(["app", "--team", "--no-browser"]) != 0
    assert "users add NAME --role admin" in capsys.readouterr().err
    for command in (["app", "--address", "0.0.0.0"], ["app", "--address", "0.0.0.0", "--host", "localhost"]):
        assert main([*command, "--no-browser"]) != 0
        assert "no sign-in" in capsys.readouterr().err


@pytest.mark.timeout(240)
def test_a_link_to_choose_a_password_says_what_became_of_it(home: Home, serve: Serve) -> None:
    users = Users(open_database(home))
    users.add("Root", Role.ADMIN, password=PASSWORD)
    token = users.link(users.add("Ada", Role.VIEWER).id)
    url, path = serve("--team").url, f"/choose-password?{urlencode({'token': token})}"
    assert 'name="again"' in _text(url + path)
    saved = send_form(url, "/choose-password", token=token, password=PASSWORD, again=PASSWORD)
    assert saved.status == 303
    assert "The password is saved." in _text(urljoin(url + path, saved.getheader("Location") or ""))
    assert "saved" not in _text(url + "/sign-in")
    assert ask(url, path).status == 400
    said = _text(url + path)
    assert "was used already" in said and 'name="again"' not in said
    # So says a second click on Save, whose answer is the one that is shown: the first one has saved it.
    said = _text(f"{url}/choose-password", token=token, password=PASSWORD, again=PASSWORD)
    assert "sign in with that" in said and 'href="./sign-in"' in said and 'name="again"' not in said
    assert send_form(url, "/sign-in", name="Ada", password=PASSWORD).status == 303


def _text(url: str, **form: str) -> str:
    origin = {"Origin": "{0.scheme}://{0.netloc}".format(urlsplit(url))} if form else {}
    try:
        with urlopen(Request(url, urlencode(form).encode() if form else None, origin), timeout=20) as answer:
            return str(answer.read().decode())
    except HTTPError as error:
        return error.read().decode()

"""The forms of a team's server: names, passwords, links, where to go next, cookies, whence a form says it comes.

A case is answered as a browser would be; whoever has not given the one right password, on a form of this server, is
nobody afterwards, is sent nowhere else, and reads nothing of theirs back as markup.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message

from bcos_core.access.actor import NOBODY, Role
from bcos_core.accounts.attempts import forgive, key_of
from bcos_core.accounts.sessions import actor_of
from bcos_core.accounts.users import Users, key_of_name
from bcos_core.errors import SignInError
from bcos_core.storage.upgrade import open_database
from pages.server.headers import FORMS, Headers
from pages.server.requests import UPLOAD, Requests
from pages.server.roles import SESSION_COOKIE
from pages.server.rooms import ROOMS
from pages.server.sign_in import SignInFirst, routes
from pages.server.visits import Visits
from tests.hostile import damage, values
from tests.hostile.surface import Ground, Surface

HOST = "lab.example.org"
PASSWORD = "correct horse battery"
MARKUP = '"><b>bold</b>'
NEXT = (
    *(
        "",
        "jobs",
        "jobs?job=a",
        "//evil.example/",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil",
        "jobs\r\nX: y",
    ),
)
METHODS = ("POST", "POST", "POST", "GET", "PUT", "HEAD", "OPTIONS")
PATHS = (*FORMS, *FORMS, "/", "/jobs", "/people", f"{UPLOAD}a/b", "/sign-in/", "//sign-in", "/sign-in/..")
ORIGINS = (f"http://{HOST}", f"http://{HOST}", None, "null", "", "http://evil.example", HOST, "a\x00b")


@dataclass(frozen=True)
class Form:
    method: str
    path: str
    query: str
    body: bytes
    origin: str | None
    cookie: bytes
    address: str
    host: str = HOST


@dataclass
class Answer:
    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def every(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


def make(ground: Ground) -> tuple[st.SearchStrategy[Form], Callable[[Form], object]]:
    database = open_database(ground.home)
    users = Users(database)
    users.add("Ada", Role.ADMIN, password=PASSWORD)
    ben = users.add("Ben", Role.VIEWER)
    link = users.link(ben.id)

    reached: list[str] = []

    async def page(request: Request) -> PlainTextResponse:
        reached.append(request.url.path)
        return PlainTextResponse("The dashboard.")

    inner = Starlette(routes=[*routes(), Route("/{page:path}", page)])
    app = Headers(Requests(SignInFirst(inner), visits=Visits()), policy="default-src 'self'")
    texts = st.one_of(values.texts, st.just(MARKUP), st.sampled_from(("Ada", "ada ", "Ben", PASSWORD, link, link[:-1])))
    fields = st.dictionaries(
        st.sampled_from(("name", "password", "again", "token", "next", "name ", "x")), texts, max_size=5
    )
    written = fields.map(lambda one: urlencode(one, errors="surrogatepass").encode())
    names = st.one_of(texts, st.sampled_from(("Ada", "ada ")))
    guess = st.tuples(names, st.one_of(texts, st.just(PASSWORD)), st.one_of(st.sampled_from(NEXT), texts)).map(
        lambda one: urlencode({"name": one[0], "password": one[1], "next": one[2]}, errors="surrogatepass").encode()
    )
    bodies = st.one_of(
        written,
        guess,
        st.tuples(guess, damage.damages).map(lambda one: damage.damaged(one[0], one[1])),
        st.binary(max_size=60),
        st.sampled_from((b"name=" + b"x" * 9_000, b"&" * 3_000, b"%00=%ff&name=%", b"name=Ada&password=%00" * 20)),
    )
    cookies = values.texts.map(lambda text: f"{SESSION_COOKIE}={text}".encode("utf-8", "surrogatepass"))
    queries = st.one_of(written.map(bytes.decode), st.sampled_from(("next=jobs", "next=//evil", "next=%00")), texts)
    others: dict[str, st.SearchStrategy[Any]] = {
        "method": st.sampled_from(METHODS),
        "path": st.sampled_from(PATHS),
        "query": queries,
        "body": bodies,
        "origin": st.sampled_from(ORIGINS),
        "cookie": st.one_of(cookies, st.binary(max_size=60)),
        "address": st.sampled_from(("203.0.113.7", "203.0.113.8", "", "not an address")),
    }

    @st.composite
    def forms(draw: st.DrawFn) -> Form:
        """What a person sends, with some of it as no browser would."""
        path = draw(st.sampled_from((*FORMS, FORMS[0], FORMS[0])))
        whole = Form(
            "POST", path, draw(queries), draw(guess if path == FORMS[0] else written), ORIGINS[0], b"", "127.0.0.1"
        )
        changed = draw(st.sets(st.sampled_from(sorted(others)), max_size=3))
        given: dict[str, Any] = {name: draw(others[name]) for name in sorted(changed)}
        return replace(whole, **given)

    def send(form: Form) -> object:
        reached.clear()
        forgive(database, key_of("account", key_of_name("Ada")))  # else every guess at her name soon waits
        answer = asyncio.run(ask(app, form))
        assert not reached or form.method != "GET" or reached[0].strip("/") not in ("", *ROOMS), "a page came to nobody"
        assert 200 <= answer.status < 500, f"answered by {answer.status}"
        for place in answer.every("location"):
            page = urlsplit(urljoin(f"http://{HOST}{form.path}", place))
            assert (page.scheme, page.netloc) == ("http", HOST), f"sent to {place!r}"
        own = form.origin in (None, f"http://{HOST}")
        given = f"password={urlencode({'': PASSWORD})[1:]}".encode()
        for kept in answer.every("set-cookie"):
            token = kept.partition("=")[2].partition(";")[0].strip('"')
            right = own and form.method == "POST" and form.path == "/sign-in" and given in form.body
            assert right or actor_of(database, token) == NOBODY, "somebody is in without the password"
            assert "httponly" in kept.lower() or token == "", "a script can read the session"
        assert MARKUP.encode() not in answer.body and b"<script" not in answer.body, "a text became markup"
        if answer.status >= 400:
            raise SignInError(f"The form was refused by {answer.status}: it is not what a person sends.")
        return answer.body.decode()

    return forms(), send


async def ask(app: ASGIApp, form: Form) -> Answer:
    """What a browser is answered that sends this form, or asks for a page."""
    headers = [(b"host", form.host.encode()), (b"content-type", b"application/x-www-form-urlencoded")]
    if form.origin is not None:
        headers.append((b"origin", form.origin.encode("latin-1")))
    if form.cookie:
        headers.append((b"cookie", form.cookie))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": form.method,
        "scheme": "http",
        "path": form.path,
        "raw_path": form.path.encode(),
        "query_string": form.query.encode("utf-8", "surrogatepass"),
        "root_path": "",
        "headers": headers,
        "client": (form.address, 50_000) if form.address else None,
        "server": (HOST, 80),
    }
    answer, sent = Answer(), iter((form.body[:100], form.body[100:]))

    async def receive() -> Message:
        piece = next(sent, None)
        if piece is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": piece == form.body[:100] and len(form.body) > 100}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = [(k.decode("latin-1").lower(), v.decode("latin-1")) for k, v in message["headers"]]
        else:
            answer.body += message.get("body", b"")

    await app(scope, receive, send)
    return answer


SURFACE = Surface("sign_in", "the forms of signing in, their cookies, and where they lead", make)

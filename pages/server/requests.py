"""What may be asked for over HTTP, and by which pages: all else is refused before Streamlit looks at it."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from pages.server.headers import FORMS
from pages.server.visits import Visits

CORE = "/_stcore"
STREAM = f"{CORE}/stream"
UPLOAD = f"{CORE}/upload_file/"
# Of Streamlit's own addresses, those that its page uses. Not: metrics, its interface for agents, checks of the script.
USED = (f"{CORE}/health", f"{CORE}/host-config", STREAM)
FILES = f"{CORE}/bidi-components/"
READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Requests:
    """Lets requests for the page and its files through, and uploads of researchers."""

    def __init__(self, app: ASGIApp, *, visits: Visits, prefix: str = "") -> None:
        self.app = app
        self.visits = visits
        self.prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        await (refusal or self.app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        path, method = inside(scope["path"], self.prefix), scope["method"]
        if path.startswith(UPLOAD):
            session = path.removeprefix(UPLOAD).partition("/")[0]
            if method != "OPTIONS" and not self.visits.is_researchers(session):
                # Closed, because the body that was announced is not read.
                return PlainTextResponse("No uploads here.", 403, {"Connection": "close"})
            return None
        if path.startswith(CORE) and path not in USED and not path.startswith(FILES):
            return PlainTextResponse("Not found.", 404)
        if method not in READING and not (method == "POST" and path in FORMS):
            return PlainTextResponse("Not allowed.", 405, {"Allow": ", ".join(sorted(READING)), "Connection": "close"})
        return None


def own_prefix() -> str:
    """The path that this server serves all under (`server.baseUrlPath`): "/lab", or ""."""
    path = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"/{path}" if path else ""


def inside(path: str, prefix: str) -> str:
    """A path without the prefix that all are served under. One outside of it stays as it is: nothing is there."""
    return path.removeprefix(prefix) if path.startswith(f"{prefix}/") else path


def is_own_origin(headers: Headers) -> bool:
    """Whether a connection comes from a page of this server, or from no page at all.

    A page of another port of the same machine is not this server's. A proxy in front passes the name on by which it
    was asked.
    """
    origin = headers.get("origin")
    if origin is None:  # no browser: those always say it
        return True
    page = urlsplit(origin)
    return page.scheme in ("http", "https") and page.netloc == headers.get("host")

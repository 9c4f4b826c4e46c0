"""The files that pages hand out (`/media/…`): for those alone who may see the dashboard now, and whose pages name them.

Streamlit names each by what is in it, and gives it to whoever knows that name: an address that was kept, or that stands
in a log, would open it long after its reader's account was disabled, and for any other member.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from bcos_core.access.table import Action, may
from pages.server.handed import Handed
from pages.server.requests import inside
from pages.server.roles import who_asks
from pages.server.seams import MEDIA


class MembersFiles:
    """Gives files to members, whose session, login or account is asked about anew for each, and to each their own."""

    def __init__(self, app: ASGIApp, *, handed: Handed, prefix: str = "") -> None:
        self.app = app
        self.handed = handed
        self.prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = inside(scope["path"], self.prefix) if scope["type"] == "http" else ""
        if path.startswith(MEDIA) and scope["method"] != "OPTIONS":
            found = await run_in_threadpool(who_asks, Request(scope).cookies)
            refusal = ""
            if not may(found, Action.BROWSE):
                refusal = "Sign in to have this file."
            elif found.id and not self.handed.has(found.id, path):
                refusal = "No page of yours has this file. Load the page again that it is on."
            if refusal:
                await PlainTextResponse(refusal, 403)(scope, receive, send)
                return
        await self.app(scope, receive, send)

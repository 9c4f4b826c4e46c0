"""What a browser gets where the database does not answer, or is a newer version's: words, and no word about where it
stands."""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bcos_core.errors import NewerDatabaseError, StorageError

SAID = "The dashboard cannot reach its database just now. What was saved is kept. This page goes on when it answers."
UPDATED = (
    "The database of this dashboard was changed by a newer version of the program. What was saved is kept. This page "
    "goes on when the dashboard was started again in the new version."
)
AGAIN_SECONDS = 10
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Not now</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="{seconds}">
</head><body><main><h1>Not now</h1><p role="alert">{said}</p></main></body></html>"""


class SaysUnreachable:
    """Answers in words, with 503, a request that ends in a `StorageError` before anything was sent. Its message names
    hosts and folders: it is the operator's, in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_begun = False

        async def sent(message: Message) -> None:
            nonlocal is_begun
            is_begun = True
            await send(message)

        try:
            await self.app(scope, receive, sent)
        except StorageError as error:
            if is_begun:
                raise
            say(error, Request(scope).url.path)
            headers = {"Cache-Control": "no-store", "Retry-After": str(AGAIN_SECONDS)}
            await HTMLResponse(_PAGE.format(said=words_for(error), seconds=AGAIN_SECONDS), 503, headers)(
                scope, receive, send
            )


def words_for(error: StorageError) -> str:
    """For whoever is at the browser."""
    return UPDATED if isinstance(error, NewerDatabaseError) else SAID


def say(error: StorageError, where: str) -> None:
    """For the operator."""
    logging.getLogger(__name__).warning("%s: %s", where, error)

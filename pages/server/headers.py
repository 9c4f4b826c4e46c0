"""What every response tells the browser: to load nothing from elsewhere, and to stay out of other pages' frames."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def content_policy(inline_scripts: Sequence[str] = ()) -> str:
    """The Content-Security-Policy; `inline_scripts` are hashes of those that Streamlit's own page holds.

    Components are scripts that Streamlit hands to the browser as blobs; styles are written into the page by it and by
    Plotly. A picture of another address, which a text could name, is not loaded.
    """
    hashes = "".join(f" '{one}'" for one in inline_scripts)
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' blob:{hashes}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "frame-src 'none'",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


FORMS = ("/sign-in", "/sign-out", "/choose-password")
"""Pages of forms that are sent to this server (`pages.server.sign_in`)."""


class Headers:
    """Sets the headers on every response, of errors and refusals too."""

    def __init__(self, app: ASGIApp, *, policy: str, prefix: str = "") -> None:
        self.app = app
        self.forms = frozenset(f"{prefix}{form}" for form in FORMS)
        self.headers = {
            "Content-Security-Policy": policy,
            "X-Frame-Options": "DENY",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",  # a rater's address holds their key
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers[name] = value
                if (
                    scope["path"] in self.forms
                ):  # a form without any referrer comes from nowhere, as the browser says it
                    headers["Referrer-Policy"] = "same-origin"
            await send(message)

        await self.app(scope, receive, with_headers)

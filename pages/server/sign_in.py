"""Signing in by a password: two forms without a script, and the cookie that keeps a session.

The cookie holds a random token and nothing else; scripts cannot read it, other sites cannot send it with a form.
"""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qs, quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bcos_core.access.actor import NOBODY, Actor
from bcos_core.access.table import Action, may
from bcos_core.accounts.open_sessions import LIFE
from bcos_core.accounts.sessions import actor_of, sign_in, sign_out
from bcos_core.accounts.users import choose_password, require_link
from bcos_core.errors import AccountError, SignInError, TooManyTriesError
from bcos_core.home import CHECKOUT
from pages.server.database import database_for
from pages.server.headers import FORMS
from pages.server.requests import UPLOAD, inside, is_own_origin, own_prefix
from pages.server.roles import SESSION_COOKIE
from pages.server.rooms import ROOMS

SIGN_IN, SIGN_OUT, CHOOSE = FORMS
_CHOSEN = "chosen"
"""In the address of the form: one comes from choosing a password."""
_LONGEST_FORM = 8_192
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} · B-cos LM</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<style>{style}</style></head><body><main><h1>{title}</h1>{said}{form}</main></body></html>"""


class SignInFirst:
    """Sends whoever asks for a page of the dashboard, and is nobody, to the form, and back when they are in; takes
    files from those alone who may send them now, whatever their page was allowed when it was drawn."""

    def __init__(self, app: ASGIApp, *, prefix: str = "") -> None:
        self.app = app
        self.prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._instead(Request(scope)) if scope["type"] == "http" else None
        await (answer or self.app)(scope, receive, send)

    async def _instead(self, request: Request) -> Response | None:
        path = inside(request.scope["path"], self.prefix)
        name = path.removeprefix("/")
        if request.method == "GET" and (name in ROOMS or not name):
            if await _actor(request) == NOBODY:
                there = f"{name}?{request.url.query}" if request.url.query else name
                return RedirectResponse(f".{SIGN_IN}?next={quote(there)}", 303)
        elif path.startswith(UPLOAD) and request.method != "OPTIONS" and not may(await _actor(request), Action.UPLOAD):
            return PlainTextResponse("No uploads here.", 403, {"Connection": "close"})  # its body is not read
        return None


def routes(prefix: str = "") -> list[Route]:
    """For a server whose people sign in by a password, and which serves all under a path."""
    return [
        Route(f"{prefix}{form}", answer, methods=["GET", "POST"])
        for form, answer in zip(FORMS, (_sign_in, _sign_out, _choose), strict=True)
    ]


async def _actor(request: Request) -> Actor:
    return await run_in_threadpool(actor_of, database_for(NOBODY), request.cookies.get(SESSION_COOKIE, ""))


async def _sign_in(request: Request) -> Response:
    if request.method == "GET":
        chosen = "The password is saved. Sign in with it." if _CHOSEN in request.query_params else ""
        return _sign_in_form(next_page=_inside(request.query_params.get("next", "")), done=chosen)
    given = await _form(request)
    if given is None:
        return _refused()
    name, next_page = given.get("name", ""), _inside(given.get("next", ""))
    client = request.client
    address = "" if client is None else client.host
    try:
        token = await run_in_threadpool(sign_in, database_for(NOBODY), name, given.get("password", ""), address=address)
    except TooManyTriesError as error:
        return _sign_in_form(str(error), name, next_page, status=429, headers={"Retry-After": str(error.seconds)})
    except SignInError as error:
        return _sign_in_form(str(error), name, next_page, status=401)
    response = RedirectResponse(f".{next_page}", 303)
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(LIFE.total_seconds()),
        path=f"{own_prefix()}/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return response


async def _sign_out(request: Request) -> Response:
    if request.method == "GET":
        return _page("Sign out", '<form method="post"><button>Sign out</button></form>')
    if await _form(request) is None:
        return _refused()
    await run_in_threadpool(sign_out, database_for(NOBODY), request.cookies.get(SESSION_COOKIE, ""))
    response = RedirectResponse("./", 303)
    response.delete_cookie(SESSION_COOKIE, path=f"{own_prefix()}/")
    return response


async def _choose(request: Request) -> Response:
    if request.method == "GET":
        token = request.query_params.get("token", "")
        try:
            await run_in_threadpool(require_link, database_for(NOBODY), token)
        except SignInError as error:
            return _no_link(error)
        return _choose_form(token)
    given = await _form(request)
    if given is None:
        return _refused()
    token, password = given.get("token", ""), given.get("password", "")
    if password != given.get("again", ""):
        return _choose_form(token, "The two are not the same. Type it twice.", status=400)
    try:
        await run_in_threadpool(choose_password, database_for(NOBODY), token, password)
    except SignInError as error:  # also after a second click: the first one has saved it
        return _no_link(error)
    except AccountError as error:
        return _choose_form(token, str(error), status=400)
    return RedirectResponse(f".{SIGN_IN}?{_CHOSEN}", 303)


async def _form(request: Request) -> dict[str, str] | None:
    """What was typed; None where it comes from another site, or is too long to have been."""
    if not is_own_origin(request.headers):
        return None
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST_FORM:
            return None
    try:
        fields = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=8)
    except ValueError:
        return None
    return {name: values[0] for name, values in fields.items()}


def _inside(page: str) -> str:
    """A page of this server to go to: never another's."""
    parts = urlsplit(page) if len(page) < 4_096 and page.isprintable() else urlsplit("/")
    name = parts.path.strip("/")
    inside = not parts.scheme and not parts.netloc and name.replace("-", "").isalnum()
    return f"/{quote(name)}{'?' + parts.query if parts.query else ''}" if inside else "/"


def _sign_in_form(
    said: str = "",
    name: str = "",
    next_page: str = "/",
    *,
    done: str = "",
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    told = f'<p role="status">{escape(done)}</p>' if done else ""
    form = (
        f'{told}<form method="post" action=".{SIGN_IN}">'
        f'<label>Name<input name="name" value="{escape(name)}" autocomplete="username" autofocus required></label>'
        '<label>Password<input name="password" type="password" autocomplete="current-password" required></label>'
        f'<input type="hidden" name="next" value="{escape(next_page)}"><button>Sign in</button></form>'
        "<p>No account, or the password is lost? An admin of this dashboard makes a link for you.</p>"
        "<p>To take part in a study you need no account: open the link of your invitation.</p>"
    )
    return _page("Sign in", form, said, status=status, headers=headers)


def _no_link(error: SignInError) -> Response:
    return _page("Choose a password", f'<p><a href=".{SIGN_IN}">Sign in</a></p>', str(error), status=400)


def _choose_form(token: str, said: str = "", *, status: int = 200) -> Response:
    form = (
        '<form method="post">'
        '<label>New password<input name="password" type="password" autocomplete="new-password" required></label>'
        '<label>Once more<input name="again" type="password" autocomplete="new-password" required></label>'
        f'<input type="hidden" name="token" value="{escape(token)}"><button>Save</button></form>'
        "<p>At least 12 characters: a few words in a row are easy to remember and hard to guess.</p>"
    )
    return _page("Choose a password", form, said, status=status)


def _refused() -> Response:
    return _page(
        "Refused", "<p>This form did not come from this dashboard. Open it here, then try again.</p>", status=403
    )


def _page(
    title: str, form: str, said: str = "", *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    style = (CHECKOUT / "assets" / "sign_in.css").read_text(encoding="utf-8")
    told = f'<p role="alert">{escape(said)}</p>' if said else ""
    text = _PAGE.format(title=escape(title), style=style, said=told, form=form)
    return HTMLResponse(text, status, {"Cache-Control": "no-store", **(headers or {})})

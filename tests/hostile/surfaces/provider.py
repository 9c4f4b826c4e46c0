"""Logging in at an identity provider: callbacks with forged states and codes, tokens that are none, forged cookies.

The provider is a function in the place of the network; all else is as the server has it. Whoever has not come back from
the provider with its own signed word for them, or with a cookie that this server has signed, is nobody, gets no file of
the dashboard, and is sent nowhere but to the provider and back.
"""

from __future__ import annotations

import asyncio
import base64
import functools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import httpx2
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.integrations.starlette_client import StarletteOAuth2App
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from streamlit import config
from streamlit.auth_util import encode_provider_token
from streamlit.web.server.starlette.starlette_app import create_streamlit_middleware
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_auth_routes import create_auth_routes
from streamlit.web.server.starlette.starlette_server_config import SESSION_COOKIE_NAME, TOKENS_COOKIE_NAME
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME as USER_COOKIE

from bcos_core.access.actor import NOBODY, Role
from bcos_core.accounts.users import Users
from bcos_core.errors import SignInError
from bcos_core.storage.upgrade import open_database
from pages.server.doors import doors
from pages.server.limits import DASHBOARD
from pages.server.roles import who_asks
from pages.server.visits import VISITS
from tests.hostile import damage, values
from tests.hostile.surface import Ground, Surface
from tests.hostile.surfaces.sign_in import Form, ask
from tests.server.provider import CLIENT, COOKIE_SECRET, ISSUER, METADATA, signed, user, write_secrets

HOST = "127.0.0.1"
CALLBACK, LOGIN, LOGOUT = "/oauth2callback", "/auth/login", "/auth/logout"
ALGORITHMS = (
    *("RS256", "RS256", "RS256", "another key", "none", "None", "HS256", "HS256 of the public key", "RS512", ""),
)
"""How a token is signed; "RS256" alone by the provider."""
CLAIMS: tuple[tuple[str, Any], ...] = (
    *(
        ("iss", f"{ISSUER}/"),
        ("iss", "https://evil.example"),
        ("iss", [ISSUER]),
        ("iss", None),
        ("iss", ISSUER.upper()),
    ),
    *(("aud", "another"), ("aud", ["another"]), ("aud", ["another", CLIENT]), ("aud", None), ("aud", {CLIENT: 1})),
    *(("exp", 1), ("exp", 0), ("exp", -1), ("exp", None), ("exp", "2099"), ("exp", True), ("exp", 1e300)),
    *(("nonce", "another"), ("nonce", None), ("nonce", ""), ("nonce", ["a"])),
    *(("sub", "eve"), ("sub", "cal"), ("sub", "dan"), ("sub", ""), ("sub", None), ("sub", ["ada"]), ("sub", "ada\x00")),
    *(("iat", 1e300), ("iat", -1e300), ("iat", 2**70), ("iat", "now"), ("iat", None), ("iat", values.Raw("NaN"))),
    *(("iat", values.Raw("1e999")), ("nbf", 4_000_000_000), ("azp", "another"), ("is_logged_in", False)),
    *(("origin", "http://evil.example"), ("provider", "../default"), ("name", "n" * 20_000), ("at_hash", "x")),
)
SUBJECTS = ("ada", "ada", "eve", "cal", "dan")
"""An admin, somebody unknown, an admin whose account is disabled, and one who was signed out everywhere before."""
PATHS = (CALLBACK, CALLBACK, CALLBACK, LOGIN, LOGOUT, "/oauth2callback/", "//oauth2callback", "/auth/../oauth2callback")


@dataclass(frozen=True)
class Callback:
    """What a browser sends to the server's `path` and the provider says then; None is what belongs there. `cookies`
    are forged ones, `said` is a cookie that this server might have signed once."""

    path: str = CALLBACK
    method: str = "GET"
    begun: bool = True
    state: str | None = None
    code: str | None = None
    more: tuple[tuple[str, str], ...] = ()
    session: tuple[damage.Damage, ...] = ()
    algorithm: str = "RS256"
    claims: tuple[tuple[str, Any], ...] = ()
    changed: tuple[values.Change, ...] = ()
    token: tuple[damage.Damage, ...] = ()
    answer: tuple[values.Change, ...] = ()
    status: int = 200
    metadata: tuple[values.Change, ...] = ()
    keys: tuple[values.Change, ...] = ()
    cookies: tuple[tuple[str, str], ...] = ()
    said: tuple[values.Change, ...] | None = None
    subject: str = "ada"


@dataclass
class Provider:
    """Answers what the server asks it."""

    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    another: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    replies: dict[str, bytes] = field(default_factory=dict)
    status: int = 200

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        found = self.replies.get(str(request.url).partition("?")[0])
        if found is None:
            return httpx2.Response(404)
        return httpx2.Response(self.status if request.method == "POST" else 200, content=found)

    @property
    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            "end_session_endpoint": f"{ISSUER}/end",
            "code_challenge_methods_supported": ["S256"],
        }

    @property
    def keys(self) -> dict[str, Any]:
        public = self.key.public_key().public_numbers()
        numbers = {name: _base64(value.to_bytes(-(-value.bit_length() // 8))) for name, value in _parts(public)}
        return {"keys": [{"kty": "RSA", "kid": "1", "use": "sig", "alg": "RS256", **numbers}]}

    def token(self, claims: bytes, algorithm: str) -> str:
        kind = algorithm.partition(" ")[0] if algorithm != "another key" else "RS256"
        header = {"typ": "JWT", "kid": "1", "alg": kind}
        text = f"{_base64(json.dumps(header).encode())}.{_base64(claims)}"
        return f"{text}.{_base64(self._signature(text.encode(), algorithm))}"

    def _signature(self, text: bytes, algorithm: str) -> bytes:
        if algorithm in ("RS256", "another key", "RS512"):
            key = self.key if algorithm == "RS256" else self.another
            return key.sign(text, padding.PKCS1v15(), SHA256())
        if algorithm.startswith("HS256"):
            public = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            mac = HMAC(public if "public" in algorithm else b"secret", SHA256())
            mac.update(text)
            return mac.finalize()
        return b""


def make(ground: Ground) -> tuple[st.SearchStrategy[Callback], Callable[[Callback], object]]:
    config.set_option("secrets.files", [str(write_secrets(ground.temporary / "secrets.toml"))])
    config.set_option("server.allowedHosts", [HOST])
    users = Users(open_database(ground.home))
    users.add("Root", Role.ADMIN, password="correct horse battery")
    for subject in ("ada", "cal", "dan"):
        made = users.add(f"{subject.title()} of the provider", Role.ADMIN, issuer=ISSUER, subject=subject)
        if subject == "cal":
            users.disable(made.id)
        if subject == "dan":
            users.end_sessions(made.id)
    provider, app = Provider(), _app()
    StarletteOAuth2App.client_cls = functools.partial(AsyncOAuth2Client, transport=httpx2.MockTransport(provider))

    def send(case: Callback) -> object:
        return asyncio.run(_send(case, provider, app))

    send(Callback())  # what a person does lets them in, and loads what the server loads by and by
    return _cases(), send


def _app() -> Starlette:
    async def page(request: Request) -> PlainTextResponse:
        found = who_asks(request.cookies)
        VISITS.handed.note(found.id, ["/media/a.csv"])  # as a page tells of a file
        return PlainTextResponse(str(found.role))

    return Starlette(
        routes=[*create_auth_routes(""), Route("/{page:path}", page)],
        middleware=[*doors(DASHBOARD, script="pages/navigation.py"), *create_streamlit_middleware()],
    )


def _cases() -> st.SearchStrategy[Callback]:
    right = signed(user("ada"))
    forged = st.one_of(
        values.texts,
        damage.damages.map(lambda what: damage.damaged(right.encode(), what).decode("latin-1")).filter(_is_forged),
        st.sampled_from(
            (
                signed(user("ada"), secret="another secret"),
                signed(user("ada"), name=TOKENS_COOKIE_NAME),
                signed(user("ada"), name=f"{USER_COOKIE}_1"),
                signed(user("eve")),
                signed("chunks-3"),
                signed("chunks-" + "9" * 5000),
                signed("chunks-2"),
                signed("[" * 100_000),
                _base64(json.dumps(user("ada")).encode()),
                f"{_base64(json.dumps(user('ada')).encode())}.aaaaaa.{'A' * 27}",
                json.dumps(user("ada")),
            )
        ),
    )
    names = st.sampled_from((USER_COOKIE, USER_COOKIE, f"{USER_COOKIE}_1", TOKENS_COOKIE_NAME, SESSION_COOKIE_NAME))
    some_changes = values.changes.map(tuple)
    claims = st.lists(st.one_of(st.sampled_from(CLAIMS), st.tuples(values.texts, values.values)), max_size=2)
    others: dict[str, st.SearchStrategy[Any]] = {
        "path": st.sampled_from(PATHS),
        "method": st.sampled_from(("GET", "POST", "HEAD", "PUT")),
        "begun": st.just(False),
        "state": values.texts,
        "code": values.texts,
        "more": st.lists(
            st.tuples(st.sampled_from(("error", "error_description", "state", "iss", "provider")), values.texts),
            max_size=3,
        ).map(tuple),
        "session": damage.damages.map(tuple),
        "algorithm": st.sampled_from(ALGORITHMS),
        "claims": claims.map(tuple),
        "changed": some_changes,
        "token": damage.damages.map(tuple),
        "answer": some_changes,
        "status": st.sampled_from((200, 204, 302, 400, 500)),
        "metadata": some_changes,
        "keys": some_changes,
        "cookies": st.lists(st.tuples(names, forged), min_size=1, max_size=3).map(tuple),
        "said": some_changes,
        "subject": st.sampled_from(SUBJECTS),
    }
    likely = (*others, "claims", "claims", "algorithm", "cookies", "state", "subject")

    @st.composite
    def cases(draw: st.DrawFn) -> Callback:
        """What a person does, with some of it as neither a browser nor the provider would."""
        changed = draw(st.sets(st.sampled_from(likely), min_size=1, max_size=3))
        given: dict[str, Any] = {name: draw(others[name]) for name in sorted(changed)}
        if "said" in given and "subject" not in given:
            given |= {"subject": draw(st.sampled_from(SUBJECTS)), "claims": draw(others["claims"])}
        if "cookies" in given or "said" in given:
            given["path"] = draw(st.sampled_from(("/", LOGOUT, "/media/a.csv", CALLBACK, LOGIN)))
        return replace(Callback(), **given)

    return cases()


async def _send(case: Callback, provider: Provider, app: Starlette) -> object:
    provider.status = case.status
    provider.replies = {
        METADATA: values.written(values.changed(provider.metadata, list(case.metadata))),
        f"{ISSUER}/keys": values.written(values.changed(provider.keys, list(case.keys))),
    }
    jar: dict[str, str] = {}
    right: dict[str, str] = {}
    if case.begun:
        begun = await _get(app, replace(case, method="GET"), LOGIN, {"provider": encode_provider_token("default")}, jar)
        place = next(iter(begun.every("location")), "")
        asked = parse_qs(urlsplit(place).query)
        right = {name: asked[name][0] for name in ("state", "nonce") if name in asked}
        if case.session and SESSION_COOKIE_NAME in jar:
            kept = jar[SESSION_COOKIE_NAME].encode("latin-1", "replace")
            jar[SESSION_COOKIE_NAME] = damage.damaged(kept, list(case.session)).decode("latin-1")
    claims = _claims(case, right.get("nonce"))
    whole = provider.token(values.written(claims), case.algorithm)
    token = damage.damaged(whole.encode(), list(case.token)).decode("latin-1")
    answer = {"access_token": "a", "token_type": "Bearer", "expires_in": 600, "id_token": token}
    provider.replies[f"{ISSUER}/token"] = values.written(values.changed(answer, list(case.answer)))
    said = None
    if case.said is not None:
        wrote = values.changed(user(case.subject) | {"iat": time.time()} | dict(case.claims), list(case.said))
        said = values.plain(wrote)
        jar[USER_COOKIE] = signed(values.written(wrote).decode("utf-8", "replace"))
    jar |= dict(case.cookies)
    query = {"state": right.get("state", "s") if case.state is None else case.state, "code": case.code or "c"}
    got = await _get(app, case, case.path, query | dict(case.more), jar)
    who = (await _get(app, Callback(), "/", {}, jar)).body.decode()
    file = await _get(app, Callback(), "/media/a.csv", {}, jar)
    proved = case.begun and _is_hers(values.plain(claims), right) and _signed_by(case, whole, token)
    _judge(who, file.status, may=proved or (isinstance(said, dict) and _says(said)))
    if case == Callback():
        assert who == str(Role.ADMIN) and file.status == 200, "whoever logs in as they should is not let in"
    if got.status >= 400 or who == str(NOBODY.role):
        raise SignInError(f"Nobody was let in; the answer was {got.status}.")
    return got.body.decode("utf-8", "replace")


async def _get(app: Starlette, case: Callback, path: str, query: dict[str, str], jar: dict[str, str]) -> Any:
    """What the server answers; its cookies go into the jar."""
    text = urlencode(query, errors="surrogatepass")
    cookie = "; ".join(f"{name}={value}" for name, value in jar.items())
    header = cookie.encode("latin-1", "replace").replace(b"\r", b"").replace(b"\n", b"")
    try:
        got = await ask(app, Form(case.method, path, text, b"", None, header, HOST, HOST))
    except Exception:
        if case.metadata or case.keys or case.answer or case.status != 200:
            raise SignInError(
                "The provider says what no provider says, and the server takes it for an error."
            ) from None
        raise
    assert 200 <= got.status < 500, f"answered by {got.status}"
    for place in got.every("location"):
        to = urlsplit(urljoin(f"http://{HOST}{path}", place))
        own = (to.scheme, to.netloc) == ("http", HOST)
        assert own or case.metadata or place.startswith(f"{ISSUER}/"), f"sent to {place[:100]!r}"
    for kept in got.every("set-cookie"):
        assert "httponly" in kept.lower() or "max-age=0" in kept.lower(), "a script can read a cookie"
        _keep(kept, jar)
    return got


def _keep(header: str, jar: dict[str, str]) -> None:
    try:
        read = SimpleCookie(header)
    except CookieError:
        return
    for name, morsel in read.items():
        if morsel["max-age"] == "0" or "1970" in morsel["expires"]:
            jar.pop(name, None)
        else:
            jar[name] = morsel.value


def _claims(case: Callback, nonce: str | None) -> Any:
    now = int(time.time())
    whole = {"iss": ISSUER, "sub": case.subject, "aud": CLIENT, "exp": now + 600, "iat": now, "nonce": nonce}
    claims = {**whole, **dict(case.claims)}
    return values.changed(claims, list(case.changed))


def _is_hers(claims: Any, right: dict[str, str]) -> bool:
    """Whether it is what the provider says of an admin to this server now, at her asking."""
    if not isinstance(claims, dict) or not _says({**claims, "is_logged_in": True}):
        return False
    meant = claims.get("aud")
    ends = claims.get("exp")
    in_time = isinstance(ends, int | float) and ends > time.time() - 300
    return (
        in_time
        and CLIENT in (meant if isinstance(meant, list) else [meant])
        and claims.get("nonce") == right.get("nonce")
    )


def _says(said: dict[str, Any]) -> bool:
    known = str(said.get("sub")) in ("ada", "dan")  # he may come again after he was signed out
    return known and said.get("iss") == ISSUER and said.get("is_logged_in") is True


def _signed_by(case: Callback, whole: str, token: str) -> bool:
    """By the provider, and by no other key; the last signs of a signature have bits to spare."""
    return case.algorithm == "RS256" and token.rpartition(".")[0] == whole.rpartition(".")[0]


def _judge(who: str, file: int, *, may: bool) -> None:
    if not may:
        assert who == str(NOBODY.role), "somebody is in without the provider's word"
        assert file == 403, "somebody has a file without the provider's word"


def _is_forged(cookie: str) -> bool:
    """Whether it differs where it counts: the last signs of a signature have bits to spare."""
    return decode_signed_value(COOKIE_SECRET, USER_COOKIE, cookie) is None


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _parts(public: rsa.RSAPublicNumbers) -> tuple[tuple[str, int], tuple[str, int]]:
    return ("n", public.n), ("e", public.e)


SURFACE = Surface("provider", "logging in at an identity provider, and the cookies that come of it", make)

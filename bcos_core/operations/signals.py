"""One small server for whoever watches over the dashboard: `/health`, `/ready` and `/metrics`.

It is run by the dashboard's process, so that it counts what that one does; all else is looked up when it is asked for.
Nobody logs in to it, and it tells no text, name or path but those in the words of a check that fails: it has an address
of its own, on this machine alone unless it is told otherwise.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from socket import AF_INET6
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import REGISTRY, CollectorRegistry, make_wsgi_app

from bcos_core.errors import InputError
from bcos_core.home import Home
from bcos_core.operations.checks import readiness
from bcos_core.operations.metrics import StoredMetrics

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

SETTING = "BCOS_SIGNALS"
ADDRESS = "127.0.0.1"


@dataclass(frozen=True)
class Place:
    """Where the server listens."""

    address: str
    port: int


def read_place(text: str) -> Place:
    """`PORT`, or `ADDRESS:PORT`.

    Raises:
        InputError: it is neither.
    """
    address, _, port = text.strip().rpartition(":")
    if not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535 or "/" in address:
        raise InputError(
            f"{text[:80]!r} is no place for health and metrics. Give a port such as 9464, or ADDRESS:PORT; "
            f"without an address only this machine is answered."
        )
    return Place(address.strip("[]") or ADDRESS, int(port))


def serve(place: Place, home: Home) -> WSGIServer:
    """Answer in threads until the process ends, or `shutdown` is called.

    Raises:
        InputError: nothing can listen there.
    """
    REGISTRY.register(stored := StoredMetrics(home))
    try:
        kind = _ServerOfIPv6 if ":" in place.address else _Server
        server = make_server(place.address, place.port, application(home), kind, _Handler)
    except OSError as error:
        REGISTRY.unregister(stored)
        raise InputError(
            f"Health and metrics cannot be served at {place.address}:{place.port} ({error.strerror}). "
            f"Choose another port: {SETTING}, or --signals."
        ) from error
    threading.Thread(target=server.serve_forever, daemon=True, name="signals").start()
    return server


def application(home: Home, registry: CollectorRegistry = REGISTRY) -> WSGIApplication:
    """The answers, as WSGI has them."""
    metrics = make_wsgi_app(registry)

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if environ.get("REQUEST_METHOD") not in ("GET", "HEAD"):
            return _json(start, "405 Method Not Allowed", {"error": "Only GET is answered here."})
        if path == "/metrics":
            found: Iterable[bytes] = metrics(environ, start)
            return found
        if path == "/health":  # this process answers: no more is said
            return _json(start, "200 OK", {"ok": True})
        if path == "/ready":
            checks = readiness(home)
            ok = all(check.ok for check in checks)
            status = "200 OK" if ok else "503 Service Unavailable"
            return _json(start, status, {"ok": ok, "checks": [asdict(check) for check in checks]})
        return _json(start, "404 Not Found", {"error": "There are /health, /ready and /metrics."})

    return answer


def _json(start: StartResponse, status: str, said: dict[str, Any]) -> list[bytes]:
    start(status, [("Content-Type", "application/json"), ("Cache-Control", "no-store")])
    return [json.dumps(said).encode()]


class _Server(ThreadingMixIn, WSGIServer):
    """A thread for each request: a check that waits holds up no other."""

    daemon_threads = True


class _ServerOfIPv6(_Server):
    address_family = AF_INET6


class _Handler(WSGIRequestHandler):
    timeout = 10  # who connects and says nothing

    def log_message(self, format: str, *args: Any) -> None:
        """Asked every few seconds: no line for it."""

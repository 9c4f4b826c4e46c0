"""`app`: the dashboard, with the supervisor that runs its jobs."""

from __future__ import annotations

import argparse
import errno
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bcos_core.device import AUTO, asked_device
from bcos_core.errors import BcosError, InputError
from bcos_core.home import CHECKOUT
from bcos_core.log_lines import formatter, wants_json
from bcos_core.team import RATERS_ONLY, TEAM, require_loopback

if TYPE_CHECKING:
    from bcos_core.jobs.store import Job, JobStore

EXAMPLES = """examples:
  python -m bcos_core app
  python -m bcos_core app --port 8601 --no-browser
  python -m bcos_core app --team --address 0.0.0.0 --host lab.example.org
  python -m bcos_core app --raters --address 0.0.0.0 --host studies.example.org --port 8700
"""
DESCRIPTION = """Start the dashboard on this machine, and the supervisor that runs its jobs. Ctrl-C ends both;
running jobs go on at the next start. The first start begins the quick start, unless BCOS_QUICKSTART=0.
With --team everybody signs in, and it can listen on a network (behind a proxy that speaks TLS).
With --raters it is a server for the raters of studies: it has the Rate page alone, and can listen on a network."""
ADDRESS = "127.0.0.1"
LOOPBACK = (ADDRESS, "localhost", "::1")
"""The names by which this machine reaches it, as `.streamlit/config.toml` has them."""
START_SECONDS = 60.0
STOP_SECONDS = 10.0
# The smallest that Streamlit takes, in MB: nothing that raters send or see is nearly as large.
RATERS_OPTIONS = ("--server.maxMessageSize", "1", "--server.maxWidgetStateSize", "1", "--server.maxUploadSize", "1")
_PATH_PART = re.compile(r"[A-Za-z0-9._-]+")
ENVIRONMENT = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    "TOKENIZERS_PARALLELISM": "false",
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("app", help="start the dashboard", description=DESCRIPTION, epilog=EXAMPLES)
    parser.add_argument("--port", type=int, default=8501, metavar="PORT", help="the port (default: 8501)")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument("--raters", action="store_true", help="serve the raters of studies: the Rate page alone")
    parser.add_argument("--team", action="store_true", help="serve a team: everybody signs in (`users add` first)")
    parser.add_argument(
        "--address",
        default=ADDRESS,
        metavar="ADDRESS",
        help=f"where to listen, with --raters or --team (default: {ADDRESS})",
    )
    parser.add_argument(
        "--host", action="append", default=[], metavar="NAME", help="a name by which people reach the server"
    )
    parser.add_argument(
        "--path",
        default=os.environ.get("BCOS_PATH", ""),
        metavar="PREFIX",
        help="serve all under this path, behind a proxy that has others (default: BCOS_PATH, else none)",
    )
    parser.add_argument(
        "--no-supervisor", action="store_true", help="start no supervisor: one runs as a service of its own"
    )
    parser.add_argument(
        "--signals",
        default=os.environ.get("BCOS_SIGNALS", ""),
        metavar="[ADDRESS:]PORT",
        help="answer /health, /ready and Prometheus's /metrics there (default: BCOS_SIGNALS, else nowhere)",
    )
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Serve until Ctrl-C or SIGTERM.

    Raises:
        InputError: the port, the device or a quota cannot be used, or the dashboard would be open to a network.
        BcosError: the dashboard ended by itself.
    """
    from bcos_core.jobs.devices import visible_devices
    from bcos_core.jobs.quotas import read_quotas
    from bcos_core.jobs.store import JobStore
    from bcos_core.operations.signals import SETTING as SIGNALS
    from bcos_core.operations.signals import read_place

    if args.raters and args.team:
        raise InputError("A server is for raters or for a team: give --raters or --team, not both.")
    if not args.raters and not args.team:
        for place in (args.address, *args.host):
            require_loopback(place)
    if asked_device() != AUTO:
        visible_devices()  # refused here, in words, and not at the first visit
    read_quotas()  # likewise: not when somebody starts a job
    require_free_port(args.port, args.address)
    prefix = read_prefix(args.path)
    _log_as_asked()
    if args.signals:
        place = read_place(args.signals)
        require_free_port(place.port, place.address)
        os.environ[SIGNALS] = args.signals  # the server of the pages answers there: it counts what it does
    store = JobStore.open()
    if args.team:
        require_somebody(store)
        os.environ[TEAM] = "1"
    os.environ.update(ENVIRONMENT, BCOS_HOME=str(store.home.root))
    server = _Server(args.address, args.port, tuple(args.host), RATERS_OPTIONS if args.raters else (), prefix)
    with _termination_as_interrupt():
        if args.raters:
            os.environ[RATERS_ONLY] = "1"
            with suppress(KeyboardInterrupt):
                server.serve("raters open their links under", open_browser=False)
            return {"address": server.url, "quickstart": None}
        quickstart = _dashboard(store, server, open_browser=not args.no_browser, supervise=not args.no_supervisor)
        return {"address": server.url, "quickstart": quickstart}


def _dashboard(store: JobStore, server: _Server, *, open_browser: bool, supervise: bool) -> str | None:
    """Serve, with a supervisor beside it where none runs; the id of the quick start that was begun."""
    from bcos_core.jobs.executors.chosen import chosen_executor
    from bcos_core.jobs.launch import ensure_supervisor, stop_supervisor

    chosen_executor(store.home)  # a wrong setting is refused here, in words, and not in a log
    quickstart = submit_first_quickstart(store)
    is_ours = supervise and not store.supervisor_alive()
    try:
        if supervise:
            ensure_supervisor(store.home)
        server.serve("The dashboard is at", open_browser=open_browser)
    except KeyboardInterrupt:
        pass  # the way to end it
    finally:
        if is_ours:
            _say("Stopping. Running jobs go on at the next start.")
            stop_supervisor(store.home)
    return quickstart.id if quickstart else None


def show(result: dict[str, Any]) -> str:
    return f"The dashboard at {result['address']} has ended."


def require_somebody(store: JobStore) -> None:
    """Of a team's server.

    Raises:
        InputError: there is no admin who could sign in.
    """
    from bcos_core.access.actor import Role
    from bcos_core.accounts.users import Users

    admins = [user for user in Users(store.database).list() if user.role == Role.ADMIN and user.disabled_at is None]
    if any(user.has_way_in or user.has_link for user in admins):
        return
    if admins:
        raise InputError(
            f"There is no admin who could sign in: {admins[0].name!r} has no password, and no link to "
            "choose one any more. `python -m bcos_core users password NAME` asks for one, with --link it prints "
            "another link."
        )
    raise InputError(
        "There is no admin yet who could sign in. Make one: `python -m bcos_core users add NAME --role admin` asks "
        "for a password; with an identity provider add --issuer and --subject."
    )


def require_free_port(port: int, address: str = ADDRESS) -> None:
    """
    Raises:
        InputError: another program listens there, or this user may not.
    """
    if not 1 <= port <= 65535:
        raise InputError(f"{port} is not a port; give a number from 1 to 65535.")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET  # as the server has it: a name is one of IPv4
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does: just closed is free
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)  # at "::" it listens for IPv4, too
            probe.bind((address, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            way_out = f"Choose another one: `make app PORT={8601 if port != 8601 else 8701}`."
            raise InputError(f"Port {port} is in use already. {way_out}") from error
        raise InputError(
            f"Port {port} cannot be used at {address} ({error.strerror}). Choose another port (--port), or an address "
            "of this machine (--address)."
        ) from error


def read_prefix(text: str) -> str:
    """The path that all is served under: "/lab/bcos", or "" for none.

    Raises:
        InputError: it is no path.
    """
    parts = [part for part in text.strip().split("/") if part]
    if any(not _PATH_PART.fullmatch(part) or set(part) == {"."} for part in parts):
        raise InputError(
            f"{text[:80]!r} is no path to serve under. Give letters, digits, “-”, “_” and “.”, such as /bcos."
        )
    return "".join(f"/{part}" for part in parts)


def submit_first_quickstart(store: JobStore) -> Job | None:
    """Ask for the quick start where nothing was ever made; the job, None where it is not wanted."""
    has_models = any(not folder.name.startswith(".") for folder in store.home.models.iterdir())
    if os.environ.get("BCOS_QUICKSTART", "").strip() == "0" or has_models or store.list(limit=1).any:
        return None
    from bcos_core.train.job import QUICKSTART
    from bcos_core.train.quickstart import quickstart_spec

    job, _ = QUICKSTART.submit(store, quickstart_spec())
    return job


@dataclass(frozen=True)
class _Server:
    """Streamlit, listening at an address; `hosts` are further names by which it may be reached."""

    address: str
    port: int
    hosts: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    """Settings of Streamlit, as its command line takes them."""
    prefix: str = ""

    @property
    def url(self) -> str:
        return f"http://{_in_address(self.hosts[0] if self.hosts else self.address)}:{self.port}{self.prefix}"

    @property
    def own_url(self) -> str:
        """By which this machine reaches it."""
        loopback = {"0.0.0.0": ADDRESS, "::": "::1"}.get(self.address, self.address)
        return f"http://{_in_address(loopback)}:{self.port}{self.prefix}"

    def serve(self, title: str, *, open_browser: bool) -> None:
        """Until it ends.

        Raises:
            BcosError: it ended by itself.
        """
        command = [sys.executable, "-m", "streamlit", "run", str(CHECKOUT / "app.py")]
        command += ["--server.address", self.address, "--server.port", str(self.port), *self.options]
        if self.prefix:
            command += ["--server.baseUrlPath", self.prefix]
        if self.hosts:  # beside those of the settings
            command += [
                part for host in (*LOOPBACK, *self.hosts) for part in ("--server.allowedHosts", host.strip("[]"))
            ]
        # Its own words go to stderr: stdout is for the result of this command. They are a greeting, and no log lines.
        greeting = subprocess.DEVNULL if wants_json() else sys.stderr.fileno()
        server = subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=greeting)
        try:
            _wait_until_healthy(server, self.own_url)
            _say(f"\n{title[0].upper()}{title[1:]} {self.url}  (Ctrl-C ends it)\n")
            if open_browser and _has_display():
                webbrowser.open(self.url)
            code = server.wait()
            raise BcosError(f"The dashboard ended by itself with exit code {code}; its last words are above.")
        finally:
            _end(server)


def _in_address(host: str) -> str:
    """A name or number as it stands in an address of the web: one of IPv6 in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _wait_until_healthy(server: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
            return
        time.sleep(0.1)


def _end(server: subprocess.Popen[bytes]) -> None:
    """Whatever else is pressed meanwhile, no process stays behind."""
    while True:
        try:
            server.terminate()
            try:
                server.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
            return
        except KeyboardInterrupt:
            continue


def _has_display() -> bool:
    """Whether a browser would open in a window; a text browser must not take over the terminal."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


@contextmanager
def _termination_as_interrupt() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _log_as_asked() -> None:
    """
    Raises:
        InputError: `BCOS_LOG` means nothing.
    """
    if wants_json():
        handler = logging.StreamHandler()
        handler.setFormatter(formatter())
        logging.basicConfig(level=logging.INFO, handlers=[handler])


def _say(text: str) -> None:
    if wants_json():
        logging.getLogger(__name__).info("%s", text.strip())
    else:
        print(text, file=sys.stderr, flush=True)

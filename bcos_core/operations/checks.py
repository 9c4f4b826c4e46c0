"""Whether the dashboard can do its work: readiness, as a load balancer, a container or a person asks for it."""

from __future__ import annotations

import secrets
import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection

from bcos_core.errors import BcosError
from bcos_core.home import Home
from bcos_core.jobs.store import JobStore
from bcos_core.numbers import file_size
from bcos_core.storage.database import Database, open_engine
from bcos_core.storage.upgrade import revisions_of

LONGEST_SECONDS = 5.0
"""A check that has not answered by then has failed: a database that was cut off answers nothing for minutes."""
LEAST_FREE_BYTES = 500_000_000
"""Below this a checkpoint no longer fits."""


@dataclass(frozen=True)
class Check:
    """One thing that must hold, whether it does, and in words what was found."""

    name: str
    ok: bool
    words: str


class NotReady(Exception):
    """Says in words what does not hold."""


def readiness(home: Home, *, longest_seconds: float = LONGEST_SECONDS) -> Sequence[Check]:
    """The database, the home, its disk and the supervisor, each looked at by itself and within a limited time. Nothing
    is made, upgraded or started."""
    checks: dict[str, Callable[[Home], str]] = {
        "database": _database,
        "home": _home,
        "disk": _disk,
        "supervisor": _supervisor,
    }
    return [_within(name, partial(look, home), longest_seconds) for name, look in checks.items()]


def server_check(host: str, port: int, *, path: str = "", longest_seconds: float = LONGEST_SECONDS) -> Check:
    """Whether the dashboard's server answers at an address; `path` is the prefix that it is served under."""

    def look() -> str:
        connection = HTTPConnection(host, port, timeout=longest_seconds)
        try:
            connection.request("GET", f"{path.rstrip('/')}/_stcore/health")
            status = connection.getresponse().status
        except OSError as error:
            raise NotReady(f"No answer from {host}:{port} ({error}).") from error
        finally:
            connection.close()
        if status != 200:
            raise NotReady(f"{host}:{port} answers with status {status}.")
        return f"{host}:{port} answers."

    return _within("server", look, longest_seconds + 1)


def _within(name: str, look: Callable[[], str], longest_seconds: float) -> Check:
    """A check in a thread of its own, which is left behind where it does not come back."""
    found = [Check(name, False, f"No answer within {longest_seconds:g} seconds.")]

    def run() -> None:
        try:
            found.append(Check(name, True, look()))
        except (BcosError, NotReady) as error:
            found.append(Check(name, False, str(error)))
        except Exception as error:
            found.append(Check(name, False, f"It cannot be looked at ({type(error).__name__})."))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(longest_seconds)
    return found[-1]


def _opened(home: Home) -> Database:
    """The database as it is: SQLite would make a file that is not there."""
    database = Database(open_engine(home))
    if database.is_sqlite and not home.database.is_file():
        raise NotReady("There is no database yet. The dashboard makes it when it starts.")
    return database


def _database(home: Home) -> str:
    database = _opened(home)
    found, newest = revisions_of(database)
    if found != newest:
        raise NotReady(f"The database is at revision {found or 'none'}, and this program is at {newest}.")
    return f"Reachable, at revision {found}."


def _home(home: Home) -> str:
    probe = home.root / f".probe-{secrets.token_hex(4)}"
    try:
        probe.write_bytes(b"written")
        if probe.read_bytes() != b"written":
            raise NotReady(f"What is written to {home.root} is not what is read.")
    except OSError as error:
        raise NotReady(f"{home.root} cannot be written ({error.strerror}).") from error
    finally:
        probe.unlink(missing_ok=True)
    return "Writable."


def _disk(home: Home) -> str:
    free = shutil.disk_usage(home.root).free
    if free < LEAST_FREE_BYTES:
        raise NotReady(f"{file_size(free)} are free, and {file_size(LEAST_FREE_BYTES)} are wanted at least.")
    return f"{file_size(free)} are free."


def _supervisor(home: Home) -> str:
    if not JobStore(home, _opened(home)).supervisor_alive():
        raise NotReady("No supervisor runs: jobs wait. Start one: python -m bcos_core supervise.")
    return "Runs."

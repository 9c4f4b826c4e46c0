"""A throw-away PostgreSQL server on this machine, and databases in it that have the tables already."""

from __future__ import annotations

import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.exc import OperationalError

from bcos_core.home import Home
from bcos_core.storage.database import Database
from bcos_core.storage.postgresql import make_engine
from bcos_core.storage.upgrade import bring_up_to_date
from tests.ports import free_port

START_SECONDS = 60.0
USER, PASSWORD = "bcos", "s3cret-w0rd"
TEMPLATE = "with_tables"
# Nothing of it is to survive a power cut. Texts are ordered as a dictionary of English does, unlike SQLite's order.
_SETTINGS = ("fsync=off", "full_page_writes=off", "max_connections=300", "autovacuum=off")
_FORGETFUL = ("synchronous_commit=off",)  # nor a crash of the server


class Server:
    """The process of a server over what lies in `folder`; it is started, ended and started again."""

    def __init__(self, programs: Path, folder: Path, user: str | None, settings: Sequence[str]) -> None:
        self._programs, self._folder, self._user = programs, folder, user
        self.port = free_port()
        own = ("listen_addresses=127.0.0.1", f"port={self.port}", f"unix_socket_directories={folder}")
        self._settings = [word for setting in (*settings, *own) for word in ("-c", setting)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it answers.

        Raises:
            RuntimeError: it does not.
        """
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._folder / "data", *self._settings],
                **_as(self._user), cwd=self._folder, env=_environment(),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {(self._folder / 'log').read_text()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Whoever is connected is cut off."""
        self._end(signal.SIGINT)

    def restart(self) -> None:
        self.stop()
        self.start()

    def crash(self) -> None:
        """End it without a word to anybody or to its own files, which it has to mend when it starts."""
        self._end(signal.SIGQUIT)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            Cluster(self.url, self.port)._run("SELECT 1")
        except OperationalError:
            return False
        return True

    @property
    def url(self) -> str:
        reached = {"host": str(self._folder), "port": str(self.port)}
        return URL.create("postgresql+psycopg", USER, database="postgres", query=reached).render_as_string()


@dataclass(frozen=True)
class Cluster:
    """A running server, and the `server` itself in the process that started it. `url` is of a database that nobody
    uses."""

    url: str
    port: int
    server: Server | None = field(default=None, compare=False)

    def address(self, name: str) -> URL:
        return make_url(self.url).set(database=name)

    def over_tcp(self, name: str, *, password: str = PASSWORD) -> URL:
        """Over the network, where the server asks for the password."""
        return URL.create("postgresql", USER, password, "127.0.0.1", self.port, name)

    def make_database(self, *, empty: bool = False) -> str:
        """The name of a new database, with the tables or without."""
        name = f"test_{secrets.token_hex(6)}"
        template = "template0" if empty else TEMPLATE
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return name

    def drop_database(self, name: str) -> None:
        self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        engine = self.engine()
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()

    def engine(self) -> Engine:
        return create_engine(make_url(self.url), isolation_level="AUTOCOMMIT")


@contextmanager
def running_cluster(*, durable: bool = False) -> Iterator[Cluster]:
    """Make a server of its own, with a template that has the tables, and end it. `durable`: what it has acknowledged is
    there after a crash of the server.

    PostgreSQL refuses to run as root: then it runs as the user `postgres`, whom its packages make.

    Raises:
        RuntimeError: PostgreSQL is not installed, or does not start.
    """
    programs = _programs()
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="bcos-cluster-"))  # not under pytest's, which others may not enter
    try:
        if user is not None:
            os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        _make(programs, folder, user)
        server = Server(programs, folder, user, _SETTINGS if durable else (*_SETTINGS, *_FORGETFUL))
        cluster = Cluster(server.url, server.port, server)
        try:
            server.start()
            _make_template(cluster, folder)
            yield cluster
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make(programs: Path, folder: Path, user: str | None) -> None:
    word = folder / "password"
    word.write_text(PASSWORD)
    if user is not None:
        os.chown(word, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    made = subprocess.run(
        [
            programs / "initdb", "--pgdata", folder / "data", "--username", USER, "--pwfile", word,
            "--encoding", "UTF8", "--locale", "C", "--locale-provider", "icu", "--icu-locale", "en",
            "--no-sync", "--auth-local", "trust", "--auth-host", "scram-sha-256",
        ],
        **_as(user), cwd=folder, env=_environment(), capture_output=True, text=True,
    )  # fmt: skip
    if made.returncode:
        raise RuntimeError(f"initdb failed: {made.stdout}{made.stderr}")


def _make_template(cluster: Cluster, folder: Path) -> None:
    cluster._run(f'CREATE DATABASE "{TEMPLATE}" TEMPLATE template0')
    engine = make_engine(cluster.address(TEMPLATE))
    bring_up_to_date(Database(engine), Home(folder / "nowhere"))
    engine.dispose()  # a database that somebody is connected to is no template


def _as(user: str | None) -> dict[str, Any]:
    return {} if user is None else {"user": user, "group": user, "extra_groups": []}


def _programs() -> Path:
    """The folder of the newest PostgreSQL server that is installed."""
    found = [Path(path).resolve().parent for path in [shutil.which("postgres")] if path]
    packaged = Path("/usr/lib/postgresql").glob("*/bin")  # Debian's, by version
    found += sorted(packaged, key=lambda path: -int(re.sub(r"\D", "", path.parent.name)))
    for folder in found:
        if (folder / "initdb").exists():
            return folder
    raise RuntimeError("PostgreSQL is not installed. On Debian: apt-get install postgresql")


def _environment() -> dict[str, str]:
    """Without what would turn a client or a server of this machine elsewhere, or is the dashboard's."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "BCOS_"))}

"""A throw-away PostgreSQL server on this machine, and databases in it that have the tables already."""

from __future__ import annotations

import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
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

START_SECONDS = 60.0
USER, PASSWORD = "bcos", "s3cret-w0rd"
TEMPLATE = "with_tables"
# Nothing of it is to survive a power cut. Texts are ordered as a dictionary of English does, unlike SQLite's order.
_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300", "autovacuum=off")


@dataclass(frozen=True)
class Cluster:
    """A running server. `url` is of a database that nobody uses."""

    url: str
    port: int
    restart: Callable[[], None] = field(default=lambda: None, compare=False)
    """End the server and start it again; only in the process that started it."""

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
def running_cluster() -> Iterator[Cluster]:
    """Make a server of its own, with a template that has the tables, and end it.

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
        port = _free_port()
        running = [_start(programs, folder, user, port)]

        def restart() -> None:
            _stop(running.pop())
            running.append(_start(programs, folder, user, port))
            _wait_for(cluster, running[-1], folder)

        reached = {"host": str(folder), "port": str(port)}
        url = URL.create("postgresql+psycopg", USER, database="postgres", query=reached)
        cluster = Cluster(url.render_as_string(), port, restart)
        try:
            _wait_for(cluster, running[-1], folder)
            _make_template(cluster, folder)
            yield cluster
        finally:
            _stop(running.pop())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGINT)  # "fast": whoever is connected is cut off
    server.wait()


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


def _start(programs: Path, folder: Path, user: str | None, port: int) -> subprocess.Popen[bytes]:
    settings = [*_SETTINGS, "listen_addresses=127.0.0.1", f"port={port}", f"unix_socket_directories={folder}"]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", *(word for setting in settings for word in ("-c", setting))],
            **_as(user), cwd=folder, env=_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip


def _wait_for(cluster: Cluster, server: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            cluster._run("SELECT 1")
            return
        except OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text()}") from None
            time.sleep(0.05)


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
    """Without what would turn a client or a server of this machine elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

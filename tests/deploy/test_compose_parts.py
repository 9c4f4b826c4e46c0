"""The parts of the compose file as plain processes: its commands, environments, secrets and checks, without containers.

PostgreSQL is Debian's; Python is the one that runs the tests; ports and folders are of this machine. All else is read
from the file.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from bcos_core.home import CHECKOUT
from tests.browser.serving import stop
from tests.cluster import Cluster, running_cluster
from tests.deploy.conftest import DEPLOY, nginx
from tests.deploy.test_files import PYTHON, compose
from tests.ports import free_port

START_SECONDS = 120.0


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as cluster:
        yield cluster


class Parts:
    """What compose would make of the file, on this machine."""

    def __init__(self, folder: Path, url: str) -> None:
        self.services = compose()["services"]
        self.folder = folder
        self.ports = {"8501": str(free_port()), "9464": str(free_port())}
        (folder / "home").mkdir()
        (folder / "database-url").write_text(url + "\n")

    def here(self, word: str) -> str:
        """A word of the file, with the places of a container as they are here."""
        places = {PYTHON: sys.executable, "/var/lib/bcos": str(self.folder / "home"), "/run/secrets": str(self.folder)}
        for there, place in {**places, **self.ports}.items():
            word = re.sub(rf"{re.escape(there)}(?![\w])", place, word)
        return word

    def environment(self, service: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BCOS_")}
        given = {name: self.here(str(value)) for name, value in self.services[service]["environment"].items()}
        return {**kept, **given, "PYTHONDONTWRITEBYTECODE": "1"}

    def start(self, service: str) -> subprocess.Popen[bytes]:
        words = [self.here(word) for word in self.services[service]["command"]]
        with (self.folder / f"{service}.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "bcos_core", *words],
                cwd=CHECKOUT,
                env=self.environment(service),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def add_admin(self) -> None:
        """As the head of the file says."""
        (line,) = [line for line in (DEPLOY / "compose.yaml").read_text().splitlines() if " run --rm app " in line]
        words = line.partition(" run --rm app ")[2].rstrip("`.").replace("NAME", "ada").split()
        command = [sys.executable, "-m", "bcos_core", *words]
        done = subprocess.run(command, cwd=CHECKOUT, env=self.environment("app"), capture_output=True, text=True)
        assert done.returncode == 0 and "/choose-password?token=" in done.stdout, done.stderr

    def check(self, service: str) -> subprocess.CompletedProcess[str]:
        kind, *words = self.services[service]["healthcheck"]["test"]
        assert kind == "CMD"
        command = [self.here(word) for word in words]
        return subprocess.run(command, cwd=CHECKOUT, env=self.environment(service), capture_output=True, text=True)

    def wait(self, service: str, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while (done := self.check(service)).returncode != 0:
            log = (self.folder / f"{service}.log").read_text()
            assert process.poll() is None and time.monotonic() < deadline, f"{done.stderr}\n{log}"

    def ready(self) -> dict[str, Any]:
        try:
            with urlopen(f"http://127.0.0.1:{self.ports['9464']}/ready", timeout=20) as response:
                found: dict[str, Any] = json.load(response)
        except HTTPError as error:
            found = json.load(error)
        return found


def test_the_parts_start_become_healthy_and_say_what_is_missing(cluster: Cluster, tmp_path: Path) -> None:
    name = cluster.make_database(empty=True)
    parts = Parts(tmp_path, cluster.over_tcp(name).render_as_string(hide_password=False))
    assert parts.check("supervisor").returncode == 1  # nothing runs yet, and a check starts nothing
    assert not list((tmp_path / "home").iterdir())
    refused = parts.start("app")
    assert refused.wait(START_SECONDS) != 0  # nobody could sign in
    assert "users add NAME --role admin" in (tmp_path / "app.log").read_text()
    with ExitStack() as ending:
        parts.add_admin()
        for service in ("supervisor", "app"):
            process = parts.start(service)
            ending.callback(stop, process)
            parts.wait(service, process)
        ready = parts.ready()
        assert ready["ok"] is True, ready
        assert [check["name"] for check in ready["checks"]] == ["database", "home", "disk", "supervisor"]
        assert not (tmp_path / "home" / "bcos.sqlite3").exists()  # the database is the one that the secret names
        with (
            nginx(tmp_path / "nginx", free_port(), int(parts.ports["8501"])) as address,
            urlopen(f"{address}/bcos/_stcore/health", timeout=20) as response,
        ):
            assert response.read() == b"ok"
            with urlopen(f"{address}/bcos/jobs", timeout=20) as form:
                assert form.url == f"{address}/bcos/sign-in?next=jobs" and b"Password" in form.read()
        for service in ("supervisor", "app"):
            lines = (tmp_path / f"{service}.log").read_text().splitlines()
            assert lines and all("message" in json.loads(line) for line in lines if line.strip())
            assert "s3cret" not in "".join(lines)

        cluster.drop_database(name)
        ready = parts.ready()
        assert ready["ok"] is False
        assert "database" in [check["name"] for check in ready["checks"] if not check["ok"]]
        assert parts.check("app").returncode == 1 and "s3cret" not in parts.check("app").stderr

"""`app`: the port, the first quick start, and what is left behind at the end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from bcos_core.cli.app import ADDRESS, require_free_port, submit_first_quickstart
from bcos_core.errors import InputError
from bcos_core.home import CHECKOUT, Home
from bcos_core.jobs.kinds import command_of
from bcos_core.jobs.store import JobStore
from tests.jobs.waiting import wait_until


@contextmanager
def listener() -> Iterator[int]:
    with socket.socket() as server:
        server.bind((ADDRESS, 0))
        server.listen()
        yield server.getsockname()[1]


def free_port() -> int:
    with listener() as port:
        return port


def test_a_port_in_use_is_refused_with_the_way_out(home: Home) -> None:
    with listener() as port, pytest.raises(InputError, match=f"Port {port} is in use already.*make app PORT=8601"):
        require_free_port(port)
    require_free_port(port)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_number_that_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(InputError, match="from 1 to 65535"):
        require_free_port(port)


def test_the_first_start_asks_for_the_quick_start_once(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BCOS_QUICKSTART", raising=False)
    job = submit_first_quickstart(store)
    assert job is not None and job.kind == "quickstart" and command_of(job) == "python -m bcos_core quickstart"
    assert submit_first_quickstart(store) is None
    store.cancel(job.id)
    assert submit_first_quickstart(store) is None
    assert [job.id for job in store.list()] == [job.id]


def test_no_quick_start_where_models_are_or_where_it_is_not_wanted(
    store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BCOS_QUICKSTART", "0")
    assert submit_first_quickstart(store) is None
    monkeypatch.delenv("BCOS_QUICKSTART")
    (store.home.models / "mine").mkdir()
    assert submit_first_quickstart(store) is None and not store.list()


def test_it_serves_on_loopback_and_leaves_nothing_behind(store: JobStore) -> None:
    port = free_port()
    command = [sys.executable, "-m", "bcos_core", "app", "--port", str(port), "--no-browser"]
    environment = {**os.environ, "BCOS_QUICKSTART": "0"}
    process = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stderr=subprocess.PIPE, text=True)

    def healthy() -> bool:
        with suppress(OSError), urllib.request.urlopen(f"http://{ADDRESS}:{port}/_stcore/health", timeout=1) as answer:
            return bool(answer.status == 200)
        return False

    try:
        wait_until(healthy, "the dashboard", seconds=60)
        assert store.supervisor_alive()
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=40)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    assert process.returncode == 0
    assert f"http://{ADDRESS}:{port}" in said and "Running jobs go on at the next start" in said
    assert not store.supervisor_alive() and not healthy()

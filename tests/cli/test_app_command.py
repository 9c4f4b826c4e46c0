"""`app`: the port, the first quick start, and what is left behind at the end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pytest

from bcos_core.cli.app import ADDRESS, require_free_port, submit_first_quickstart
from bcos_core.cli.main import main
from bcos_core.errors import InputError
from bcos_core.home import CHECKOUT, Home
from bcos_core.jobs.kinds import command_of
from bcos_core.jobs.store import JobStore
from tests.jobs.waiting import wait_until


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not _has_ipv6(), reason="This machine has no IPv6.")


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


@contextmanager
def bound(family: socket.AddressFamily, address: str) -> Iterator[int]:
    with socket.socket(family) as server:
        server.bind((address, 0))
        server.listen()
        yield server.getsockname()[1]


@needs_ipv6
def test_a_port_is_looked_for_in_the_family_of_the_address(home: Home) -> None:
    for address in ("::", "::1"):
        with bound(socket.AF_INET6, "::1") as port, pytest.raises(InputError, match=f"Port {port} is in use already"):
            require_free_port(port, address)
        require_free_port(port, address)
    with bound(socket.AF_INET, ADDRESS) as port, pytest.raises(InputError, match="is in use already"):
        require_free_port(port, "::")  # which is every address of IPv4 as well
    for address in ("192.0.2.1", "2001:db8::1", "no-such-name.invalid", "[::1]"):
        with pytest.raises(InputError, match="cannot be used at .* an address of this machine"):
            require_free_port(port, address)


def test_without_sign_in_it_listens_on_loopback_alone(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    for address in ("::", "2001:db8::1", "::ffff:192.0.2.1", "0:0:0:0:0:0:0:0"):
        assert main(["app", "--address", address, "--no-browser"]) != 0
        assert "no sign-in" in capsys.readouterr().err


@dataclass
class Served:
    """What a server that has ended said, and its exit code."""

    said: str = ""
    code: int | None = None


@contextmanager
def serving(command: list[str]) -> Iterator[Served]:
    """A server for the length of a block, which is then told to end, and has ended in any case."""
    environment = {**os.environ, "BCOS_QUICKSTART": "0"}
    process = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stderr=subprocess.PIPE, text=True)
    served = Served()
    try:
        yield served
        process.send_signal(signal.SIGTERM)
        _, served.said = process.communicate(timeout=40)
        served.code = process.returncode
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


@needs_ipv6
@pytest.mark.timeout(240)
def test_it_serves_at_an_address_of_ipv6(home: Home) -> None:
    """Its page, too, under the name that it says; and whoever names another host is sent away."""
    port = free_port()
    command = [sys.executable, "-m", "bcos_core", "app", "--address", "::1", "--port", str(port), "--no-browser"]
    statuses: list[int] = []

    def ask(host: str) -> int:
        request = urllib.request.Request(f"http://[::1]:{port}/", headers={"Host": host})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def served() -> bool:
        with suppress(OSError):
            statuses[:] = [ask(f"[::1]:{port}"), ask(f"localhost:{port}"), ask("evil.example"), ask("[2001:db8::1]")]
        return bool(statuses)

    with serving([*command, "--no-supervisor"]) as server:
        wait_until(served, "the dashboard", seconds=60)
    assert statuses == [200, 200, 400, 400] and f"http://[::1]:{port}" in server.said


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

    def healthy() -> bool:
        with suppress(OSError), urllib.request.urlopen(f"http://{ADDRESS}:{port}/_stcore/health", timeout=1) as answer:
            return bool(answer.status == 200)
        return False

    with serving(command) as server:
        wait_until(healthy, "the dashboard", seconds=60)
        assert store.supervisor_alive()
    assert server.code == 0
    assert f"http://{ADDRESS}:{port}" in server.said and "Running jobs go on at the next start" in server.said
    assert not store.supervisor_alive() and not healthy()

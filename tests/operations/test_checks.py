"""Readiness: each thing that must hold fails by itself, in words, and nothing is made by looking."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from bcos_core.cli.main import main
from bcos_core.home import Home
from bcos_core.jobs.store import JobStore
from bcos_core.jobs.supervisor_lock import hold_supervisor_lock
from bcos_core.operations import checks
from bcos_core.operations.checks import Check, readiness, server_check


def failed(found: Sequence[Check]) -> dict[str, str]:
    return {check.name: check.words for check in found if not check.ok}


def test_all_holds_while_a_supervisor_runs(store: JobStore) -> None:
    with hold_supervisor_lock(store.home):
        found = readiness(store.home)
    assert failed(found) == {} and [check.name for check in found] == ["database", "home", "disk", "supervisor"]
    assert set(failed(readiness(store.home))) == {"supervisor"}
    assert not list(store.home.root.glob(".probe-*"))


def test_looking_makes_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BCOS_DATABASE_URL", raising=False)
    home = Home(tmp_path / "empty")
    home.root.mkdir()
    assert "no database yet" in failed(readiness(home))["database"]
    assert list(home.root.iterdir()) == []


@pytest.mark.parametrize("revision, said", [("0001", "this program is at"), ("9999_future", "newer version")])
def test_a_database_of_another_version_is_not_ready(store: JobStore, revision: str, said: str) -> None:
    with store.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :one"), {"one": revision})
    words = failed(readiness(store.home))["database"]
    assert revision in words and said in words


def test_a_home_that_is_gone_is_not_ready(store: JobStore) -> None:
    shutil.rmtree(store.home.root)
    assert "cannot be written" in failed(readiness(store.home))["home"]


def test_a_full_disk_is_not_ready(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "LEAST_FREE_BYTES", 10**18)
    assert "wanted at least" in failed(readiness(store.home))["disk"]


def test_a_check_that_does_not_come_back_has_failed(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that was cut off answers nothing for minutes: the others are looked at all the same."""
    never = threading.Event()
    monkeypatch.setattr(checks, "_database", lambda home: str(never.wait()))
    found = {check.name: check for check in readiness(store.home, longest_seconds=0.5)}
    never.set()
    assert found["database"].words == "No answer within 0.5 seconds." and not found["database"].ok
    assert found["home"].ok


def test_a_server_that_does_not_answer() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))  # taken, and nobody listens
        check = server_check("127.0.0.1", probe.getsockname()[1])
    assert not check.ok and "No answer from 127.0.0.1" in check.words


def test_the_command_has_an_exit_code_and_words(store: JobStore, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["health", "--only", "database", "home", "disk"]) == 0
    assert "database: Reachable" in capsys.readouterr().out
    assert main(["health"]) == 1
    said = capsys.readouterr()
    assert "Supervisor: No supervisor runs" in said.err and "Traceback" not in said.err
    assert main(["health", "--only", "weather"]) == 2

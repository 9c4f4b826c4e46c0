"""Servers of this machine, on a home of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bcos_core.home import Home
from tests.browser.serving import Server, stop

Serve = Callable[..., Server]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_database: str) -> Home:
    monkeypatch.setenv("BCOS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BCOS_QUICKSTART", "0")
    return Home((tmp_path / "home").resolve()).create()


@pytest.fixture
def serve(home: Home) -> Iterator[Serve]:
    """Start `python -m bcos_core app` with options; it is ended with the test."""
    with ExitStack() as ending:

        def start(*options: str) -> Server:
            server = Server.at_free_port(home, *options)
            ending.callback(stop, server.start())
            return server

        yield start

"""A home and a database of their own for every test, and open studies in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bcos_core.home import Home
from bcos_core.storage.database import Database
from bcos_core.storage.upgrade import open_database
from tests.study.open_study import OpenStudy


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_database: str) -> Home:
    monkeypatch.setenv("BCOS_HOME", str(tmp_path / "home"))
    return Home((tmp_path / "home").resolve())


@pytest.fixture
def database(home: Home) -> Database:
    return open_database(home)


@pytest.fixture
def make_study(database: Database) -> Callable[..., OpenStudy]:
    """Makes an open study of a few items; keywords go to its plan."""
    return lambda **plan: OpenStudy.make(database, **plan)


@pytest.fixture
def study(make_study: Callable[..., OpenStudy]) -> OpenStudy:
    return make_study()

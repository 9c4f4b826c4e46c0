"""A home of its own for every test."""

from __future__ import annotations

from pathlib import Path

import pytest

from bcos_core.home import Home
from bcos_core.jobs.store import JobStore


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("BCOS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("BCOS_DATABASE_URL", raising=False)
    return Home((tmp_path / "home").resolve())


@pytest.fixture
def store(home: Home) -> JobStore:
    return JobStore.open(home)

"""A home of its own for every test."""

from __future__ import annotations

from pathlib import Path

import pytest

from bcos_core.home import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.delenv("BCOS_DATABASE_URL", raising=False)
    return Home(tmp_path / "home")

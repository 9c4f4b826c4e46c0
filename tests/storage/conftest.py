"""A home of its own for every test."""

from __future__ import annotations

from pathlib import Path

import pytest

from bcos_core.home import Home


@pytest.fixture
def home(tmp_path: Path, own_database: str) -> Home:
    return Home(tmp_path / "home")

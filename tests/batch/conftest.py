from __future__ import annotations

from pathlib import Path

import pytest

from bcos_core.home import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_database: str) -> Home:
    monkeypatch.setenv("BCOS_HOME", str(tmp_path / "home"))
    for name in ("BCOS_ROOTS", "BCOS_PRECISION", "BCOS_DEVICE"):
        monkeypatch.delenv(name, raising=False)
    return Home((tmp_path / "home").resolve()).create()

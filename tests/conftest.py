"""A home of its own for every test."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from huggingface_hub import constants

from bcos_core.home import Home
from bcos_core.jobs.store import JobStore


@pytest.fixture(autouse=True)
def main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page's script that AppTest ran stays `__main__`: processes that a later test spawns would run it again."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test asks a hub, here or in a process it starts: the variable alone is read once, at the first import."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("BCOS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("BCOS_DATABASE_URL", raising=False)
    return Home((tmp_path / "home").resolve())


@pytest.fixture
def store(home: Home) -> JobStore:
    return JobStore.open(home)

"""Log lines as they usually are."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def usual_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BCOS_LOG", raising=False)

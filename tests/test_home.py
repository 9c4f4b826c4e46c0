"""What somebody names as a path is one, or is refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from bcos_core.errors import PathNotAllowedError
from bcos_core.home import given_path
from bcos_core.model.sources import resolve_model
from bcos_core.text.files import open_table
from bcos_core.text.running import TextSource
from bcos_core.text.tasks import TaskChoice

NO_PATHS = ("x" * 300, f"{'x' * 300}.csv", "a\0b/c.csv", "~nobody-is-called-so/x/y.csv")


@pytest.mark.parametrize("name", NO_PATHS, ids=range(4))
def test_what_no_file_can_be_called(name: str) -> None:
    for read in (given_path, resolve_model, TaskChoice.parse, TextSource.parse, open_table):
        with pytest.raises(PathNotAllowedError, match=r"is not a path.*\.$"):
            read(name)


def test_a_path_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert given_path("~/a") == tmp_path / "a" and given_path("nowhere/b") == Path("nowhere/b")

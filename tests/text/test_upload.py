"""Stored uploads: safe names, whole files, clear refusals."""

import errno
import os
from pathlib import Path

import pytest

from bcos_core.errors import DataError, StorageError
from bcos_core.home import Home
from bcos_core.text import table
from bcos_core.text.upload import save_upload

DATA = b"text,label\na,x\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def stored_files(home: Home) -> list[Path]:
    return [path for path in home.root.rglob("*") if path.is_file()]


def test_an_upload_is_stored_once(home: Home) -> None:
    first = save_upload(home, "my reviews.CSV", DATA)
    assert first.read_bytes() == DATA
    assert first.name == "my_reviews.csv"
    assert save_upload(home, "my reviews.CSV", DATA) == first
    other = save_upload(home, "my reviews.CSV", DATA + b"b,y\n")
    assert other != first and first.read_bytes() == DATA
    assert sorted(stored_files(home)) == sorted([first, other]), "nothing temporary is left"


def test_the_same_bytes_under_another_name_have_a_folder_of_their_own(home: Home) -> None:
    first, second = save_upload(home, "a.csv", DATA), save_upload(home, "b.csv", DATA)
    assert [path.name for path in first.parent.iterdir()] == ["a.csv"]
    assert [path.name for path in second.parent.iterdir()] == ["b.csv"]


@pytest.mark.parametrize(
    "filename, stored",
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("..\\..\\boot.csv", "boot.csv"),
        ("/abs/olute.jsonl", "olute.jsonl"),
        (".hidden.csv", "hidden.csv"),
        ("a\0b\n<script>.csv", "a_b_script_.csv"),
        ("映画.csv", "映画.csv"),
        ("．．／x.csv", "x.csv"),
        ("n" * 300 + ".csv", "n" * 60 + ".csv"),
    ],
)
def test_names_are_made_safe(home: Home, filename: str, stored: str) -> None:
    path = save_upload(home, filename, DATA)
    assert path.name == stored
    assert path.resolve().is_relative_to(home.uploads.resolve())


@pytest.mark.parametrize("filename", ["model.pkl", "rows", "", "..", "rows.csv.exe"])
def test_other_kinds_are_refused(home: Home, filename: str) -> None:
    with pytest.raises(DataError, match=r"Supported: \.csv"):
        save_upload(home, filename, DATA)
    assert not home.root.exists()


def test_size_limits(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="is empty"):
        save_upload(home, "rows.csv", b"")
    monkeypatch.setattr(table, "MAX_FILE_BYTES", len(DATA) - 1)
    with pytest.raises(DataError, match="at most"):
        save_upload(home, "rows.csv", DATA)


def test_a_full_disk_leaves_nothing_behind(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match=r"No space left on device\. Free some space"):
        save_upload(home, "rows.csv", DATA)
    assert stored_files(home) == []

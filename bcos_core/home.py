"""Where everything is stored: one folder, `BCOS_HOME`, by default `.bcos/` in the checkout."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bcos_core.errors import PathNotAllowedError, StorageError

CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Home:
    """The folders under `root`. Nothing is created before `create()`."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "bcos.sqlite3"

    @property
    def models(self) -> Path:
        """Finished checkpoints, one folder each."""
        return self.root / "models"

    @property
    def jobs(self) -> Path:
        """One folder per job: its log and its unfinished work."""
        return self.root / "jobs"

    @property
    def uploads(self) -> Path:
        return self.root / "uploads"

    @property
    def texts(self) -> Path:
        """Texts that are too long for an address, a file each."""
        return self.root / "texts"

    @property
    def evaluations(self) -> Path:
        """Finished evaluations, one folder each."""
        return self.root / "evaluations"

    @property
    def batches(self) -> Path:
        """The records of texts that were explained at once, one folder for each batch."""
        return self.root / "batches"

    @property
    def minimal_pairs(self) -> Path:
        """What minimal pairs have shown, one folder for each run."""
        return self.root / "minimal-pairs"

    @property
    def lab(self) -> Path:
        """Planted training data, one folder for each experiment."""
        return self.root / "lab"

    @property
    def ablations(self) -> Path:
        """What ablations have shown, one folder for each."""
        return self.root / "ablations"

    @property
    def cells(self) -> Path:
        """The models that ablations have trained, one folder for each training."""
        return self.root / "cells"

    @property
    def reproductions(self) -> Path:
        """Tables of figures that were measured again, one folder for each run."""
        return self.root / "reproductions"

    @property
    def embedded(self) -> Path:
        """Models of packages that had to be made into folders, one folder each; made again where they are missing."""
        return self.root / "embedded"

    @property
    def trash(self) -> Path:
        """Models that were put away, one folder for each time."""
        return self.root / "trash"

    @property
    def made(self) -> tuple[Path, ...]:
        """The folders of what jobs make for people, each thing a folder of its own in one of them."""
        models, results = self.models, (self.evaluations, self.batches, self.minimal_pairs)
        return (models, *results, self.lab, self.ablations, self.reproductions)

    @property
    def shared(self) -> tuple[Path, ...]:
        """The folders whose folders several hosts share through a store (`bcos_core.storage.artefacts`)."""
        return (*self.made, self.cells, self.uploads, self.trash)

    @property
    def locks(self) -> Path:
        return self.root / "locks"

    def create(self) -> Home:
        """Make the folders.

        Raises:
            StorageError: the folder cannot be written.
        """
        try:
            # What raters answer and people upload is nobody else's to read. A folder that is there keeps its mode:
            # whoever made it may share it.
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (*self.made, self.cells, self.jobs, self.uploads, self.trash, self.locks):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"Cannot write to {self.root} ({error.strerror}). "
                "Set BCOS_HOME to a folder that you can write to, with a few GB free."
            ) from error
        return self


def get_home() -> Home:
    """The folder named by `BCOS_HOME`, or `.bcos/` in the checkout."""
    configured = os.environ.get("BCOS_HOME", "").strip()
    return Home(Path(configured).expanduser().resolve() if configured else CHECKOUT / ".bcos")


def allowed_roots() -> tuple[Path, ...]:
    """Folders that a person at a page may name: BCOS_HOME, and those in `BCOS_ROOTS`.

    `BCOS_ROOTS` is a list of folders separated like `PATH`.
    """
    extra = [part for part in os.environ.get("BCOS_ROOTS", "").split(os.pathsep) if part.strip()]
    return (get_home().root, *(Path(part).expanduser().resolve() for part in extra))


def given_path(path: str | Path) -> Path:
    """What somebody has named as a file or folder, "~" read as their home; whether there is one can be asked of it.

    Raises:
        PathNotAllowedError: no file can be called so: too long, a null character, the home of nobody.
    """
    try:
        found = Path(path).expanduser()
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            found.stat()
    except (OSError, ValueError, RuntimeError) as error:
        raise PathNotAllowedError(f"{str(path)[:200]!r} is not a path ({_reason(error)}). Check it.") from error
    return found


def is_allowed(path: str | Path) -> bool:
    """Whether `require_allowed` takes it."""
    try:
        require_allowed(path)
    except PathNotAllowedError:
        return False
    return True


def require_allowed(path: str | Path) -> Path:
    """`path`, resolved (symbolic links followed), if it lies under an allowed root.

    Raises:
        PathNotAllowedError: it does not, or is no path.
    """
    try:  # `realpath`, since `resolve` says of links in a circle that they are there, wherever they lie
        resolved = Path(os.path.realpath(Path(path).expanduser()))
    except (OSError, ValueError, RuntimeError) as error:  # too long; a null character; a home that nobody has
        raise PathNotAllowedError(
            f"{str(path)[:200]!r} is not a path ({_reason(error)}). Give the path of a folder."
        ) from error
    roots = allowed_roots()
    if not any(resolved.is_relative_to(root) for root in roots):
        listed = ", ".join(str(root) for root in roots)
        raise PathNotAllowedError(
            f"The folder {str(path)[:500]!r} is outside the folders that the dashboard may read ({listed}). "
            "Start the dashboard with BCOS_ROOTS set to a folder above it, or move it there."
        )
    return resolved


def _reason(error: Exception) -> str:
    return str(error.strerror if isinstance(error, OSError) else error)

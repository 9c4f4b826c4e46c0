"""Finished trainings of one model, each known by its content: none is done twice, whatever asks for it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bcos_core.errors import CheckpointError, StorageError
from bcos_core.home import Home
from bcos_core.model.identity import EVIDENCE_VERSION, folder_identity, library_versions
from bcos_core.storage.content import name_of
from bcos_core.storage.places import here
from bcos_core.storage.stored_json import from_plain, read_json, to_json
from bcos_core.train.pipeline import TrainedModel, TrainResult
from bcos_core.train.recipe import Recipe

CELL_FILE = "cell.json"
_ADVICE = "Remove its folder: the model is trained anew."


@dataclass(frozen=True)
class Cell:
    """One model: its `checkpoint` (folder), the hash of its files as they were saved (`content`), and the seconds that
    its training took, calibration and test scores among them."""

    checkpoint: str
    content: str
    seconds: float

    @classmethod
    def of(cls, result: TrainResult) -> Cell:
        """That of a training of one model."""
        model = result.bcos or result.conventional
        assert isinstance(model, TrainedModel)  # every training makes one
        return cls(model.checkpoint, folder_identity(Path(model.checkpoint)), result.seconds)


def cell_identity(*, model: str, data: str, recipe: Recipe) -> str:
    """What a training is known by: everything that decides its outcome.

    Args:
        model: the content of the pretrained model, or the hub id of one.
        data: the hash of the task's data (`data_hash`).
        recipe: with its seed. What it is called, the twin beside it and what is computed again change nothing.
    """
    asked = {name: value for name, value in recipe.to_dict().items() if name not in ("name", "twin", "checkpointing")}
    parts = {"version": EVIDENCE_VERSION, "model": model, "data": data, "recipe": asked}
    return name_of({**parts, "libraries": library_versions()})


@dataclass(frozen=True)
class CellStore:
    """The cells of one home: a folder for each, with its model and what is known of it."""

    home: Home

    def folder(self, identity: str) -> Path:
        """Where the model of a cell goes."""
        return self.home.cells / identity

    def find(self, identity: str) -> Cell | None:
        """A finished cell whose model is there as it was saved; None where it is to be trained."""
        file = self.folder(identity) / CELL_FILE
        if not file.is_file():
            return None
        try:
            stored: Mapping[str, Any] = here(
                read_json(file, dict[str, Any], error=StorageError, advice=_ADVICE), self.home
            )
            cell = from_plain(stored, Cell, error=StorageError, what=str(file), advice=_ADVICE)
            same = folder_identity(Path(cell.checkpoint)) == cell.content
        except (StorageError, CheckpointError):  # cut, edited or deleted: what is left of it is not a result
            return None
        return cell if same else None

    def keep(self, identity: str, cell: Cell) -> None:
        """
        Raises:
            StorageError: it cannot be written.
        """
        folder = self.folder(identity)
        partial = folder / f".{CELL_FILE}.{secrets.token_hex(4)}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            partial.write_text(to_json(asdict(cell), "What is known of a trained model"), encoding="utf-8")
            partial.replace(folder / CELL_FILE)
        except OSError as error:
            raise StorageError(f"Cannot write {folder} ({error.strerror}). Free some disk space.") from error

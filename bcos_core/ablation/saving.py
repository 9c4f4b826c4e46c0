"""Keeping a finished ablation."""

from __future__ import annotations

from pathlib import Path

from bcos_core.ablation.result import RESULT_FILE, Ablation
from bcos_core.model.checkpoint import renamed_when_complete
from bcos_core.storage.plain import to_finite
from bcos_core.storage.stored_json import to_json


def save_ablation(ablation: Ablation, path: Path) -> None:
    """Write the folder, whole or not at all.

    Raises:
        NotFiniteError: a value is not a finite number.
        StorageError: the disk is full.
    """
    with renamed_when_complete(path) as folder:
        text = to_json(to_finite(ablation.to_dict(), "The ablation"), "The ablation")
        (folder / RESULT_FILE).write_text(text, encoding="utf-8")

"""Checkpoints as a person names them on the command line."""

from __future__ import annotations

from pathlib import Path

from bcos_core.errors import CheckpointError
from bcos_core.home import get_home


def find_checkpoint(name: str) -> Path:
    """The folder of a checkpoint: a path, or a name under `BCOS_HOME`.

    Raises:
        CheckpointError: there is none.
    """
    path = Path(name).expanduser()
    in_home = get_home().models / name
    if path.exists() or not name.strip():
        return path
    if "/" not in name and in_home.is_dir():
        return in_home
    raise CheckpointError(
        f"There is no checkpoint {name!r}, neither as a folder nor by name. `python -m bcos_core models` lists them."
    )

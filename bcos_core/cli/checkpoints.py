"""Checkpoints as a person names them on the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from bcos_core.errors import CheckpointError
from bcos_core.home import get_home, given_path
from bcos_core.model.embedded import EMBEDDED_MODELS, embedded_folder, embedded_path
from bcos_core.storage.artefacts.objects import is_asked


def find_checkpoint(name: str) -> Path:
    """The folder of a checkpoint: a path, a folder's name under `BCOS_HOME`, what the model is called, or that of an
    embedded one.

    Raises:
        CheckpointError: there is none, or the name means several.
    """
    from bcos_core.model.info import list_models
    from bcos_core.model.naming import find_named

    path = given_path(name)
    if not name.strip() or "/" in name or path.is_absolute():
        if name.strip() and is_asked():
            _bring([path.absolute()])
        if path.exists() or not name.strip():
            return path
        raise _unknown(name)
    in_home = get_home().models / name
    if is_asked() and not path.exists() and name not in EMBEDDED_MODELS and not _bring([in_home]):
        _bring_models()  # by what one of them is called
    if in_home.is_dir() and not path.exists():  # as most are named: no list is read
        return in_home
    if name in EMBEDDED_MODELS and not path.exists():
        return ready_embedded(name)
    model = find_named(list_models(get_home()), name)
    if model is not None and path.exists() and path.resolve() != model.path.resolve():
        raise CheckpointError(
            f"{name!r} means the model {str(model.path)!r}, and there is a folder of that name here too. "
            f"Say ./{name} for the folder, or {model.path} for the model."
        )
    if model is not None:
        return model.path
    if path.exists():
        return path
    raise _unknown(name)


def _bring(folders: Iterable[Path]) -> bool:
    """Bring models that other hosts may have made, with what they name; whether there are any of them.

    Raises:
        StorageError: one cannot be fetched.
    """
    from bcos_core.storage.artefacts.shared import shared
    from bcos_core.storage.upgrade import open_database

    home = get_home()
    of = shared(home, open_database(home))
    asked = [str(folder) for folder in folders]
    if of is None or not any(of.bring(Path(folder)) for folder in asked):
        return False
    of.bring_named(asked)
    return True


def _bring_models() -> None:
    from bcos_core.storage.artefacts.mirror import missing
    from bcos_core.storage.artefacts.shared import shared
    from bcos_core.storage.upgrade import open_database

    home = get_home()
    of = shared(home, open_database(home))
    if of is None:
        return
    for row in missing(of):
        if row.kind == home.models.name:
            of.fetch(row)


def ready_embedded(name: str) -> Path:
    """The folder of an embedded model; where that is yet to be made, it says so, since nothing else is heard of it for
    half a minute.

    Raises:
        CheckpointError, StorageError: as in `embedded_path`.
    """
    if not embedded_folder(name).is_dir():
        print(f"Making a folder of {name}, once, under {get_home().embedded} …", file=sys.stderr, flush=True)
    return embedded_path(name)


def _unknown(name: str) -> CheckpointError:
    return CheckpointError(
        f"There is no checkpoint {name!r}, neither as a folder nor by name. `python -m bcos_core models` lists them; "
        f"embedded are {' and '.join(EMBEDDED_MODELS)}."
    )

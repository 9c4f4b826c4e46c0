"""Language models by name, and what of a folder decides how one takes part in a conversation."""

from __future__ import annotations

from pathlib import Path

from bcos_core.errors import CheckpointError
from bcos_core.home import Home
from bcos_core.model.embedded import LANGUAGE_MODEL, embedded_path
from bcos_core.storage.content import file_hash, name_of

GENERATION_FILE = "generation_config.json"
_CONVERSATION = (GENERATION_FILE, "chat_template.jinja")


def language_model_folder(home: Home, name: str) -> Path:
    """The folder of a language model by the folder's name, or of the embedded one, which is made at its first use: half
    a minute.

    Raises:
        CheckpointError: there is none, or the embedded one's package is missing.
        StorageError: the embedded one's folder cannot be written.
    """
    folder = home.models / name
    if name and Path(name).name == name and not name.startswith(".") and folder.is_dir():
        return folder
    if name == LANGUAGE_MODEL:
        return embedded_path(name)
    raise CheckpointError(f"There is no language model {name!r} here. Choose another one.")


def conversation_identity(folder: Path) -> str:
    """The template of messages, and what ends an answer. No logit of a prompt depends on it, so `folder_identity`
    leaves it out.

    Raises:
        CheckpointError: the folder cannot be read.
    """
    try:
        return name_of({name: file_hash(folder / name) for name in _CONVERSATION if (folder / name).is_file()})
    except OSError as error:
        raise CheckpointError(f"The model folder {folder.name} cannot be read ({error}). Copy it anew.") from error

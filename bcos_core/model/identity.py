"""What identifies a model: everything that its answers depend on. What was computed under anything else is not reused.

`folder_identity` reads the files of a folder, `memory_identity` a model in memory; `model_subject` adds the limit of
length and the libraries: the subject under which evidence of a model is kept.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from bcos_core.errors import CheckpointError, InputError, PathNotAllowedError
from bcos_core.home import given_path
from bcos_core.model.about import ABOUT_FILE, read_about
from bcos_core.model.content import NAMES, content_of, require_same_content
from bcos_core.model.info import DETAILS_FILE, CheckpointInfo, trained_on
from bcos_core.model.learned import unlearned
from bcos_core.storage.content import Stamp, file_stamp, name_of
from bcos_core.text.content import choice_hash
from bcos_core.text.tasks import TaskChoice

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# Raised when a method or a measurement changes what it gives.
EVIDENCE_VERSION = 2
# Files that a model or a tokenizer is read from: configurations, vocabularies, weights.
READ = ("*.json", "*.txt", "*.model", "*.safetensors", "pytorch_model*.bin")
SAID = (DETAILS_FILE, ABOUT_FILE)  # what was trained and scored, and what people say of it: these change no answer
_OF_A_CALL = ("truncation", "padding")
# Whose results differ from one version to the next, if only in the last digits.
LIBRARIES = ("torch", "transformers", "tokenizers", "captum")


@cache
def library_versions() -> dict[str, str]:
    """The versions of the libraries that compute."""
    return {name: version(name) for name in LIBRARIES}


def model_subject(identity: str, max_length: int) -> str:
    """The subject of what is measured about a model alone, reading texts up to `max_length` tokens."""
    return name_of(
        {
            "version": EVIDENCE_VERSION,
            "model": identity,
            "max_length": max_length,
            "libraries": library_versions(),
        }
    )


def folder_identity(path: Path) -> str:
    """Of a model folder: its weights, configuration and tokenizer, by content. What was trained and scored, and what it
    is called, changes no answer and does not count.

    Raises:
        CheckpointError: the folder cannot be read.
    """
    return name_of(folder_content(path))


def folder_content(path: Path) -> dict[str, str]:
    """The hashes of a model folder (`bcos_core.model.content`). Files are read once for as long as they stay as they
    are (size, times and place on the disk).

    Raises:
        CheckpointError: the folder cannot be read.
    """
    try:
        named = {file for pattern in READ for file in path.glob(pattern) if file.name not in SAID}
        files = sorted(file for file in named if file.is_file())
        if not files:
            raise CheckpointError(f"The folder {str(path)!r} has no model in it. Give one that save_pretrained wrote.")
        return _folder_content(path, tuple((file.name, file_stamp(file)) for file in files))
    except OSError as error:
        raise CheckpointError(f"The model folder {path.name} cannot be read ({error}). Copy it anew.") from error


def checkpoint_notes(info: CheckpointInfo) -> tuple[str, ...]:
    """What a reader of a checkpoint's metrics must know: that its files, or its data, are not those that were measured,
    or that it has learned nothing.

    Raises:
        CheckpointError: its folder cannot be read.
    """
    try:
        files = require_same_content(info, folder_content(info.path))
    except CheckpointError as error:
        files = (str(error),)
    try:
        data = changed_data(info) if info.task else None
    except InputError as error:  # a file that may not be read, or is none
        data = str(error)
    try:
        read_about(info.path)
    except CheckpointError as error:
        files = (*files, str(error))
    return (*files, *filter(None, (data, unlearned(info))))


def source_identity(source: str) -> str:
    """`folder_identity` of what a request names, "" where it names no folder with a model in it: the embedded model and
    hub ids are no files that a person edits, and what is no model is refused when the work begins."""
    try:
        path = given_path(source)
        return folder_identity(path) if path.is_dir() else ""
    except (CheckpointError, PathNotAllowedError):
        return ""


def checkpoint_and_data(info: CheckpointInfo) -> list[str]:
    """What results about a checkpoint on the data that it was trained beside depend on: its files' and the data's.

    Raises:
        CheckpointError: its folder cannot be read.
        DataError, PathNotAllowedError: its task is none, or a file that may not be read (see `trained_on`).
    """
    return [folder_identity(info.path), choice_hash(trained_on(info)) if info.task else ""]


def changed_data(info: CheckpointInfo, named: TaskChoice | None = None) -> str | None:
    """What to say of a checkpoint whose training file is not what it was; None where it is, or is no file. `named` is
    its task where a person has named it, and with it a file that the checkpoint itself may not choose."""
    if not info.data or choice_hash(named or trained_on(info)) == info.data:
        return None
    return (
        f"The file that {info.name} was trained on has changed since: what is measured on it now is of other texts or "
        "labels than its metrics, and of some that it may have been trained on."
    )


def memory_identity(weights: str, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> str:
    """Of a model in memory: the hash of its weights (`state_hash`), its configuration and its tokenizer."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        words = tokenizer.get_vocab()
    else:  # but for the settings of the last call: every call here makes its own
        words = {name: part for name, part in json.loads(backend.to_str()).items() if name not in _OF_A_CALL}
    special = {name: str(value) for name, value in tokenizer.special_tokens_map.items()}
    config = json.loads(model.config.to_json_string(use_diff=False))
    for name in NAMES:
        config.pop(name, None)
    return name_of([weights, config, type(tokenizer).__name__, special, words])


@lru_cache(maxsize=256)
def _folder_content(path: Path, stamps: Sequence[tuple[str, Stamp]]) -> dict[str, str]:
    return content_of(path)

"""What the folder of a language model says of itself, before the model is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bcos_core.attribution.registry import METHODS
from bcos_core.errors import UnsupportedModelError
from bcos_core.families import family_named
from bcos_core.home import given_path
from bcos_core.minimal_pairs.spec import USUAL_METHODS
from bcos_core.model.embedded import EMBEDDED_MODELS, LANGUAGE_MODEL, embedded_folder, embedded_path
from bcos_core.model.info import read_config
from bcos_core.tasks.next_token import NextToken


@dataclass(frozen=True)
class LanguageFolder:
    """`source` is what a person named, a folder or an embedded model; `kind` "bcos" or "conventional"; `family` its
    family's title; `max_length` the most tokens that it reads, 0 of one that is not there yet."""

    source: str
    path: Path
    name: str
    kind: str
    family: str
    max_length: int


def read_folder(source: str) -> LanguageFolder:
    """
    Raises:
        CheckpointError: not a model folder, or a damaged one.
        UnsupportedModelError: no language model, or of a family that is not supported.
    """
    embedded = source in EMBEDDED_MODELS
    path = embedded_folder(source) if embedded else given_path(source)
    config = read_config(path)
    if not config.saved_by_language_model:
        raise UnsupportedModelError(
            f"{path.name} was not saved as a language model: it gives no next token that a minimal pair could ask for. "
            "Give a folder of a …ForCausalLM, or smollm2."
        )
    kind = "bcos" if config.bcos is not None else "conventional"
    return LanguageFolder(
        source,
        path,
        source if embedded else path.name,
        kind,
        family_named(config.model_type).title,
        config.position_limit,
    )


def expected_folder(source: str) -> LanguageFolder:
    """As `read_folder`; of the embedded model also before its first use, when its folder is not there yet.

    Raises:
        CheckpointError, UnsupportedModelError: as in `read_folder`.
    """
    if source == LANGUAGE_MODEL and not (path := embedded_folder(source)).is_dir():
        return LanguageFolder(source, path, source, "conventional", family_named("llama").title, 0)
    return read_folder(source)


def usual_methods(folders: Sequence[LanguageFolder]) -> tuple[str, ...]:
    """Those of the usual methods that can serve one of the models at least; where all are B-cos models, none twice."""
    kinds = {folder.kind for folder in folders}
    return tuple(
        name
        for name in USUAL_METHODS
        if any(
            not METHODS[name].unsupported(is_bcos=one.kind == "bcos", family=one.family, answers=NextToken.name)
            for one in folders
        )
        and not (kinds == {"bcos"} and METHODS[name].on_bcos in USUAL_METHODS)
    )


def ready_folder(source: str) -> LanguageFolder:
    """The same, of a folder that is there: that of an embedded model is made at its first use.

    Raises:
        CheckpointError, UnsupportedModelError: as in `read_folder`.
        StorageError: the folder cannot be written.
    """
    if source in EMBEDDED_MODELS:
        embedded_path(source)
    return read_folder(source)

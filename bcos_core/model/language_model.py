"""A language model ready for use: it reads a prompt, and gives a logit to every token that could come next.

To the methods that explain it is a classifier of the prompt whose classes are the vocabulary. Its checkpoint is an
ordinary folder of transformers' own class (`…ForCausalLM`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from bcos_core.device import PRECISIONS, place
from bcos_core.errors import CheckpointError, InputError
from bcos_core.home import get_home, given_path
from bcos_core.model.anatomy import family_of
from bcos_core.model.checkpoint import state_hash
from bcos_core.model.convert import is_tied
from bcos_core.model.embedded import EMBEDDED_MODELS, LANGUAGE_MODEL, embedded_path
from bcos_core.model.identity import folder_identity, memory_identity
from bcos_core.model.info import read_config, read_language_info
from bcos_core.model.language_models import GENERATION_FILE
from bcos_core.model.loading import load_language_model
from bcos_core.model.pooling import pool_by_mask
from bcos_core.model.text_model import TextModel, position_limit
from bcos_core.model.tokenizer import load_tokenizer
from bcos_core.storage.stored_json import read_json
from bcos_core.text.vocabulary import ids_of, token_text


@dataclass(frozen=True, kw_only=True)
class LanguageModel(TextModel):
    """A model of the next token. `stop_ids` are the tokens that end what it writes."""

    stop_ids: tuple[int, ...] = ()

    @cached_property
    def vocabulary(self) -> int:
        """How many logits it gives: the rows of its head, which may be more than the tokenizer has tokens."""
        head: Any = self.model.get_submodule(family_of(self.model).output)
        return int(head.weight.shape[0])

    @property
    def head_is_shared(self) -> bool:
        """Whether the head is the word embeddings, one parameter; a conversion keeps that as it is."""
        return is_tied(self.model, family_of(self.model))

    @cached_property
    def has_biases(self) -> bool:
        """Whether a part of the network adds a bias. Without one the network is dynamic linear as it stands, at B = 1:
        a logit is a sum over tokens, with nothing left over."""
        return any(name.endswith("bias") for name, _ in self.model.named_parameters())

    def token_text(self, token_id: int) -> str:
        """A token as it stands in a text, its space included (" are"), and its bytes where it is no whole character."""
        return token_text(self.tokenizer, token_id)

    def ids_of(self, text: str) -> tuple[int, ...]:
        """The tokens that a text is written with when it follows a prompt.

        Raises:
            InputError: an empty text, or one that the tokenizer cannot write.
        """
        return ids_of(self.tokenizer, text)


def load(path: str | Path, *, device: str | torch.device | None = None, precision: str | None = None) -> LanguageModel:
    """The language model in a checkpoint folder: one of this project's, any Hugging Face one of a known family, or
    "smollm2", the embedded one.

    Args:
        device: where to put it; None for what `BCOS_DEVICE` says: the first GPU if there is one, else the CPU.
        precision: "fp32" or "bf16", of its weights, however they are stored; None for what `BCOS_PRECISION` says:
            "fp32".

    Raises:
        CheckpointError: not a model folder, damaged, not whole, or with a tokenizer that is missing or not the model's.
        UnsupportedModelError: no language model, or a family that is not supported; an adapter, a quantised model; more
            weights than the free memory can hold.
    """
    folder = embedded_path(str(path)) if str(path) in EMBEDDED_MODELS else given_path(path)
    known = read_language_info(folder)
    identity = folder_identity(folder)
    loaded = load_language_model(folder)
    model, found = loaded.model, load_tokenizer(folder, loaded.model.config)
    numbers = place(model, device, precision)
    return LanguageModel(
        model=model,
        tokenizer=found.tokenizer,
        max_length=position_limit(model),
        name=LANGUAGE_MODEL if folder.parent == get_home().embedded else known.name,
        weights_hash=loaded.weights_hash,
        identity=identity if numbers == PRECISIONS[0] else f"{identity}-{numbers}",  # its answers are others
        path=folder,
        notes=(*loaded.notes, *found.notes),
        stop_ids=_stop_ids(model, found.tokenizer, folder),
    )


def wrap(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, *, name: str) -> LanguageModel:
    """A language model around one of transformers in memory, whose forward pass gives the last shown token's logits
    from then on.

    Raises:
        InputError: it has no head that gives the next token.
    """
    if not family_of(model).speaks:
        raise InputError(f"{type(model).__name__} has no head that gives the next token. Give a …ForCausalLM.")
    weights = state_hash(model)
    return LanguageModel(
        model=pool_by_mask(model),
        tokenizer=tokenizer,
        max_length=position_limit(model),
        name=name,
        weights_hash=weights,
        identity=memory_identity(weights, model, tokenizer),
        stop_ids=_stop_ids(model, tokenizer),
    )


def is_language_model(folder: Path) -> bool:
    """Whether a folder says that a language model was saved in it.

    Raises:
        CheckpointError: not a model folder, or a damaged one.
        UnsupportedModelError: an adapter, a quantised model.
    """
    return read_config(folder).saved_by_language_model


def _stop_ids(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path | None = None
) -> tuple[int, ...]:
    """By whatever says so: the config, the tokenizer, and the file that says how the model is meant to generate."""
    said: list[Any] = [model.config.eos_token_id, tokenizer.eos_token_id]
    if folder is not None and (folder / GENERATION_FILE).is_file():
        settings = read_json(folder / GENERATION_FILE, dict[str, Any], error=CheckpointError, advice="Remove it.")
        said.append(settings.get("eos_token_id"))
    ids = [token for one in said for token in (one if isinstance(one, list) else [one])]
    return tuple(dict.fromkeys(token for token in ids if isinstance(token, int) and not isinstance(token, bool)))

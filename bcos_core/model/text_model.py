"""What every model here is to those who ask it: a network, its tokenizer, how far it reads, and what identifies it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from bcos_core.errors import NotFiniteError
from bcos_core.model.anatomy import device_of, family_of
from bcos_core.model.convert import is_bcos
from bcos_core.model.memory import ModelShapes, shapes_of
from bcos_core.model.passes import rows_per_pass

_SHOWN = 60  # characters that name a text


@dataclass(frozen=True, kw_only=True)
class TextModel:
    """A classifier or a language model: one row of logits for a text. Safe to use from several threads: nothing here
    changes the model.

    `max_length` is the most tokens the model can read, `weights_hash` identifies the weights, `identity` all that its
    answers depend on (see `bcos_core.model.identity`). `notes` say what a person should know of how it was loaded, in
    whole sentences.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    max_length: int
    name: str
    weights_hash: str
    identity: str
    path: Path | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_bcos(self) -> bool:
        return is_bcos(self.model)

    @property
    def family(self) -> str:
        """The title of the model's family."""
        return family_of(self.model).title

    @property
    def b(self) -> float | None:
        """The exponent of a B-cos model."""
        return self.model.config.bcos["b"] if self.is_bcos else None

    @property
    def device(self) -> torch.device:
        return device_of(self.model)

    @cached_property
    def shapes(self) -> ModelShapes:
        """By which the memory of a pass is counted."""
        return shapes_of(self.model)

    def rows_per_pass(self, columns: int, *, keeps_factors: bool = False) -> int:
        """How many texts of so many tokens go through the model together (`bcos_core.model.passes`)."""
        size = next(self.model.parameters()).element_size()
        return rows_per_pass(self.shapes, columns, size, self.device, keeps_factors=keeps_factors)


def position_limit(model: PreTrainedModel) -> int:
    """The most tokens that the model has positions for."""
    config = model.config
    return family_of(model).position_limit(int(config.max_position_embeddings), config.pad_token_id)


def require_finite_logits(name: str, text: str, logits: Sequence[float]) -> None:
    """Of logits that are not numbers a class would still be the largest.

    Raises:
        NotFiniteError: one of the logits is not finite.
    """
    if not all(map(math.isfinite, logits)):
        shown = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
        raise NotFiniteError(
            f"The logits of {name} for the text {shown!r} are {', '.join(f'{value:g}' for value in logits)}; expected "
            "finite numbers. Its weights are damaged, or training them diverged: train it again."
        )

"""What a language model says comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bcos_core.errors import NotFiniteError
from bcos_core.model.language_model import LanguageModel
from bcos_core.model.view import ModelView
from bcos_core.text.encoding import Encoded, collate

TOP = 10
"""Alternatives that are kept of a vocabulary."""


@dataclass(frozen=True)
class Alternatives:
    """Some of the tokens that could come next: their numbers, what they are in a text (no two alike), logits, and
    probabilities over the whole vocabulary."""

    ids: tuple[int, ...]
    texts: tuple[str, ...]
    logits: tuple[float, ...]
    probabilities: tuple[float, ...]


def next_logits(model: LanguageModel, prompts: Sequence[Encoded]) -> Tensor:
    """(prompts, vocabulary), in one forward pass."""
    batch = collate(model.tokenizer, prompts, model.device)
    return ModelView(model.model).predict(batch.input_ids, batch.attention_mask)


def likeliest(model: LanguageModel, prompt: Encoded) -> int:
    """The number of the token with the largest logit."""
    return int(next_logits(model, [prompt])[0].argmax())


def alternatives(model: LanguageModel, logits: Tensor, *, asked: Sequence[int] = (), top: int = TOP) -> Alternatives:
    """Of logits (vocabulary,) the tokens that are `asked` for, in that order, then the `top` likeliest others."""
    row = logits.detach().double().cpu()
    likely = row.nan_to_num(nan=-torch.inf).topk(min(top, len(row))).indices.tolist()
    ids = tuple(dict.fromkeys([*asked, *likely]))
    probabilities = row.softmax(0)
    texts = [model.token_text(one) for one in ids]
    return Alternatives(
        ids,
        tuple(f"{text} ({one})" if texts.count(text) > 1 else text for one, text in zip(ids, texts, strict=True)),
        tuple(row[list(ids)].tolist()),
        tuple(probabilities[list(ids)].tolist()),
    )


def require_finite(model: LanguageModel, logits: Tensor) -> None:
    """Of logits that are no numbers one would still be the largest.

    Raises:
        NotFiniteError: one of them is not finite.
    """
    if not bool(torch.isfinite(logits).all()):
        raise NotFiniteError(
            f"The logits of {model.name} for the next token are not all finite numbers. Its weights are damaged, or "
            "training them diverged: train it again."
        )

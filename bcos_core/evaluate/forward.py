"""Logits of many variants of texts: each different one once, in batches of similar length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from bcos_core.evaluate.case import Logits
from bcos_core.evaluate.removal import Variant
from bcos_core.model.passes import by_halves
from bcos_core.model.text_model import TextModel
from bcos_core.model.view import ModelView
from bcos_core.text.encoding import padded_types


class HasIds(Protocol):
    """A text, whatever becomes of it, as the model is given it."""

    @property
    def ids(self) -> tuple[int, ...]: ...


Text = TypeVar("Text", bound=HasIds)


def logits_of(model: TextModel, variants: Sequence[Variant], *, outputs: Sequence[int] | None = None) -> list[Logits]:
    """The logits of every variant, in their order: all of them, or those of some `outputs`, as of a vocabulary."""
    distinct = list(dict.fromkeys(variants))
    view = ModelView(model.model)
    pad = model.tokenizer.pad_token_id or 0
    found: dict[Variant, Logits] = {}

    def asked(batch: Sequence[Variant]) -> list[Logits]:
        types = padded_types([variant.token_type_ids for variant in batch], len(batch[0].ids))
        logits = view.predict(
            padded([variant.ids for variant in batch], pad).to(model.device),
            padded([(1,) * len(variant.ids) for variant in batch], 0).to(model.device),
            original=padded([variant.original for variant in batch], pad).to(model.device),
            visible=padded([variant.visible for variant in batch], 0).to(model.device),
            token_type_ids=None if types is None else types.to(model.device),
        )
        kept = logits if outputs is None else logits[:, list(outputs)]
        return [tuple(row) for row in kept.double().tolist()]

    for batch in batches_of(distinct, model):
        rows = [row for part in by_halves(batch, len(batch), model.device, asked) for row in part]
        found.update(zip(batch, rows, strict=True))
    return [found[variant] for variant in variants]


def padded(rows: Sequence[Sequence[int]], fill: int) -> Tensor:
    """(rows, as many as the first one has, which is the longest)."""
    width = len(rows[0])
    return torch.tensor([[*row, *[fill] * (width - len(row))] for row in rows], dtype=torch.long)


def batches_of(variants: Sequence[Text], model: TextModel) -> Iterator[list[Text]]:
    """Batches of similar length, the longest first."""
    rest = sorted(variants, key=lambda variant: -len(variant.ids))
    while rest:
        size = model.rows_per_pass(len(rest[0].ids))
        yield rest[:size]
        rest = rest[size:]

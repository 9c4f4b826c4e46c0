"""Logits of many variants of texts: each different one once, in batches of similar length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from bcos_core.evaluate.case import Logits
from bcos_core.evaluate.removal import Variant
from bcos_core.model.classifier import Classifier
from bcos_core.model.view import ModelView
from bcos_core.text.encoding import padded_types

# Tokens of one forward pass: enough to keep two cores or a GPU busy, and flat in memory.
TOKENS_PER_PASS = {"cpu": 1_024}
TOKENS_PER_PASS_ELSEWHERE = 65_536


def logits_of(classifier: Classifier, variants: Sequence[Variant]) -> list[Logits]:
    """The logits of every variant, in their order."""
    distinct = list(dict.fromkeys(variants))
    view = ModelView(classifier.model)
    pad = classifier.tokenizer.pad_token_id or 0
    found: dict[Variant, Logits] = {}
    for batch in _batches(distinct, classifier.device):
        width = len(batch[0].ids)
        ids, original = (
            torch.tensor([[*row, *[pad] * (width - len(row))] for row in rows], device=classifier.device)
            for rows in ([v.ids for v in batch], [v.original for v in batch])
        )
        visible = torch.tensor(
            [[*v.visible, *[False] * (width - len(v.ids))] for v in batch], dtype=torch.long, device=classifier.device
        )
        real = torch.tensor([[1] * len(v.ids) + [0] * (width - len(v.ids)) for v in batch], device=classifier.device)
        types = padded_types([v.token_type_ids for v in batch], width)
        logits = view.predict(
            ids,
            real,
            original=original,
            visible=visible,
            token_type_ids=None if types is None else types.to(classifier.device),
        )
        for variant, row in zip(batch, logits.double().tolist(), strict=True):
            found[variant] = tuple(row)
    return [found[variant] for variant in variants]


def _batches(variants: Sequence[Variant], device: torch.device) -> Iterator[list[Variant]]:
    """Batches of similar length, the longest first."""
    budget = TOKENS_PER_PASS.get(device.type, TOKENS_PER_PASS_ELSEWHERE)
    rest = sorted(variants, key=lambda variant: -len(variant.ids))
    while rest:
        size = max(1, budget // len(rest[0].ids))
        yield rest[:size]
        rest = rest[size:]

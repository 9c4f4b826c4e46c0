"""A model whose right answers are known: the logit of class 1 is the sum of the weights of the words it sees."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from bcos_core.evaluate import forward, soft
from bcos_core.model.classifier import Classifier
from bcos_core.model.sources import embedded_path

WEIGHTS = {"great": 2.0, "good": 1.0, "film": 0.25, "dull": -1.0, "awful": -2.0}


class BagOfWords:
    """In place of a view: no order, no interaction."""

    def __init__(self, weights: dict[int, float]) -> None:
        self.weights = weights
        self.rows = 0
        self.word_width = 512

    def predict(
        self,
        ids: Tensor,
        mask: Tensor,
        *,
        original: Tensor | None = None,
        visible: Tensor | float = 1.0,
        token_type_ids: Tensor | None = None,
        left: Tensor | None = None,
    ) -> Tensor:
        self.rows += len(ids)
        weight = torch.tensor([[self.weights.get(int(id), 0.0) for id in row] for row in ids])
        if left is not None:  # each element of a word's vector has as much of its weight
            weight = weight * left.mean(-1)
        one = (weight * visible).sum(1)
        return torch.stack([torch.zeros_like(one), one], 1)


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerBase:
    return AutoTokenizer.from_pretrained(embedded_path())


@pytest.fixture
def bag(monkeypatch: pytest.MonkeyPatch, tokenizer: PreTrainedTokenizerBase) -> BagOfWords:
    known = tokenizer.get_vocab()
    model = BagOfWords({known[word]: weight for word, weight in WEIGHTS.items()})
    for module in (forward, soft):
        monkeypatch.setattr(module, "ModelView", lambda _: model)
    return model


@pytest.fixture
def classifier(tokenizer: PreTrainedTokenizerBase) -> Classifier:
    """What the evaluation reads of a classifier beside the view."""
    fields: dict[str, Any] = {"model": None, "device": torch.device("cpu"), "max_length": 64}
    fields["rows_per_pass"] = lambda columns: 8
    return SimpleNamespace(tokenizer=tokenizer, **fields)  # type: ignore[return-value]


Scores = Callable[[str], tuple[float, ...]]

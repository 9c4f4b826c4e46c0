"""Weights of every family are shuffled in parts that leave none out, on copies that leave the model alone."""

from __future__ import annotations

import pytest
import torch
from tiny_families import TINY, ids_of, tiny_model
from transformers import AutoTokenizer

from bcos_core import convert
from bcos_core.model.classifier import wrap
from bcos_core.model.embedded import embedded_path
from bcos_core.model.view import ModelView
from bcos_core.trust.randomise import in_double, parts_of, shuffled


@pytest.mark.parametrize("name", list(TINY))
@pytest.mark.parametrize("bcos", [False, True])
def test_every_part_of_every_family_is_shuffled(name: str, bcos: bool) -> None:
    model = tiny_model(name)
    model = convert(model) if bcos else model
    tokenizer = AutoTokenizer.from_pretrained(embedded_path())
    classifier = wrap(model, tokenizer, labels=("a", "b", "c"), name=name)
    parts = parts_of(model)
    assert (parts[0].title, parts[-1].title) == ("output layer", "embeddings")
    named = [one for part in parts for one in part.parameters]
    assert sorted(named) == sorted(one for one, _ in model.named_parameters())
    ids, mask = ids_of(7)
    before = ModelView(model).predict(ids, mask)
    for part in parts:
        after = ModelView(shuffled(classifier, [part], 0).model).predict(ids, mask)
        assert torch.isfinite(after).all() and not torch.allclose(after, before, atol=1e-4), part.title
    double = ModelView(in_double(classifier).model).predict(ids, mask)
    assert double.dtype == torch.float64 and torch.allclose(double.float(), before, atol=1e-3)
    assert torch.equal(ModelView(model).predict(ids, mask), before)

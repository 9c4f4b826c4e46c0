"""DecompX: the sum over tokens is the logit on every encoder with BERT's blocks, and the one carried on in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from naive_bert import decomposed_logits as in_numpy
from tiny_families import TINY, ids_of, tiny_model

from bcos_core import convert
from bcos_core.errors import UnsupportedModelError
from bcos_core.model import decomposition
from bcos_core.model.contributions import contributions
from bcos_core.model.decomposition import decomposed_logits, shared_out
from bcos_core.model.view import ModelView

ENCODERS = ("BERT", "RoBERTa", "XLM-R", "CamemBERT", "DistilBERT", "ELECTRA", "ALBERT", "ALBERT, two groups", "MPNet")
ENCODERS += ("DeBERTa v2", "DeBERTa v3")


def test_bert_is_the_sum_that_was_carried_forward_in_numpy() -> None:
    model = tiny_model("BERT")
    ids, mask = ids_of(7)
    weights = {path: p.detach().double().numpy() for path, p in model.named_parameters()}
    embeddings = ModelView(model).embed(ids, mask).double().numpy()[0]
    wanted = in_numpy(weights, embeddings, heads=4, layers=2, eps=model.config.layer_norm_eps, decompx=True)
    assert not wanted[-1].any()  # no bias is left over
    _, parts = decomposed_logits(model, ids, mask)
    np.testing.assert_allclose(parts.numpy(), wanted[:-1], atol=1e-5)


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("b", [None, 1.5], ids=["conventional", "B-cos with biases"])
def test_the_parts_add_up_to_the_logits(name: str, b: float | None) -> None:
    model = tiny_model(name) if b is None else convert(tiny_model(name), b=b, keep_biases=True)
    for length in (1, 6, 40):
        ids, mask = ids_of(length)
        logits, parts = decomposed_logits(model, ids, mask)
        torch.testing.assert_close(logits, ModelView(model).predict(ids, mask), atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(parts.sum(0), logits[0], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("b", [None, 1.5], ids=["conventional", "B-cos"])
def test_without_biases_it_is_the_pullback(name: str, b: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """One is carried forward, the other backward; the same product of matrices."""
    model = tiny_model(name, biases=False)
    model = model if b is None else convert(model, b=b)
    ids, mask = ids_of(9)
    monkeypatch.setattr(decomposition, "POSITIONS", 4)
    _, parts = decomposed_logits(model, ids, mask)
    found = contributions(ModelView(model, explanation_mode=True), ids, mask, lambda logits: logits[:, 1])
    torch.testing.assert_close(parts[:, 1].double(), found.scores[0], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", [name for name in TINY if name not in ENCODERS])
def test_other_blocks_are_refused(name: str) -> None:
    with pytest.raises(UnsupportedModelError, match="DecompX cannot explain .* a norm behind each sum"):
        decomposed_logits(tiny_model(name), *ids_of(4))


def test_a_bias_is_shared_out_by_hand() -> None:
    # |b · parts| are 1 and 3, of (1, 0) and (0, −3) with b = (1, 1): a quarter and three quarters of it.
    parts = torch.tensor([[[1.0, 0.0]], [[0.0, -3.0]]])
    found = shared_out(parts, torch.tensor([1.0, 1.0]))
    torch.testing.assert_close(found, torch.tensor([[[1.25, 0.25]], [[0.75, -2.25]]]))

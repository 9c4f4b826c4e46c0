"""Attention and rollout against transformers' own attentions, and without a trace on the model."""

from __future__ import annotations

import pytest
import torch

from bcos_core import explain
from bcos_core.model.classifier import Classifier

TEXTS = ["A charming film.", "It isn't good, it is great; and long, far too long for what it has to say!"]


@pytest.mark.parametrize("method", ["attention", "attention_rollout"])
def test_attention_is_transformers_own(method: str, pair: dict[str, Classifier]) -> None:
    classifier = pair["conventional"]
    before = classifier.model.config._attn_implementation
    records = explain(classifier, TEXTS, method=method)  # one padded batch
    assert classifier.model.config._attn_implementation == before
    try:
        classifier.model.set_attn_implementation("eager")
        for text, record in zip(TEXTS, records, strict=True):
            with torch.no_grad():
                layers = classifier.model(
                    **classifier.tokenizer(text, return_tensors="pt"), output_attentions=True
                ).attentions
            heads = [layer[0].mean(0) for layer in layers]
            expected = heads[-1]
            if method == "attention_rollout":
                expected = torch.eye(len(record.tokens))
                for layer in heads:
                    expected = (layer / 2 + torch.eye(len(layer)) / 2) @ expected
            assert record.scores == pytest.approx(expected[0].tolist(), abs=1e-5)
            assert sum(record.scores) == pytest.approx(1.0, abs=1e-5)
            assert record.logits == pytest.approx(explain(classifier, text, method="occlusion").logits, abs=1e-4)
    finally:
        classifier.model.set_attn_implementation(before)


def test_a_bcos_model_has_attention_too(pair: dict[str, Classifier]) -> None:
    record = explain(pair["bcos"], TEXTS[0], method="attention")
    assert sum(record.scores) == pytest.approx(1.0, abs=1e-5)
    assert record.logits == pytest.approx(explain(pair["bcos"], TEXTS[0]).logits, abs=1e-4)

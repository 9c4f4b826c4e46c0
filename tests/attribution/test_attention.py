"""Attention and rollout against transformers' own attentions, and without a trace on the model."""

from __future__ import annotations

from typing import Any

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


@pytest.mark.parametrize("target", [None, 1])
def test_gradient_attention_by_transformers_own_attentions(target: int | None, pair: dict[str, Classifier]) -> None:
    """Chefer et al.: R ← R + mean over heads of (∇A ⊙ A)⁺ · R, one text at a time."""
    classifier = pair["conventional"]
    records = explain(classifier, TEXTS, method="gradient_attention", target=target)
    before = classifier.model.config._attn_implementation
    try:
        classifier.model.set_attn_implementation("eager")
        for record in records:
            given = classifier.tokenizer(record.text, return_tensors="pt")
            output = classifier.model(**given, output_attentions=True)
            gradients = torch.autograd.grad(output.logits[0, record.target.index], output.attentions)
            relevance = torch.eye(len(record.tokens))
            for layer, gradient in zip(output.attentions, gradients, strict=True):
                total = torch.zeros_like(relevance)
                for head in range(4):
                    total += (layer[0, head] * gradient[0, head]).clamp(min=0)
                relevance = relevance + total / 4 @ relevance
            expected = relevance[0].detach()
            expected[0] -= 1  # what [CLS] has from the start
            assert record.scores == pytest.approx(expected.tolist(), abs=1e-5)
            assert max(record.scores) > 1e-4
            assert (record.cost.forward, record.cost.backward) == (1, 1)
    finally:
        classifier.model.set_attn_implementation(before)


@pytest.mark.parametrize("kind", ["bcos", "conventional"])
def test_value_zeroing_by_hooks_on_the_model_itself(kind: str, pair: dict[str, Classifier]) -> None:
    """Layer by layer: the value of a token set to zero in that layer alone, and how far each output turned."""
    classifier = pair[kind]
    for record in explain(classifier, TEXTS, method="value_zeroing"):
        given = classifier.tokenizer(record.text, return_tensors="pt")
        layers = classifier.model.bert.encoder.layer
        expected = torch.eye(len(record.tokens))
        for number, layer in enumerate(layers):
            whole = hidden_after(classifier, given, number, None)
            mixing = torch.zeros(len(record.tokens), len(record.tokens))
            for place in range(len(record.tokens)):
                changed = hidden_after(classifier, given, number, place)
                mixing[:, place] = 1 - torch.nn.functional.cosine_similarity(whole, changed, dim=-1)
            expected = mixing / mixing.sum(1, keepdim=True) @ expected
            assert not layer.attention.self.value._forward_hooks
        assert record.scores == pytest.approx(expected[0].tolist(), abs=1e-4)
        assert sum(record.scores) == pytest.approx(1.0, abs=1e-5)
        alone = explain(classifier, record.text, method="value_zeroing")
        assert alone.cost.forward == 1 + len(record.tokens)


def hidden_after(classifier: Classifier, given: Any, number: int, place: int | None) -> torch.Tensor:
    """What layer `number` gives, (tokens, hidden), without the value of one of its tokens."""

    def zero(_: Any, __: Any, values: torch.Tensor) -> torch.Tensor:
        changed = values.clone()
        if place is not None:
            changed[:, place] = 0
        return changed

    hook = classifier.model.bert.encoder.layer[number].attention.self.value.register_forward_hook(zero)
    try:
        with torch.no_grad():
            return classifier.model(**given, output_hidden_states=True).hidden_states[number + 1][0].double()
    finally:
        hook.remove()


def test_a_bcos_model_has_attention_too(pair: dict[str, Classifier]) -> None:
    record = explain(pair["bcos"], TEXTS[0], method="attention")
    assert sum(record.scores) == pytest.approx(1.0, abs=1e-5)
    assert record.logits == pytest.approx(explain(pair["bcos"], TEXTS[0]).logits, abs=1e-4)

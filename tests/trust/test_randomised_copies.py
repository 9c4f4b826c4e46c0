"""Copies with shuffled weights, or in float64: what is exchanged in them, and what stays as it is."""

from __future__ import annotations

import pytest
import torch
from tiny import ids_of, tiny_model
from torch import nn
from transformers import AutoTokenizer

from bcos_core.model.classifier import Classifier, wrap
from bcos_core.model.convert import convert
from bcos_core.model.embedded import embedded_path
from bcos_core.model.view import ModelView
from bcos_core.trust.randomise import in_double, parts_of, shuffled


def classifier_of(family: str, *, bcos: bool = False, layers: int = 2) -> Classifier:
    model = tiny_model(family, layers=layers)
    tokenizer = AutoTokenizer.from_pretrained(embedded_path())
    return wrap(convert(model) if bcos else model, tokenizer, labels=("a", "b", "c"), name="tiny")


def state(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert"])
@pytest.mark.parametrize("bcos", [False, True])
def test_every_parameter_is_in_one_part(family: str, bcos: bool) -> None:
    model = classifier_of(family, bcos=bcos).model
    parts = parts_of(model)
    assert [part.title for part in parts] == ["output layer", "block 2", "block 1", "embeddings"]
    names = [name for part in parts for name in part.parameters]
    assert sorted(names) == sorted(name for name, _ in model.named_parameters())
    assert all("embed" in name for name in parts[-1].parameters)
    assert any("classifier" in name for name in parts[0].parameters)


def test_blocks_of_a_deep_model_are_taken_together() -> None:
    titles = [part.title for part in parts_of(tiny_model("bert", layers=13))]
    assert titles == [
        "output layer",
        "block 13",
        "blocks 10–12",
        "blocks 7–9",
        "blocks 4–6",
        "blocks 1–3",
        "embeddings",
    ]


@pytest.mark.parametrize("bcos", [False, True])
def test_shuffling_keeps_the_values_and_leaves_the_loaded_model_alone(bcos: bool) -> None:
    classifier = classifier_of("bert", bcos=bcos)
    before = state(classifier.model)
    part = parts_of(classifier.model)[1]
    copy = shuffled(classifier, [part], seed=3)
    for name, tensor in copy.model.named_parameters():
        old = before[name]
        if name in part.parameters:
            assert torch.equal(tensor.flatten().sort().values, old.flatten().sort().values)
            assert not torch.equal(tensor, old), name
        else:
            assert torch.equal(tensor, old)
    with torch.no_grad():
        for tensor in copy.model.parameters():
            if any(tensor.data_ptr() == old.data_ptr() for old in classifier.model.parameters()):
                continue  # shared, and not written to
            tensor.zero_()
    assert all(torch.equal(tensor, before[name]) for name, tensor in classifier.model.state_dict().items())
    assert copy.identity != classifier.identity


def test_what_is_shuffled_shares_no_memory_with_the_model() -> None:
    classifier = classifier_of("bert")
    copy = shuffled(classifier, parts_of(classifier.model), seed=0)
    theirs = {tensor.data_ptr() for tensor in classifier.model.parameters()}
    assert not theirs & {tensor.data_ptr() for tensor in copy.model.parameters()}


def test_a_tensor_is_shuffled_alike_whatever_else_is() -> None:
    classifier = classifier_of("bert")
    parts = parts_of(classifier.model)
    alone, cascade = shuffled(classifier, [parts[1]], 5), shuffled(classifier, parts[:3], 5)
    other = shuffled(classifier, [parts[1]], 6)
    rows = {name: tensor for name, tensor in alone.model.named_parameters() if name in parts[1].parameters}
    assert all(torch.equal(tensor, rows[name]) for name, tensor in cascade.model.named_parameters() if name in rows)
    assert any(not torch.equal(tensor, rows[name]) for name, tensor in other.model.named_parameters() if name in rows)


@pytest.mark.parametrize("bcos", [False, True])
def test_the_copies_compute_with_what_is_in_them(bcos: bool) -> None:
    classifier = classifier_of("bert", bcos=bcos)
    ids, mask = ids_of(6)
    plain = ModelView(classifier.model).predict(ids, mask)
    double = ModelView(in_double(classifier).model).predict(ids, mask)
    assert double.dtype == torch.float64 and torch.allclose(double.float(), plain, atol=1e-4)
    assert next(classifier.model.parameters()).dtype == torch.float32
    changed = ModelView(shuffled(classifier, parts_of(classifier.model)[:1], 0).model).predict(ids, mask)
    assert not torch.allclose(changed, plain, atol=1e-2)
    assert torch.equal(ModelView(classifier.model).predict(ids, mask), plain)


def test_a_tensor_that_two_modules_share_is_exchanged_in_both() -> None:
    classifier = classifier_of("bert")
    blocks = classifier.model.bert.encoder.layer
    blocks[1].intermediate.dense.weight = blocks[0].intermediate.dense.weight
    copy = shuffled(classifier, parts_of(classifier.model), 0)
    one, other = (block.intermediate.dense.weight for block in copy.model.bert.encoder.layer)
    assert torch.equal(one, other) and not torch.equal(one, blocks[0].intermediate.dense.weight)

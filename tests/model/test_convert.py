"""Conversion: what is replaced, what stays, and what is refused."""

from __future__ import annotations

import pytest
import torch
from tiny import SMALL, tiny_model
from torch import nn
from transformers import BloomConfig, BloomForSequenceClassification

from bcos_core import convert
from bcos_core.errors import UnsupportedModelError
from bcos_core.families import FAMILIES
from bcos_core.model.layers import BcosLinear, Linear

every_family = pytest.mark.parametrize("family", SMALL)


@every_family
def test_no_bias_is_left_outside_the_embeddings(family: str) -> None:
    original = tiny_model(family)
    before = {name: p.clone() for name, p in original.named_parameters()}
    converted = convert(original, b=1.5)
    names = [name for name, _ in converted.named_parameters() if not FAMILIES[family].is_kept(name)]
    assert names and not [name for name in names if name.endswith("bias")]
    assert type(converted) is type(original)
    for name, parameter in original.named_parameters():  # untouched
        assert torch.equal(parameter, before[name])
    for name, parameter in converted.named_parameters():  # the pretrained weights, under the same names
        assert torch.equal(parameter, before[name])


@every_family
def test_every_linear_that_should_be_is_bcos(family: str) -> None:
    converted = convert(tiny_model(family), b=1.5)
    kinds = {path: type(module) for path, module in converted.named_modules()}
    linears = [path for path, kind in kinds.items() if kind is Linear]
    bcos = [path for path, kind in kinds.items() if kind is BcosLinear]
    assert len(linears) == 2 * 3  # query, key and value of two blocks
    assert len(bcos) == 2 * 3 + 2  # attention output and two feed-forward layers each, and the head


def test_unsupported_family_names_the_supported_ones() -> None:
    bloom = BloomForSequenceClassification(BloomConfig(vocab_size=20, hidden_size=16, n_layer=1, n_head=2))
    with pytest.raises(UnsupportedModelError, match="bloom.*attention.*BERT, RoBERTa, DistilBERT"):
        convert(bloom)


def test_unknown_activation_is_refused_and_nothing_changed() -> None:
    model = tiny_model("bert")
    for layer in model.bert.encoder.layer:
        layer.intermediate.intermediate_act_fn = nn.Softplus()
    with pytest.raises(UnsupportedModelError, match="Softplus"):
        convert(model, in_place=True)
    assert not [m for m in model.modules() if isinstance(m, BcosLinear)]


def test_a_converted_model_is_not_converted_again() -> None:
    with pytest.raises(UnsupportedModelError, match="already"):
        convert(convert(tiny_model("bert")))

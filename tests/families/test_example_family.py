"""The family of CONTRIBUTING.md, from conversion to calibrated contributions."""

from __future__ import annotations

import pytest
import torch
from example_family import FAMILY
from transformers import StableLmConfig, StableLmForSequenceClassification

from bcos_core import convert
from bcos_core.errors import UnsupportedModelError
from bcos_core.families import FAMILIES
from bcos_core.model.contributions import contributions
from bcos_core.model.view import ModelView


def tiny(**settings: bool) -> StableLmForSequenceClassification:
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = StableLmConfig(vocab_size=61, num_key_value_heads=2, num_labels=3, **sizes, **settings)
    return StableLmForSequenceClassification(config).eval()


def test_one_file_makes_a_family_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnsupportedModelError, match="stablelm"):
        convert(tiny())
    monkeypatch.setitem(FAMILIES._entries, FAMILY.name, FAMILY)
    model = convert(tiny(), b=1.5)
    ids = torch.randint(5, 61, (2, 30), generator=torch.Generator().manual_seed(0))
    mask = torch.ones_like(ids)
    mask[0, 20:] = 0
    found = contributions(ModelView(model, explanation_mode=True), ids, mask, lambda logits: logits[:, 2])
    torch.testing.assert_close(found.scores.sum(1).float(), found.logits[:, 2], atol=1e-5, rtol=1e-4)
    assert found.scores[0, 20:].abs().max() == 0


def test_what_it_has_no_rule_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FAMILIES._entries, FAMILY.name, FAMILY)
    with pytest.raises(UnsupportedModelError, match="qk_layernorm True is refused"):
        convert(tiny(qk_layernorm=True))

"""A small B-cos classifier and its conventional original, with the embedded model's tokenizer."""

from __future__ import annotations

import pytest
import torch
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from bcos_core import convert
from bcos_core.model.classifier import Classifier, wrap
from bcos_core.model.sources import embedded_path


@pytest.fixture(scope="session")
def pair() -> dict[str, Classifier]:
    torch.manual_seed(0)
    model = BertForSequenceClassification(
        BertConfig(  # type: ignore[call-arg]  # num_labels, which every configuration takes
            hidden_size=24, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48, num_labels=3
        )
    ).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 2 and "embedding" not in name:
                parameter.mul_(20)
    tokenizer = AutoTokenizer.from_pretrained(embedded_path())
    labels = ["negative", "neutral", "<b>positive</b>"]
    return {
        "bcos": wrap(convert(model, b=1.5), tokenizer, labels=labels, name="small-bcos"),
        "conventional": wrap(model, tokenizer, labels=labels, name="small"),
    }

"""Tiny random classifiers of the real classes, one per family, and inputs for them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    PreTrainedModel,
    RobertaConfig,
    RobertaForSequenceClassification,
)

SMALL = ("bert", "roberta", "distilbert")
"""The families that are written out in NumPy here; all are tried in tests/families."""
VOCABULARY = 99
MASK_ID = 4


def tiny_model(family: str, *, seed: int = 0, positions: int = 64, layers: int = 2) -> PreTrainedModel:
    """Hidden 16, four heads, three classes; every bias and norm weight drawn at random, so that none is inert."""
    torch.manual_seed(seed)
    shared: dict[str, Any] = {"vocab_size": VOCABULARY, "num_labels": 3}
    if family == "distilbert":
        model: PreTrainedModel = DistilBertForSequenceClassification(
            DistilBertConfig(
                dim=16, n_layers=layers, n_heads=4, hidden_dim=24, max_position_embeddings=positions, **shared
            )
        )
    else:
        sizes: dict[str, Any] = {
            "hidden_size": 16,
            "num_hidden_layers": layers,
            "num_attention_heads": 4,
            "intermediate_size": 24,
            # RoBERTa counts positions from pad_token_id + 1 = 2
            "max_position_embeddings": positions + (2 if family == "roberta" else 0),
        }
        model = (
            BertForSequenceClassification(BertConfig(**sizes, **shared))
            if family == "bert"
            else RobertaForSequenceClassification(RobertaConfig(**sizes, **shared, pad_token_id=1))
        )
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "embedding" not in name:
                parameter.copy_(torch.randn_like(parameter) * 0.4 + ("orm" in name and name.endswith("weight")))
            else:
                parameter.copy_(torch.randn_like(parameter))
    return model.eval()


def ids_of(length: int, *, rows: int = 1, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Random ordinary token ids (rows, length) and a mask of ones."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(5, VOCABULARY, (rows, length), generator=generator)
    return ids, torch.ones_like(ids)


def pad(ids: Tensor, mask: Tensor, length: int, pad_id: int) -> tuple[Tensor, Tensor]:
    """The same rows padded on the right to `length`."""
    missing = length - ids.shape[1]
    filler = torch.full((len(ids), missing), pad_id)
    return torch.cat([ids, filler], 1), torch.cat([mask, torch.zeros_like(filler)], 1)

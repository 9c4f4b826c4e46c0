"""Tiny random checkpoints: a B-cos model and its conventional twin."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from bcos_core.home import Home
from bcos_core.model.checkpoint import save_checkpoint
from bcos_core.model.convert import convert
from bcos_core.model.sources import embedded_path
from bcos_core.tasks.registry import TASK_TYPES, USUAL

MAX_LENGTH = 32


LABELS = {
    "single-label": ("negative", "positive"),
    "multi-label": ("kind", "long", "noisy"),
    "regression": ("stars",),
}
"""What models of each type of task answer about."""


def save_pair(
    home: Home, labels: Sequence[str] | None = None, *, kind: str = USUAL, **details: Any
) -> tuple[Path, Path]:
    """Folders of a random B-cos model and of its twin for a type of task; weights large enough that words matter.

    `details` are further fields of `CheckpointInfo`, of both.
    """
    labels = labels or LABELS[kind]
    details.setdefault("text_columns", ("text",))
    tokenizer = AutoTokenizer.from_pretrained(embedded_path())
    torch.manual_seed(0)
    head: dict[str, Any] = {"num_labels": len(labels)}
    if kind != USUAL:
        head["problem_type"] = TASK_TYPES[kind].problem_type
    conventional = BertForSequenceClassification(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=64,
            max_position_embeddings=MAX_LENGTH,
            initializer_range=0.3,
            **head,
        )
    ).eval()
    if kind == "regression":
        conventional.config.score_centre = 2.5  # as training leaves it
    bcos = convert(conventional, b=1.5)
    folders = home.models / "tiny-bcos", home.models / "tiny-conventional"
    for model, folder, twin in ((conventional, folders[1], folders[0]), (bcos, folders[0], folders[1])):
        save_checkpoint(
            model, tokenizer, folder, labels=labels, max_length=MAX_LENGTH, twin=twin.name, task_type=kind, **details
        )
    return folders

"""Masking in the trainer: what the model is given to learn from, and what stays as it was."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    PreTrainedModel,
    RobertaConfig,
    RobertaForSequenceClassification,
)

from bcos_core import convert
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.train.recipe import Recipe
from bcos_core.train.trainer import BcosTrainer, own_loss

MASK = 4


def model_of(*, bcos: bool) -> PreTrainedModel:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=50,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        num_labels=2,
        hidden_dropout_prob=0.0,  # so that the model itself takes no random number
        attention_probs_dropout_prob=0.0,
    )
    model = BertForSequenceClassification(config)
    return (convert(model) if bcos else model).train()


def inputs() -> dict[str, Tensor]:
    ids = torch.randint(5, 50, (8, 12), generator=torch.Generator().manual_seed(1))
    visible = torch.ones_like(ids)
    visible[0, 6:] = 0
    ordinary = visible.bool().clone()
    ordinary[:, 0] = False
    return {"input_ids": ids, "attention_mask": visible, "ordinary": ordinary, "labels": torch.tensor([0, 1] * 4)}


def seen(
    model: PreTrainedModel,
    recipe: Recipe,
    seed: int = 0,
    *,
    argument: str = "input_ids",
    batch: dict[str, Tensor] | None = None,
) -> Tensor:
    """The token ids, or another argument, that one training step gives to the model."""
    trainer = BcosTrainer.__new__(BcosTrainer)
    fields: dict[str, Any] = {
        "recipe": recipe,
        "mask_id": MASK,
        "task_type": TASK_TYPES["single-label"],
        "loss": own_loss(TASK_TYPES["single-label"], recipe),
        "state": SimpleNamespace(max_steps=10, global_step=9),
        "accelerator": SimpleNamespace(unwrap_model=lambda given: given),
    }
    vars(trainer).update(fields)
    given: list[Tensor] = []
    hook = model.register_forward_pre_hook(lambda _, __, kw: given.append(kw.get(argument)), with_kwargs=True)
    torch.manual_seed(seed)
    try:
        trainer.compute_loss(model, batch or inputs())
    finally:
        hook.remove()
    return given[-1]


@pytest.mark.parametrize("bcos", [False, True])
def test_masked_texts_are_learned_from(bcos: bool) -> None:
    model, before = model_of(bcos=bcos), inputs()
    recipe = Recipe(bcos=bcos, calibrate=bcos, masking=1.0)
    ids = seen(model, recipe)
    changed = ids != before["input_ids"]
    assert changed.any() and (ids[changed] == MASK).all() and not changed[~before["ordinary"]].any()
    assert torch.equal(ids, seen(model, recipe)) and not torch.equal(ids, seen(model, recipe, seed=1))
    assert torch.equal(seen(model.eval(), recipe), before["input_ids"])  # accuracies are on whole texts


def test_without_masking_nothing_changes_nor_is_drawn() -> None:
    model = model_of(bcos=False)
    ids = seen(model, Recipe(bcos=False, calibrate=False))
    drawn = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(drawn, torch.rand(1)) and torch.equal(ids, inputs()["input_ids"])


def test_deletion_consistency_stays_about_whole_texts() -> None:
    ids = seen(model_of(bcos=True), Recipe(consistency=1.0, masking=1.0))
    learned, deleted = (half != inputs()["input_ids"] for half in ids.chunk(2))
    assert learned.any() and deleted.any()
    assert (learned & ~deleted).any()  # were it about the masked texts, what they mask would be masked here too


def test_the_twin_is_trained_with_the_same_masking() -> None:
    assert Recipe(masking=0.5, consistency=1.0).conventional_twin().masking == 0.5


def test_masking_moves_no_other_token() -> None:
    config = RobertaConfig(
        vocab_size=50,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        num_labels=2,
        max_position_embeddings=20,
        pad_token_id=1,
    )
    torch.manual_seed(0)
    model = convert(RobertaForSequenceClassification(config)).train()
    # The third token is a typed padding token, which RoBERTa does not count; masked, it would be counted.
    row = torch.tensor([0, 9, 1, 8, 7, 2, 1, 1])
    batch = {
        "input_ids": row.repeat(8, 1),
        "attention_mask": torch.tensor([1, 1, 1, 1, 1, 1, 0, 0]).repeat(8, 1),
        "ordinary": torch.tensor([0, 1, 1, 1, 1, 0, 0, 0]).bool().repeat(8, 1),
        "labels": torch.tensor([0, 1] * 4),
    }
    recipe = Recipe(consistency=1.0, masking=1.0)
    ids = seen(model, recipe, batch=batch)
    assert (ids[:, 2] == MASK).any() and (ids[:8] != ids[8:]).any()  # masked, to learn from and for consistency
    positions = seen(model, recipe, argument="position_ids", batch=batch)
    assert positions.tolist() == [[2, 3, 1, 4, 5, 6, 1, 1]] * 16

"""The losses by hand, and deletion consistency against its definition."""

from __future__ import annotations

import math

import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification

from bcos_core import convert
from bcos_core.model.contributions import contributions
from bcos_core.model.view import ModelView
from bcos_core.train.losses import classification_loss, deletion_task, masked_texts, random_subsets

MASK = 4


def test_classification_losses_by_hand() -> None:
    logits, labels = torch.tensor([[0.0, math.log(3.0)]]), torch.tensor([1])
    # softmax gives class 1 probability 3/4; the sigmoids are 1/2 and 3/4, their cross-entropies averaged.
    assert classification_loss(logits, labels, bcos=False).item() == pytest.approx(math.log(4 / 3))
    assert classification_loss(logits, labels, bcos=True).item() == pytest.approx((math.log(2) + math.log(4 / 3)) / 2)


def test_deletion_task_follows_its_definition() -> None:
    torch.manual_seed(0)
    model = convert(
        BertForSequenceClassification(
            BertConfig(
                vocab_size=50,
                hidden_size=16,
                num_hidden_layers=2,
                num_attention_heads=2,
                intermediate_size=32,
                num_labels=3,
                hidden_dropout_prob=0.5,
            )
        )
    ).train()
    ids = torch.randint(5, 50, (6, 10))
    mask = torch.ones_like(ids)
    mask[0, 7:] = 0
    ordinary = mask.bool().clone()
    ordinary[:, 0] = False
    task = deletion_task(model, ids, mask, ordinary, MASK)
    removed = task.input_ids != ids
    assert model.training  # explaining in the middle of a step leaves dropout on
    assert removed.any() and not removed[~ordinary].any()
    assert (task.input_ids[removed] == MASK).all()
    for row in range(6):
        index = int(task.classes[row])
        found = contributions(
            ModelView(model, explanation_mode=True),
            ids[row : row + 1],
            mask[row : row + 1],
            lambda logits, index=index: logits[:, index],
            reference_id=MASK,
        )
        expected = found.logits[0, index] - found.scores[0][removed[row]].sum()
        assert task.expected[row].item() == pytest.approx(expected.item(), abs=1e-5)
    # Smooth L1 by hand: |d| < 1 → d²/2, else |d| − ½.
    logits = torch.zeros(6, 3).scatter(1, task.classes[:, None], task.expected[:, None] + 3.0)
    assert task.loss(logits).item() == pytest.approx(2.5, abs=1e-5)
    assert not task.expected.requires_grad


def test_subsets_have_every_size_equally_often() -> None:
    torch.manual_seed(0)
    ordinary = torch.tensor([False, True, True, True, False]).repeat(8000, 1)
    chosen = random_subsets(ordinary)
    assert not chosen[~ordinary].any()
    sizes = torch.bincount(chosen.sum(1), minlength=4)
    # None, one, two or all three of three tokens: 2,000 texts each, give or take five standard deviations of 39.
    assert (sizes - 2000).abs().max() < 5 * 39
    # One of three, any one as often: 667 of 2,000.
    ones = chosen[chosen.sum(1) == 1].sum(0)
    assert (ones[1:4] - sizes[1] / 3).abs().max() < 5 * 22


def test_the_share_of_masked_texts_is_respected() -> None:
    torch.manual_seed(0)
    ids = torch.arange(10, 18).repeat(6000, 1)
    ordinary = torch.ones_like(ids, dtype=torch.bool)
    ordinary[:, [0, 7]] = False  # an added token and padding
    masked = masked_texts(ids, ordinary, MASK, share=0.3)
    removed = masked != ids
    assert (masked[removed] == MASK).all() and not removed[:, [0, 7]].any()
    # Of six ordinary tokens a seventh of the chosen texts keeps all: 0.3 · 6/7 of the texts are changed.
    assert removed.any(1).float().mean().item() == pytest.approx(0.3 * 6 / 7, abs=0.03)
    # Half of the ordinary tokens of a chosen text, on average.
    assert removed[:, 1:7].float().mean().item() == pytest.approx(0.3 / 2, abs=0.02)
    assert torch.equal(masked_texts(ids, ordinary, MASK, share=0.0), ids)

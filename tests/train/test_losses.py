"""The losses by hand, and deletion consistency against its definition."""

from __future__ import annotations

import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification

from bcos_core import convert
from bcos_core.model.contributions import contributions
from bcos_core.model.view import ModelView
from bcos_core.train.losses import deletion_task, masked_texts, random_subsets, ranked_subsets

MASK = 4


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


def test_ranked_subsets_are_the_top_or_all_else() -> None:
    torch.manual_seed(0)
    ordinary = torch.tensor([False, True, True, True, False]).repeat(8000, 1)
    chosen = ranked_subsets(ordinary, torch.tensor([9.0, -1.0, 3.0, 2.0, 8.0]).repeat(8000, 1))
    sets, counts = chosen.unique(dim=0, return_counts=True)
    found = {tuple(row.nonzero().flatten().tolist()): count.item() for row, count in zip(sets, counts, strict=True)}
    # The top 0, 1, 2, 3 of the order 2, 3, 1, an eighth of the texts each, and all but these, an eighth each.
    expected = {(): 2000, (2,): 1000, (2, 3): 1000, (1, 2, 3): 2000, (1, 3): 1000, (1,): 1000}
    assert found.keys() == expected.keys()
    assert all(abs(found[one] - expected[one]) < 5 * 39 for one in expected)


def test_the_share_of_deletion_tasks_that_follow_the_heatmap() -> None:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=50, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, num_labels=2
    )
    model = convert(BertForSequenceClassification(config))
    ids = torch.randint(5, 50, (1000, 9))
    ordinary = torch.ones_like(ids, dtype=torch.bool)
    task = deletion_task(model, ids, ordinary.long(), ordinary, MASK, ranked=0.5)
    removed = task.input_ids == MASK
    found = contributions(
        ModelView(model, explanation_mode=True),
        ids,
        ordinary.long(),
        lambda logits: logits.gather(1, task.classes[:, None]).squeeze(1),
        reference_id=MASK,
    )
    least = [found.scores.masked_fill(~part, torch.inf).amin(1) for part in (removed, ~removed)]
    most = [found.scores.masked_fill(~part, -torch.inf).amax(1) for part in (removed, ~removed)]
    ranked = (least[0] >= most[1]) | (least[1] >= most[0])  # what is removed is the top, or what stays is
    # A random subset is a top k or all else by chance in (2 + 2 · (2/9 + 2/36 + 2/84 + 2/126)) / 10 = 0.264 of texts.
    assert ranked.float().mean().item() == pytest.approx(0.5 + 0.5 * 0.264, abs=0.08)


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

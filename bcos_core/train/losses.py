"""The losses of fine-tuning beyond that of the task itself (`TaskType.loss`)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedModel

from bcos_core.model.contributions import contributions
from bcos_core.model.view import ModelView
from bcos_core.train.chance import Chance


def random_subsets(ordinary: Tensor, chance: Chance | None = None) -> Tensor:
    """A random subset of the ordinary tokens of each text, its size uniform from none to all.

    Shape:
        ordinary (batch, tokens), true for tokens of the text itself → the same shape, true for those chosen.
    """
    chance = chance or Chance.drawn(ordinary)
    # Each token is chosen with the same chance q, q uniform on [0, 1]: every size is then as likely as any other,
    # ∫ C(n, s) q^s (1 − q)^(n − s) dq = 1 / (n + 1).
    return (chance.tokens < chance.share) & ordinary


def ranked_subsets(ordinary: Tensor, scores: Tensor, chance: Chance | None = None) -> Tensor:
    """The ordinary tokens that `scores` rank first, or all but these, either as likely; how many is uniform from none
    to all.

    Shape:
        ordinary (batch, tokens), true for tokens of the text itself; scores (batch, tokens) → true for those chosen.
    """
    chance = chance or Chance.drawn(ordinary)
    ranks = scores.masked_fill(~ordinary, -torch.inf).argsort(1, descending=True).argsort(1)
    counts = ordinary.sum(1, keepdim=True)
    size = (chance.size * (counts + 1)).floor()  # 0 … n, each 1 / (n + 1)
    return ((ranks < size) ^ (chance.side < 0.5)) & ordinary


def masked_texts(
    input_ids: Tensor, ordinary: Tensor, mask_id: int, *, share: float, chance: Chance | None = None
) -> Tensor:
    """The texts (batch, tokens), each with probability `share` with a random subset of its ordinary tokens masked."""
    chance = chance or Chance.drawn(ordinary)
    return input_ids.masked_fill(random_subsets(ordinary, chance) & (chance.rule < share), mask_id)


@dataclass(frozen=True)
class DeletionTask:
    """A text with some tokens masked, and what its explanation says the logit must be then.

    `input_ids` (batch, tokens) are the masked texts, `classes` (batch,) the explained classes, `expected`
    (batch,) the logits that the contributions predict.
    """

    input_ids: Tensor
    classes: Tensor
    expected: Tensor

    def loss(self, logits: Tensor) -> Tensor:
        """Smooth L1 between the logits of the masked texts (batch, classes) and the expected ones."""
        return F.smooth_l1_loss(logits.gather(1, self.classes[:, None]).squeeze(1), self.expected)


def deletion_task(
    model: PreTrainedModel,
    input_ids: Tensor,
    attention_mask: Tensor,
    ordinary: Tensor,
    mask_id: int,
    *,
    ranked: float = 0.0,
    token_type_ids: Tensor | None = None,
    chance: Chance | None = None,
    sparing: bool = False,
) -> DeletionTask:
    """Deletion consistency: what a heatmap says about removing tokens should be what happens.

    With contributions c against the mask reference, for a random class, and a subset S of the ordinary tokens
    (|S| uniform from none to all), the text without S should have

        logit(x without S) = logit(x) − Σ_{i∈S} c_i

    S is a random subset; with probability `ranked` it is what the contributions rank first, or all else. A heatmap is
    read from its top, and a random subset hardly ever is the top words alone. Comprehensiveness and sufficiency
    (arXiv 1911.03429 §4) ask about just these subsets: `ranked` trains towards both scores.
    The right side is a constant: no second derivative is taken. `chance` decides what is random, where it was drawn
    before; with `sparing`, blocks are computed again where the graph of the explanations would be large.
    """
    chance = chance or Chance.drawn(ordinary)
    # Else the training's own graph is larger.
    view = ModelView(model, explanation_mode=True, again=None if sparing else 0)
    classes = (chance.what.squeeze(1) * int(model.config.num_labels or 0)).long()

    def explained(logits: Tensor) -> Tensor:
        return logits.gather(1, classes[:, None]).squeeze(1)

    found = contributions(
        view, input_ids, attention_mask, explained, reference_id=mask_id, token_type_ids=token_type_ids
    )
    by_rank, at_random = ranked_subsets(ordinary, found.scores, chance), random_subsets(ordinary, chance)
    removed = torch.where(chance.rule < ranked, by_rank, at_random)
    expected = explained(found.logits).double() - (found.scores * removed).sum(1)
    return DeletionTask(input_ids.masked_fill(removed, mask_id), classes, expected.float())

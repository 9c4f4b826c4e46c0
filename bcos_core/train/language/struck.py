"""Deletion consistency of language models: what an explanation says of a prompt's tokens is to be what happens without
them, at the next token.

After a prompt x, with contributions c to logit(y) − logit(z), of its next token y and of another z that the model might
have written, and a subset S of its tokens, of any size as likely, the prompt with S replaced should have

    logit(y | x without S) − logit(z | x without S) = logit(y | x) − logit(z | x) − Σ_{i∈S} c_i

as classifiers should (`bcos_core.train.losses.deletion_task`). Contributions are compared with nothing, as next tokens
are explained, and S is replaced by the token that a strike puts there (`bcos_core.attribution.strike`). The right side
is a constant: no second derivative is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedModel

from bcos_core.model.contributions import contributions
from bcos_core.model.perplexity import head_logits
from bcos_core.model.view import ModelView
from bcos_core.train.chance import Chance
from bcos_core.train.losses import random_subsets


@dataclass(frozen=True)
class StruckPrompts:
    """Prompts with some tokens replaced, and what their explanations say of the next token then.

    `input_ids` and `attention_mask` (batch, tokens), padded on the right; `pairs` (batch, 2) are the next token and the
    other one; `expected` (batch,) is the difference of their logits that the contributions predict.
    """

    input_ids: Tensor
    attention_mask: Tensor
    pairs: Tensor
    expected: Tensor

    def loss(self, model: PreTrainedModel) -> Tensor:
        """Smooth L1 between the model's differences and the expected ones, a scalar."""
        hidden = model.base_model(
            input_ids=self.input_ids, attention_mask=self.attention_mask, use_cache=False
        ).last_hidden_state
        last = self.attention_mask.sum(1) - 1
        rows = hidden[torch.arange(len(last), device=last.device), last]
        return F.smooth_l1_loss(_difference(head_logits(model, rows), self.pairs), self.expected)


def struck_prompts(
    model: PreTrainedModel,
    input_ids: Tensor,
    attention_mask: Tensor,
    ordinary: Tensor,
    replaced_by: int,
    *,
    sparing: bool = False,
    chance: Chance | None = None,
) -> StruckPrompts:
    """A prompt of each text, which ends before a random token of it, explained and struck.

    Args:
        input_ids, attention_mask: (batch, tokens), padded on the right.
        ordinary: (batch, tokens), true for tokens of the text itself.
        replaced_by: the token that is put in the place of others.
        sparing: blocks are computed again where the graph of the explanations would be large.
        chance: what decides, where it was drawn before.
    """
    chance = chance or Chance.drawn(input_ids)
    # Any token but the first is as likely to be the next one: 1 … length − 1.
    ends = 1 + (chance.size.squeeze(1) * (attention_mask.sum(1) - 1)).long()
    width = int(ends.max())
    read = torch.arange(width, device=ends.device) < ends[:, None]
    prompts, mask = input_ids[:, :width].masked_fill(~read, 0), read.long()
    written = input_ids.gather(1, ends[:, None])
    pairs: list[Tensor] = []

    def explained(logits: Tensor) -> Tensor:
        if not pairs:  # of the others, one by the probabilities that the model gives them
            others = logits.detach().float().scatter(1, written, -torch.inf).softmax(-1)
            pairs.append(torch.cat([written, _drawn(others, chance.what)], dim=1))
        return _difference(logits, pairs[0])

    view = ModelView(model, explanation_mode=True, again=None if sparing else 0)
    found = contributions(view, prompts, mask, explained)
    removed = random_subsets(ordinary[:, :width] & read, chance.first(width))
    expected = explained(found.logits).double() - (found.scores * removed).sum(1)
    return StruckPrompts(prompts.masked_fill(removed, replaced_by), mask, pairs[0], expected.float())


def _drawn(probabilities: Tensor, chance: Tensor) -> Tensor:
    """A token of each row of probabilities (batch, vocabulary), as likely as it says, for numbers from [0, 1), (batch,
    1) → (batch, 1)."""
    up_to = probabilities.double().cumsum(-1)
    # One that has no probability ends where the one before it does, so that the first end that is above is never its.
    found = torch.searchsorted(up_to, chance.double() * up_to[:, -1:], right=True)
    return found.clamp(max=up_to.shape[1] - 1)  # of probabilities that are no numbers: the loss will say so


def _difference(logits: Tensor, pairs: Tensor) -> Tensor:
    """The first of two logits minus the second: logits (batch, vocabulary), pairs (batch, 2) → (batch,)."""
    found = logits.gather(1, pairs)
    return found[:, 0] - found[:, 1]

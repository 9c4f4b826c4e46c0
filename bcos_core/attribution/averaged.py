"""Contributions under weights that are averaged over copies of the text in which parts of it are replaced.

W(x) is what the network does with the text as it stands; what it does with a token when others are gone is W of such a
text. The mean over copies x_S is therefore closer to what a removal of several tokens changes:

    score_i = Σ_h (E_i,h − M_i,h) · W̄_i,h,   W̄ = mean over S of W(x_S)

(SmoothGrad, arXiv 1706.03825, takes such a mean over noise, RISE, arXiv 1806.07421, over masks.) With one copy, the
text itself, these are the contributions. With several they do not add up to the logit, unless W is the same in all.

What no number of copies and no choice of them shows is how far W itself changes with the token that is removed. Taking
every token out of, or putting it into, random `halves` of the text does (`bcos_core.attribution.banzhaf`). Both are
estimates of what a token changes where about half of the others are there, the one biased, the other noisy; the score
is then their mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle, islice

import torch
from torch import Tensor

from bcos_core.attribution.banzhaf import changes_in_halves
from bcos_core.attribution.interface import MethodInput, MethodOutput, select
from bcos_core.attribution.perturbation import TextsToScore
from bcos_core.attribution.seeds import put_together, seed_of
from bcos_core.model.contributions import LinearAt, linear_at
from bcos_core.model.view import ModelView

# A text is cut into so many parts at random, and each of as many copies lacks one of them: halves and thirds in turn.
PARTS = (2, 3)


def averaged(inputs: MethodInput) -> MethodOutput:
    """Contributions averaged over `copies` of each text, the whole one first; with `halves`, the mean of these and of
    what each token changes there."""
    view = ModelView(inputs.text_model.model, explanation_mode=True)
    return put_together(inputs, [_averaged(alone, view) for alone in inputs.each_text()])


def _averaged(inputs: MethodInput, view: ModelView) -> MethodOutput:
    batch, types, token_id = inputs.batch, inputs.batch.token_type_ids, inputs.reference_id
    assert token_id is not None  # each of the method's references has one
    count = int(inputs.parameters["copies"])
    generator = torch.Generator().manual_seed(seed_of(inputs.seed, batch.texts[0].ids))
    gone = torch.stack(list(islice(left_out(batch.ordinary[0].cpu(), generator), count))).to(batch.input_ids.device)
    found: list[LinearAt] = []

    def explained(logits: Tensor) -> Tensor:
        """Of every copy the number that is explained of the whole text, which is the first of them."""
        classes = inputs.classes((found[0].logits if found else logits)[:1])
        return select(logits, classes.expand(len(logits)), inputs.target)

    for part in gone.split(inputs.rows_of(gone.shape[1], keeps_factors=True)):
        ids = batch.input_ids.expand_as(part)
        found.append(
            linear_at(
                view,
                ids.masked_fill(part, token_id),
                batch.attention_mask.expand_as(part),
                explained,
                token_type_ids=None if types is None else types.expand_as(part),
                original=ids,
            )
        )
    everywhere = torch.full_like(batch.input_ids, token_id)
    reference = view.embed(everywhere, batch.attention_mask, original=batch.input_ids, token_type_ids=types)
    weights = torch.stack([one.weights.sum(0) for one in found]).sum(0) / count
    scores = ((found[0].embeddings[:1] - reference) * weights).sum(-1, dtype=torch.float64)
    more = 0.0
    if halves := int(inputs.parameters["halves"]):
        score = TextsToScore(replace(inputs, parameters={"unit": "token"}))
        changes = score.output(changes_in_halves(score, halves))
        scores, more = (scores + changes.scores) / 2, changes.forward_passes
    return MethodOutput(
        scores,
        (reference * weights).sum(dtype=torch.float64)[None],
        found[0].logits[:1],
        forward_passes=sum(one.forward_passes * len(one.logits) for one in found) + more,
        backward_passes=count,
        bias_share=torch.cat([one.bias_share for one in found]).mean()[None] + view.centre,
    )


def left_out(ordinary: Tensor, generator: torch.Generator) -> Iterator[Tensor]:
    """What each copy lacks, (tokens,) of booleans, of the tokens that `ordinary` (tokens,) says: nothing, then one of
    two random halves, the other, one of three random thirds, and so on."""
    yield torch.zeros_like(ordinary)
    places = ordinary.nonzero().squeeze(1)
    for parts in cycle(PARTS):
        shuffled = places[torch.randperm(len(places), generator=generator)]
        for part in shuffled.tensor_split(parts):
            yield torch.zeros_like(ordinary).index_fill(0, part, True)

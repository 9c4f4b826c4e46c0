"""How far an explanation moves when its words move a little: max-sensitivity (Yeh et al., arXiv 1901.09392).

    max over moved texts x' of ‖φ(x') − φ(x)‖ / ‖φ(x)‖, in the Euclidean norm, as in captum

A text moves by uniform noise on the vectors of its words, in every coordinate at most `RADIUS` of what such coordinates
are (root mean square). Added tokens and the tokens that methods compare with stay where they are. The noise is put on
the model's table of words, so that every method is measured, whether it takes gradients or removes tokens.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import cast

import numpy as np
import torch
from torch import nn

from bcos_core.evaluate.explainer import Explainer
from bcos_core.evaluate.plan import MOVES, RADIUS
from bcos_core.model.classifier import Classifier
from bcos_core.model.shared_copy import shared_copy
from bcos_core.text.encoding import Encoded


def sensitivities(
    explainer: Explainer, texts: Sequence[Encoded], scores: Sequence[Sequence[float]], targets: Sequence[int]
) -> list[float | None]:
    """Of each text, the `scores` that it has where it is, and the class that they explain, which is explained wherever
    the text moves; None where the method fails there."""
    moved: list[list[Sequence[float] | None]] = [[] for _ in texts]
    ids = {id for text in texts for id, token in zip(text.ids, text.tokens, strict=True) if not token.added}
    for draw in range(MOVES):
        shaken = replace(explainer, classifier=moved_words(explainer.classifier, ids, seed=explainer.seed, draw=draw))
        for index in sorted(set(targets)):
            places = [place for place, target in enumerate(targets) if target == index]
            records = shaken([texts[place].text for place in places], target=index)
            for place, record in zip(places, records, strict=True):
                moved[place].append(None if record.failed else record.scores)
    return [
        None if any(one is None for one in found) else max_sensitivity(row, [one for one in found if one is not None])
        for row, found in zip(scores, moved, strict=True)
    ]


def max_sensitivity(scores: Sequence[float], moved: Sequence[Sequence[float]]) -> float:
    """The largest relative change of the scores; absolute, where they are all 0 (as in captum)."""
    size = math.hypot(*scores) or 1.0
    return max(math.dist(scores, other) / size for other in moved)


def moved_words(classifier: Classifier, ids: Collection[int], *, seed: int, draw: int) -> Classifier:
    """The same model, whose words with these ids lie a little elsewhere: it shares all other weights and changes none.
    Where a word moves to depends on the word, the seed and the draw alone, not on what it is asked with."""
    model = shared_copy(classifier.model, {})
    table = cast(nn.Embedding, model.get_input_embeddings())
    weight = table.weight.detach().clone()
    reach = RADIUS * float(weight.square().mean().sqrt())
    for id in sorted(ids):
        noise = np.random.default_rng([seed, draw, id]).uniform(-reach, reach, weight.shape[1])
        weight[id] += torch.from_numpy(noise).to(weight)
    # Of the copy: the model's own table stays as it is.
    table._parameters["weight"] = nn.Parameter(weight, requires_grad=False)
    return replace(classifier, model=model)

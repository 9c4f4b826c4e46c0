"""Words whose vectors lose some of their elements, the fewer or the more the higher their scores: soft sufficiency and
comprehensiveness (Zhao and Aletras, ACL 2023, arXiv 2305.10496).

Of a text whose tokens have vectors xᵢ and importance aᵢ from 0 to 1, eᵢ a mask with a draw of 0 or 1 for each element,

    kept:     x'ᵢ = xᵢ ⊙ eᵢ,  eᵢ ~ Bernoulli(aᵢ)         without:  x'ᵢ = xᵢ ⊙ eᵢ,  eᵢ ~ Bernoulli(1 − aᵢ)

so that a word is neither there nor gone, and how much more important it is counts, not only that it is. Added tokens
stay whole. The authors draw once; here several draws are averaged. Their code takes scores as they are for
probabilities, which those of most methods are not: here they are stretched over each text, the lowest score to 0, the
highest to 1.

How much of a text is left then depends on how the scores are spread, and a method whose scores lie near the highest
keeps more. Huang and Chan (arXiv 2601.03089) therefore compare methods at the same expected share of what is kept, π,
under the names π-Soft-NC and π-Soft-NS. How they bring scores to π could not be looked up. What is here is ours, not
theirs: scores count by their ranks alone. At share π the token of rank r among n, the lowest score first, keeps

    q(r) = nπ ((r/n)^(1/π) − ((r−1)/n)^(1/π)),   equal scores the mean of their q,   Σ q = nπ

which is steeper the less is kept, for each π of `TENTHS`, and the average over them. So every method keeps exactly as
much of every text, and no rescaling of scores that leaves their order changes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import numpy as np
import torch
from torch import Tensor

from bcos_core.evaluate.case import TENTHS, Logits, Soft
from bcos_core.evaluate.forward import batches_of, padded
from bcos_core.evaluate.plan import SOFT_DRAWS
from bcos_core.model.classifier import Classifier
from bcos_core.model.passes import by_halves
from bcos_core.model.view import ModelView
from bcos_core.storage.content import name_of
from bcos_core.text.encoding import Encoded, padded_types


def stretched(scores: Sequence[float]) -> list[list[float]]:
    """For each draw the share of each token's vector that is kept: its score, from the lowest (0) to the highest (1);
    a half, where all are equal."""
    lowest, highest = min(scores), max(scores)
    width = highest - lowest
    importance = [(score - lowest) / width if width > 0 else 0.5 for score in scores]
    return [importance] * SOFT_DRAWS


def by_rank(scores: Sequence[float]) -> list[list[float]]:
    """The same by the rank of each score alone: at each draw another share π of the text is kept."""
    return [_at_share(scores, tenth / 10) for tenth in TENTHS]


def _at_share(scores: Sequence[float], share: float) -> list[float]:
    tokens = len(scores)
    bounds = [(rank / tokens) ** (1 / share) for rank in range(tokens + 1)]
    kept = [0.0] * tokens
    rank = 0
    for _, equal in groupby(sorted(range(tokens), key=scores.__getitem__), key=scores.__getitem__):
        places = list(equal)
        mean = tokens * share * (bounds[rank + len(places)] - bounds[rank]) / len(places)
        for place in places:
            kept[place] = mean
        rank += len(places)
    return kept


KEPT: Mapping[str, Callable[[Sequence[float]], list[list[float]]]] = {"soft": stretched, "soft_ranks": by_rank}
"""How much of each token is kept, draw by draw, by the kind of evidence."""


@dataclass(frozen=True)
class _Variant:
    """A text of whose tokens' vectors a share of the elements is left, `left` (tokens,). Which of them follows from the
    numbers of the `draw`, from 0 to 1: those below the share, or, `turned`, those above 1 − share."""

    text: Encoded
    left: tuple[float, ...]
    draw: int
    turned: bool

    @property
    def ids(self) -> tuple[int, ...]:
        return self.text.ids


def soft_answers(
    classifier: Classifier,
    texts: Sequence[Encoded],
    scores: Sequence[Sequence[float]],
    *,
    evidence: str,
    seed: int,
) -> list[Soft]:
    """What the model says as each text keeps, and loses, parts of its words by its scores (tokens,); a text may appear
    more than once. The numbers that masks are drawn by follow from the text and `seed`: methods that say the same are
    asked about the same, and what stays of a word in one direction is what goes in the other."""
    wanted = [list(_variants(text, row, KEPT[evidence])) for text, row in zip(texts, scores, strict=True)]
    logits = _logits_of(classifier, [variant for variants in wanted for variant in variants], seed)
    found = []
    for whole, empty, *drawn in wanted:
        kept, without = (tuple(logits[variant] for variant in drawn[first::2]) for first in (0, 1))
        found.append(Soft(logits[whole], logits[empty], kept, without))
    return found


def _variants(
    text: Encoded, scores: Sequence[float], shares: Callable[[Sequence[float]], list[list[float]]]
) -> Iterator[_Variant]:
    """Whole, with nothing of its tokens, then kept and without in turn, draw by draw."""
    ordinary = [position for position, token in enumerate(text.tokens) if not token.added]

    def left(of_ordinary: Sequence[float]) -> tuple[float, ...]:
        row = [1.0] * len(text)
        for position, share in zip(ordinary, of_ordinary, strict=True):
            row[position] = share
        return tuple(row)

    yield _Variant(text, left([1.0] * len(ordinary)), 0, turned=False)
    yield _Variant(text, left([0.0] * len(ordinary)), 0, turned=False)
    given = [scores[position] for position in ordinary]
    both = zip(shares(given), shares([-score for score in given]), strict=True)
    for draw, (kept, without) in enumerate(both):
        yield _Variant(text, left(kept), draw, turned=False)
        yield _Variant(text, left(without), draw, turned=True)


def _logits_of(classifier: Classifier, variants: Sequence[_Variant], seed: int) -> dict[_Variant, Logits]:
    """Each different one once, in batches of similar length."""
    view = ModelView(classifier.model)
    width = view.word_width
    pad, device = classifier.tokenizer.pad_token_id or 0, classifier.device
    drawn = lru_cache(maxsize=SOFT_DRAWS)(_numbers)
    found: dict[_Variant, Logits] = {}

    def asked(batch: Sequence[_Variant]) -> list[Logits]:
        columns = len(batch[0].ids)
        left = torch.ones(len(batch), columns, width)
        for row, variant in enumerate(batch):
            share = torch.tensor(variant.left).unsqueeze(1)
            numbers = drawn(variant.text, variant.draw, width, seed)
            stays = 1 - numbers <= share if variant.turned else numbers < share
            left[row, : len(variant.ids)] = stays.to(left)
        types = padded_types([variant.text.token_type_ids for variant in batch], columns)
        logits = view.predict(
            padded([variant.ids for variant in batch], pad).to(device),
            padded([(1,) * len(variant.ids) for variant in batch], 0).to(device),
            left=left.to(device),
            token_type_ids=None if types is None else types.to(device),
        )
        return [tuple(row) for row in logits.double().tolist()]

    for batch in batches_of(list(dict.fromkeys(variants)), classifier):
        rows = [row for part in by_halves(batch, len(batch), device, asked) for row in part]
        found |= dict(zip(batch, rows, strict=True))
    return found


def _numbers(text: Encoded, draw: int, width: int, seed: int) -> Tensor:
    """From 0 to 1, one for each element of the vectors, (tokens, width); the same whatever else is asked."""
    generator = np.random.default_rng(int(name_of([text.text, seed, draw]), 16))
    return torch.from_numpy(generator.random((len(text), width), dtype=np.float32))

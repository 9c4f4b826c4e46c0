"""The sequence pointing game (SeqPG): two texts of different classes as one input, and where the method points.

The pairs are built once, from one model's predictions, and are the same for every model and method.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from transformers import PreTrainedTokenizerBase

from bcos_core.attribution.record import Attribution
from bcos_core.errors import DataError
from bcos_core.model.classifier import Classifier, predict
from bcos_core.text.encoding import encode
from bcos_core.text.examples import Examples
from bcos_core.text.units import token_units

CONFIDENT = 0.75


@dataclass(frozen=True)
class Pair:
    """`text` is two texts joined; the second begins at character `boundary`; `classes` of both, in order."""

    text: str
    boundary: int
    classes: tuple[int, int]


@dataclass(frozen=True)
class Pairs:
    """Pairs of texts of `length` tokens each, and the name of the model that judged them."""

    pairs: tuple[Pair, ...] = ()
    judge: str = ""
    length: int = 0


def make_pairs(examples: Examples, judge: Classifier, *, length: int, count: int, seed: int) -> Pairs:
    """Pairs of texts of at least `length` tokens, cut there, that `judge` gets right with p > 0.75.

    A text is used once. Which class stands first is drawn.

    Raises:
        DataError: there are not two classes with such texts.
    """
    cut = _cut(examples, judge.tokenizer, length)
    right: dict[int, list[str]] = {}
    for (text, label), prediction in zip(cut, predict(judge, [text for text, _ in cut]), strict=True):
        if prediction.index == label and prediction.probabilities[label] > CONFIDENT:
            right.setdefault(label, []).append(text)
    generator = np.random.default_rng(seed)
    for texts in right.values():
        generator.shuffle(texts)
    pairs: list[Pair] = []
    while len(pairs) < count:
        open_classes = sorted((label for label, texts in right.items() if texts), key=lambda c: (-len(right[c]), c))
        if len(open_classes) < 2:
            break
        # The two classes with most texts left, so that as many pairs as possible can be made.
        first, second = generator.permutation(open_classes[:2]).tolist()
        left = right[first].pop() + " "
        pairs.append(Pair(left + right[second].pop(), len(left), (first, second)))
    if not pairs:
        raise DataError(
            f"The pointing game needs texts of two classes with at least {length} tokens that {judge.name} gets right "
            f"with p > {CONFIDENT}; there are none. Choose shorter texts for it, or leave the score out."
        )
    return Pairs(tuple(pairs), judge.name, length)


def points(record: Attribution, pair: Pair) -> float | None:
    """Positive attribution inside the explained class's half ÷ all positive attribution; None if there is none."""
    halves = [0.0, 0.0]
    for unit in token_units(record.text, record.tokens):
        halves[unit.start >= pair.boundary] += sum(max(0.0, record.scores[position]) for position in unit.positions)
    total = sum(halves)
    return halves[pair.classes.index(record.target.index)] / total if total > 0 else None


def _cut(examples: Examples, tokenizer: PreTrainedTokenizerBase, length: int) -> list[tuple[str, int]]:
    """Texts with at least `length` ordinary tokens, cut after that many, with their labels."""
    found = []
    classes = examples.classes
    usable: Sequence[int] = [place for place, text in enumerate(examples.texts) if text.strip()]
    encoded = encode(tokenizer, [examples.texts[place] for place in usable], max_length=length + 8)
    for place, text in zip(usable, encoded, strict=True):
        ends = [token.end for token in text.tokens if token.end is not None]
        if len(ends) >= length:
            found.append((text.text[: ends[length - 1]], classes[place]))
    return found

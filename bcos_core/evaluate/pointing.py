"""The sequence pointing game (SeqPG): two texts of different classes as one input, and where the method points.

Of several labels, each of the two texts has one that the other lacks.

The pairs are built once, from one model's predictions, and are the same for every model and method.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from transformers import PreTrainedTokenizerBase

from bcos_core.attribution.record import Attribution
from bcos_core.errors import DataError
from bcos_core.model.classifier import Classifier, predict
from bcos_core.tasks.task_type import Gold
from bcos_core.text.encoding import encode
from bcos_core.text.examples import Examples
from bcos_core.text.units import token_units

CONFIDENT = 0.75


@dataclass(frozen=True)
class Pair:
    """`text` is two texts joined; the second begins at character `boundary`; `classes` of both, in order: of several
    labels, one that this text has and the other lacks."""

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
        DataError: there are not two classes, or labels, with such texts.
    """
    right = _sorted_by_label(_cut(examples, judge.tokenizer, length), judge)
    generator = np.random.default_rng(seed)
    for texts in right.values():
        generator.shuffle(texts)
    pairs: list[Pair] = []
    while len(pairs) < count:
        open_classes = sorted((label for label, texts in right.items() if texts), key=lambda c: (-len(right[c]), c))
        # The two classes with most texts left, so that as many pairs as possible can be made.
        chosen = next(
            (two for two in combinations(open_classes, 2) if _last(right, *two) and _last(right, *two[::-1])), ()
        )
        if not chosen:
            break
        first, second = generator.permutation(chosen).tolist()
        one, other = _last(right, first, second), _last(right, second, first)
        assert one is not None and other is not None
        right[first].remove(one)
        right[second].remove(other)
        left = one.text + " "
        pairs.append(Pair(left + other.text, len(left), (first, second)))
    if not pairs:
        raise DataError(
            f"The pointing game needs texts of two {judge.task_type.outputs} with at least {length} tokens that "
            f"{judge.name} gets right with p > {CONFIDENT}; there are none. Choose shorter texts for it, or leave the "
            "score out."
        )
    return Pairs(tuple(pairs), judge.name, length)


@dataclass(frozen=True)
class _Half:
    """A cut text, and the outputs that it certainly lacks."""

    text: str
    lacks: frozenset[int]


def _sorted_by_label(cut: Sequence[tuple[str, Gold]], judge: Classifier) -> dict[int, list[_Half]]:
    """The texts by their class, or by the rarest label that they certainly have."""
    found = [
        (text, *judge.task_type.certain(prediction, gold, CONFIDENT))
        for (text, gold), prediction in zip(cut, predict(judge, [text for text, _ in cut]), strict=True)
    ]
    counts = Counter(label for _, has, _ in found for label in has)
    right: dict[int, list[_Half]] = {}
    for text, has, lacks in found:
        if has:
            right.setdefault(min(has, key=lambda label: (counts[label], label)), []).append(_Half(text, lacks))
    return right


def _last(right: Mapping[int, Sequence[_Half]], label: int, other: int) -> _Half | None:
    """The last text of a label that lacks another one."""
    return next((half for half in reversed(right[label]) if other in half.lacks), None)


def points(record: Attribution, pair: Pair) -> float | None:
    """Positive attribution inside the explained class's half ÷ all positive attribution; None if there is none."""
    halves = [0.0, 0.0]
    for unit in token_units(record.text, record.tokens):
        halves[unit.start >= pair.boundary] += sum(max(0.0, record.scores[position]) for position in unit.positions)
    total = sum(halves)
    return halves[pair.classes.index(record.target.index)] / total if total > 0 else None


def _cut(examples: Examples, tokenizer: PreTrainedTokenizerBase, length: int) -> list[tuple[str, Gold]]:
    """Texts with at least `length` ordinary tokens, cut after that many, with their labels."""
    found = []
    usable: Sequence[int] = [place for place, text in enumerate(examples.texts) if text.strip()]
    encoded = encode(tokenizer, [examples.texts[place] for place in usable], max_length=length + 8)
    for place, text in zip(usable, encoded, strict=True):
        ends = [token.end for token in text.tokens if token.end is not None]
        if len(ends) >= length:
            found.append((text.text[: ends[length - 1]], examples.labels[place]))
    return found

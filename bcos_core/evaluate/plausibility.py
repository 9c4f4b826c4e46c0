"""Agreement with people: do the highest scores lie on the words that people name (as in ERASER and ferret)?

An explanation may be plausible and unfaithful, or the other way round: a model need not decide as people do.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bcos_core.errors import DataError
from bcos_core.text.rationales import Spans
from bcos_core.text.units import positions_at, token_units, word_units
from bcos_core.text.words import word_spans

if TYPE_CHECKING:
    from bcos_core.text.encoding import Encoded

_SIGNS = {"positive": 1, "pos": 1, "negative": -1, "neg": -1}


def sign_of(label: str) -> int | None:
    """1 for a class of good sentiment, −1 of bad, None for any other."""
    return _SIGNS.get(label.strip().lower())


def rated_positions(text: Encoded, label: str) -> frozenset[int]:
    """Ordinary tokens of the words that people rated as having the class's sentiment (VADER lexicon).

    Raises:
        DataError: the package with the ratings is not installed.
    """
    sign = sign_of(label)
    if sign is None:
        return frozenset()
    ratings = valences()

    def named(word: str) -> bool:
        return sign * ratings.get(word.lower(), 0.0) > 0

    return frozenset(
        position
        for unit in word_units(text.text, text.tokens)
        if any(named(word) for word in _words(text.text[unit.start : unit.end]))
        for position in unit.positions
    )


def _words(text: str) -> list[str]:
    return [text[start:end] for start, end in word_spans(text)]


def rationale_positions(text: Encoded, spans: Spans) -> frozenset[int]:
    """Ordinary tokens that have a character in one of one person's spans."""
    return frozenset(positions_at(token_units(text.text, text.tokens), spans))


@cache
def valences() -> dict[str, float]:
    """Mean human rating of each word, −4 … 4 (Hutto & Gilbert, ICWSM 2014).

    Raises:
        DataError: the package is not installed.
    """
    spec = importlib.util.find_spec("vaderSentiment")
    folders = [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]
    file = next((folder / "vader_lexicon.txt" for folder in folders), None)
    if file is None or not file.is_file():
        raise DataError("The word ratings are in the Python package vaderSentiment, which is not installed here.")
    rows = (line.split("\t") for line in file.read_text(encoding="utf-8").splitlines() if line.strip())
    return {row[0]: float(row[1]) for row in rows}


def auprc(scores: Sequence[float], named: Sequence[bool]) -> float:
    """Area under the precision-recall curve of the scores as a ranking of the named tokens, by the trapezoid rule (the
    code of ERASER and ferret; average precision, a sum of steps, is another number there)."""
    from sklearn.metrics import auc, precision_recall_curve

    precision, recall, _ = precision_recall_curve(list(named), list(scores))
    return float(auc(recall, precision))


def token_f1(scores: Sequence[float], named: Sequence[bool], size: int) -> float:
    """F1 of the `size` highest scores against the named tokens."""
    hits = _hits(scores, named, size)
    return 2 * hits / (size + sum(named))


def token_iou(scores: Sequence[float], named: Sequence[bool], size: int) -> float:
    """Intersection over union of the `size` highest scores and the named tokens."""
    hits = _hits(scores, named, size)
    return hits / (size + sum(named) - hits)


def span_f1(scores: Sequence[float], named: Sequence[bool], size: int, *, least: float = 0.5) -> float:
    """F1 of the spans that the `size` highest scores make, one being found where its intersection over union with a
    named span is at least `least` (IOU F1; DeYoung et al., arXiv 1911.03429 §4.1, whose code counts found spans for
    precision and for recall alike). Tokens beside each other are one span."""
    found, wanted = _runs(_top(scores, size)), _runs([place for place, is_named in enumerate(named) if is_named])
    hits = sum(any(_overlap(one, other) >= least for other in wanted) for one in found)
    precision, recall = hits / len(found), hits / len(wanted)
    return 2 * precision * recall / (precision + recall) if hits else 0.0


def _runs(places: Sequence[int]) -> list[range]:
    """Places that follow each other, together."""
    runs: list[range] = []
    for place in sorted(places):
        if runs and place == runs[-1].stop:
            runs[-1] = range(runs[-1].start, place + 1)
        else:
            runs.append(range(place, place + 1))
    return runs


def _overlap(one: range, other: range) -> float:
    """Intersection over union."""
    shared = max(0, min(one.stop, other.stop) - max(one.start, other.start))
    return shared / (len(one) + len(other) - shared)


def _top(scores: Sequence[float], size: int) -> list[int]:
    return sorted(range(len(scores)), key=lambda position: -scores[position])[:size]


def _hits(scores: Sequence[float], named: Sequence[bool], size: int) -> int:
    return sum(named[position] for position in _top(scores, size))

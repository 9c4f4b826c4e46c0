"""Edit to flip: how much of a text was changed, and what the model then says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bcos_core.attribution.limit import limit_of
from bcos_core.attribution.record import Attribution
from bcos_core.attribution.same_model import same_model
from bcos_core.errors import AnswerError, StudyError, TextError
from bcos_core.later import Later
from bcos_core.numbers import count
from bcos_core.study.statement import statement_of
from bcos_core.text.blank import is_blank
from bcos_core.text.pair import HEADINGS, halves, texts_of
from bcos_core.text.words import word_spans

if TYPE_CHECKING:
    from bcos_core.model.classifier import Classifier


predict = Later("bcos_core.model.classifier", "predict")  # who rates with no model needs no PyTorch


@dataclass(frozen=True)
class Outcome:
    """An edited text under the model: what it says now about what was explained, as `label`, with its probability.
    `change` is how far the probability of what it said first fell, −1 to 1."""

    text: str
    label: str
    probability: float
    flipped: bool
    edits: int
    change: float


def edited_words(before: str, after: str) -> int:
    """Words inserted, deleted or replaced, the fewest that turn one text into the other (Levenshtein, 1966); of a pair,
    the first text into the first and the second into the second."""
    return sum(_edits(*both) for both in zip(texts_of(before), texts_of(after), strict=True))


def _edits(before: str, after: str) -> int:
    first, second = _words(before), _words(after)
    codes = {word: code for code, word in enumerate(dict.fromkeys([*first, *second]))}
    others = np.array([codes[word] for word in second], dtype=np.intp)
    places = np.arange(len(second) + 1)
    row = places
    for i, word in enumerate(first, 1):
        # d[i, j] = min(d[i−1, j] + 1, d[i−1, j−1] + [word ≠ other], d[i, j−1] + 1)
        above = np.minimum(row[1:] + 1, row[:-1] + (others != codes[word]))
        # The last of the three asks for the cell before: d[i, j] = min over k ≤ j of (above[k] − k) + j.
        row = np.minimum.accumulate(np.concatenate([[i], above]) - places) + places
    return int(row[-1])


def longest_edit(text: str) -> int:
    """Characters that an edited text may have. Whoever changes a few words never comes near."""
    return 2 * len(text) + 200


def require_edit(before: str, text: str) -> None:
    """
    Raises:
        TextError: nothing is left of the text, or of one of two.
        AnswerError: it has become longer than an edited text may be, or another number of texts.
    """
    if len(text) > longest_edit(before):  # first: whatever else looks at the text takes time
        raise AnswerError(
            f"The edited text has {len(text):,} characters; at most {longest_edit(before):,} characters can be sent. "
            "Shorten it: as few words as possible should change."
        )
    if len(halves(before)) != len(halves(text)):
        raise AnswerError(f"The text to edit has {count(len(halves(before)), 'part')}; as many have to be sent.")
    parts = texts_of(text)
    for heading, part in zip(HEADINGS, parts, strict=False):
        if is_blank(part):
            which = heading.lower() if len(parts) > 1 else "text"
            raise TextError(f"Nothing is left of the {which}. Leave at least one word.")


def require_locked_model(classifier: Classifier, record: Attribution) -> None:
    """
    Raises:
        StudyError: the model is not the one that the study was locked with: it answers otherwise to the record's text.
        NotFiniteError: it answers with what are no numbers.
    """
    (now,) = predict(classifier, [record.text], max_length=limit_of(record, classifier))
    if not same_model(record, classifier, now.logits):
        raise StudyError(
            "The model was changed since this study was locked, so that it cannot answer. "
            "Please tell whoever invited you; what you have saved is kept."
        )


def try_edit(record: Attribution, text: str, classifier: Classifier) -> Outcome:
    """What the model of a locked record says to an edited text, read as far as the record's text was. That it is the
    model, `require_locked_model` has made sure.

    Raises:
        TextError, AnswerError: nothing is left of the text, or it has become too long.
    """
    require_edit(record.text, text)
    (prediction,) = predict(classifier, [text], max_length=limit_of(record, classifier))
    kind, index = classifier.task_type, record.target.index
    first, now = statement_of(record), kind.statement(prediction, classifier.labels, index)
    assert first.guess is not None and first.probability is not None and now.probability is not None  # it is discrete
    return Outcome(
        text,
        now.words,
        now.probability,
        now.guess != first.guess,
        edited_words(record.text, text),
        first.probability - kind.probability_of(first.guess, prediction, classifier.labels, index),
    )


def _words(text: str) -> list[str]:
    return [text[start:end] for start, end in word_spans(text)]

"""Edit to flip: how much of a text was changed, and what the model then says."""

from __future__ import annotations

from dataclasses import dataclass

from bcos_core.attribution.record import Attribution
from bcos_core.errors import StudyError
from bcos_core.model.classifier import Classifier, predict
from bcos_core.text.words import word_spans


@dataclass(frozen=True)
class Outcome:
    """An edited text under the model. `change` is how far the probability of the first answer fell, −1 to 1."""

    text: str
    label: str
    probability: float
    flipped: bool
    edits: int
    change: float


def edited_words(before: str, after: str) -> int:
    """Words inserted, deleted or replaced, the fewest that turn one text into the other (Levenshtein, 1966)."""
    first, second = _words(before), _words(after)
    row = list(range(len(second) + 1))
    for i, word in enumerate(first, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(second, 1):
            # d[i, j] = min(d[i−1, j] + 1, d[i, j−1] + 1, d[i−1, j−1] + [word ≠ other])
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
    return row[-1]


def try_edit(record: Attribution, text: str, classifier: Classifier, *, weights_hash: str) -> Outcome:
    """What the model of a locked record says to an edited text.

    Raises:
        TextError: nothing is left of the text.
        StudyError: the model is not the one that the study was locked with.
    """
    if classifier.weights_hash != weights_hash:
        raise StudyError(
            "The model was changed since this study was locked, so that it cannot answer. "
            "Please tell whoever invited you; what you have saved is kept."
        )
    (prediction,) = predict(classifier, [text])
    first = record.predicted
    return Outcome(
        text,
        prediction.label,
        prediction.probabilities[prediction.index],
        prediction.index != first,
        edited_words(record.text, text),
        record.probabilities[first] - prediction.probabilities[first],
    )


def _words(text: str) -> list[str]:
    return [text[start:end] for start, end in word_spans(text)]

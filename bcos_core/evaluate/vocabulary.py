"""What a model uses words for, over a whole data set; beside what counting words alone would learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import numpy as np
from msgspec import Meta
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from bcos_core.attribution.record import Attribution
from bcos_core.attribution.views import word_scores
from bcos_core.errors import DataError
from bcos_core.evaluate.statistics import bootstrap
from bcos_core.text.examples import Examples
from bcos_core.text.words import word_spans

LEAST_TEXTS = 5  # in fewer, a mean says little
KEPT_EXAMPLES = 20

Count = Annotated[int, Meta(ge=0)]


@dataclass(frozen=True)
class WordUse:
    """A word's mean contribution to the logit of class `label` over the `texts` texts that have it, with its 95 %
    interval; in a text that has it several times, its sum counts. `examples` are places in the data set."""

    label: Count
    word: str
    mean: float
    low: float
    high: float
    texts: Count
    examples: Annotated[tuple[Count, ...], Meta(min_length=1)]
    weight: float | None


@dataclass(frozen=True)
class Vocabulary:
    """`uses` by class, the largest mean first. `weight` of a use is the word's in a logistic regression on word counts,
    None where it has none; `counting_accuracy` is that regression's accuracy on the test set."""

    labels: Annotated[tuple[str, ...], Meta(min_length=1)]
    uses: tuple[WordUse, ...]
    texts: Count
    counting_accuracy: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def word_sums(record: Attribution) -> dict[str, float]:
    """The sum of each word's contributions in one text, lower case; marks and digits alone are no words."""
    sums: dict[str, float] = {}
    for word in word_scores(record):
        if word.read and any(character.isalpha() for character in word.text):
            name = word.text.lower()
            sums[name] = sums.get(name, 0.0) + word.score
    return sums


def vocabulary(
    sums: Sequence[Sequence[Mapping[str, float]]], labels: Sequence[str], train: Examples, test: Examples
) -> Vocabulary:
    """From `sums[label][place]`, the word sums of each test text for each class.

    Raises:
        DataError: there are no test texts.
    """
    if not len(test):
        raise DataError("The task has no test texts, so there are no words to gather. Choose a task with more texts.")
    counting, weights = counting_model(train, len(labels))
    uses: list[WordUse] = []
    for label, texts in enumerate(sums):
        places: dict[str, list[int]] = {}
        for place, words in enumerate(texts):
            for word in words:
                places.setdefault(word, []).append(place)
        found = []
        for word, where in places.items():
            if len(where) >= LEAST_TEXTS:
                values = [texts[place][word] for place in where]
                estimate = bootstrap(values)
                order = sorted(where, key=lambda place, word=word, texts=texts: -texts[place][word])  # type: ignore[misc]
                weight = weights.get(word)
                found.append(
                    WordUse(
                        label,
                        word,
                        estimate.mean,
                        estimate.low,
                        estimate.high,
                        len(where),
                        tuple(order[:KEPT_EXAMPLES]),
                        None if weight is None else weight[label],
                    )
                )
        uses += sorted(found, key=lambda use: -use.mean)
    right = [answer == label for answer, label in zip(counting(test.texts), test.labels, strict=True)]
    return Vocabulary(tuple(labels), tuple(uses), len(test), float(np.mean(right)))


def counting_model(train: Examples, classes: int) -> tuple[Any, dict[str, tuple[float, ...]]]:
    """Logistic regression on which words a text has: a function from texts to class numbers, and each word's weights.

    Words are those of the heatmaps, lower case, in at least two texts.
    """
    vectorizer = CountVectorizer(analyzer=_words, binary=True, min_df=2)
    counts = vectorizer.fit_transform(train.texts)
    model = LogisticRegression(C=1.0, max_iter=1000).fit(counts, train.labels)
    # With two classes, scikit-learn keeps the weights of the second one; the first has their opposite.
    rows = np.vstack([-model.coef_, model.coef_]) / 2 if classes == 2 else model.coef_
    weights = {word: tuple(rows[:, place].tolist()) for word, place in vectorizer.vocabulary_.items()}
    return lambda texts: model.predict(vectorizer.transform(texts)).tolist(), weights


def _words(text: str) -> list[str]:
    return [text[start:end].lower() for start, end in word_spans(text)]

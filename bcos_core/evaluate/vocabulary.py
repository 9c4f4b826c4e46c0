"""What a model uses words for, over a whole data set; beside what counting words alone would learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

from msgspec import Meta
from sklearn.feature_extraction.text import CountVectorizer

from bcos_core.attribution.aggregation import word_scores
from bcos_core.attribution.record import Attribution
from bcos_core.errors import DataError
from bcos_core.tasks.estimates import bootstrap
from bcos_core.tasks.task_type import LinearModel
from bcos_core.text.examples import TaskData
from bcos_core.text.words import word_spans

LEAST_TEXTS = 5  # in fewer, a mean says little
KEPT_EXAMPLES = 20

Count = Annotated[int, Meta(ge=0)]


@dataclass(frozen=True)
class WordUse:
    """A word's mean contribution to the output number `label` over the `texts` texts that have it, with its 95 %
    interval: to a logit, or to a score in the score's unit; no interval where it is the same in all of them. In a text
    that has it several times, its sum counts. `examples` are places in the data set."""

    label: Count
    word: str
    mean: float
    low: float | None
    high: float | None
    texts: Count
    examples: Annotated[tuple[Count, ...], Meta(min_length=1)]
    weight: float | None


@dataclass(frozen=True)
class Vocabulary:
    """`uses` by output, the largest mean first. `weight` of a use is the word's in a linear model of which words a text
    has (`TaskType.linear_model`), None where it has none; `counting` are that model's metrics on the test set, by name,
    of words gathered before there were several none."""

    labels: Annotated[tuple[str, ...], Meta(min_length=1)]
    uses: tuple[WordUse, ...]
    texts: Count
    counting: dict[str, float] = field(default_factory=dict)

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


def vocabulary(sums: Sequence[Sequence[Mapping[str, float]]], task: TaskData) -> Vocabulary:
    """From `sums[label][place]`, the word sums of each test text for each output.

    Raises:
        DataError: there are no test texts.
    """
    if not len(task.test):
        raise DataError("The task has no test texts, so there are no words to gather. Choose a task with more texts.")
    vectorizer, model = counting_model(task)
    columns = vectorizer.vocabulary_
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
                weight = float(model.weights[label, columns[word]]) if word in columns else None
                found.append(
                    WordUse(
                        label,
                        word,
                        estimate.mean,
                        estimate.low if estimate.has_interval else None,
                        estimate.high if estimate.has_interval else None,
                        len(where),
                        tuple(order[:KEPT_EXAMPLES]),
                        weight,
                    )
                )
        uses += sorted(found, key=lambda use: -use.mean)
    counting = task.task_type.measure(model.logits(vectorizer.transform(task.test.texts)), task.test.labels)
    return Vocabulary(task.labels, tuple(uses), len(task.test), counting)


def counting_model(task: TaskData) -> tuple[CountVectorizer, LinearModel]:
    """A linear model of which words a training text has: what counts them, and the model.

    Words are those of the heatmaps, lower case, in at least two texts.
    """
    vectorizer = CountVectorizer(analyzer=_words, binary=True, min_df=2)
    counts = vectorizer.fit_transform(task.train.texts)
    return vectorizer, task.task_type.linear_model(counts, task.train.labels, len(task.labels))


def _words(text: str) -> list[str]:
    return [text[start:end].lower() for start, end in word_spans(text)]

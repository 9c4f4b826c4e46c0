"""The test set of the models on a page, and what these answer to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from bcos_core.errors import BcosError
from bcos_core.model.info import CheckpointInfo, trained_on
from bcos_core.tasks.prediction import Prediction
from bcos_core.tasks.task_type import Array, TaskType
from bcos_core.text.tasks import Examples, TaskData
from pages.widgets import answers, resources
from pages.widgets.opening import differing_texts
from pages.widgets.plain import plain

ANY = ""

ORDERS = {
    "file": "In the order of the data",
    "unsure": "Least sure first",
    "apart": "Models furthest apart first",
    "off": "Furthest from the label first",
}

# To open on a text where two models differ, the first ones do.
OPENING_TEXTS = 48


@dataclass(frozen=True)
class Filter:
    """Which test texts are walked through. `right`, `wrong`, `answer` and `sure` (a range of the answer's softmax
    probability) are about the first model, `disagree` about the first two; `search` is looked for in the text."""

    kind: str = "all"
    label: str = ANY
    answer: str = ANY
    sure: tuple[float, float] = (0.0, 1.0)
    search: str = ""
    order: str = "file"

    @property
    def asks(self) -> bool:
        """Whether the models' answers matter."""
        return self.kind != "all" or self.answer != ANY or self.sure != (0.0, 1.0) or self.order != "file"


@dataclass(frozen=True)
class AnsweredTexts:
    """A task's test side, and what its models answer to it."""

    task: TaskData
    models: tuple[CheckpointInfo, ...]

    @property
    def compared(self) -> tuple[CheckpointInfo, ...]:
        """The first two models that read such texts and have the task's outputs."""
        fitting = (m for m in self.models if m.labels == self.task.labels and m.pairs in (None, self.task.pairs))
        return tuple(islice(fitting, 2))

    @property
    def examples(self) -> Examples:
        return self.task.test

    def label(self, index: int) -> str:
        return self.task.word(self.examples.labels[index])

    @property
    def kind(self) -> TaskType:
        return self.task.task_type

    def answers(self) -> list[list[Prediction | None]]:
        """What the first two models answer to each text; None where nobody has asked them yet."""
        return [answers.known_answers(model, self.examples.texts) for model in self.compared]

    def ask_more(self, seconds: float) -> float:
        """Ask the first two models for about so long; the share of their answers that is known then."""
        shares = [answers.ask_more(model, self.examples.texts, seconds / 2) for model in self.compared]
        return 1 - sum(shares) / (len(shares) * len(self.examples)) if shares else 1.0

    def ask_meanwhile(self) -> None:
        """Ask the first two models for as long as this is called again and again."""
        for model in self.compared:
            answers.ask_meanwhile(model, self.examples.texts)

    def known_share(self) -> float:
        """The share of the answers that is known."""
        given = self.answers()
        return sum(answer is not None for known in given for answer in known) / max(1, sum(map(len, given)))

    @cached_property
    def golds(self) -> Array:
        """The labels, as `TaskType.array` has them."""
        return self.kind.array(self.examples.labels, len(self.task.labels))

    def matching(self, chosen: Filter) -> list[int]:
        """The positions that a filter keeps, in its order; of texts without an answer none, where answers matter."""
        kept = np.ones(len(self.examples), dtype=bool)
        if chosen.label != ANY:
            kept &= self._names(chosen.label, self.golds)
        if word := chosen.search.casefold().strip():
            kept &= np.array([word in text.casefold() for text in self.examples.texts])
        if not (chosen.asks and self.compared):
            return [int(place) for place in np.flatnonzero(kept)]
        given = self.answers()
        places = np.array([i for i in np.flatnonzero(kept) if all(known[i] is not None for known in given)], dtype=int)
        if not len(places):
            return []
        found = [[answer for i in places if (answer := known[i])] for known in given]
        logits = [np.array([answer.logits for answer in one]) for one in found]
        fits = self._fits(chosen, found[0], logits, self.golds[places])
        order = np.argsort(self._order(chosen, found[0], logits, self.golds[places])[fits], kind="stable")
        return [int(place) for place in places[fits][order]]

    def _fits(
        self, chosen: Filter, first: Sequence[Prediction], logits: Sequence[Array], golds: Array
    ) -> NDArray[np.bool_]:
        kept = np.ones(len(golds), dtype=bool)
        if chosen.answer != ANY:
            kept &= self._names(chosen.answer, self.kind.answers(logits[0]))
        low, high = chosen.sure
        kept &= (sureness(first) >= low) & (sureness(first) <= high)
        if chosen.kind == "disagree" and len(logits) > 1:
            kept &= self.kind.distances(*logits) > 0
        if chosen.kind in ("right", "wrong"):
            kept &= (self.kind.each_text(logits[0], golds) == 1) == (chosen.kind == "right")
        return kept

    def _order(self, chosen: Filter, first: Sequence[Prediction], logits: Sequence[Array], golds: Array) -> Array:
        """What the texts are sorted by, the smallest first."""
        if chosen.order == "unsure":
            return sureness(first)
        if chosen.order == "apart" and len(logits) > 1:
            return -self.kind.distances(*logits)
        if chosen.order == "off":
            return -np.abs(self.kind.each_text(logits[0], golds))
        return np.zeros(len(golds))

    def _names(self, label: str, given: Array) -> NDArray[np.bool_]:
        """Which of gold, or of answers, name a label."""
        labels = self.task.labels
        return self.kind.named(given, len(labels))[:, labels.index(label)]

    def ask(self, index: int) -> list[Prediction]:
        """What the first two models answer to one text."""
        return [resources.predictions(model, (self.examples.texts[index],))[0] for model in self.compared]

    def opening(self) -> int:
        """A text to open on: the first one where the models disagree, of scores the one where they are furthest apart;
        else the first."""
        return self._opening[0]

    def agreeing(self) -> int:
        """On how many test texts the first two models agree, as far as is known; 0 where they disagree on one."""
        return self._opening[1]

    @cached_property
    def _opening(self) -> tuple[int, int]:
        """The first texts are asked about; the others too, where training, an audit or a page has left answers that
        differ."""
        if len(self.compared) < 2:
            return 0, 0
        first = list(range(min(OPENING_TEXTS, len(self.examples))))
        apart = self._apart(first)
        if not self.kind.discrete:
            return int(apart.argmax()), 0
        if apart.any():
            return int((apart > 0).argmax()), 0
        one, other = self.compared
        differing, known = differing_texts(one, other, self.examples.texts)
        others = [place for place in differing if place >= len(first)][:OPENING_TEXTS]
        apart = self._apart(others)  # read as far as panels read, which may be further than training read
        if apart.any():
            return others[int((apart > 0).argmax())], 0
        return 0, known if known > len(first) and not differing else len(first)

    def _apart(self, places: Sequence[int]) -> Array:
        """How far the answers of the first two models are apart, for some texts."""
        texts = tuple(self.examples.texts[place] for place in places)
        if not texts:
            return np.zeros(0)
        logits = [np.array([one.logits for one in resources.predictions(info, texts)]) for info in self.compared]
        return self.kind.distances(*logits)


def sureness(given: Sequence[Prediction]) -> Array:
    """The probability of each answer's likeliest output; 1 of a score, which has none."""
    return np.array([answer.probabilities[answer.index] if answer.probabilities else 1.0 for answer in given])


def find_test_set(models: Sequence[CheckpointInfo]) -> AnsweredTexts | None:
    """The test set of the first model's task; None, with the reason on the page, when it cannot be read."""
    if not models:
        return None
    if models[0].task is None:
        st.caption(plain(f"{models[0].name} does not say what it was trained on, so there is no test set to browse."))
        return None
    try:
        task = resources.task_data(trained_on(models[0]))
    except BcosError as error:
        st.caption(plain(f"The test set cannot be read. {error}"))
        return None
    return AnsweredTexts(task, tuple(models)) if len(task.test) else None

"""The test set of the models on a page, and what these answer to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from bcos_core.errors import BcosError
from bcos_core.model.info import CheckpointInfo, trained_on
from bcos_core.tasks.prediction import Prediction
from bcos_core.tasks.task_type import Array, TaskType
from bcos_core.text.tasks import Examples, TaskData
from pages.widgets import resources
from pages.widgets.plain import plain

ANY = ""

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

    @property
    def asks(self) -> bool:
        """Whether the models' answers matter."""
        return self.kind != "all" or self.answer != ANY or self.sure != (0.0, 1.0)


@dataclass(frozen=True)
class TestSet:
    """A task's test side, and what its models answer to it."""

    task: TaskData
    models: tuple[CheckpointInfo, ...]

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
        return [resources.test_answers(model, self.examples.texts) for model in self.models[:2]]

    def matching(self, chosen: Filter) -> list[int]:
        """The positions that a filter keeps; of texts without an answer none, where answers matter."""
        word = chosen.search.casefold().strip()
        kept = [
            index
            for index, text in enumerate(self.examples.texts)
            if (chosen.label == ANY or self._names(chosen.label, self._gold(index)))
            and (not word or word in text.casefold())
        ]
        if not chosen.asks or not self.models:
            return kept
        answers = self.answers()
        return [index for index in kept if self._fits([given[index] for given in answers], index, chosen)]

    def _names(self, label: str, answer: Array) -> bool:
        """Whether gold, or an answer, to one text names a label."""
        labels = self.task.labels
        return bool(self.kind.named(answer, len(labels))[0, labels.index(label)])

    def _gold(self, index: int) -> Array:
        return self.kind.array([self.examples.labels[index]], len(self.task.labels))

    def _fits(self, given: Sequence[Prediction | None], index: int, chosen: Filter) -> bool:
        known = [answer for answer in given if answer is not None]
        if len(known) < len(given):
            return False
        first = known[0]
        if chosen.answer != ANY and not self._names(chosen.answer, self.kind.answers(np.array([first.logits]))):
            return False
        sure = first.probabilities[first.index] if first.probabilities else 1.0
        if not chosen.sure[0] <= sure <= chosen.sure[1]:
            return False
        if chosen.kind == "disagree":
            return len({answer.label for answer in known}) > 1
        return chosen.kind == "all" or (first.label == self.label(index)) == (chosen.kind == "right")

    def ask(self, index: int) -> list[Prediction]:
        """What the first two models answer to one text."""
        return [resources.predictions(model, (self.examples.texts[index],))[0] for model in self.models[:2]]

    def opening(self) -> int:
        """A text to open on: the first one where the models disagree, of scores the one where they are furthest apart;
        else the first."""
        if len(self.models) < 2:
            return 0
        texts = self.examples.texts[:OPENING_TEXTS]
        first, second = ([*resources.predictions(model, texts)] for model in self.models[:2])
        if self.kind.discrete:
            return next((i for i in range(len(texts)) if first[i].label != second[i].label), 0)
        logits = [np.array([answer.logits for answer in given]) for given in (first, second)]
        return int(self.kind.distances(*logits).argmax())


def find_test_set(models: Sequence[CheckpointInfo]) -> TestSet | None:
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
    return TestSet(task, tuple(models)) if len(task.test) else None

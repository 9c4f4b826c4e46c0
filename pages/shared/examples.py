"""The test set of the compared models, to walk through: all of it, or where a model is right, wrong, or disagrees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from bcos_core.errors import BcosError
from bcos_core.model.checkpoint import CheckpointInfo
from bcos_core.render.numbers import count
from bcos_core.text.tasks import Examples, TaskChoice, TaskData
from pages.shared import resources, url
from pages.shared.plain import plain

FILTERS = {"all": "All", "right": "Right", "wrong": "Wrong", "disagree": "Disagree"}

# Filters ask the models about the first texts, as many as take a few seconds on a small machine.
ASKED_CHARACTERS = 120_000
# To open on a text where two models differ, fewer do.
OPENING_TEXTS = 48


@dataclass(frozen=True)
class TestSet:
    """A task's test side, and what was asked of the models about its first texts."""

    task: TaskData
    models: tuple[CheckpointInfo, ...]

    @property
    def examples(self) -> Examples:
        return self.task.test

    def label(self, index: int) -> str:
        return self.task.labels[self.examples.labels[index]]

    @property
    def asked(self) -> int:
        """How many texts the filters look at."""
        total = 0
        for index, text in enumerate(self.examples.texts):
            total += len(text)
            if total > ASKED_CHARACTERS:
                return max(1, index)
        return len(self.examples)

    def matching(self, chosen: str) -> list[int]:
        """The positions that a filter keeps: `right` and `wrong` are the first model's, `disagree` the first two's."""
        if chosen == "all" or not self.models:
            return list(range(len(self.examples)))
        texts = self.examples.texts[: self.asked]
        answers = [[p.label for p in resources.predictions(model, texts)] for model in self.models[:2]]
        if chosen == "disagree":
            return [i for i in range(len(texts)) if len({answer[i] for answer in answers}) > 1]
        return [i for i in range(len(texts)) if (answers[0][i] == self.label(i)) == (chosen == "right")]

    def opening(self) -> int:
        """A text to open on: the first one where the models disagree, else the first."""
        if len(self.models) < 2:
            return 0
        texts = self.examples.texts[:OPENING_TEXTS]
        answers = [[p.label for p in resources.predictions(model, texts)] for model in self.models[:2]]
        return next((i for i in range(len(texts)) if answers[0][i] != answers[1][i]), 0)


def find_test_set(models: Sequence[CheckpointInfo]) -> TestSet | None:
    """The test set of the first model's task; None, with the reason on the page, when it cannot be read."""
    if not models:
        return None
    if models[0].task is None:
        st.caption(plain(f"{models[0].name} does not say what it was trained on, so there is no test set to browse."))
        return None
    try:
        task = resources.task_data(TaskChoice.from_dict(models[0].task))
    except BcosError as error:
        st.caption(plain(f"The test set cannot be read. {error}"))
        return None
    return TestSet(task, tuple(models)) if len(task.test) else None


def browse(tests: TestSet, current: int | None) -> None:
    """Previous and next, a filter, and where in the test set the current text stands."""
    names = [name for name in FILTERS if name != "disagree" or len(tests.models) > 1]
    chosen = st.segmented_control(
        "Test set",
        names,
        format_func=FILTERS.__getitem__,
        required=True,
        help=_filter_help(tests),
        **url.bound("filter", "all", parse=url.one_of(names)),
    )
    with st.spinner(f"Asking the models about {count(tests.asked, 'text')} …"):
        matching = tests.matching(chosen or "all")
    previous = next((i for i in reversed(matching) if current is not None and i < current), None)
    following = next((i for i in matching if current is None or i > current), None)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _step("Previous", "Left", previous)
        _step("Next", "Right", following)
    st.caption(_place(tests, current, matching, chosen or "all"))


def show(index: int) -> None:
    """Make the test text at `index` the text of the screen."""
    url.write(example=str(index), text=None, kept=None, strike=None)


def _step(label: str, key: str, index: int | None) -> None:
    st.button(
        label,
        key=f"step-{label}",
        shortcut=key,
        disabled=index is None,
        on_click=show,
        args=(index,),
    )


def _place(tests: TestSet, current: int | None, matching: list[int], chosen: str) -> str:
    among = (
        f"{count(len(matching), 'text')} of {tests.asked:,}" if chosen != "all" else count(len(matching), "test text")
    )
    if current is None:
        return f"{among}. Your own text is shown."
    place = f"No. {matching.index(current) + 1:,} of {among}" if current in matching else f"Not among these {among}"
    return f"{place} · labelled **{plain(tests.label(current))}**"


def _filter_help(tests: TestSet) -> str:
    first = plain(tests.models[0].name)
    seen = "all" if tests.asked == len(tests.examples) else f"the first {tests.asked:,} of {len(tests.examples):,}"
    return f"Right and wrong are the answers of {first}. The filters look at {seen} test texts."

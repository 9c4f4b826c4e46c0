"""The test set of the compared models, to walk through: all of it, or what filters keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from bcos_core.errors import BcosError
from bcos_core.model.classifier import Prediction
from bcos_core.model.info import CheckpointInfo, trained_on
from bcos_core.numbers import count
from bcos_core.tasks.task_type import Array, TaskType
from bcos_core.text.tasks import Examples, TaskData
from pages.widgets import resources, url
from pages.widgets.plain import plain

FILTERS = {"all": "All", "right": "Right", "wrong": "Wrong", "disagree": "Disagree"}
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


def browse(tests: TestSet, current: int | None) -> list[int]:
    """Filters, and where in the test set the current text stands; the texts that the filters keep."""
    names = [name for name in FILTERS if name != "disagree" or len(tests.models) > 1]
    if not tests.kind.discrete:  # a score is nearer or further, not right or wrong
        names = ["all"]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        kind = st.segmented_control(
            "Test set",
            names,
            format_func=FILTERS.__getitem__,
            required=True,
            help=f"Right and wrong are the answers of {plain(tests.models[0].name)}, to as much of a text as panels "
            f"show; figures on Models are of texts up to {tests.models[0].max_length:,} tokens.",
            **url.bound("filter", "all", parse=url.one_of(names)),
        )
        chosen = _choose(tests, str(kind or "all"))
    with st.spinner("Looking through the test set …"):
        matching = tests.matching(chosen)
    st.caption(_place(tests, current, matching, chosen))
    return matching


def steps(matching: list[int], current: int | None) -> None:
    """Previous and next among the texts that the filters keep; the arrow keys do the same."""
    _step("Previous", "Left", next((i for i in reversed(matching) if current is not None and i < current), None))
    _step("Next", "Right", next((i for i in matching if current is None or i > current), None))


def _choose(tests: TestSet, kind: str) -> Filter:
    """The further filters; the address holds them."""
    labels = list(tests.task.labels)
    with st.popover("Filter", icon=":material/filter_list:"):
        search = st.text_input("Text contains", **url.bound("search", ""))
        if not tests.kind.discrete:
            return Filter(kind, search=search)
        output = tests.kind.output
        label = _one_of("Labelled", "label", labels, output)
        answer = _one_of(f"{plain(tests.models[0].name)} answers", "answer", labels, output)
        low, high = st.slider(
            "Its probability, %", 0, 100, **url.bound("sure", (0, 100), parse=_range, show=_show_range)
        )
    return Filter(kind, label, answer, (low / 100, high / 100), search)


def _one_of(title: str, name: str, labels: list[str], output: str) -> str:
    chosen = st.selectbox(
        title,
        [ANY, *labels],
        format_func=lambda label: f"Any {output}" if label == ANY else label,
        **url.bound(name, ANY, parse=url.one_of([ANY, *labels])),
    )
    return str(chosen or ANY)


def _range(text: str) -> tuple[int, int]:
    low, high = (int(part) for part in text.split("-"))
    if not 0 <= low <= high <= 100:
        raise ValueError(text)
    return low, high


def _show_range(chosen: tuple[int, int]) -> str:
    return f"{chosen[0]}-{chosen[1]}"


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


def _place(tests: TestSet, current: int | None, matching: list[int], chosen: Filter) -> str:
    among = count(len(matching), "test text")
    if len(matching) < len(tests.examples):
        among = f"{count(len(matching), 'text')} of {len(tests.examples):,}"
    if chosen.asks:
        asked = sum(answer is not None for answer in tests.answers()[0])
        if asked < len(tests.examples):
            limit = tests.models[0].max_length
            among += (
                f" (the models were asked about {asked:,}; the audit on Models asks about all, and counts here for "
                f"those that have no more than the {limit:,} tokens of training)"
            )
    if current is None:
        return f"{among}. Your own text is shown."
    place = f"No. {matching.index(current) + 1:,} of {among}" if current in matching else f"Not among these {among}"
    return f"{place} · labelled **{plain(tests.label(current))}**"

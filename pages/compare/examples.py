"""The test set of the compared models, to walk through: all of it, or what filters keep."""

from __future__ import annotations

import streamlit as st

from bcos_core.numbers import count
from pages.widgets import url
from pages.widgets.plain import plain
from pages.widgets.test_set import ANY, Filter, TestSet

FILTERS = {"all": "All", "right": "Right", "wrong": "Wrong", "disagree": "Disagree"}


def browse(tests: TestSet, current: int | None) -> list[int]:
    """Filters, and where in the test set the current text stands; the texts that the filters keep."""
    names = [name for name in FILTERS if name != "disagree" or len(tests.models) > 1]
    if not tests.kind.discrete:  # a score is nearer or further, not right or wrong
        names = ["all"]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        kind = st.segmented_control(
            "Test set",
            names,
            format_func=FILTERS.__getitem__,
            required=True,
            wrap=True,
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

"""The test set of the compared models, to walk through: all of it, or what filters keep, in the order of a choice."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from bcos_core.numbers import count, percent
from pages.widgets import url
from pages.widgets.answered_texts import ANY, ORDERS, AnsweredTexts, Filter
from pages.widgets.errors import guard
from pages.widgets.frame import fragment
from pages.widgets.kept_text import BEFORE
from pages.widgets.plain import plain

FILTERS = {"all": "All", "right": "Right", "wrong": "Wrong", "disagree": "Disagree"}

FIRST_SECONDS = 0.4
"""How long a page that needs answers asks for the first of them before it is drawn."""
REST_SECONDS = 1.0
"""Between two looks at how many of the others were asked for meanwhile."""

# A choice of texts begins with the first one that fits: what is on the screen now may not.
_JUMPS = ("example", "text", "kept", "strike", *BEFORE)


def read_filter(tests: AnsweredTexts) -> Filter:
    """What the address says; anything else there is ignored."""
    kind, order, label, answer = (url.read(name) for name in ("filter", "order", "label", "answer"))
    labels = tests.task.labels if tests.kind.discrete else ()
    try:
        low, high = _range(url.read("sure")) if tests.kind.discrete else (0, 100)
    except ValueError:
        low, high = 0, 100
    return Filter(
        kind if kind in kinds(tests) else "all",
        label if label in labels else ANY,
        answer if answer in labels else ANY,
        (low / 100, high / 100),
        url.read("search"),
        order if order in orders(tests) else "file",
    )


def kinds(tests: AnsweredTexts) -> list[str]:
    """The filters that the answers of these models can serve; a score is nearer or further, not right or wrong."""
    if not tests.kind.discrete:
        return ["all"]
    return [name for name in FILTERS if name != "disagree" or len(tests.compared) > 1]


def orders(tests: AnsweredTexts) -> list[str]:
    """The orders that make sense of these answers."""
    fitting = {
        "file": True,
        "unsure": tests.kind.exclusive,
        "apart": len(tests.compared) > 1,
        "off": not tests.kind.discrete,
    }
    return [name for name in ORDERS if fitting[name]]


def kept(tests: AnsweredTexts) -> list[int]:
    """The texts that the address's filter keeps, in its order. A first look asks the models about some of them."""
    chosen = read_filter(tests)
    if chosen.asks and tests.known_share() == 0:
        tests.ask_more(FIRST_SECONDS)
    return tests.matching(chosen)


def first_text(tests: AnsweredTexts) -> int:
    """The text to begin with: the first one that fits the filter; without one, where the models disagree."""
    if read_filter(tests) != Filter() and (matching := kept(tests)):
        return matching[0]
    return tests.opening()


def browse(tests: AnsweredTexts, current: int | None) -> list[int]:
    """Filters, and where in the test set the current text stands; the texts that the filters keep."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        if len(kinds(tests)) > 1:
            _kind_of_answer(tests)
        _choose(tests)
    matching = kept(tests)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.toggle(
            "Table",
            help="All test texts with their labels and the models’ answers.",
            **url.bound("table", False, parse=lambda text: text == "1", show=lambda on: "1" if on else "0"),
        )
        st.caption(_place(tests, current, matching), width="content")
    if (read_filter(tests).asks or table_is_open()) and tests.known_share() < 1:
        _ask_meanwhile(tests)
    return matching


def _kind_of_answer(tests: AnsweredTexts) -> None:
    st.segmented_control(
        "Test set",
        kinds(tests),
        format_func=FILTERS.__getitem__,
        required=True,
        wrap=True,
        help=f"Right and wrong are the answers of {plain(tests.models[0].name)}, to as much of a text as panels "
        f"show; figures on Models are of texts up to {tests.models[0].max_length:,} tokens.",
        **url.bound("filter", "all", parse=url.one_of(kinds(tests)), clears=_JUMPS),
    )


def table_is_open() -> bool:
    return url.read("table") == "1"


def _ask_meanwhile(tests: AnsweredTexts) -> None:
    """Ask the models about the rest while a person looks; the page is drawn anew when all is known."""

    def ask() -> None:
        with guard():
            tests.ask_meanwhile()
            known = tests.known_share()
            if known >= 1:
                st.rerun()
            asked = round(known * len(tests.examples))
            st.progress(known, f"Asking the models about the test set: {asked:,} of {len(tests.examples):,}")

    fragment(run_every=REST_SECONDS)(ask)()


def steps(matching: Sequence[int], current: int | None) -> None:
    """Previous and next among the texts that the filters keep; the arrow keys do the same."""
    before, after = neighbours(matching, current)
    _step("Previous", "Left", before)
    _step("Next", "Right", after)


def neighbours(matching: Sequence[int], current: int | None) -> tuple[int | None, int | None]:
    """The texts before and after the current one; where it is not among them, those that stand around it in the data,
    and for a text that a person typed the first."""
    if current is None:
        return None, next(iter(matching), None)
    if current in matching:
        place = matching.index(current)
        return (matching[place - 1] if place else None), next(iter(matching[place + 1 :]), None)
    return max((i for i in matching if i < current), default=None), min(
        (i for i in matching if i > current), default=None
    )


def _choose(tests: AnsweredTexts) -> None:
    """The further filters and the order; the address holds them."""
    labels = list(tests.task.labels)
    with st.popover("Filter", icon=":material/filter_list:"):
        st.text_input("Text contains", **url.bound("search", "", clears=_JUMPS))
        if tests.kind.discrete:
            output = tests.kind.output
            _one_of("Labelled", "label", labels, output)
            _one_of(f"{plain(tests.models[0].name)} answers", "answer", labels, output)
            st.slider(
                "Its probability, %",
                0,
                100,
                **url.bound("sure", (0, 100), parse=_range, show=_show_range, clears=_JUMPS),
            )
        if len(known := orders(tests)) > 1:
            st.selectbox(
                "Sorted",
                known,
                format_func=ORDERS.__getitem__,
                **url.bound("order", "file", parse=url.one_of(known), clears=_JUMPS),
            )


def _one_of(title: str, name: str, labels: list[str], output: str) -> None:
    st.selectbox(
        title,
        [ANY, *labels],
        format_func=lambda label: f"Any {output}" if label == ANY else label,
        **url.bound(name, ANY, parse=url.one_of([ANY, *labels]), clears=_JUMPS),
    )


def _range(text: str) -> tuple[int, int]:
    low, high = (int(part) for part in text.split("-"))
    if not 0 <= low <= high <= 100:
        raise ValueError(text)
    return low, high


def _show_range(chosen: tuple[int, int]) -> str:
    return f"{chosen[0]}-{chosen[1]}"


def show(index: int) -> None:
    """Make the test text at `index` the text of the screen."""
    url.write(example=str(index), **dict.fromkeys(_JUMPS[1:]))


def _step(label: str, key: str, index: int | None) -> None:
    st.button(
        label,
        key=f"step-{label}",
        shortcut=key,
        disabled=index is None,
        on_click=show,
        args=(index,),
    )


def _place(tests: AnsweredTexts, current: int | None, matching: Sequence[int]) -> str:
    among = count(len(matching), "test text")
    if len(matching) < len(tests.examples):
        among = f"{count(len(matching), 'text')} of {len(tests.examples):,}"
    if read_filter(tests).asks and (known := tests.known_share()) < 1:
        among += f" (the models were asked about {percent(known, decimals=0)} so far)"
    if current is None:
        return f"{among}. Your own text is shown{'; Next opens the first of them' if matching else ''}."
    place = f"No. {matching.index(current) + 1:,} of {among}" if current in matching else f"Not among these {among}"
    return f"{place} · labelled **{plain(tests.label(current))}**"

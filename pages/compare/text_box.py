"""The text of the Compare screen: where it comes from, and the box in which it is typed."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from bcos_core.model.info import CheckpointInfo
from bcos_core.text.blank import is_blank
from bcos_core.text.pair import HEADINGS, SEPARATOR, is_pair, without_separator
from pages.compare.examples import first_text
from pages.widgets import kept_text, url
from pages.widgets.answered_texts import AnsweredTexts
from pages.widgets.enter_runs import enter_runs
from pages.widgets.kept_text import BEFORE
from pages.widgets.plain import plain

_KEY = "text"
_SECOND_KEY = "second-text"
_KEYS = (_KEY, _SECOND_KEY)
_HEIGHT = 116  # pixels with the title, three lines: a sentence of 25 words; panels show a longer text whole


def example_index(tests: AnsweredTexts | None) -> int | None:
    """The test text on the screen, or None when a person typed one. A screen without a text opens on
    the first that fits the filters."""
    if "text" in st.query_params or "kept" in st.query_params or tests is None:
        return None
    given = url.number("example", below=len(tests.examples))
    return first_text(tests) if given is None else given


def screen_text(tests: AnsweredTexts | None, example: int | None) -> str:
    """The text on the screen, "" when there is none yet."""
    if example is not None and tests is not None:
        return tests.examples.texts[example]
    return kept_text.on_screen(("text", "kept")) or ""


@dataclass(frozen=True)
class TextPlace:
    """Where the address has the text that a run of the page has drawn, in every way in which it may say so."""

    addresses: frozenset[tuple[tuple[str, str], ...]]

    @classmethod
    def of(cls, text: str, example: int | None) -> TextPlace:
        # The browser completes an address that names no text (`copying.link_button`).
        return cls(frozenset({_address_now(), tuple(address_of(text, example).items())}))

    def is_current(self) -> bool:
        """Whether the text is still the one on the screen: a click on a word comes later than the drawing."""
        return _address_now() in self.addresses


def _address_now() -> tuple[tuple[str, str], ...]:
    return tuple((name, url.read(name)) for name in ("example", "kept", "text") if name in st.query_params)


def address_of(text: str, example: int | None) -> dict[str, str]:
    """The parameter that reproduces the text."""
    if example is not None:
        return {"example": str(example)}
    return {"kept": url.read("kept")} if "kept" in st.query_params else {"text": text}


def text_box(text: str, model: CheckpointInfo | None) -> None:
    """The box, of a model that reads pairs two of them beside each other."""
    pairs = is_pair(text) or bool(model and model.pairs)
    parts = [*text.split(SEPARATOR, 1), ""][:2] if pairs else [text]
    titles = [_title(place, model) for place in range(2)] if pairs else ["Text"]
    keys = _KEYS[: len(parts)]
    for place, key, title, part in zip(st.columns(len(parts)), keys, titles, parts, strict=True):
        if st.session_state.get(key) != part:
            st.session_state[key] = part
        with place:
            st.text_area(
                title,
                key=key,
                height=_HEIGHT,
                on_change=_typed,
                args=(len(parts),),
                placeholder="Type or paste a text, or pick one from the test set.",
                help="Enter runs, Shift+Enter starts a new line.",
            )
            enter_runs(key)


def text_buttons(text: str, model: CheckpointInfo | None) -> None:
    """A button for those who do not know that Enter runs, and the way between one text and two."""
    st.button("Explain", type="primary", key="explain")
    if is_pair(text) and not (model and model.pairs):
        st.button("One text only", key="one-text", on_click=show_typed, args=(1,))
    elif model is not None and model.pairs is None:  # nobody knows what a model from elsewhere reads
        st.button("Add a second text", key="two-texts", on_click=show_typed, args=(1, SEPARATOR))


def original_text(text: str, model: CheckpointInfo) -> str | None:
    """The text of which the one on the screen is an edited copy, None where it is none."""
    before = kept_text.on_screen(BEFORE)
    return None if before is None or missing_text(before, model) or is_pair(before) != is_pair(text) else before


def edit_a_copy(text: str) -> None:
    """Keep the text as it is, to compare with what it becomes. Struck words are back, which is said: a copy begins as
    the whole text."""
    if url.read("strike"):
        st.toast("The struck words are back: an edited copy begins as the whole text.")
    url.write(**kept_text.place_of(text, BEFORE), **kept_text.place_of(text), example=None, strike=None)


def missing_text(text: str, model: CheckpointInfo) -> str | None:
    """What has to be typed, or changed, before there is something to explain; None where nothing has."""
    parts = text.split(SEPARATOR)
    if all(map(is_blank, parts)):
        what = "two texts" if model.pairs or is_pair(text) else "a text"
        return f"Type {what} above, or pick one from the test set: its heatmaps appear here."
    if model.pairs is False and len(parts) > 1:
        return f"{model.name} reads one text, and these are two. Go back to one, or choose another model first."
    if (model.pairs and len(parts) < 2) or any(map(is_blank, parts)):
        missing = 0 if is_blank(parts[0]) else 1
        return f"{model.name} reads two texts together. Type the {HEADINGS[missing].lower()} too."
    return None


def _title(place: int, model: CheckpointInfo | None) -> str:
    """Which text it is, with the name of the column that it has in training."""
    names = (model.text_columns if model is not None else None) or ()
    return f"{HEADINGS[place]} ({plain(names[place])})" if len(names) == 2 else HEADINGS[place]


def _typed(boxes: int) -> None:
    url.write(**kept_text.place_of(_in_boxes(boxes)), example=None, strike=None)  # a copy that is edited stays one


def _in_boxes(boxes: int) -> str:
    return SEPARATOR.join(without_separator(str(st.session_state.get(key) or "")) for key in _KEYS[:boxes])


def show_text(text: str) -> None:
    """Make a text the text of the screen, which then is no edited copy."""
    url.write(**kept_text.place_of(text), **dict.fromkeys(BEFORE), example=None, strike=None)


def show_typed(boxes: int, after: str = "") -> None:
    """The same of what is in the boxes, and what comes `after` it: a click may come before the page is drawn anew with
    what was just typed."""
    show_text(_in_boxes(boxes) + after)

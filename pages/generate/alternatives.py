"""What else could have stood in the place of the chosen token: one of them, or a typed word, is the foil."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from bcos_core.model.generate import Written
from bcos_core.numbers import number, probability
from bcos_core.text.blank import is_blank
from bcos_core.text.token_names import with_signs
from pages.generate.stream import name_of, quoted
from pages.widgets import url
from pages.widgets.component import component
from pages.widgets.heard import Count, heard

_MOST_TOKENS = 100_000_000  # of a vocabulary
_component = component(
    "bcos_alternatives", '<ul class="alternatives" aria-label="What could stand here"></ul>', "alternatives"
)


@dataclass(frozen=True)
class _Foil:
    number: Count
    at: Count


def foil_of(step: Written) -> int | str | None:
    """The foil in the address: a token by its number, a word as it was typed, None for none. One that is neither is
    said, and none: the logit alone is another question."""
    if (number_of := _number_in_address()) is not None:
        return number_of
    if url.read("foil"):
        st.warning("The foil in the link is not the number of a token. Choose a token from the list, or type a word.")
    word = url.read("word")
    if word and is_blank(word):
        st.warning("The typed foil has nothing in it but white space. Choose a token from the list, or type a word.")
        return None
    return with_space(word, step) if word else None


def with_space(word: str, step: Written) -> str:
    """A typed word as it would stand in the place of the token: people leave out the space that begins it."""
    return f" {word}" if step.text[:1] == " " and word[:1] not in (" ", "\n") else word


def alternatives(step: Written, at: int, foil: int | str | None) -> None:
    """The likeliest tokens with their probabilities. A click on one makes it the foil, on the written one none."""
    _component(
        key="alternatives",
        data={"at": at, "rows": _rows(step, foil if isinstance(foil, int) else None)},
        on_foil_change=lambda: _clicked(step, at),
    )
    st.text_input(
        "Or another word",
        placeholder="Type a word that did not come",
        help="Of a word of several tokens the first one that differs is compared. A space before it is added where the "
        "written token begins with one.",
        **url.bound("word", "", clears=("foil",)),
    )


def _rows(step: Written, foil: int | None) -> list[dict[str, Any]]:
    found = step.alternatives
    largest = max(found.probabilities)
    return [
        {
            "number": one,
            "text": quoted(text),
            "part": "written" if one == step.token else "rather than" if one == foil else "",
            "value": probability(share),
            "share": share / largest if largest else 0.0,
            "written": one == step.token,
            "foil": one == foil,
            "tip": f"Probability {share:.3g}, logit {number(logit)}",
            "label": f"{with_signs(text)}, probability {probability(share)}, "
            + ("written" if one == step.token else f"explain {quoted(name_of(step))} rather than it"),
        }
        for one, text, logit, share in zip(found.ids, found.texts, found.logits, found.probabilities, strict=True)
    ]


def _clicked(step: Written, at: int) -> None:
    chosen = heard(st.session_state["alternatives"], "foil", _Foil)
    if chosen is None or chosen.at != at:  # of an older drawing
        return
    taken_back = chosen.number in (step.token, _number_in_address())
    url.write(foil=None if taken_back else str(chosen.number), word=None)


def _number_in_address() -> int | None:
    return url.number("foil", below=_MOST_TOKENS)

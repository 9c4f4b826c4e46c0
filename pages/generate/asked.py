"""What is asked of a language model: the prompt and the settings, in the address."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.widgets import kept_text, url
from pages.widgets.enter_runs import enter_runs
from pages.widgets.missing import missing_in_link
from pages.widgets.plain import plain
from pages.widgets.switch import switch

PLACE = ("prompt", "prompt-kept")
"""Where the address has the prompt."""
EXAMPLES = {
    "Agreement": "The keys to the old cabinet",
    "Who": "When Mary and John went to the store, John gave a drink to",
    "Fact": "The Eiffel Tower stands in the city of",
}
CHOSEN = ("at", "foil", "word", "strike")
"""What of the address is about one written token; it means nothing in another text."""
MOST_TOKENS = 500
HOTTEST = 5.0
_LARGEST_SEED = 2**32 - 1
_KEY = "prompt-box"
_HEIGHT = 138


@dataclass(frozen=True)
class Settings:
    """How the model writes: `temperature` 0 for the likeliest token each time, `seed` of the draws, how many tokens at
    `most`; `chat`: the prompt is a message in the model's chat template."""

    model: str
    chat: bool
    temperature: float
    seed: int
    most: int

    @property
    def parameters(self) -> dict[str, str | list[str]]:
        """As the address has them."""
        return {
            "model": self.model,
            "as": "chat" if self.chat else "text",
            "temperature": f"{self.temperature:g}",
            "seed": str(self.seed),
            "most": str(self.most),
        }


def prompt_on_screen() -> str:
    """The prompt in the address; the first example where that has none."""
    if not any(name in st.query_params for name in PLACE):
        return next(iter(EXAMPLES.values()))
    return kept_text.on_screen(PLACE) or ""


def prompt_box(prompt: str) -> None:
    """The box: what is typed is gone on from at once, as on Compare."""
    if st.session_state.get(_KEY) != prompt:
        st.session_state[_KEY] = prompt
    st.text_area(
        "Prompt",
        key=_KEY,
        height=_HEIGHT,
        on_change=begin_typed,
        placeholder="Type or paste what the model is to go on from.",
        help="Enter runs, Shift+Enter starts a new line.",
    )
    enter_runs(_KEY)


def choose_model(known: dict[str, str]) -> tuple[str, bool]:
    """The model by name, and whether the prompt is a message to it. The one of a link that is gone has another in its
    place, which does not write before a person says so (`is_to_write`)."""
    missing_in_link("model", known)
    first = next(iter(known))
    chosen = st.selectbox(
        "Model",
        list(known),
        format_func=known.__getitem__,
        **url.bound("model", first, parse=url.one_of(known), clears=(*CHOSEN, "stopped")),
    )
    chat = switch(
        "Read the prompt as",
        "as",
        {"text": "A text to go on with", "chat": "A message to answer"},
        "A message is put into the chat template that the model was trained with.",
        clears=(*CHOSEN, "stopped"),
    )
    return str(chosen or first), chat == "chat"


def choose_numbers() -> tuple[float, int, int]:
    """Temperature, seed, and most tokens."""
    temperature = st.number_input(
        "Temperature",
        min_value=0.0,
        max_value=HOTTEST,
        step=0.1,
        format="%g",
        width=150,
        help="0 (greedy): the likeliest token each time. Above, a token is drawn by softmax(logits ÷ temperature).",
        **url.bound("temperature", 0.0, parse=_temperature, show="{:g}".format, clears=(*CHOSEN, "stopped")),
    )
    heat = float(temperature or 0.0)
    seed = st.number_input(
        "Seed",
        min_value=0,
        max_value=_LARGEST_SEED,
        width=150,
        disabled=heat == 0,
        help="Of the draws: the same seed draws the same tokens. Greedily nothing is drawn.",
        **url.bound("seed", 0, parse=url.from_to(0, _LARGEST_SEED), clears=(*CHOSEN, "stopped")),
    )
    most = st.number_input(
        "Most tokens",
        min_value=1,
        max_value=MOST_TOKENS,
        width=150,
        help="The model may end earlier: by a token that says so, or where it reads no more.",
        **url.bound("most", 50, parse=url.from_to(1, MOST_TOKENS), clears=("stopped",)),
    )
    return heat, int(seed or 0), int(most or 1)


def examples() -> None:
    """Prompts to begin with."""
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        st.caption("Examples:", width="content")
        for name, prompt in EXAMPLES.items():
            st.button(name, key=f"example-{name}", type="tertiary", help=plain(prompt), on_click=begin, args=(prompt,))


def is_to_write(known: dict[str, str]) -> bool:
    """Whether the address asks for text, of a model that is there."""
    return url.read("written") == "1" and all(name in known for name in url.read_all("model") if name)


def begin(prompt: str) -> None:
    """Go on from a prompt, with the model on the screen, whatever was chosen in the text before."""
    shown = st.session_state.get(url.key_of("model"))
    url.write(
        **kept_text.place_of(prompt, PLACE),
        **dict.fromkeys(CHOSEN),
        model=None if shown is None else str(shown),
        written="1",
        stopped=None,
    )


def begin_typed() -> None:
    """Go on from what is in the box: a click may come before the page is drawn anew with what was just typed."""
    begin(str(st.session_state.get(_KEY) or ""))


def _temperature(text: str) -> float:
    value = float(text)
    if not 0 <= value <= HOTTEST:
        raise ValueError(text)
    return value

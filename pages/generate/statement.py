"""What the sum of this model means, said once on the page."""

from __future__ import annotations

import streamlit as st

from bcos_core.attribution.answers import as_it_stands, front_cut_off
from bcos_core.model.language_model import LanguageModel
from bcos_core.text.encoding import Encoded
from pages.widgets.plain import plain

NOT_A_REASON = (
    "A heatmap leaves nothing out and estimates nothing: it is this model’s own computation for this text. It does not "
    "say that a token with a large contribution is a good reason for the word, nor that the logit changes by just as "
    "much when the token is gone. Strike a word to see both changes."
)
CONVERSION = (
    "What conversion adds: with B above 1 a layer answers only as far as its weights point where its input does, and "
    "training makes them do so. Whether heatmaps are then truer to what happens when words go is measured (evaluate "
    "--pairs, strikes), not promised."
)


def statement(model: LanguageModel, read: Encoded) -> None:
    """One sentence in sight, what follows from it a click away; and what of the prompt is not read."""
    for note in model.notes:
        st.warning(plain(note), icon=":material/warning:")
    if read.truncated_at is not None:
        st.warning(plain(front_cut_off(model, read.truncated_at)), icon=":material/content_cut:")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":gray[{plain(sentence(model))}]", width="stretch")
        with st.popover("What does exact mean?", type="tertiary"):
            st.markdown(plain(NOT_A_REASON))
            st.markdown(plain(_alignment(model)))


def notes_of(model: LanguageModel, read: Encoded) -> tuple[str, ...]:
    """What a record says of the model and of the whole prompt, and the page once for all tokens."""
    cut = () if read.truncated_at is None else (front_cut_off(model, read.truncated_at),)
    return (*cut, as_it_stands(model))


def sentence(model: LanguageModel) -> str:
    if model.is_bcos:
        share = " with a share for the biases that it kept" if model.has_biases else ""
        return (
            f"{model.name} is a B-cos model (B = {model.b:g}): a logit is the sum of its tokens’ contributions{share}."
        )
    if model.has_biases:
        return (
            f"{model.name} was not converted: each logit is the sum of what tokens contribute and of a share that its "
            "biases have, which no token has."
        )
    return (
        f"{model.name} has no biases, so it is exact as it stands, at B = 1: each logit is the sum of what the tokens "
        "before it contribute. Nothing was trained for that."
    )


def _alignment(model: LanguageModel) -> str:
    if model.is_bcos:
        return (
            "Its weights were trained under B above 1, so that they align with what they let through. Whether its "
            "heatmaps are truer to what happens when words go is measured (evaluate --pairs, strikes), not promised."
        )
    return f"No weight was trained to align with what it reads. {CONVERSION}"

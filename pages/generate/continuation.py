"""The Generate page below its head: a prompt, what a model writes after it, and why each token is there."""

from __future__ import annotations

from typing import Any

import streamlit as st

from bcos_core.attribution.method import Method
from bcos_core.model.language_model import LanguageModel
from bcos_core.render.drawing import Style
from bcos_core.text.blank import is_blank
from pages.generate.alternatives import alternatives, foil_of
from pages.generate.asked import (
    MOST_TOKENS,
    PLACE,
    Settings,
    begin_typed,
    choose_model,
    choose_numbers,
    examples,
    is_to_write,
    prompt_box,
    prompt_on_screen,
)
from pages.generate.beside import choose_beside, choose_methods
from pages.generate.question import Question
from pages.generate.statement import statement
from pages.generate.stream import name_of, quoted, show_written, stream
from pages.generate.whole import whole
from pages.generate.why import why
from pages.generate.writing import Writing, writing
from pages.widgets import kept_text, url
from pages.widgets.copying import link_button
from pages.widgets.errors import guard
from pages.widgets.language_models import language_model, language_models
from pages.widgets.left_out import left_out_rows
from pages.widgets.plain import plain
from pages.widgets.switch import choose_granularity, choose_marks, choose_palette


def show_continuation() -> None:
    known, left_out = language_models()
    prompt = prompt_on_screen()
    prompt_place, model_place = st.columns([3, 2], gap="medium")
    with prompt_place:
        prompt_box(prompt)
        examples()
    with model_place:
        model_name, chat = choose_model(known)
        beside = choose_beside(known, model_name)
        left_out_rows(left_out, ("folder", "folders"))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="numbers"):
        temperature, seed, most = choose_numbers()
        st.button("Generate", type="primary", key="generate", on_click=begin_typed)
        stop_place = st.empty()
    settings = Settings(model_name, chat, temperature, seed, most)
    if is_blank(prompt):
        st.info("The prompt is empty. Type at least one word.")
        return
    if not is_to_write(known):
        st.info("Press Generate: the model goes on from the prompt, and every token that it writes can be asked about.")
        return
    with guard():
        model = language_model(settings.model)
        current = writing(model, prompt, chat=chat, temperature=temperature, seed=seed)
        statement(model, current.read)
        models = (model, *(language_model(name) for name in beside))
        _text_and_why(models, current, settings, prompt, stop_place)


def _text_and_why(
    models: tuple[LanguageModel, ...],
    current: Writing,
    settings: Settings,
    prompt: str,
    stop_place: st.delta_generator.DeltaGenerator,
) -> None:
    """The text first, as it comes; what is chosen in it is explained when it is there."""
    wanted = _wanted(settings.most)
    text_place, tools_place, why_place = st.empty(), st.container(), st.container()
    if len(current.steps) < wanted and not current.ended:
        stop_place.button(
            "Stop", key="stop", icon=":material/stop:", shortcut="Escape", on_click=_stop, args=(current,)
        )
        stream(text_place, current, wanted, prompt=prompt)
        stop_place.empty()
    if wanted < settings.most and not (current.ended and len(current.steps) <= wanted):
        stop_place.button("Go on", key="go-on", icon=":material/play_arrow:", on_click=_go_on)
    steps = current.steps[:wanted]
    at = _at(len(steps))
    with text_place:
        show_written(current, wanted, prompt=prompt, at=at, stopped=wanted < settings.most, on_token=choose)
    with tools_place:
        style, methods, options = _tools(models, settings, prompt)
    if not steps:
        return
    with why_place:
        if at is None:
            st.info("Click a token that the model has written: you see which tokens before it its logit came from.")
        else:
            step = steps[at]
            foil = foil_of(step)
            st.header(plain(f"Why {quoted(name_of(step))}?"), anchor=False)
            left, right = st.columns([5, 2], gap="large")
            with right:
                st.subheader("What could stand here", anchor=False)
                alternatives(step, at, foil)
            with left:
                why(Question(models, step, at, len(current.read), foil, methods, options), style)
        whole(models[0], current, wanted, style, at=at, on_token=choose)


def choose(place: int) -> None:
    """Ask about another token. Of the next one the same words are struck out, the foil was another's."""
    url.write(at=str(place), foil=None, word=None)


def _tools(
    models: tuple[LanguageModel, ...], settings: Settings, prompt: str
) -> tuple[Style, tuple[Method, ...], dict[str, dict[str, Any]]]:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="view"):
        granularity = choose_granularity("token")
        methods, options = choose_methods(models)
        with st.popover("Display", icon=":material/tune:"):
            marks, palette = choose_marks(), choose_palette()
        link_button(
            {
                **settings.parameters,
                **{name: value for name, value in kept_text.place_of(prompt, PLACE).items() if value is not None},
                "written": "1",
                "granularity": granularity,
                "marks": marks,
                "colours": palette.name,
            }
        )
    return Style(palette, granularity, marks), methods, options


def _wanted(most: int) -> int:
    """As many tokens as were asked for, or fewer where a person has stopped it."""
    given = url.number("stopped", below=MOST_TOKENS + 1)
    return most if given is None else min(most, given)


def _at(count: int) -> int | None:
    """The chosen token; none that is not there."""
    return url.number("at", below=count)


def _stop(current: Writing) -> None:
    url.write(stopped=str(len(current.steps)))


def _go_on() -> None:
    url.write(stopped=None)

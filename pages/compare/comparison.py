"""The Compare page below its head: one text, one question, and a heatmap per model and method."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from bcos_core.home import CHECKOUT
from bcos_core.model.identity import checkpoint_notes
from pages.compare.agreement import agreement
from pages.compare.answer import answer
from pages.compare.choices import choose_look, choose_methods, choose_models, choose_question
from pages.compare.course import course
from pages.compare.edited import before_and_after
from pages.compare.examples import browse, steps, table_is_open
from pages.compare.export import export_menu
from pages.compare.legend import legend
from pages.compare.one_model import which_model
from pages.compare.panel import panel
from pages.compare.pins import pins_menu
from pages.compare.screen import Band, Screen, arrange
from pages.compare.strikes import strike_toolbar
from pages.compare.table import show_table
from pages.compare.text_box import (
    TextPlace,
    address_of,
    edit_a_copy,
    example_index,
    missing_text,
    original_text,
    screen_text,
    text_box,
    text_buttons,
)
from pages.widgets import resources, url
from pages.widgets.answered_texts import find_test_set
from pages.widgets.copying import link_button
from pages.widgets.errors import guard
from pages.widgets.frame import empty_page
from pages.widgets.kept_text import BEFORE
from pages.widgets.left_out import left_out_models
from pages.widgets.option import parameters_of
from pages.widgets.plain import plain


def show_comparison() -> None:
    known = resources.checkpoints()
    if not known:
        empty_page("There is no trained model yet.", "Start on Home", "home/page.py")
        left_out_models()
        return

    st.html(CHECKOUT / "assets" / "compare.css")
    text_place, tests_place = st.columns([3, 2], gap="medium")
    table_place = st.container()
    below = st.container(gap="xsmall")
    choices = below.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="choices")
    toolbar = below.container(gap="xsmall", key="toolbar")
    steps_place, view = (
        toolbar.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=key)
        for key in ("steps", "view")
    )
    buttons = choices.container(horizontal=True, width="content", gap="xsmall")
    with choices:
        models = choose_models(known)
    with tests_place:
        tests = find_test_set(models)
    with guard():
        example = example_index(tests)
    text = screen_text(tests, example)
    with text_place:
        text_box(text, models[0] if models else None)
    with buttons:
        text_buttons(text, models[0] if models else None)
        if models and not missing_text(text, models[0]) and not any(url.read(name) for name in BEFORE):
            st.button(
                "Edit a copy",
                icon=":material/difference:",
                help="Change words and see before and after under each other.",
                on_click=edit_a_copy,
                args=(text,),
            )
    if tests is not None:
        with tests_place, guard():
            matching = browse(tests, example)
            with steps_place:
                steps(matching, example)
            if table_is_open():
                with table_place:
                    show_table(tests, matching, example)
    if not models:
        st.info("Choose at least one model.")
        return
    missing = missing_text(text, models[0])
    with choices:
        methods, options = choose_methods(models)
        # Of an edited copy, both versions are asked about what was answered to the first.
        original = original_text(text, models[0])
        question = choose_question(models, "" if missing else original or text)
    with guard():
        for note in dict.fromkeys(note for model in models for note in checkpoint_notes(model)):
            st.warning(plain(note), icon=":material/warning:")
    if missing:
        st.info(plain(missing))
        return

    with steps_place:
        if original is None:
            strike_toolbar(text)
    with view:
        look = choose_look(models[0])
        bands = arrange(models, methods)
        screen = Screen(
            text,
            question.target,
            question.minus,
            look.reference,
            look.style,
            look.shared_scale,
            bands,
            look.seeds,
            options,
        )
        label = tests.label(example) if tests is not None and example is not None else None
        pins_menu(text, label)
        export_menu(screen, original)
        link_button(
            {
                "model": [model.path.name for model in models],
                "method": [method.name for method in methods],
                "target": url.read("target"),
                "minus": url.read("minus"),
                **look.parameters,
                **parameters_of(options),
                **address_of(text, example),
                **{name: url.read(name) for name in BEFORE if url.read(name)},
            }
        )
    if original is None:
        with toolbar:
            legend(screen)
    with below:
        if original is None:
            which_model(models)
            draw(screen, TextPlace.of(text, example), label)
        else:
            before_and_after(screen, original)
        course(models, original or text, look.style)


def draw(screen: Screen, place: TextPlace, label: str | None) -> None:
    """A grid: a column per model under its answer, a row per method. Panels are begun in the order of what they cost;
    what cannot be is said in its place."""
    if not screen.cells:
        st.info("Choose a method that fits one of the models.")
        return
    for warning in screen.warnings():
        st.warning(plain(warning))
    places = {}
    with st.container(gap="xsmall", key="grid"):
        for number, band in enumerate(screen.bands):
            for model, column in zip(band.models, _columns(screen, band, f"{number}-answer"), strict=True):
                with column:
                    answer(screen, model)
            for cells in band.rows:
                for cell, column in zip(cells, _columns(screen, band, f"{number}-{cells[0].method.name}"), strict=True):
                    if cell.possible:
                        places[cell.key] = column
                    else:
                        reason = (
                            cell.method.unsupported(
                                is_bcos=cell.model.kind == "bcos",
                                family=cell.model.family,
                                answers=cell.model.task_type,
                            )
                            or ""
                        )
                        column.caption(f"**{plain(cell.method.title)}** · {plain(reason)}")
        for cell in screen.cheapest_first():
            with places[cell.key]:
                panel(screen, cell, place, label)
    agreement(screen)


def _columns(screen: Screen, band: Band, row: str) -> list[DeltaGenerator]:
    """A place for each model of the band; its class names the model, for screens that show one at a time."""
    with st.container(key=f"row-{row}"):
        columns = st.columns(len(band.models), gap="medium")
    first = screen.models.index(band.models[0])
    return [column.container(key=f"of-{first + n}-{row}", gap="xsmall") for n, column in enumerate(columns)]

"""What heatmaps look like over the test set, on the Models page: of a pair side by side, or of one model."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.figures import few_texts
from bcos_core.evaluate.patterns_job import PATTERNS_JOB, PatternsSpec, methods_for
from bcos_core.evaluate.patterns_table import Patterns
from bcos_core.jobs.made import result_of
from bcos_core.jobs.store import JobState
from bcos_core.model.info import CheckpointInfo
from bcos_core.numbers import count
from bcos_core.render.patterns import (
    STAR,
    agreements_in_words,
    notes_of,
    patterns_figure,
    patterns_table,
    shown_table,
)
from bcos_core.tasks.registry import TASK_TYPES
from pages.widgets import url
from pages.widgets.chart import chart
from pages.widgets.plain import plain
from pages.widgets.request import Request, ask
from pages.widgets.table_files import table_files

LIMIT = 200
SEED = 0


def show_patterns(models: Sequence[CheckpointInfo]) -> None:
    """The newest answer that is known of one model or two, or the button that asks for one."""
    st.header("What do its heatmaps look like?" if len(models) == 1 else "How do their heatmaps differ?", anchor=False)
    if models[0].task is None or any(model.task != models[0].task for model in models):
        st.caption(
            "Heatmaps are looked at over the test set of a model's training, and this one does not say what it was."
            if len(models) == 1
            else "These two were not trained on the same task, so that there are no texts to explain by both."
        )
        return
    with st.container(horizontal=True):
        methods = [_choose_method(place, model) for place, model in enumerate(models)]
    request = Request(PATTERNS_JOB, PatternsSpec.of(models, methods, limit=LIMIT, seed=SEED))
    done = next((job for job in request.jobs() if job.state == JobState.SUCCEEDED), None)
    if done:
        _show(result_of(done, Patterns), {model.path.name: model.name for model in models}, done.id)
        return
    ask(
        request,
        f"Explains {TASK_TYPES[models[0].task_type].predicted} of {count(LIMIT, 'test text')} by "
        f"{'both models' if models[1:] else 'it'}: how "
        "concentrated heatmaps are, how much speaks against, and on which words they lie. What an evaluation has "
        "explained is not explained again.",
        "Look at the heatmaps",
    )


def _choose_method(place: int, model: CheckpointInfo) -> str:
    names = methods_for(model)
    return str(
        st.selectbox(
            plain(f"Method for {model.name}"),
            names,
            format_func=lambda name: METHODS[name].title,
            width=320,
            **url.bound(f"patterns-{place + 1}", names[0], parse=url.one_of(names)),
        )
    )


def _show(found: Patterns, names: dict[str, str], key: str) -> None:
    for sentence in agreements_in_words(found, names):
        st.markdown(plain(sentence))
    if said := few_texts(found.texts):
        st.warning(plain(said), icon=":material/warning:")
    table, notes = shown_table(found, names), notes_of(found, names)
    st.dataframe(table, hide_index=True, height=35 * (len(table) + 1) + 3)
    st.caption(plain(" ".join([*([STAR] if len(found.models) == 2 else []), *notes])))
    table_files(
        lambda: patterns_table(found, names),
        name="patterns",
        caption=" ".join(notes),
        key=f"patterns-files-{key}",
        methods=[model.method for model in found.models],
    )
    chart(patterns_figure(found, names), key=f"patterns-{key}", data=lambda: patterns_table(found, names))

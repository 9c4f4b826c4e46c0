"""The whole answer, or a part of it: the matrix of its tokens, and their sum as one heatmap."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import streamlit as st

from bcos_core.attribution.answer_part import part_record, said_of
from bcos_core.attribution.answer_rows import MEASURES, Measure, Row, answer_rows
from bcos_core.attribution.own import own_method
from bcos_core.model.language_model import LanguageModel
from bcos_core.numbers import count, duration
from bcos_core.render import drawing
from bcos_core.render.answer_matrix import answer_figure, answer_table
from bcos_core.render.drawing import Style
from bcos_core.text.encoding import Encoded
from bcos_core.text.prompt import extended
from bcos_core.text.token_names import with_signs
from bcos_core.wanted import GivenUp
from pages.generate.matrix_rows import BOX, clickable_rows, row_was_chosen
from pages.generate.taking import export_part, scale_of
from pages.generate.writing import Writing
from pages.server.seams import run_is_over
from pages.widgets import url
from pages.widgets.chart import chart
from pages.widgets.coming import Coming
from pages.widgets.errors import guard
from pages.widgets.frame import fragment
from pages.widgets.heatmap import heatmap
from pages.widgets.resources import TURNS
from pages.widgets.switch import switch

_MEASURES: dict[Measure, str] = {"logit": "Sum of logits", "log-odds": "Sum of log-odds"}
_SAID = {
    "logit": "the sum of the logits of these tokens",
    "log-odds": "the sum of the log-odds of these tokens against all others",
}
_BETWEEN_DRAWINGS = 1.0  # seconds: the whole matrix is sent each time


@fragment(key="whole")
def whole(
    model: LanguageModel,
    current: Writing,
    wanted: int,
    style: Style,
    *,
    at: int | None,
    on_token: Callable[[int], None],
) -> None:
    """Nothing is computed before a person asks; then row by row, and a run that is replaced loses none. The token at
    `at` is chosen; a click on a row chooses another."""
    if row_was_chosen():
        st.rerun()
    st.header("The whole answer", anchor=False)
    opened = st.toggle(
        "Explain all of its tokens",
        help="A row for each written token: one pass over the model each. Then any part of it as one heatmap.",
        **url.bound("whole", False, parse=lambda text: text == "1", show=lambda on: "1" if on else "0"),
    )
    if not opened:
        return
    with guard():
        measure = _measure()
        steps = current.steps[:wanted]
        read = extended(model.tokenizer, steps[-1].prefix, [steps[-1].token])
        start = len(current.read)
        names = [_name(model, one) for one in read.ids]
        rows = _filled(model, read, start, measure, names, at, on_token)
        _part(model, read, start, measure, rows, style)


def _measure() -> Measure:
    chosen = switch(
        "What is explained",
        "measure",
        dict(_MEASURES.items()),
        "Log-odds: log(p ÷ (1 − p)), the token against all others together. Its contributions are those to the token’s "
        "logit minus the mean of those to all others under their probabilities, exactly; what is left, minus the "
        "entropy of the others, belongs to no token.",
    )
    return next(name for name in MEASURES if name == chosen)


def _filled(
    model: LanguageModel,
    read: Encoded,
    start: int,
    measure: Measure,
    names: list[str],
    at: int | None,
    on_token: Callable[[int], None],
) -> tuple[Row, ...]:
    """All rows, and the matrix as they come."""
    coming, wanted = _rows(model.identity, read.ids, start, measure, model, read), len(read) - start
    added = [token.added for token in read.tokens]
    title = f"Which tokens does each written token come from? ({_MEASURES[measure].removeprefix('Sum of ')})"
    place, before = st.empty(), len(coming.found)
    began = drawn = time.monotonic()
    try:
        while len(coming.found) < wanted:
            with TURNS.take(run_is_over):  # not given up within a row: it would be lost
                coming.go_on(wanted)
            done, now = len(coming.found), time.monotonic()
            if done < wanted and (done == 1 or now - drawn > _BETWEEN_DRAWINGS):
                left = (now - began) / (done - before) * (wanted - done)
                with place.container():
                    st.progress(done / wanted, f"{done} of {count(wanted, 'token')} · about {duration(left)} left")
                    figure = answer_figure(title, names, added, coming.found, count=wanted)
                    st.plotly_chart(figure, key=f"matrix-{done}", config={"displayModeBar": False})
                drawn = now
    except GivenUp:
        st.stop()
    rows = coming.found
    with place.container(key=BOX):
        clickable_rows(names, start, at, on_token)
        chart(
            answer_figure(title, names, added, rows),
            key="matrix",
            name=f"{model.name} answer {measure}",
            data=lambda: answer_table(names, rows),
        )
        st.caption(
            "Full colour: the largest contribution of a word; template and special tokens may have more. Click a row "
            "or its label to ask about its token, drag to look closer, double-click to see all. Each row adds up to "
            "its token’s " + ("logit." if measure == "logit" else "log-odds.")
        )
    return rows


@st.cache_resource(max_entries=8, show_spinner=False)
def _rows(
    identity: str, ids: tuple[int, ...], start: int, measure: Measure, _model: LanguageModel, _read: Encoded
) -> Coming[Row]:
    return Coming(answer_rows(_model, _read, start, measure=measure))


def _part(model: LanguageModel, read: Encoded, start: int, measure: Measure, rows: Sequence[Row], style: Style) -> None:
    """A part of the answer, all of it before anybody chooses: its rows added up."""
    first, last = 1, len(rows)
    if len(rows) > 1:
        first, last = st.slider(
            "Part of the answer",
            min_value=1,
            max_value=len(rows),
            help="From which written token to which; what stands before the last of them is explained.",
            **url.bound("part", (1, len(rows)), parse=_range(len(rows)), show=lambda part: f"{part[0]}-{part[1]}"),
        )
    chosen = rows[first - 1 : last]
    record = part_record(model, read, chosen, measure)
    scale = scale_of(record, style)
    export_part(record, model.name, style)
    heatmap(
        {
            "method": f"Where {said_of(read, chosen)} comes from",
            "model": f"{model.name}, {own_method(model).title}",
            "prediction": [],
            "failure": None,
            "runs": drawing.drawn_runs(record, style, scale),
            "presentation": style.presentation,
            "legend": drawing.legend(record, style, scale),
            "notes": list(record.prompt.notes) if record.prompt is not None else [],
            "blocks": [drawing.completeness_meter(record)],
            "cost": f"Explained: {_SAID[measure]}, of {count(len(chosen), 'row')} of the matrix",
        },
        key="heatmap-part",
        on_strike=lambda words: None,
    )


def _name(model: LanguageModel, token: int) -> str:
    return with_signs(model.token_text(token))


def _range(count: int) -> Callable[[str], tuple[int, int]]:
    def parse(text: str) -> tuple[int, int]:
        first, dash, last = text.partition("-")
        if not dash or not 1 <= int(first) <= int(last) <= count:
            raise ValueError(text)
        return int(first), int(last)

    return parse

"""The first thing on Home: a test text on which the two models disagree, with what each word does in either."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from bcos_core.attribution.method import Method
from bcos_core.attribution.record import Attribution
from bcos_core.attribution.references import tokens_of
from bcos_core.attribution.registry import METHODS
from bcos_core.model.info import CheckpointInfo
from bcos_core.numbers import count
from bcos_core.render import drawing
from bcos_core.render.drawing import Style
from bcos_core.render.palette import PALETTES
from bcos_core.render.pieces import unit_scores
from bcos_core.render.scale import own_scale
from pages.home.pair import pair_to_show
from pages.widgets import resources, url
from pages.widgets.answered_texts import AnsweredTexts, find_test_set
from pages.widgets.errors import guard
from pages.widgets.heatmap import heatmap
from pages.widgets.plain import plain
from pages.widgets.struck import Span, struck_spans, toggled

MEANING = (
    "A B-cos model’s answer is the sum of what each word adds to it, so that its colours are the computation itself; a "
    "conventional model’s colours are an estimate that is made afterwards."
)
_STYLE = Style(next(iter(PALETTES.values())))


def show_disagreement() -> None:
    """Both models' heatmaps of one test text, whose words can be struck out; nothing where there is no model yet."""
    models = pair_to_show(resources.checkpoints().values(), url.read_all("model"))
    if not models:
        return
    with st.container(border=True), guard():
        tests = find_test_set(models)
        if tests is None or not tests.compared:
            return
        index = _example(tests)
        text = tests.examples.texts[index]
        st.header(plain(_title(tests, index)), anchor=False)
        st.markdown(plain(MEANING))
        st.markdown(plain(_answers(tests, index)))
        _panels(tests, index)
        _struck_words(text)


def _example(tests: AnsweredTexts) -> int:
    given = url.number("example", below=len(tests.examples))
    return tests.opening() if given is None else given


def _title(tests: AnsweredTexts, index: int) -> str:
    what = "pair of texts" if tests.task.pairs else "text"
    if len(tests.compared) < 2:
        return f"Why the model says that about a {what}"
    if not tests.kind.discrete:
        return f"Two models, one {what}: where they are furthest apart"
    first, second = (answer.label for answer in tests.ask(index))
    if first != second:
        return f"Two models, one {what}, two answers"
    return f"Two models, one {what}, the same answer"


def _answers(tests: AnsweredTexts, index: int) -> str:
    """What each model answers, and what is right, in one line."""
    said = [
        f"{info.name}: {tests.kind.answer(answer)}"
        for info, answer in zip(tests.compared, tests.ask(index), strict=True)
    ]
    labelled = f"In the data: {tests.label(index)}."
    agreed = ""
    if len(said) > 1 and tests.kind.discrete and len({answer.label for answer in tests.ask(index)}) == 1:
        known = tests.agreeing()
        of = f"all {count(known, 'test text')}" if known == len(tests.examples) else f"the first {known:,} test texts"
        agreed = f" They agree on {of}." if known else ""
    return f"{'; '.join(said)}. {labelled}{agreed}"


def _panels(tests: AnsweredTexts, index: int) -> None:
    text, models = tests.examples.texts[index], tests.compared
    target = models[0].labels[tests.ask(index)[0].index]
    spans = struck_spans(len(text))
    for column, info in zip(st.columns(len(models), gap="large"), models, strict=True):
        with column, guard():
            if target not in info.labels:
                st.caption(plain(f"{info.name} has no {tests.kind.output} “{target}”."))
                continue
            _panel(tests, index, info, target, spans)


def _panel(tests: AnsweredTexts, index: int, info: CheckpointInfo, target: str, spans: Sequence[Span]) -> None:
    text, method = tests.examples.texts[index], own_method(info)
    with st.spinner(f"{method.title} …"):
        record = explained(info, text, method, target)
        blocks = [] if record.failed else [drawing.completeness_meter(record), _strike(info, record, spans)]
    scale = own_scale(() if record.failed else unit_scores(record, _STYLE.granularity))
    note = drawing.truncation_note(record)

    def strike(words: Sequence[Span]) -> None:
        changed = toggled(struck_spans(len(text)), words)  # of a click that may be later than this drawing
        named = ",".join(f"{first}-{last}" for first, last in changed) or None
        # With the text that it was clicked on: what is shown first may be another one the next time.
        url.write(model=[one.path.name for one in tests.compared], example=str(index), strike=named)

    heatmap(
        {
            "method": method.title,
            "model": info.name,
            "prediction": drawing.prediction_bars(record),
            "failure": record.failure,
            "runs": drawing.drawn_runs(record, _STYLE, scale, spans),
            "presentation": _STYLE.presentation,
            "legend": drawing.legend(record, _STYLE, scale),
            "notes": [note] if note else [],
            "blocks": [block for block in blocks if block],
            "cost": drawing.cost_line(record),
        },
        key=f"home-{info.path.name}-{index}",
        on_strike=strike,
    )


def own_method(info: CheckpointInfo) -> Method:
    """The first usual method that adds up to the model's answer: its own contributions where it has them."""
    fitting = [
        method
        for method in METHODS.values()
        if not method.unsupported(is_bcos=info.kind == "bcos", family=info.family, answers=info.task_type)
    ]
    return next(method for method in fitting if method.usual and method.additive)


def explained(info: CheckpointInfo, text: str, method: Method, target: str) -> Attribution:
    """The record that Compare shows with nothing chosen."""
    usual = next(iter(tokens_of(resources.classifier(info).tokenizer)), "none")
    return resources.record(
        info, text, method=method.name, target=target, minus=None, reference=method.fitting_reference(usual)
    )


def _strike(info: CheckpointInfo, record: Attribution, spans: Sequence[Span]) -> dict[str, object] | None:
    if not spans:
        return None
    return drawing.strike_comparison(record, resources.struck(info, record, tuple(spans)))


def _struck_words(text: str) -> None:
    spans = struck_spans(len(text))
    with st.container(horizontal=True, vertical_alignment="center"):
        if spans:
            words = ", ".join(f"“{plain(text[start:end])}”" for start, end in spans)
            st.markdown(f"Struck out: {words}", width="content")
            st.button("Restore", icon=":material/undo:", on_click=url.write, kwargs={"strike": None})
        else:
            st.caption("Click a word to strike it out: what the colours predict, and what really happens.")

"""The words of a model on the Models page: what each adds to each output over the test set, and where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.figures import interval_in_words, known_figure
from bcos_core.evaluate.retest_job import known_retests
from bcos_core.evaluate.vocabulary import WordUse
from bcos_core.evaluate.vocabulary_job import WORDS, WordsSpec, default_method
from bcos_core.evaluate.vocabulary_run import ModelVocabulary
from bcos_core.jobs.made import result_of
from bcos_core.jobs.store import JobState
from bcos_core.model.info import CheckpointInfo
from bcos_core.numbers import count
from bcos_core.render.csv_file import csv_file
from bcos_core.render.file_name import file_name
from bcos_core.render.word_report import word_report_html, word_report_markdown
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.tasks.task_type import TaskType
from pages.models.retest import retest_of
from pages.widgets import resources, url
from pages.widgets.jobs import later_store
from pages.widgets.plain import plain
from pages.widgets.request import Request, ask

LIMIT = 300
SEED = 0
SHOWN = 50


def words_of(info: CheckpointInfo) -> None:
    """The newest answer that is known, or the button that asks for one."""
    st.header("Which words does it use?", anchor=False)
    if info.task is None:
        st.caption("This model does not say what it was trained on, so there are no texts to look at.")
        return
    method = default_method(info)
    request = Request(WORDS, WordsSpec(str(info.path), method, LIMIT, SEED))
    done = next((job for job in request.jobs() if job.state == JobState.SUCCEEDED), None)
    if done:
        _tables(info, result_of(done, ModelVocabulary))
        return
    output = TASK_TYPES[info.task_type].output
    what = (
        f"{METHODS[method].title} of {LIMIT} test texts for {'the' if len(info.labels) == 1 else 'every'} {output}, "
        "summed by word, beside the weights that a linear model gives to word counts."
    )
    ask(request, what, "Gather the words")


def _tables(info: CheckpointInfo, result: ModelVocabulary) -> None:
    labels, kind = result.labels, TASK_TYPES[info.task_type]
    chosen = str(
        st.segmented_control(
            kind.output.capitalize(),
            labels,
            format_func=plain,
            required=True,
            **url.bound("words-of", labels[-1], parse=url.one_of(labels)),
        )
        if len(labels) > 1
        else labels[0]
    )
    uses = [use for use in result.uses if use.label == labels.index(chosen)]
    st.caption(
        plain(
            f"Mean contribution to “{chosen}” in the texts that have the word (at least five), "
            f"{METHODS[result.method].title}, {count(result.texts, 'test text')}. Beside it its weight in a "
            f"linear model of word counts{_counting(kind, result)}: where the two differ, the model has learned what "
            "counts do not show. Choose a row to see its texts."
        )
    )
    table = pd.DataFrame(
        [
            {
                "word": use.word,
                "mean contribution": use.mean,
                "low": use.low,
                "high": use.high,
                "texts": use.texts,
                "weight by counts": use.weight,
            }
            for use in uses
        ]
    )
    shown = min(SHOWN, len(uses) // 2)
    left, right = st.columns(2, gap="large")
    with left:
        _side(info, f"What {kind.verbs[0]} it", table.head(shown), uses[:shown], "for")
    with right:
        _side(info, f"What {kind.verbs[1]} it", table.tail(shown)[::-1], uses[::-1][:shown], "against")
    word = url.read("word")
    if word and any(use.word == word for use in uses):
        retest_of(info, word, labels.index(chosen), result.method, LIMIT, SEED)
    _downloads(info, result, table)


def _downloads(info: CheckpointInfo, result: ModelVocabulary, table: pd.DataFrame) -> None:
    """The words, and the report on them with every word that was edited."""
    content, store = resources.identity_of(info), later_store()
    reports = {
        "html": ("HTML", "text/html", word_report_html),
        "md": ("Markdown", "text/markdown", word_report_markdown),
    }

    def report(ending: str) -> bytes:
        return reports[ending][2](info.name, content, result, known_retests(info, store())).encode()

    with st.container(horizontal=True):
        _download("Download all words", lambda: csv_file(table), f"words_{info.path.name}.csv", "text/csv")
        for ending, (title, mime, _) in reports.items():
            name = f"{file_name(f'words_{info.name}')}.{ending}"
            _download(f"Report with every edited word ({title})", partial(report, ending), name, mime)


def _download(label: str, make: Callable[[], bytes], name: str, mime: str) -> None:
    st.download_button(
        label, make, name, mime, f"words-{name}", type="tertiary", icon=":material/download:", on_click="ignore"
    )


def _counting(kind: TaskType, result: ModelVocabulary) -> str:
    """How good counting words alone is, where it is known."""
    main = kind.main_metric
    if (value := result.counting.get(main.name)) is None:
        return ""
    estimate = known_figure(main, value, result.texts)
    if not estimate.has_interval:
        return f" ({main.phrase} {main.written(value)})"
    return f" ({main.phrase} {main.written(value)}, {interval_in_words(estimate, main.written)})"


def _side(info: CheckpointInfo, title: str, table: pd.DataFrame, uses: Sequence[WordUse], side: str) -> None:
    st.markdown(f"**{title}**")
    numbers = {name: st.column_config.NumberColumn(format="%+.3f") for name in ("mean contribution", "low", "high")}
    event = st.dataframe(
        table,
        hide_index=True,
        height=320,
        on_select="rerun",
        selection_mode="single-row",
        key=f"words-{side}",
        column_config={**numbers, "weight by counts": st.column_config.NumberColumn(format="%+.2f")},
    )
    chosen = event.selection.rows
    help = None if chosen else "Choose a word."
    with st.container(horizontal=True):
        if st.button("Open its texts", disabled=not chosen, key=f"open-{side}", help=help):
            use = uses[chosen[0]]
            examples = use.examples if side == "for" else use.examples[::-1]
            st.switch_page(
                "compare/page.py",
                query_params={"model": [info.path.name], "example": str(examples[0]), "search": use.word},
            )
        if st.button("Does it decide?", disabled=not chosen, key=f"decide-{side}", help=help):
            url.write(word=uses[chosen[0]].word)
            st.rerun()

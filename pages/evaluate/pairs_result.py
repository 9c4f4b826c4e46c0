"""What minimal pairs have shown: sentences, which word is preferred, which methods find why, and the pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from bcos_core.errors import BcosError
from bcos_core.evaluate.figures import few_texts
from bcos_core.home import get_home
from bcos_core.jobs.store import Job
from bcos_core.minimal_pairs.job import MINIMAL_PAIRS
from bcos_core.minimal_pairs.result import RESULT_FILE, PairsResult, load_result
from bcos_core.minimal_pairs.spec import PairsSpec
from bcos_core.minimal_pairs.words import Names, pairs_paragraphs, protocol_in_words
from bcos_core.model.embedded import EMBEDDED_MODELS
from bcos_core.model.identity import folder_identity
from bcos_core.model.info import list_language_models
from bcos_core.numbers import count
from bcos_core.render.csv_file import csv_file
from bcos_core.render.minimal_pairs import Row, pairs_table, preference_table, shown_preferences
from bcos_core.render.pairs_charts import preference_figure
from bcos_core.render.pairs_report import every_pair, pairs_markdown
from bcos_core.render.scoreboard import left_out
from pages.evaluate.pairs_evidence import show_evidence
from pages.evaluate.pairs_list import show_list
from pages.widgets.chart import chart
from pages.widgets.left_out import MOST_NAMED, further
from pages.widgets.plain import plain
from pages.widgets.result_folder import result_folder
from pages.widgets.table_files import table_files


def show_result(job: Job) -> None:
    """Everything about one run.

    Raises:
        InputError: its files are no longer there.
    """
    folder = result_folder(job, "run", "what was explained is kept")
    spec = MINIMAL_PAIRS.read(job.spec)
    result, rows = _result(str(folder))
    names = _names(result, spec)
    st.header("Which word, and why?", anchor=False)
    _overview(result, names)
    _exports(folder, result, rows, names)
    _preference(result, names)
    source = show_evidence(
        result, rows, names, lambda against: _paired(str(folder), against), lambda: _curves(str(folder))
    )
    show_list(result, spec, names, source)


@st.cache_resource(max_entries=8, show_spinner="Reading the pairs and computing intervals …")
def _result(folder: str) -> tuple[PairsResult, Sequence[Row]]:
    result = load_result(Path(folder))
    return result, result.rows()


@st.cache_data(max_entries=32, show_spinner="Comparing pairs …")
def _paired(folder: str, against: str) -> Sequence[Row]:
    return _result(folder)[0].differences(against)


@st.cache_data(max_entries=8, show_spinner="Computing the bands of the curves …")
def _curves(folder: str) -> Sequence[Row]:
    return _result(folder)[0].curves()


def _names(result: PairsResult, spec: PairsSpec) -> dict[str, str]:
    """What the models are called by now, by their folder's name."""
    known = {info.path: info.name for info in list_language_models(get_home())}
    return {
        speaker.checkpoint: source if source in EMBEDDED_MODELS else known.get(Path(speaker.path), speaker.checkpoint)
        for source, speaker in zip(spec.checkpoints, result.speakers, strict=True)
    }


def _overview(result: PairsResult, names: Names) -> None:
    """What is better than ours comes first; then what a reader must know."""
    for first, *others in pairs_paragraphs(result, names):
        st.markdown(f"**{plain(first)}** {plain(' '.join(others))}")
    few = few_texts(len(result.pairs)).replace("text", "pair")
    for note in filter(None, (few, *_changed(result, names))):
        st.warning(plain(note), icon=":material/warning:")
    for note in result.notes:
        st.caption(plain(note))
    st.caption(plain(protocol_in_words(result)))
    lost = [left_out({**one, "checkpoint": names[one["checkpoint"]]}) for one in result.skipped]
    lost += [one.sentence for source in result.sources for one in source.left_out]
    if lost:
        with st.expander(f"Left out: {count(len(lost), 'row or method', 'rows and methods')}"):
            for sentence in lost[:MOST_NAMED]:
                st.markdown(plain(sentence))
            further(len(lost))


def _changed(result: PairsResult, names: Names) -> list[str]:
    """Models whose files are not those that were asked."""
    found = []
    for speaker in result.speakers:
        try:
            same = folder_identity(Path(speaker.path)) == speaker.identity
        except BcosError:  # it is gone: what was measured stays, and where it would be needed that is said
            continue
        if not same:
            found.append(f"The files of {names[speaker.checkpoint]} have changed since. Ask it again.")
    return found


def _exports(folder: Path, result: PairsResult, rows: Sequence[Row], names: Names) -> None:
    """Made when somebody asks for them."""
    protocol, name = protocol_in_words(result), f"minimal_pairs_{result.name}"
    files: dict[str, tuple[Callable[[], bytes | str], str, str]] = {
        "CSV of all scores": (lambda: csv_file(pairs_table(rows, names, protocol)), "csv", "text/csv"),
        "CSV of every pair": (lambda: csv_file(every_pair(result, names)), "pairs.csv", "text/csv"),
        "Markdown": (lambda: pairs_markdown(result, rows, names), "md", "text/markdown"),
        "JSON": ((folder / RESULT_FILE).read_bytes, "json", "application/json"),
    }
    with st.container(horizontal=True):
        for label, (make, ending, mime) in files.items():
            st.download_button(
                label,
                make,
                f"{name}_{ending}" if "." in ending else f"{name}.{ending}",
                mime,
                f"take-{label}",
                type="tertiary",
                icon=":material/download:",
                on_click="ignore",
            )


def _preference(result: PairsResult, names: Names) -> None:
    rows = result.preferences()
    st.header("Does it prefer the right word?", anchor=False)
    st.caption("The share of pairs with the higher logit on the right word, with Wilson’s 95 % interval.")
    left, right = st.columns([3, 2], gap="large")
    with left:
        chart(
            preference_figure(rows, names),
            key="preference",
            name=f"preferred_{result.name}",
            data=lambda: preference_table(rows, names),
        )
    with right:
        shown = shown_preferences(rows, names)
        st.dataframe(shown, hide_index=True, height=min(38 + 35 * len(shown), 420))
        table_files(
            lambda: preference_table(rows, names),
            name=f"preferred_{result.name}",
            caption="Share of minimal pairs of which the right word has the higher logit, with Wilson's 95 % interval.",
            key="table-preference",
        )

"""The Batch page: pasted texts and files, for every type of task and pairs; the table, its order, its downloads."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from tiny_pair import LABELS, save_pair

from bcos_core.batch.job import BATCH
from bcos_core.batch.query import Query, Result
from bcos_core.cli.main import main
from bcos_core.home import Home
from bcos_core.jobs.store import JobStore
from bcos_core.numbers import count
from bcos_core.text.pair import pair
from bcos_core.text.row_source import RowSource, open_rows
from pages.batch import form
from pages.widgets import jobs
from tests.pages.conftest import OpenPage, Team, button, words

ROW_NUMBER = r'data-name="No\.">(?:<a[^>]*>)?(\d+)'
TEXTS = [f"a {'good' if n % 2 else 'dull'} <b>film</b> no. {n}" for n in range(30)]


def paste(at: AppTest, text: str) -> AppTest:
    return at.text_area(key="pasted").set_value(text).run()


def table(at: AppTest) -> str:
    return "".join(str(one.proto.body) for one in at.get("html"))


def explained(home: Home, kind: str = "single-label", **details: Any) -> JobStore:
    """A batch that has ended."""
    folder, _ = save_pair(home, kind=kind, **details)
    file = home.uploads / "t.jsonl"
    file.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    assert main(["explain-dataset", str(folder), "--data", str(file), "--methods", "bcos", "occlusion"]) == 0
    return JobStore.open(home)


def test_without_a_model_there_is_one_way_on(open_page: OpenPage) -> None:
    assert button(open_page("batch"), "Start on Home")


@pytest.mark.parametrize("kind", LABELS)
def test_pasted_texts_become_a_job_with_a_price(open_page: OpenPage, home: Home, store: JobStore, kind: str) -> None:
    save_pair(home, kind=kind)
    at = open_page("batch")
    assert button(at, "Explain").disabled
    at = paste(at, "a good film\n\n<b>a dull film</b>\n")
    assert not at.exception and not at.error
    assert "2 rows, 1 method. About" in words(at)
    button(at, "Explain").click().run()
    (job,) = store.list(kind="batch")
    spec = BATCH.read(job.spec)
    assert spec.methods == ("bcos",) and spec.text_column == "text" and spec.target is None
    lines = [json.loads(line)["text"] for line in Path(spec.data.name).read_text().splitlines()]
    assert lines == ["a good film", "<b>a dull film</b>"]
    assert at.query_params["batch"] == job.id and not at.exception


def test_a_pasted_pair_has_a_tab_between_its_texts(open_page: OpenPage, home: Home, store: JobStore) -> None:
    save_pair(home, ("yes", "no"), text_columns=("premise", "hypothesis"))
    at = paste(open_page("batch"), "Two dogs ran.")
    assert "Line 1 has not two texts with a tab between them" in words(at)
    at = paste(at, "Two dogs ran.\tDogs ran.")
    button(at, "Explain").click().run()
    (job,) = store.list(kind="batch")
    spec = BATCH.read(job.spec)
    assert (spec.text_column, spec.second_column) == ("premise", "hypothesis")


def test_a_file_has_its_columns_chosen(open_page: OpenPage, home: Home, store: JobStore) -> None:
    save_pair(home)
    folder = home.uploads / "0123456789abcdef"
    folder.mkdir()
    (folder / "t.csv").write_text("id,review,label\n1,a good film,positive\n2,a dull one,negative\n")
    at = open_page("batch", source="file", file="0123456789abcdef/t.csv", **{"id-column": "id"})
    assert not at.exception and not at.error
    assert at.selectbox(key="url-text-column").value == "review"
    button(at, "Explain").click().run()
    (job,) = store.list(kind="batch")
    spec = BATCH.read(job.spec)
    assert (spec.text_column, spec.id_column, spec.label_column) == ("review", "id", "label")
    at = open_page("batch", source="file", file="../../etc/passwd")
    assert "is not here any more" in words(at)


def test_a_file_outside_is_not_read_as_a_data_set(open_page: OpenPage, home: Home, tmp_path: Path) -> None:
    save_pair(home)
    (tmp_path / "secret.csv").write_text("text\nsecret words\n")
    said = []
    for name in ("secret.csv", "absent.csv"):
        for prefix in ("", "file:"):
            at = open_page("batch", source="data", data=f"{prefix}{tmp_path / name}")
            assert not at.exception and at.error and "secret words" not in words(at)
            said.append("".join(error.value for error in at.error).replace("absent", "secret"))
    assert "outside the folders" in said[0] and len(set(said)) == 1  # whether there is one is not to be learnt


def test_nothing_is_read_for_a_viewer(
    open_page: OpenPage, home: Home, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No source is drawn, and what the address names is not opened."""
    save_pair(home)
    (home.uploads / "t.csv").write_text("text\na good film\n")
    opened: list[RowSource] = []
    monkeypatch.setattr(form, "open_rows", lambda source: opened.append(source) or open_rows(source))
    for name, reads in (("Vic", False), ("Ann", True)):
        team(name)
        at = open_page("batch", source="data", data=str(home.uploads / "t.csv"))
        assert not at.exception and not at.error
        assert bool(opened) is reads and button(at, "Explain").disabled is not reads
        assert any(one.label == "Data set" for one in at.text_input) is reads


@pytest.mark.parametrize("kind", LABELS)
def test_the_result_is_a_table_of_heatmaps(open_page: OpenPage, home: Home, kind: str) -> None:
    explained(home, kind)
    at = open_page("batch")
    assert not at.exception and not at.error
    shown = table(at)
    assert "<b>" not in shown and "&lt;" in shown and "B-cos contributions" in shown and "Occlusion" in shown
    assert "A number on the left opens its text on Compare." in words(at)
    assert shown.count("<tr>") == 1 + 25 and "Page 1 of 2, 30 texts of 30" in words(at)
    button(at, "Next").click().run()
    assert at.query_params["page"] == "2" and table(at).count("<tr>") == 1 + 5
    assert len(at.get("download_button")) == 4
    at.text_input(key="url-search").set_value("GOOD").run()
    assert "15 texts of 30" in words(at)
    at = open_page("batch", search="nowhere")
    assert "0 texts of 30" in words(at) and not at.get("download_button") and not at.exception


def test_the_order_and_the_filters_are_in_the_address(open_page: OpenPage, home: Home) -> None:
    explained(home)
    (job,) = JobStore.open(home).list(kind="batch")
    result = Result(home.batches / job.id)
    first = result.page(Query(order="sure"), 0, 1)[0]
    at = open_page("batch", order="sure", given=first.predicted or "")
    assert not at.exception and not at.error
    assert f"{count(result.count(Query(predicted=first.predicted)), 'text')} of 30" in words(at)
    rows = result.page(Query(predicted=first.predicted, order="sure"), 0, 25)
    assert [one.confidence for one in rows] == sorted((one.confidence or 0 for one in rows), reverse=True)
    assert [int(n) for n in re.findall(ROW_NUMBER, table(at))] == [one.row for one in rows]
    assert not open_page("batch", order="nonsense", page="999999999999").exception


def test_a_pair_is_one_row_with_both_texts(open_page: OpenPage, home: Home) -> None:
    folder, _ = save_pair(home, ("yes", "no"), text_columns=("premise", "hypothesis"))
    file = home.uploads / "t.jsonl"
    file.write_text(json.dumps({"premise": "Two dogs ran.", "hypothesis": "Dogs ran."}))
    assert main(["explain-dataset", str(folder), "--data", str(file)]) == 0
    at = open_page("batch")
    assert not at.exception and "First text" in table(at) and "Second text" in table(at)
    assert pair("Two dogs ran.", "Dogs ran.") not in table(at)


@pytest.mark.parametrize(("first", "said"), [("A dull film.", True), ("text", False), ("the review", False)])
def test_a_first_line_that_looks_like_a_text_is_not_lost_in_silence(
    open_page: OpenPage, home: Home, first: str, said: bool
) -> None:
    save_pair(home)
    folder = home.uploads / "one"
    folder.mkdir(parents=True)
    (folder / "t.csv").write_text(f"{first}\nA great film.\nMeh film.\n")
    at = open_page("batch", source="file", file="one/t.csv")
    assert not at.exception and not at.error
    assert any("is read as the names of its columns" in one.value for one in at.warning) == said


def test_two_batches_of_the_same_are_told_apart(open_page: OpenPage, home: Home) -> None:
    """A browser sends the title of what is chosen: of two that are alike it could choose only one."""
    explained(home)
    store = explained(home)
    newest, oldest = store.list()
    at = open_page("batch")
    (box,) = [one for one in at.selectbox if one.label == "Batch"]
    assert len(set(box.options)) == len(box.options) == 2
    box.set_value(oldest.id).run()
    assert at.query_params["batch"] == oldest.id != newest.id


def test_titles_stay_the_same_while_a_list_is_open(
    open_page: OpenPage, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    explained(home)
    at = open_page("batch")
    (before,) = [one.options for one in at.selectbox if one.label == "Batch"]
    monkeypatch.setattr(jobs, "when", lambda moment: "another while ago")
    at.run()
    assert [one.options for one in at.selectbox if one.label == "Batch"] == [before]

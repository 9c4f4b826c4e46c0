"""The Batch page: pasted texts and files, for every type of task and pairs; the table, its order, its downloads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from tiny_pair import LABELS, save_pair

import bcos_core
from bcos_core.batch import spec as limits
from bcos_core.batch.job import BATCH
from bcos_core.cli.main import main
from bcos_core.home import Home
from bcos_core.jobs.store import JobStore
from bcos_core.text.pair import pair
from pages.batch.result import arranged
from tests.pages.conftest import OpenPage, button, words

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
    assert main(["batch", str(folder), str(file), "--methods", "bcos", "occlusion"]) == 0
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
    assert "2 texts, 1 method. About" in words(at)
    button(at, "Explain").click().run()
    (job,) = store.list(kind="batch")
    spec = BATCH.read(job.spec)
    assert spec.methods == ("bcos",) and spec.text_column == "text" and spec.target is None
    lines = [json.loads(line)["text"] for line in Path(spec.file).read_text().splitlines()]
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


def test_a_file_has_its_columns_chosen_and_its_limits_said(
    open_page: OpenPage, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_pair(home)
    folder = home.uploads / "0123456789abcdef"
    folder.mkdir()
    (folder / "t.csv").write_text("id,review\n1,a good film\n2,a dull one\n3,\n")
    at = open_page("batch", source="file", file="0123456789abcdef/t.csv")
    assert not at.exception and not at.error
    assert at.selectbox(key="url-text-column").value == "review"
    assert "2 texts (1 empty row left out), 1 method" in words(at)
    monkeypatch.setattr(limits, "MOST_TEXTS", 1)
    at = open_page("batch", source="file", file="0123456789abcdef/t.csv", **{"text-column": "id"})
    assert "has more than 1 rows" in words(at) and not at.exception
    at = open_page("batch", source="file", file="../../etc/passwd")
    assert "is not here any more" in words(at)


@pytest.mark.parametrize("kind", LABELS)
def test_the_result_is_a_table_of_heatmaps(open_page: OpenPage, home: Home, kind: str) -> None:
    explained(home, kind)
    at = open_page("batch")
    assert not at.exception and not at.error
    shown = table(at)
    assert "<b>" not in shown and "&lt;" in shown and "B-cos contributions" in shown and "Occlusion" in shown
    assert shown.count("<tr>") == 1 + 25 and "Page 1 of 2, 30 texts of 30" in words(at)
    button(at, "Next").click().run()
    assert at.query_params["page"] == "2" and table(at).count("<tr>") == 1 + 5
    assert len(at.get("download_button")) == 4
    at.text_input(key="url-search").set_value("GOOD").run()
    assert "15 texts of 30" in words(at)
    at = open_page("batch", search="nowhere")
    assert "0 texts of 30" in words(at) and not at.get("download_button") and not at.exception


def test_rows_are_sorted_by_what_they_are_sure_of(home: Home) -> None:
    model = bcos_core.load(save_pair(home)[0])
    rows = [(bcos_core.explain(model, text),) for text in TEXTS[:8]]
    sure = arranged(rows, search="", answer="", order="sure")
    shares = [max(row[0].probabilities) for _, row in sure]
    assert shares == sorted(shares, reverse=True)
    assert [row[0].text for _, row in sure] == [TEXTS[place - 1] for place, _ in sure]
    low = [row[0].logit for _, row in arranged(rows, search="", answer="", order="low")]
    assert low == sorted(low)
    answer = rows[0][0].prediction.label
    kept = arranged(rows, search="", answer=answer, order="file")
    assert [place for place, _ in kept] == [n for n, row in enumerate(rows, 1) if row[0].prediction.label == answer]


def test_a_pair_is_one_row_with_both_texts(open_page: OpenPage, home: Home) -> None:
    folder, _ = save_pair(home, ("yes", "no"), text_columns=("premise", "hypothesis"))
    file = home.uploads / "t.jsonl"
    file.write_text(json.dumps({"premise": "Two dogs ran.", "hypothesis": "Dogs ran."}))
    assert main(["batch", str(folder), str(file)]) == 0
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

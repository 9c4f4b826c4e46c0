"""The Evaluate page: what may be chosen, what is started, and what a finished evaluation shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny_pair import save_pair

from bcos_core.cli.main import main
from bcos_core.evaluate.result import load_evaluation
from bcos_core.home import Home
from bcos_core.jobs.kinds import command_of
from bcos_core.jobs.store import JobStore
from bcos_core.model.info import read_info
from bcos_core.render.report import evaluation_html
from pages.evaluate import curves, result
from pages.widgets import resources
from tests.pages.conftest import OpenPage, button, words

TASK = {"kind": "embedded", "name": "short-reviews", "text_column": None, "label_column": None, "hub_config": None}


@pytest.fixture
def models(home: Home) -> tuple[Path, Path]:
    return save_pair(home, task=TASK, metrics={"accuracy": 0.5}, test_size=10)


def test_without_a_model_it_leads_to_one(open_page: OpenPage) -> None:
    at = open_page("evaluate")
    assert "no trained model" in words(at) and not at.exception


def test_options_of_methods_become_part_of_the_job(
    models: tuple[Path, Path], open_page: OpenPage, store: JobStore
) -> None:
    at = open_page("evaluate", model="tiny-bcos", method="integrated_gradients", **{"integrated_gradients.steps": "7"})
    assert at.number_input(key="url-integrated_gradients.steps").value == 7
    button(at, "Evaluate").click().run()
    (job,) = store.list()
    assert job.spec["options"] == {"integrated_gradients": {"steps": 7}}
    assert "--option=integrated_gradients.steps=7" in command_of(job)


def test_what_is_chosen_becomes_a_job(models: tuple[Path, Path], open_page: OpenPage, store: JobStore) -> None:
    at = open_page("evaluate", model="tiny-bcos", limit="7")
    assert not at.exception, at.exception
    assert re.search(r"About .* at most", words(at))
    button(at, "Evaluate").click().run()
    (job,) = store.list()
    command = command_of(job)
    assert job.kind == "evaluate" and str(models[0]) in command and "--limit=7" in command
    assert "bcos integrated_gradients occlusion input_x_gradient" in command
    assert at.query_params["evaluation"] == job.id
    # The same again is the same job.
    at = open_page("evaluate", model="tiny-bcos", limit="7")
    button(at, "Evaluate").click().run()
    assert len(store.list()) == 1


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("limit", ["-3", "0"])
def test_a_number_that_does_not_fit_starts_nothing(open_page: OpenPage, limit: str) -> None:
    at = open_page("evaluate", model="tiny-bcos", limit=limit)
    assert button(at, "Evaluate").disabled and "expected a whole number" in words(at)
    assert limit in at.query_params["limit"]  # what was typed is still there


def test_what_a_model_cannot_serve_is_said(models: tuple[Path, Path], open_page: OpenPage) -> None:
    at = open_page("evaluate", model="tiny-conventional")
    assert "**B-cos contributions, Averaged B-cos contributions.** Only for B-cos models" in words(at)
    methods = next(box for box in at.multiselect if box.label == "Methods")
    assert "B-cos contributions" not in methods.options and "Random" not in methods.options


def test_scores_that_need_a_rationale_are_offered_where_there_is_one(home: Home, open_page: OpenPage) -> None:
    lines = [f'{{"text": "film {i} is fine", "label": "{"np"[i % 2]}", "why": "fine"}}' for i in range(60)]
    (home.root / "rows.jsonl").write_text("\n".join(lines))
    task = {"kind": "file", "name": str(home.root / "rows.jsonl"), "rationale_column": "why"}
    save_pair(home, task=task)
    at = open_page("evaluate", model="tiny-bcos", score="auprc_rationale")
    assert next(box for box in at.multiselect if box.label == "Scores").value == ["auprc_rationale"]
    save_pair(home, task=TASK)
    at = open_page("evaluate", model="tiny-bcos", score="auprc_rationale")
    scores = next(box for box in at.multiselect if box.label == "Scores")
    assert scores.value == [] and "Rationale (AUPRC)" not in scores.options
    said = words(at)
    assert "**Rationale (AUPRC), Rationale (token F1), Rationale (token IoU), Rationale (IOU F1)" in said
    assert "cannot be chosen" not in said


def test_the_number_of_pairs_is_a_choice_and_its_price_is_said(
    models: tuple[Path, Path], open_page: OpenPage, store: JobStore
) -> None:
    at = open_page("evaluate", model="tiny-bcos")
    assert not [box for box in at.number_input if box.label == "Pairs of texts"]  # no pointing game, no pairs
    at = open_page("evaluate", model="tiny-bcos", score="seqpg", pairs="30")
    assert not at.exception, at.exception
    at.multiselect(key="url-score").set_value(["comprehensiveness", "seqpg"]).run()
    assert next(box for box in at.number_input if box.label == "Pairs of texts").value == 30
    assert re.search(r"About .* at most on this machine, .* of it for the pairs", words(at))
    button(at, "Evaluate").click().run()
    (job,) = store.list()
    assert job.spec["pairs"] == 30 and "--pointing-pairs=30" in command_of(job)


def test_nothing_chosen_cannot_be_started(models: tuple[Path, Path], open_page: OpenPage) -> None:
    at = open_page("evaluate", score="")
    assert button(at, "Evaluate").disabled


class Matrix:
    """In the place of the component: what it draws, and the way back of a choice."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = {}

    def __call__(self, data: dict[str, Any], *, key: str, on_choice: Callable[[str, str, str], None]) -> None:
        self.data, self.choose = data, on_choice


def test_the_matrix_comes_first_and_leads_to_the_details(
    models: tuple[Path, Path], open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    words_ = ["evaluate", "tiny-bcos", "--methods", "bcos", "saliency", "--limit", "8"]
    assert main([*words_, "--scores", "comprehensiveness", "sufficiency", "--json"]) == 0
    matrix = Matrix()
    monkeypatch.setattr(result, "matrix", matrix)
    at = open_page("evaluate")
    assert not at.exception, at.exception
    heads = ["Which method is best?", "Comprehensiveness", "On which texts does it hold?"]
    assert [head.value for head in at.header] == heads
    (model,) = matrix.data["models"]
    assert {row["title"] for row in model["rows"]} == {"B-cos contributions", "Saliency", "Random"}
    assert [column["title"] for column in model["columns"]] == ["Comprehensiveness", "Sufficiency"]
    assert "B-cos contributions are better than random in" in words(at)
    chosen = next(row for row in model["rows"] if row["title"] == "Saliency")["cells"][1]["choice"]
    at = open_page("evaluate", shown=chosen["score"], against=f"{chosen['method']}@{chosen['checkpoint']}")
    assert at.header[1].value == "Sufficiency" and "**Saliency · tiny-bcos:** " in words(at)
    (pressed,) = [cell for row in matrix.data["models"][0]["rows"] for cell in row["cells"] if cell["chosen"]]
    assert pressed["choice"] == chosen


def test_methods_are_switched_off_in_the_curves_by_the_address(
    models: tuple[Path, Path], open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["evaluate", "tiny-bcos", "--methods", "bcos", "saliency", "--limit", "8", "--json"]) == 0
    shown: list[list[dict[str, Any]]] = []
    monkeypatch.setattr(curves, "legend", lambda entries, **_: shown.append(entries))
    at = open_page("evaluate", hidden="saliency@tiny-bcos")
    assert not at.exception, at.exception
    assert [entry["shown"] for entry in shown[-1]] == [True, False, True]
    assert "95 % intervals over the texts" in words(at)


def test_a_finished_evaluation(models: tuple[Path, Path], home: Home, open_page: OpenPage) -> None:
    scores = ["comprehensiveness", "auprc_plau"]
    words_ = ["evaluate", "tiny-bcos", "tiny-conventional", "--methods", "bcos", "saliency", "--limit", "8"]
    assert main([*words_, "--scores", *scores, "--json"]) == 0
    at = open_page("evaluate")
    assert not at.exception, at.exception
    board = at.dataframe[0].value
    assert set(board["method"]) == {"B-cos contributions", "Saliency", "Random"}
    assert list(board["mean"]) == sorted(board["mean"], reverse=True)
    assert set(at.dataframe[1].value.columns) >= {"difference", "p", "p (Holm)"}
    said = words(at)
    assert "replaced by the mask token" in said and "8 test texts" in said
    assert "Left out: B-cos contributions on tiny-conventional. Only for B-cos models" in said
    at = open_page("evaluate", shown="auprc_plau", against="saliency@tiny-bcos")
    assert "VADER" in words(at) and not at.exception
    assert "Saliency · tiny-bcos" not in set(at.dataframe[1].value["method"])
    (folder,) = home.evaluations.iterdir()
    report = evaluation_html(load_evaluation(folder), "bcos@tiny-bcos")
    assert "<script" not in report and "B-cos contributions" in report and "http" not in report
    assert report.index("B-cos contributions are better than random in") < report.index("<h2>")  # said first


def test_every_score_on_some_of_the_texts(models: tuple[Path, Path], open_page: OpenPage) -> None:
    words_ = ["evaluate", "tiny-bcos", "tiny-conventional", "--methods", "bcos", "saliency", "--limit", "8"]
    assert main([*words_, "--scores", "comprehensiveness", "--json"]) == 0
    at = open_page("evaluate", slice="class")
    assert not at.exception and not at.error, at.exception
    table = at.dataframe[2].value
    assert set(table["slice"]) == {"negative", "positive"} and "By class: the label that the data have" in words(at)
    of_one = table[(table["method"] == "Saliency") & (table["model"] == "tiny-bcos")]
    assert of_one["texts"].sum() == 8 and "some differ by chance" in words(at)
    own = table[table["model"] == "tiny-conventional"]["minus B-cos contributions · tiny-bcos"]
    assert own.isna().all()  # raw scores of two models do not compare
    at = open_page("evaluate", slice="word")
    assert len(at.dataframe) == 2 and not at.error  # until a word is typed
    at = open_page("evaluate", slice="word", **{"slice-word": "the"})
    assert set(at.dataframe[2].value["slice"]) <= {"with “the”", "without “the”"}
    at = open_page("evaluate", slice="disagreement", one="bcos", other="saliency")
    assert not at.exception and set(at.dataframe[2].value["model"]) == {"tiny-bcos"}


def test_a_model_without_a_token_for_removed_words_starts_nothing_that_needs_one(
    models: tuple[Path, Path], open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As GPT-2: neither a mask nor a padding token."""
    known = resources.classifier(read_info(models[0]))
    tokenizer = deepcopy(known.tokenizer)
    tokenizer.mask_token = tokenizer.pad_token = None
    monkeypatch.setattr(resources, "classifier", lambda info: replace(known, tokenizer=tokenizer))
    at = open_page("evaluate", model=models[0].name, removal="mask")
    assert button(at, "Evaluate").disabled and "no mask token to put in place of words" in words(at)
    assert not button(open_page("evaluate", model=models[0].name), "Evaluate").disabled  # tokens are deleted

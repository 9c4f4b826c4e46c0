"""The heatmaps on Home, for every type of task, for pairs, and for what is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from tiny_pair import LABELS, save_pair

import bcos_core
from bcos_core.home import Home
from bcos_core.jobs.store import JobStore
from bcos_core.model.classifier import predict
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.text.tasks import TaskChoice, load_task
from pages.home.lately import find_step
from tests.pages.conftest import OpenPage, RunningJob, button, words

COLUMN = {"single-label": "mood", "multi-label": "tags", "regression": "stars"}
HOSTILE = "<b>**film**</b>"


def made(home: Home, kind: str, **details: Any) -> TaskChoice:
    """Two models of a kind, and the file that they say they were trained on."""
    file = home.uploads / "reviews.jsonl"
    rows = [
        {
            "text": f"the {'good' if n % 2 else 'dull'} {HOSTILE} no. {n}",
            "mood": "positive" if n % 2 else "negative",
            "tags": ["kind"] * (n % 2) + ["noisy"] * (n % 3 > 0) + ["long"],
            "stars": n % 5,
        }
        for n in range(120)
    ]
    file.write_text("\n".join(map(json.dumps, rows)))
    choice = TaskChoice("file", str(file), "text", COLUMN[kind], type=kind)
    save_pair(home, kind=kind, task=choice.to_dict(), **details)
    return choice


def heatmaps(at: AppTest) -> list[dict[str, Any]]:
    found = [one for one in at.get("bidi_component") if one.proto.component_name == "bcos_heatmap"]
    return [json.loads(one.proto.json) for one in found]


@pytest.mark.parametrize("kind", LABELS)
def test_both_models_explain_the_same_text_and_the_same_output(open_page: OpenPage, home: Home, kind: str) -> None:
    task = load_task(made(home, kind))
    at = open_page("home")
    assert not at.exception and not at.error
    first, second = heatmaps(at)
    assert (first["model"], second["model"]) == ("tiny-bcos", "tiny-conventional")
    assert (first["method"], second["method"]) == ("B-cos contributions", "Integrated gradients")
    assert first["legend"]["ends"] == second["legend"]["ends"]
    models = [bcos_core.load(home.models / name) for name in ("tiny-bcos", "tiny-conventional")]
    answers = [[one.label for one in predict(model, task.test.texts[:48])] for model in models]
    differing = [place for place, (one, other) in enumerate(zip(*answers, strict=True)) if one != other]
    if TASK_TYPES[kind].discrete:
        text = task.test.texts[differing[0] if differing else 0]
        assert ("two answers" if differing else "the same answer") in words(at)
        assert ("They agree on the first 48 test texts" in words(at) or "They agree on all" in words(at)) == (
            not differing
        )
    else:
        gaps = [abs(float(one) - float(other)) for one, other in zip(*answers, strict=True)]
        text = task.test.texts[gaps.index(max(gaps))]
        assert "furthest apart" in words(at)
    shown = "".join(unit["text"] for run in first["runs"] if run["kind"] == "unit" for unit in run["units"])
    assert shown == text.replace(" ", "")
    assert HOSTILE not in "".join(str(one.value) for one in at.markdown)  # never as markup


def test_a_struck_word_shows_the_predicted_and_the_real_change(open_page: OpenPage, home: Home) -> None:
    choice = made(home, "single-label")
    text = load_task(choice).test.texts[3]
    start, end = text.index("no."), text.index("no.") + 2
    strike = f"{start}-{end}"
    at = open_page("home", model=["tiny-bcos", "tiny-conventional"], example="3", strike=strike)  # type: ignore[arg-type]
    assert not at.exception
    model = bcos_core.load(home.models / "tiny-bcos")
    record = bcos_core.explain(model, text)
    score = next(s for t, s in zip(record.tokens, record.scores, strict=True) if t.start == start)
    for panel in heatmaps(at):
        (block,) = (block for block in panel["blocks"] if block["kind"] == "strike")
        assert [bar["label"] for bar in block["bars"]] == ["predicted", "real"]
    struck = next(block for block in heatmaps(at)[0]["blocks"] if block["kind"] == "strike")
    assert struck["bars"][0]["value"] == pytest.approx(-score, abs=1e-5)
    assert "Struck out: “no”" in words(at)
    button(at, "Compare all methods").click().run()
    assert at.title[0].value == "Compare" and at.query_params["strike"] == strike
    assert at.query_params["example"] == "3"


def test_a_pair_of_texts_has_two_headings(open_page: OpenPage, home: Home) -> None:
    task = TaskChoice("embedded", "template-pairs").to_dict()
    save_pair(home, ("follows", "does not follow"), task=task, text_columns=("premise", "hypothesis"))
    at = open_page("home")
    assert not at.exception and "one pair of texts" in words(at)
    for panel in heatmaps(at):
        assert [run["kind"] for run in panel["runs"]].count("heading") == 2


def test_one_model_alone_is_shown_alone(open_page: OpenPage, home: Home, tmp_path: Path) -> None:
    made(home, "single-label")
    (home.models / "tiny-bcos").rename(tmp_path / "elsewhere")
    at = open_page("home")
    (panel,) = heatmaps(at)
    assert not at.exception and panel["method"] == "Integrated gradients"
    assert "Why the model says that" in words(at)


def test_models_without_a_test_set_have_a_way_on(open_page: OpenPage, home: Home) -> None:
    save_pair(home)
    at = open_page("home")
    assert not at.exception and heatmaps(at) == []
    button(at, "Start the quick start")
    button(at, "Compare the models there are")


def test_the_figures_are_those_of_the_models_that_are_shown(
    open_page: OpenPage, home: Home, store: JobStore, running_job: RunningJob
) -> None:
    task = TaskChoice("embedded", "short-reviews").to_dict()
    for name, accuracy in (("older", 0.61), ("newer", 0.82)):
        job, lease = running_job(title=name)
        folder, _ = save_pair(home, task=task, job=job.id)
        made = {"checkpoint": str(home.models / name), "accuracy": accuracy, "test_size": 100}
        folder.rename(home.models / name)
        lease.succeed({"bcos": made}, [made["checkpoint"]], ())
    for name, shown in (("older", "61.0 %"), ("newer", "82.0 %")):
        at = open_page("home", model=name)
        assert not at.exception and heatmaps(at)
        assert at.metric[0].value == shown


def test_the_next_step_is_the_first_that_was_not_done() -> None:
    assert find_step(set().__contains__).page == "evaluate"
    assert find_step({"evaluate", "lab"}.__contains__).page == "models"
    assert find_step({"evaluate", "audit", "lab", "lock"}.__contains__).page == "train"

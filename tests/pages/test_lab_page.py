"""The Lab page: an experiment is asked for, and a finished one is shown."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from sqlalchemy import text
from tiny_pair import save_pair

from bcos_core.cli.main import main
from bcos_core.home import Home
from bcos_core.jobs.kinds import command_of
from bcos_core.jobs.store import JobStore
from bcos_core.lab.result import LabExample, LabResult, LabRow, Verification
from bcos_core.storage.plain import to_plain
from pages.lab import planted
from tests.pages.conftest import OpenPage, button, words


def test_an_experiment_is_asked_for(open_page: OpenPage, store: JobStore) -> None:
    at = open_page("lab", plant="negation", share="30")
    assert not at.exception, at.exception
    assert "the same word after “not” means the first" in words(at)
    button(at, "Plant and train").click().run()
    (job,) = store.list()
    command = command_of(job)
    assert job.kind == "lab" and "--plant=negation" in command and "--share=0.3" in command
    assert at.query_params["experiment"] == job.id


def test_without_methods_nothing_starts(open_page: OpenPage) -> None:
    assert button(open_page("lab", method=""), "Plant and train").disabled


def test_a_finished_experiment(home: Home, open_page: OpenPage) -> None:
    _, model = save_pair(home)
    asked = ["lab", "--model", str(model), "--examples", "100", "--limit", "10", "--max-length", "32"]
    assert main([*asked, "--calibration-texts", "16", "--methods", "bcos", "saliency", "--json"]) == 0
    at = open_page("lab", measure="rank")
    assert not at.exception, at.exception
    assert [metric.label for metric in at.metric][:2] == [
        "B-cos: changes its answer with the planted word",
        "conventional: changes its answer with the planted word",
    ]
    said = words(at)
    assert "Planted: " in said and "did not learn the shortcut well" in said  # a tiny random model does not
    assert not at.error


def test_the_sentence_comes_first_then_planted_texts_under_the_heat_of_each_method(
    open_page: OpenPage, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    heat = {"bcos": ((0, 1, 0.1), (2, 9, 2.0)), "saliency": ((0, 1, 0.3), (2, 9, 0.2))}
    kept = LabResult(
        plant="rare-word",
        words=("pelican", "walnut"),
        training={},
        verification=(Verification("b", "bcos", 1.0, 1.0, 20), Verification("c", "conventional", 1.0, 1.0, 20)),
        rows=tuple(
            LabRow("b", name, "top_3", mean, None, None, 20, 0) for name, mean in (("bcos", 1.0), ("random", 0.2))
        ),
        examples=tuple(LabExample("b", f"{n} pelican", 0, ((2, 9),), heat) for n in range(3)),
        seconds=1.0,
    )
    job, _ = store.submit("lab", "Planted truth", {}, "one")
    with store.database.write() as connection:
        done = text("UPDATE jobs SET state = 'succeeded', result = :result")
        connection.execute(done, {"result": json.dumps(to_plain(kept.to_dict()))})
    drawn: list[list[dict[str, Any]]] = []
    monkeypatch.setattr(planted, "strips", lambda rows, **_: drawn.append(rows))
    at = open_page("lab", experiment=job.id)
    assert not at.exception and not at.error, at.exception
    assert [head.value for head in at.header][:2] == [
        "Who finds what decides?",
        "What each method says of planted texts",
    ]
    assert "In the B-cos model, the planted words are among the three highest by B-cos contributions" in words(at)
    assert "by chance, in 50 %" in words(at) and "as random scores have it: 20.0 % (B-cos)" in words(at)
    assert "95 % interval 83.9 % to 100.0 %" in words(at)  # of the verification, by hand: 20 / (20 + 1.96²)
    assert len(drawn) == 3 and [row["method"] for row in drawn[0]] == ["B-cos contributions", "Saliency"]
    assert [run["text"] for run in drawn[2][0]["runs"] if run.get("marked")] == ["pelican"]
    to_compare = [one.disabled for one in at.button if one.label == "Open in Compare"]
    assert to_compare == [True] * 3  # these models are not in this home


def test_the_time_is_told_before_it_begins(open_page: OpenPage) -> None:
    at = open_page("lab")
    assert re.search(r"About (\d+ s|\d+ min|\d+ h)", words(at)) and "cannot be chosen" not in words(at)


def test_a_damaged_experiment_is_said_in_words(open_page: OpenPage, store: JobStore) -> None:
    job, _ = store.submit("lab", "Planted truth", {}, "one")
    with store.database.write() as connection:
        damage = text("UPDATE jobs SET state = 'succeeded', result = :result")
        connection.execute(damage, {"result": '{"plant": "weed", "words": []}'})
    at = open_page("lab", experiment=job.id)
    assert not at.exception, at.exception
    assert "is not as it should be" in at.error[0].value and "“Retry”" in at.error[0].value
    assert button(at, "Plant and train")  # the rest of the page is there

"""The Ablation page: a grid is asked for, and a finished one is shown."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import text

from bcos_core.ablation.grid import TWIN
from bcos_core.ablation.measures import ANSWERS
from bcos_core.ablation.result import Ablation, Model, RowResult
from bcos_core.ablation.saving import save_ablation
from bcos_core.ablation.spec import AblationSpec
from bcos_core.home import Home
from bcos_core.jobs.kinds import command_of
from bcos_core.jobs.store import JobStore
from bcos_core.storage.plain import to_plain
from tests.pages.conftest import OpenPage, button, words

START = "Train and compare"


def test_a_grid_is_asked_for(open_page: OpenPage, store: JobStore) -> None:
    parameters = {"vary": "biases", "vary-biases": "kept", "seeds": "2", "default-examples": "200"}
    at = open_page("ablation", **parameters)
    assert not at.exception, at.exception
    assert "2 recipes: default (biases dropped); biases kept. 6 trainings in all." in words(at)
    button(at, START).click().run()
    (job,) = store.list()
    command = command_of(job)
    assert job.kind == "ablate" and "--vary=biases=kept" in command and "--seeds=2" in command
    assert "--examples=200" in command
    assert at.query_params["ablation"] == job.id


def test_every_option_can_be_varied_and_values_are_typed(open_page: OpenPage) -> None:
    at = open_page("ablation", **{"vary": "learning_rate", "vary-learning_rate": "1e-4, 2e-4"})
    assert not at.exception and not at.error
    assert "learning rate = 2 × 10⁻⁴" in words(at)


def test_what_cannot_be_trained_is_said_in_place(open_page: OpenPage) -> None:
    for values, said in (
        ("0.5", "expected a number from 1"),
        ("one", "expected a number"),
        ("1.5", "Nothing is varied"),
    ):
        at = open_page("ablation", **{"vary": "b", "vary-b": values})
        assert not at.exception, at.exception
        assert said in words(at) and button(at, START).disabled
    at = open_page("ablation", **{"vary": "b", "vary-b": "1", "default-consistency_ranked": "0.2"})
    assert not button(at, START).disabled


def test_nothing_to_vary_starts_nothing(open_page: OpenPage) -> None:
    assert button(open_page("ablation", vary=""), START).disabled


def finished(home: Home, store: JobStore) -> str:
    """A job with an ablation of two recipes and the twin."""

    def row(name: str, right: float, score: float | None, kind: str = "bcos") -> RowResult:
        models = []
        for seed in (42, 43):
            found = {ANSWERS: {str(n): float(n < right * 20) for n in range(20)}}
            if score is not None:
                found["naopc"] = {str(n): score + 0.02 * ((n * 7 + seed) % 5) for n in range(10)}
            models.append(Model(seed, f"/nowhere/{name}-{seed}", 60.0 + seed, found, found if name != "B = 2" else {}))
        return RowResult(name, {} if name != "B = 2" else {"b": 2.0}, kind, "its labels", tuple(models))  # type: ignore[arg-type]

    rows = (row("default", 0.8, 0.7), row("B = 2", 0.7, 0.5), row(TWIN, 0.85, None, "conventional"))
    spec = to_plain(AblationSpec())
    made = Ablation("Short *reviews*", "single-label", "minilm", spec, rows, 0, "How it was done.", (), (), 9.0)
    job, _ = store.submit("ablate", "Ablation · b", spec, "one")
    save_ablation(made, home.ablations / job.id)
    with store.database.write() as connection:
        done = text("UPDATE jobs SET state = 'succeeded', result = :result, artefacts = :artefacts")
        artefacts = json.dumps([str(home.ablations / job.id)])
        connection.execute(done, {"result": json.dumps({"ablation": job.id}), "artefacts": artefacts})
    return job.id


def test_what_the_figures_support_comes_first(home: Home, open_page: OpenPage, store: JobStore) -> None:
    at = open_page("ablation", ablation=finished(home, store))
    assert not at.exception and not at.error, at.exception
    said = words(at)
    assert [head.value for head in at.header] == ["Which options make a difference?", "Every recipe"]
    assert "These figures support no change" in said
    assert "Two seeds tell little" in said and "How it was done" in said
    assert len(at.get("plotly_chart")) == 1
    validation, test = at.dataframe
    assert validation.value["recipe"].tolist() == ["default", "B = 2", TWIN]
    assert test.value["recipe"].tolist() == ["default", TWIN]


def test_a_result_that_is_gone_is_said_in_words(home: Home, open_page: OpenPage, store: JobStore) -> None:
    job = finished(home, store)
    (Path(home.ablations / job) / "ablation.json").write_text("{")
    at = open_page("ablation", ablation=job)
    assert not at.exception, at.exception
    assert "Run it again" in at.error[0].value


def test_what_was_measured_stands_beside_the_field_on_train(home: Home, open_page: OpenPage, store: JobStore) -> None:
    finished(home, store)
    at = open_page("train")
    assert not at.exception, at.exception
    assert "2 seeds, against B = 1.5" in words(at).replace("\\", "")

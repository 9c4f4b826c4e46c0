"""The trust tests on the Evaluate page: one click from the scores, what is started, what a finished run shows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_pair import save_pair

from bcos_core.cli.main import main
from bcos_core.home import Home
from bcos_core.jobs.kinds import command_of
from bcos_core.jobs.store import JobStore
from bcos_core.text.tasks import TaskChoice
from bcos_core.trust.tests import TESTS
from pages.evaluate import trust_result
from tests.pages.conftest import OpenPage, button, words

TASK = {"kind": "embedded", "name": "short-reviews", "text_column": None, "label_column": None, "hub_config": None}


@pytest.fixture
def models(home: Home) -> tuple[Path, Path]:
    return save_pair(home, task=TASK, metrics={"accuracy": 0.5}, test_size=10)


class Matrix:
    """In the place of the component: what it draws, and the way back of a choice."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = {}

    def __call__(self, data: dict[str, Any], *, key: str, on_choice: Callable[[str, str, str], None]) -> None:
        self.data, self.choose = data, on_choice


def test_without_a_model_it_leads_to_one(open_page: OpenPage) -> None:
    at = open_page("evaluate", view="trust")
    assert "no trained model" in words(at) and not at.exception


@pytest.mark.usefixtures("models")
def test_it_is_one_click_from_the_scores(open_page: OpenPage) -> None:
    at = open_page("evaluate")
    next(box for box in at.get("button_group") if "Trust tests" in box.options).set_value("trust").run()
    assert at.query_params["view"] in ("trust", ["trust"]) and not at.exception
    assert button(at, "Run the trust tests")


def test_what_is_chosen_becomes_a_job(models: tuple[Path, Path], open_page: OpenPage, store: JobStore) -> None:
    at = open_page("evaluate", view="trust", tested="tiny-bcos", texts="12")
    assert not at.exception, at.exception
    assert "About" in words(at)
    methods = next(box for box in at.multiselect if box.label == "Methods")
    assert "B-cos contributions" in methods.options and "Random" not in methods.options
    methods.set_value(["bcos", "attention"]).run()
    button(at, "Run the trust tests").click().run()
    (job,) = store.list()
    command = command_of(job)
    assert job.kind == "trust" and str(models[0]) in command
    assert "--methods bcos attention" in command and "--limit=12" in command
    assert at.query_params["trust"] in (job.id, [job.id])


@pytest.mark.usefixtures("models")
def test_what_cannot_be_run_is_not_offered(open_page: OpenPage) -> None:
    at = open_page("evaluate", view="trust", tested="tiny-conventional")
    assert "**B-cos contributions" in words(at) and "Only for B-cos models" in words(at)
    at = open_page("evaluate", view="trust", texts="0")
    assert button(at, "Run the trust tests").disabled and "expected a whole number" in words(at)
    at = open_page("evaluate", view="trust", **{"with": ""})
    assert button(at, "Run the trust tests").disabled


def test_a_finished_run(
    models: tuple[Path, Path],
    open_page: OpenPage,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    matrix = Matrix()
    monkeypatch.setattr(trust_result, "matrix", matrix)
    assert main(["trust", "tiny-bcos", "--methods", "bcos", "attention", "--limit", "16", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    at = open_page("evaluate", trust=result["job"])
    assert not at.exception, at.exception
    said = words(at)
    assert "Attention does not depend on the output layer" in said
    assert "Random scores, put in beside the methods, fail" in said
    (model,) = matrix.data["models"]
    titles = [column["title"] for column in model["columns"]]
    assert "Shuffled weights" in titles and "Capital letters" not in titles
    cells = {
        (row["title"], title): cell for row in model["rows"] for title, cell in zip(titles, row["cells"], strict=True)
    }
    assert cells["B-cos contributions", "Shuffled weights"]["text"] == "passes"
    assert cells["Attention", "One part shuffled"]["text"] == "fails"
    assert "1.00" in cells["Attention", "One part shuffled"]["label"]
    assert "This tokenizer reads capital letters as small ones" in said.replace("\\", "")
    assert "One part shuffled" in [header.value for header in at.header]  # the first fault is looked at
    assert "have changed since" not in said
    config = models[0] / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "layer_norm_eps": 1e-6}))
    at = open_page("evaluate", trust=result["job"], test="again", of="bcos")
    assert "have changed since these tests" in words(at)
    assert not at.exception and TESTS["again"].title in [header.value for header in at.header]


FOREIGN = {
    "multi-label": r"\bclass(es)?\b|softmax",
    "regression": r"\bclass(es)?\b|probabilit|softmax",
}
"""What is said of other answers only."""


@pytest.mark.parametrize("kind", FOREIGN)
def test_other_types_of_task_in_their_own_words(
    kind: str, home: Home, open_page: OpenPage, capsys: pytest.CaptureFixture[str]
) -> None:
    marks: dict[str, Callable[[int], object]] = {
        "multi-label": lambda n: ["kind"] * (n % 2) + ["long"] * (n % 3 > 0) + ["noisy"] * (n % 5 > 2),
        "regression": lambda n: n % 5,
    }
    texts = [f"The {('good', 'dull', 'odd')[n % 3]} movie no. {n} is a story with loud music" for n in range(240)]
    lines = [json.dumps({"text": text, "stars": marks[kind](n)}) for n, text in enumerate(texts)]
    (home.root / "rows.jsonl").write_text("\n".join(lines), "utf-8")
    task = TaskChoice("file", str(home.root / "rows.jsonl"), "text", "stars", type=kind)
    save_pair(home, kind=kind, task=task.to_dict())
    assert main(["trust", "tiny-bcos", "--methods", "bcos", "--limit", "16", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    for test in ("cascade", "synonyms", "masked"):
        at = open_page("evaluate", trust=result["job"], test=test, of="bcos")
        assert not at.exception, at.exception
        assert not re.search(FOREIGN[kind], words(at).lower())


def test_every_test_can_be_looked_at(
    models: tuple[Path, Path], open_page: OpenPage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["trust", "tiny-bcos", "--methods", "bcos", "--limit", "16", "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    for test in TESTS:
        at = open_page("evaluate", trust=result["job"], test=test, of="random")
        assert not at.exception, at.exception

"""A new type of task is one small file: from a file of texts to an audit, nothing else has to know it."""

from __future__ import annotations

import inspect
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, cohen_kappa_score, mean_absolute_error

from bcos_core import explain
from bcos_core.cli.main import main
from bcos_core.errors import DataError, UnknownNameError
from bcos_core.home import Home
from bcos_core.model.classifier import load, predict
from bcos_core.model.info import read_info
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.text.tasks import TaskChoice, load_task
from tests.tasks import example_task_type
from tests.tasks.example_task_type import Grades
from tests.tiny_pair import save_pair

GRADES = Grades()
Run = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def grades(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the file lay in `tasks`, and `registry.py` named it."""
    monkeypatch.setitem(TASK_TYPES._entries, GRADES.name, GRADES)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str) -> dict[str, Any]:
        assert main([*words, "--json"]) == 0, capsys.readouterr().err
        return dict(json.loads(capsys.readouterr().out.splitlines()[-1]))

    return call


@pytest.fixture
def file(home: Home) -> Path:
    """Reviews whose number of stars follows from two words."""
    chance = random.Random(0)
    path = home.create().root / "reviews.jsonl"
    rows = []
    for number in range(240):
        good, loud = chance.random() < 0.5, chance.random() < 0.5
        words = [f"no. {number}", *["good"] * good, *["loud"] * loud, chance.choice(("film", "cast"))]
        chance.shuffle(words)
        rows.append({"text": " ".join(words), "stars": 1 + 3 * good + loud})
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def test_it_is_small() -> None:
    assert len(inspect.getsource(example_task_type).splitlines()) <= 40


def test_from_a_file_to_an_audit(run: Run, home: Home, file: Path) -> None:
    source = save_pair(home)[1]
    said = ["train", "--task", f"file:{file}", "--label-column", "stars", "--task-type", "grades"]
    options = ["--examples", "150", "--epochs", "2", "--max-length", "16", "--calibration-texts", "16"]
    made = run(*said, "--model", str(source), *options)
    folder = Path(made["bcos"]["checkpoint"])
    info = read_info(folder)
    assert (info.task_type, info.labels) == ("grades", ("stars",))  # and not regression, which has its problem_type
    assert set(info.metrics) == {"kappa", "right", "mae", "rmse", "pearson", "spearman"}
    classifier = load(folder)
    assert classifier.task_type is GRADES and classifier.model.config.problem_type == "regression"
    data = load_task(TaskChoice("file", str(file), label_column="stars", type="grades"))
    answers = predict(classifier, data.test.texts, max_length=16)
    logits, actual = [answer.logits[0] for answer in answers], [int(grade) for grade in data.test.labels]  # type: ignore
    assert [answer.label for answer in answers] == [str(round(logit)) for logit in logits]
    given = np.clip(np.round(logits), min(actual), max(actual)).astype(int)
    assert info.metrics["right"] == pytest.approx(accuracy_score(actual, np.round(logits).astype(int)))
    assert info.metrics["kappa"] == pytest.approx(cohen_kappa_score(actual, given, weights="quadratic"))
    assert info.metrics["mae"] == pytest.approx(mean_absolute_error(actual, logits), rel=1e-4)
    record = explain(classifier, "a good film")
    assert record.task_type == "grades" and record.completeness_error < 1e-4
    assert record.prediction.label == predict(classifier, [record.text])[0].label
    audit = run("audit", str(folder))
    assert audit["models"][0]["metrics"]["right"]["mean"] == pytest.approx(info.metrics["right"])


def test_what_is_no_grade_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [{"text": f"Text no. {number}", "stars": 1 + number % 2 * 0.5} for number in range(60)]
    path.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(DataError, match=r"holds 1\.5, which is no grade\. Choose the type regression"):
        load_task(TaskChoice("file", str(path), label_column="stars", type="grades"))
    assert load_task(TaskChoice("file", str(path), label_column="stars", type="regression")).type == "regression"


def test_without_its_file_the_checkpoint_says_what_it_is_of(
    home: Home, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = save_pair(home, kind="regression")[0]
    details = json.loads((folder / "checkpoint.json").read_text())
    (folder / "checkpoint.json").write_text(json.dumps(details | {"task_type": "grades"}))
    assert read_info(folder).task_type == "grades"
    monkeypatch.delitem(TASK_TYPES._entries, "grades")
    with pytest.raises(UnknownNameError, match="Unknown type of task 'grades'"):
        read_info(folder)

"""What a job was asked is stored whole and runs as it was stored, whatever the defaults are when it runs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_pair import save_pair

from bcos_core.cli.audit import audit_key
from bcos_core.cli.evaluate import evaluate_argv
from bcos_core.cli.lab import lab_argv
from bcos_core.cli.main import main
from bcos_core.cli.train import train_argv
from bcos_core.cli.words import words_key
from bcos_core.errors import InputError
from bcos_core.evaluate import run as evaluation
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.home import Home
from bcos_core.jobs.claims import claim
from bcos_core.jobs.run import JOB_ATTEMPT, JOB_ID
from bcos_core.jobs.store import JobState, JobStore
from bcos_core.lab import run as lab
from bcos_core.lab.spec import LabSpec
from bcos_core.model.info import read_info
from bcos_core.text.tasks import TaskChoice
from bcos_core.train import pipeline
from bcos_core.train.recipe import RECIPES, Recipe
from bcos_core.train.spec import TrainSpec

TASK = TaskChoice("embedded", "short-reviews")
SPEC = TrainSpec("minilm", TASK, RECIPES["faithful"], "mine")


class Asked(Exception):
    """Ends the work where it begins."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The specs that are run."""
    found: list[Any] = []

    def note(spec: Any, **_: Any) -> None:
        found.append(spec)
        raise Asked

    monkeypatch.setattr(pipeline, "run_training", note)
    monkeypatch.setattr(evaluation, "run_evaluation", note)
    monkeypatch.setattr(lab, "run_lab", note)
    return found


def start(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> int:
    """As the supervisor starts a waiting job."""
    job = claim(store, "cpu")
    assert job is not None
    monkeypatch.setenv(JOB_ID, job.id)
    monkeypatch.setenv(JOB_ATTEMPT, str(job.attempt))
    return main(job.argv[2:])


def test_later_defaults_do_not_change_a_job_that_waits(
    store: JobStore, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    store.submit("train", "", train_argv(SPEC), SPEC.to_dict(), SPEC.key)
    changed = dataclasses.replace(SPEC.recipe, learning_rate=0.05, consistency=0.0)
    monkeypatch.setitem(RECIPES._entries, "faithful", changed)
    assert start(store, monkeypatch) == 1
    assert asked == [SPEC] and SPEC.recipe.learning_rate == 1e-4


def test_a_command_line_whose_options_are_gone_runs_all_the_same(
    store: JobStore, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    specs = (SPEC, EvaluationSpec(("a",), ("bcos",), limit=7), LabSpec(plant="negation"))
    lines: tuple[Callable[[Any], list[str]], ...] = (train_argv, evaluate_argv, lab_argv)
    monkeypatch.setattr(evaluation, "describe", lambda spec: "")
    for spec, argv in zip(specs, lines, strict=True):
        store.submit("", "", [*argv(spec), "--gone=1"], spec.to_dict(), spec.key)
        assert start(store, monkeypatch) == 1
    assert asked == list(specs)


def test_a_typed_command_is_read_as_it_was_typed(store: JobStore, asked: list[Any]) -> None:
    assert main(["train", "--task", "tweets", "--epochs", "2", "--gone", "1"]) == 2
    assert main(["train", "--task", "tweets", "--epochs", "2"]) == 1
    assert (asked[0].task.name, asked[0].recipe.epochs) == ("tweets", 2.0)


def test_a_command_line_says_all_of_it() -> None:
    words = train_argv(SPEC)
    said = {word.partition("=")[0].removeprefix("--no-").removeprefix("--") for word in words}
    left_out = {f.name for f in dataclasses.fields(Recipe) if f.name.replace("_", "-") not in said}
    assert left_out == {"bcos", "examples"}  # the recipe's name says the one; of the other, None is all
    assert "--learning-rate=0.0001" in words and "--epochs=3.0" in words


@pytest.mark.parametrize(
    ("kind", "stored"),
    [
        (TrainSpec, SPEC.to_dict()),
        (LabSpec, LabSpec().to_dict()),
        (EvaluationSpec, EvaluationSpec(("a",), ("bcos",)).to_dict()),
    ],
)
def test_a_request_of_another_version_is_not_filled_in(kind: Any, stored: dict[str, Any]) -> None:
    plain = json.loads(json.dumps(stored))
    assert kind.from_dict(plain).to_dict() == stored
    for name in stored:
        with pytest.raises(InputError, match=rf"another version of the program: it lacks {name}\. Ask"):
            kind.from_dict({key: value for key, value in plain.items() if key != name})
    with pytest.raises(InputError, match="it has speed"):
        kind.from_dict({**plain, "speed": 3})
    if "recipe" in plain:
        recipe = {key: value for key, value in plain["recipe"].items() if key != "masking"}
        with pytest.raises(InputError, match="it lacks masking"):
            kind.from_dict({**plain, "recipe": recipe})


def test_other_content_is_other_work(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "reviews.csv"
    file.write_text("text,label\na,b\n")
    model, _ = save_pair(home.create(), task=TASK.to_dict())
    spec = TrainSpec(str(model), TaskChoice("file", str(file), "text", "label"), RECIPES["conventional"])
    scores, planted = EvaluationSpec((str(model),), ("bcos",)), LabSpec(model=str(model))
    info = read_info(model)

    def keys() -> list[str]:
        return [spec.key, scores.key, planted.key, audit_key(info, info), words_key(info, "bcos", 1, 0)]

    before = keys()
    assert keys() == before
    file.write_text("text,label\na,c\n")  # of the same size
    assert keys()[0] != before[0] and keys()[1:] == before[1:]
    before = keys()
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config | {"layer_norm_eps": 0.1}))
    assert all(now != then for now, then in zip(keys(), before, strict=True))


def test_a_stored_request_that_is_not_whole_fails_its_job_in_words(
    store: JobStore, asked: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = {name: value for name, value in SPEC.to_dict().items() if name != "task"}
    store.submit("train", "", train_argv(SPEC), spec, "k")
    assert start(store, monkeypatch) == 2 and asked == []
    said = json.loads(capsys.readouterr().out.splitlines()[-1])["error"]["message"]
    assert "it lacks task" in said and store.list()[0].state == JobState.RUNNING  # its supervisor settles it

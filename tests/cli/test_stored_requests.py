"""What a job was asked is stored whole and runs as it was stored, whatever the defaults are when it runs."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from tiny_pair import save_pair

from bcos_core.cli.main import main
from bcos_core.errors import InputError, RecipeError, UnknownNameError
from bcos_core.evaluate import run as evaluation
from bcos_core.evaluate.audit_job import AUDIT, AuditSpec
from bcos_core.evaluate.job import EVALUATE
from bcos_core.evaluate.patterns_job import PATTERNS_JOB, PatternsSpec
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.evaluate.vocabulary_job import WORDS, WordsSpec
from bcos_core.home import Home
from bcos_core.jobs.claims import claim
from bcos_core.jobs.kind import AnyKind
from bcos_core.jobs.kinds import NAMES, command_of, kind_of
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.store import JobState, JobStore
from bcos_core.jobs.supervisor import RUNNER
from bcos_core.lab import run as lab
from bcos_core.lab.job import LAB
from bcos_core.lab.spec import LabSpec
from bcos_core.model.info import read_info
from bcos_core.storage.plain import to_plain
from bcos_core.study.crowd import Crowd
from bcos_core.study.lock_job import LOCK, LockSpec
from bcos_core.study.rehearsal_job import REHEARSE, RehearsalSpec
from bcos_core.text.tasks import TaskChoice
from bcos_core.train import pipeline
from bcos_core.train.job import QUICKSTART, TRAIN
from bcos_core.train.quickstart import quickstart_spec
from bcos_core.train.recipe import RECIPES, Recipe
from bcos_core.train.spec import TrainSpec
from bcos_core.trust.job import TRUST
from bcos_core.trust.spec import TrustSpec

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


def start(store: JobStore) -> int:
    """As the supervisor starts a waiting job."""
    job = claim(store, "cpu", Lane.LONG) or claim(store, "cpu", Lane.SHORT)
    assert job is not None
    return main([*RUNNER[2:], job.id, "--attempt", str(job.attempt)])


def test_later_defaults_do_not_change_a_job_that_waits(
    store: JobStore, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    TRAIN.submit(store, SPEC)
    changed = dataclasses.replace(SPEC.recipe, learning_rate=0.05, consistency=0.0)
    monkeypatch.setitem(RECIPES._entries, "faithful", changed)
    assert start(store) == 1
    assert asked == [SPEC] and SPEC.recipe.learning_rate == 1e-4


def test_what_is_stored_is_what_runs(store: JobStore, asked: list[Any]) -> None:
    for kind, spec in ((TRAIN, SPEC), (QUICKSTART, quickstart_spec()), (LAB, LabSpec(plant="negation"))):
        kind.submit(store, spec)
        assert start(store) == 1
    given = EvaluationSpec(("a",), ("bcos", "lime"), limit=7, options={"lime": {"samples": "9"}})
    store.submit(EVALUATE.name, "", given.to_dict(), "k")  # its model is not there to give it a title
    assert start(store) == 1
    assert asked == [SPEC, quickstart_spec(), LabSpec(plant="negation"), given]


def test_every_kind_is_named_as_it_is_listed() -> None:
    for name in NAMES:
        assert kind_of(name).name == name
    with pytest.raises(UnknownNameError, match="Unknown kind of job 'knit'"):
        kind_of("knit")


def test_a_typed_command_is_read_as_it_was_typed(store: JobStore, asked: list[Any]) -> None:
    assert main(["train", "--task", "tweets", "--epochs", "2", "--gone", "1"]) == 2
    assert main(["train", "--task", "tweets", "--epochs", "2"]) == 1
    assert (asked[0].task.name, asked[0].recipe.epochs) == ("tweets", 2.0)


def test_a_command_line_says_all_of_it() -> None:
    words = TRAIN.command(SPEC)
    said = {word.partition("=")[0].removeprefix("--no-").removeprefix("--") for word in words}
    left_out = {f.name for f in dataclasses.fields(Recipe) if f.name.replace("_", "-") not in said}
    assert left_out == {"bcos", "examples"}  # the recipe's name says the one; of the other, None is all
    assert "--learning-rate=0.0001" in words and "--epochs=3.0" in words


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (TRAIN, SPEC),
        (LAB, LabSpec()),
        (EVALUATE, EvaluationSpec(("a",), ("bcos",), task=TASK)),
        (AUDIT, AuditSpec(("a", "b"))),
        (WORDS, WordsSpec("a", "bcos")),
        (PATTERNS_JOB, PatternsSpec(("a",), ("bcos",), (("b",),))),
        (TRUST, TrustSpec("a", ("bcos",))),
        (LOCK, LockSpec("a")),
        (REHEARSE, RehearsalSpec("a", Crowd(preference=-1.0))),
    ],
)
def test_a_request_of_another_version_is_not_filled_in(kind: AnyKind, given: Any) -> None:
    stored = to_plain(given)
    assert kind.read(json.loads(json.dumps(stored))) == given
    for name in stored:
        with pytest.raises(InputError, match=rf"another version of the program: it lacks {name}\. Ask"):
            kind.read({key: value for key, value in stored.items() if key != name})
        with pytest.raises(InputError, match="is not as it should be"):
            kind.read({**stored, name: {"a": 1} if isinstance(stored[name], list) else [1]})
    with pytest.raises(InputError, match="it has speed"):
        kind.read({**stored, "speed": 3})


def test_a_part_of_a_request_is_whole_too() -> None:
    stored = SPEC.to_dict()
    recipe = {key: value for key, value in stored["recipe"].items() if key != "masking"}
    with pytest.raises(InputError, match="in its recipe, was stored by another version of the program: it lacks mask"):
        TRAIN.read({**stored, "recipe": recipe})
    with pytest.raises(InputError, match="in its task, .* it has colour"):
        TRAIN.read({**stored, "task": {**stored["task"], "colour": "red"}})
    with pytest.raises(RecipeError, match="b is 9.0"):
        TRAIN.read({**stored, "recipe": {**stored["recipe"], "b": 9.0}})
    named = {"kind": "embedded", "name": "short-reviews"}  # what is None by default was not chosen
    assert TRAIN.read({**stored, "task": named}) == SPEC


def test_a_command_is_shown_of_what_is_stored(store: JobStore) -> None:
    job, _ = TRAIN.submit(store, SPEC)
    assert command_of(job).startswith("python -m bcos_core train --model minilm --task short-reviews --name=mine")
    job, _ = store.submit("train", "", {}, "k")
    with pytest.raises(InputError, match="it lacks model, name, notes, processes, recipe, task"):
        command_of(job)


def test_other_content_is_other_work(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "reviews.csv"
    file.write_text("text,label\na,b\n")
    model, _ = save_pair(home.create(), task=TASK.to_dict())
    spec = TrainSpec(str(model), TaskChoice("file", str(file), "text", "label"), RECIPES["conventional"])
    scores, planted = EvaluationSpec((str(model),), ("bcos",)), LabSpec(model=str(model))
    info = read_info(model)

    def keys() -> list[str]:
        words, trusted = WordsSpec(str(model), "bcos", 1), TrustSpec(str(model), ("bcos",))
        asked = [AUDIT.key(AuditSpec.of(info, info)), WORDS.key(words), TRUST.key(trusted)]
        return [spec.key, scores.key, planted.key, *asked]

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
    store.submit("train", "", spec, "k")
    assert start(store) == 2 and asked == []
    said = json.loads(capsys.readouterr().out.splitlines()[-1])["error"]["message"]
    assert "it lacks task" in said and store.list()[0].state == JobState.RUNNING  # its supervisor settles it

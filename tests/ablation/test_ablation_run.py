"""Whole ablations on a tiny model: what is trained, what is not trained again, and what the figures are made of."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bcos_core.ablation import run as ablation_run
from bcos_core.ablation.grid import TWIN
from bcos_core.ablation.job import ABLATE
from bcos_core.ablation.measures import ANSWERS
from bcos_core.ablation.plan import ablation_plan, stage_titles
from bcos_core.ablation.result import Ablation, load_ablation
from bcos_core.ablation.run import run_ablation
from bcos_core.ablation.spec import AblationSpec
from bcos_core.cli.main import main
from bcos_core.errors import JobCancelled
from bcos_core.evaluate.result import load_evaluation
from bcos_core.home import Home
from bcos_core.model.classifier import load, predict
from bcos_core.model.info import read_info
from bcos_core.progress import SilentReporter
from bcos_core.storage.content import name_of
from bcos_core.text.tasks import load_task
from bcos_core.train import once
from bcos_core.train.cells import CellStore
from tests.train.small_task import spec_of, write_inputs

Inputs = tuple[Path, Path]


def asked(inputs: Inputs, **changes: Any) -> AblationSpec:
    training = spec_of(inputs, epochs=0.5)
    small = {"limit": 6, "pairs": 2, "bounded_texts": 2, "bounded_length": 10, "beam_width": 1, "seeds": 1}
    given = {"vary": {"b": (1.0, 1.5)}, **small, **changes}
    return AblationSpec(model=training.model, task=training.task, recipe=training.recipe, **given)


@dataclass
class Listener(SilentReporter):
    """What was told of: the parts of each stage."""

    told: set[tuple[int, str]] = field(default_factory=set)
    present: int = 0

    def stage(self, title: str, index: int, count: int) -> None:
        self.present = index

    def progress(self, done: float, total: float, part: str = "") -> None:
        self.told.add((self.present, part))

    def declare(self, seconds: float, part: str, stage: int) -> None:
        self.told.add((stage, part))


@dataclass(frozen=True)
class Finished:
    """One ablation of two recipes and the twin, a seed each, which the tests below look at."""

    inputs: Inputs
    spec: AblationSpec
    home: Home
    made: Ablation
    listener: Listener


def done(spec: AblationSpec, home: Home, job: str = "one", reporter: SilentReporter | None = None) -> Ablation:
    work = home.root / "work" / job
    return run_ablation(spec, home=home.create(), work=work, job=job, reporter=reporter or SilentReporter())


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    inputs = write_inputs(tmp_path_factory.mktemp("inputs"))
    spec, home, listener = asked(inputs), Home(tmp_path_factory.mktemp("finished")), Listener()
    return Finished(inputs, spec, home, done(spec, home, reporter=listener), listener)


@pytest.fixture
def wanted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, str, int]]:
    """Every training that is wanted, and none is done."""
    found: list[tuple[float, str, int]] = []

    def asks(spec: Any, **given: Any) -> None:
        found.append((spec.recipe.b, spec.recipe.biases, spec.recipe.seed))
        raise JobCancelled("stop")

    monkeypatch.setattr(once, "run_training", asks)
    return found


def test_figures_are_of_the_validation_side_and_of_the_models_that_were_trained(finished: Finished) -> None:
    made, task = finished.made, load_task(finished.spec.task)
    assert [row.name for row in made.rows] == ["default (B = 1.5)", "B = 1", TWIN]
    for row in made.rows:
        (model,) = row.models
        info = read_info(model.checkpoint)
        assert (info.kind == "bcos") == (row.kind == "bcos") and info.recipe is not None
        assert model.seed == info.recipe["seed"] == 42
        found = predict(load(model.checkpoint), list(task.validation.texts))
        right = {
            name_of(text): float(one.index == label)
            for text, label, one in zip(task.validation.texts, task.validation.labels, found, strict=True)
        }
        assert model.validation[ANSWERS] == right
        assert row.mean(ANSWERS).mean == pytest.approx(sum(right.values()) / len(right))
    scored, names = (
        load_evaluation(finished.home.evaluations / "one-validation"),
        set(map(name_of, task.validation.texts)),
    )
    for one in scored.contenders:
        assert set(one.values["comp_minus_suff"]) <= names
        if one.method == "pullback":
            (model,) = next(row.models for row in made.rows if row.models[0].checkpoint == one.path)
            assert model.validation["naopc"] == dict(one.values["naopc"])


def test_the_test_side_is_of_the_default_the_choice_and_the_twin_alone(finished: Finished) -> None:
    made = finished.made
    tested = {row.name for row in made.rows if row.models[0].test}
    assert tested == {made.default.name, made.rows[made.chosen].name, TWIN}
    texts = set(map(name_of, load_task(finished.spec.task).test.texts))
    assert set(made.default.models[0].test[ANSWERS]) == texts


def test_every_part_that_is_told_was_planned(finished: Finished) -> None:
    """Else the time left would count the work of it twice."""
    parts = ablation_plan(finished.spec)
    assert {part.stage for part in parts} == set(range(len(stage_titles(finished.spec))))
    assert all(part.seconds > 0 for part in parts)
    assert len({(part.stage, part.name) for part in parts}) == len(parts)
    assert finished.listener.told <= {(part.stage, part.name) for part in parts}


def test_from_the_command_line_nothing_is_trained_again(
    finished: Finished,
    wanted: list[tuple[float, str, int]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BCOS_HOME", str(finished.home.root))
    assert main([*ABLATE.command(finished.spec), "--json"]) == 0
    assert wanted == []
    result = json.loads(capsys.readouterr().out)
    assert {row["recipe"] for row in result["rows"]} == {"default (B = 1.5)", "B = 1", TWIN}
    assert any("One seed" in said for said in result["support"])
    assert "| B = 1 |" in result["markdown"]
    assert load_ablation(Path(result["ablation"])).rows == finished.made.rows


def test_a_wider_grid_trains_what_is_new(finished: Finished, wanted: list[tuple[float, str, int]]) -> None:
    with pytest.raises(JobCancelled):
        done(asked(finished.inputs, vary={"b": (1.0, 1.5), "biases": ("dropped", "kept")}), finished.home, job="two")
    assert wanted == [(1.0, "kept", 42)]
    with pytest.raises(JobCancelled):
        done(asked(finished.inputs, seeds=2), finished.home, job="three")
    assert wanted[1:] == [(1.5, "dropped", 43)]


def test_a_model_that_is_gone_or_changed_is_trained_anew(
    finished: Finished, wanted: list[tuple[float, str, int]], tmp_path: Path
) -> None:
    home = Home(tmp_path / "copy")
    shutil.copytree(finished.home.root, home.root)
    cells = {path: json.loads(path.read_text()) for path in home.cells.glob("*/cell.json")}
    for path, cell in cells.items():  # each as its own home knows it
        path.write_text(
            json.dumps({**cell, "checkpoint": cell["checkpoint"].replace(str(finished.home.root), str(home.root))})
        )
    changed = Path(finished.made.default.models[0].checkpoint.replace(str(finished.home.root), str(home.root)))
    config = (changed / "config.json").read_text()
    (changed / "config.json").write_text(config.replace('"b": 1.5', '"b": 1.25'))
    with pytest.raises(JobCancelled):
        done(finished.spec, home, job="two")
    assert wanted == [(1.5, "dropped", 42)]
    shutil.rmtree(Path(finished.made.rows[1].models[0].checkpoint.replace(str(finished.home.root), str(home.root))))
    (changed / "config.json").write_text(config)
    with pytest.raises(JobCancelled):
        done(finished.spec, home, job="three")
    assert wanted[1:] == [(1.0, "dropped", 42)]


@pytest.mark.parametrize("other", ["model", "data"])
def test_another_model_or_changed_data_are_other_work(
    finished: Finished, wanted: list[tuple[float, str, int]], tmp_path: Path, other: str
) -> None:
    model, file = write_inputs(tmp_path / "others", seed=1)
    file.write_text(file.read_text().replace("the hero and the joke", "the joke and one hero"))
    inputs = (model, finished.inputs[1]) if other == "model" else (finished.inputs[0], file)
    with pytest.raises(JobCancelled):
        done(asked(inputs), finished.home, job="two")
    assert wanted == [(1.5, "dropped", 42)]


def test_what_was_trained_before_a_stop_is_kept(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, real, asked_for = Home(tmp_path / "home"), once.run_training, []

    def stops(spec: Any, **given: Any) -> Any:
        asked_for.append(spec.recipe.b)
        if len(asked_for) == 2:
            raise JobCancelled("stop")
        return real(spec, **given)

    monkeypatch.setattr(once, "run_training", stops)
    spec = asked(finished.inputs, twin=False)
    with pytest.raises(JobCancelled):
        done(spec, home)
    with pytest.raises(RuntimeError, match="enough"):  # another job: of the first one's work its cells alone are there
        monkeypatch.setattr(ablation_run, "run_evaluation", _enough)
        done(spec, home, job="two")
    assert asked_for == [1.5, 1.0, 1.0]


def _enough(*given: Any, **named: Any) -> None:
    raise RuntimeError("enough")


def test_a_damaged_cell_is_none(home: Home) -> None:
    store = CellStore(home.create())
    folder = store.folder("a" * 32)
    folder.mkdir(parents=True)
    assert store.find("a" * 32) is None
    for damage in ('{"checkpoint": "/nowhere", "content": "x", "seconds": 1.0}', '{"checkpoint": 1}', "{"):
        (folder / "cell.json").write_text(damage)
        assert store.find("a" * 32) is None


def test_a_job_says_what_it_is_about(finished: Finished) -> None:
    assert ABLATE.describe(finished.spec).startswith("Ablation · B · ")
    assert ABLATE.key(finished.spec) != ABLATE.key(asked(finished.inputs, seeds=2))

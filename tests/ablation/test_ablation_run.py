"""Whole ablations on a tiny model: what is trained, what is not trained again, and what the figures are made of."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bcos_core.ablation import run as ablation_run
from bcos_core.ablation.cells import CellStore
from bcos_core.ablation.job import ABLATE
from bcos_core.ablation.measures import ANSWERS
from bcos_core.ablation.plan import ablation_plan, stage_titles
from bcos_core.ablation.result import TWIN, Ablation, load_ablation
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
from tests.train.small_task import spec_of, write_inputs

SMALL = {"limit": 8, "pairs": 2, "bounded_texts": 3, "bounded_length": 10, "beam_width": 1, "seeds": 2}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_inputs(tmp_path_factory.mktemp("inputs"))


def asked(inputs: tuple[Path, Path], **changes: Any) -> AblationSpec:
    training = spec_of(inputs, epochs=0.5, twin=False)
    given = {"vary": {"b": (1.0, 1.5)}, **SMALL, **changes}
    return AblationSpec(model=training.model, task=training.task, recipe=training.recipe, **given)


class Counter:
    """Counts trainings, and can stop the work at one of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.trained: list[tuple[float, str, int]] = []
        self.stop_at: int | None = None
        real = ablation_run.run_training

        def counted(spec: Any, **given: Any) -> Any:
            if self.stop_at is not None and len(self.trained) == self.stop_at:
                raise JobCancelled("stop")
            self.trained.append((spec.recipe.b, spec.recipe.biases, spec.recipe.seed))
            return real(spec, **given)

        monkeypatch.setattr(ablation_run, "run_training", counted)


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counter:
    return Counter(monkeypatch)


def done(spec: AblationSpec, home: Home, job: str = "one") -> Ablation:
    return run_ablation(spec, home=home.create(), work=home.root / "work" / job, job=job, reporter=SilentReporter())


def test_figures_are_of_the_validation_side_and_of_the_models_that_were_trained(
    inputs: tuple[Path, Path], home: Home
) -> None:
    spec = asked(inputs)
    made = done(spec, home)
    assert [row.name for row in made.rows] == ["default", "B = 1", TWIN]
    assert [model.seed for model in made.default.models] == [42, 43]
    task = load_task(spec.task)
    for row in made.rows:
        for model in row.models:
            info = read_info(model.checkpoint)
            assert (info.kind == "bcos") == (row.kind == "bcos") and info.recipe is not None
            assert info.recipe["seed"] == model.seed
            found = predict(load(model.checkpoint), list(task.validation.texts))
            right = {
                name_of(text): float(one.index == label)
                for text, label, one in zip(task.validation.texts, task.validation.labels, found, strict=True)
            }
            assert model.validation[ANSWERS] == right
    scored = load_evaluation(home.evaluations / "one-validation")
    names = set(map(name_of, task.validation.texts))
    for one in scored.contenders:
        assert set(one.values["comp_minus_suff"]) <= names
    first = next(
        one for one in scored.contenders if one.path == made.default.models[0].checkpoint and one.method == "pullback"
    )
    assert made.default.models[0].validation["naopc"] == dict(first.values["naopc"])
    table = made.default.table(ANSWERS)
    assert table.shape == (2, len(task.validation)) and made.default.mean(ANSWERS).mean == pytest.approx(np.mean(table))


def test_the_test_side_is_of_the_default_the_choice_and_the_twin_alone(inputs: tuple[Path, Path], home: Home) -> None:
    made = done(asked(inputs, vary={"b": (1.0, 1.25)}, seeds=1), home)
    tested = {row.name for row in made.rows if row.models[0].test}
    assert tested == {"default", made.rows[made.chosen].name, TWIN}
    texts = set(map(name_of, load_task(asked(inputs).task).test.texts))
    assert set(made.default.models[0].test[ANSWERS]) == texts


def test_what_was_trained_is_not_trained_again(inputs: tuple[Path, Path], home: Home, counter: Counter) -> None:
    spec = asked(inputs, twin=False)
    counter.stop_at = 3
    with pytest.raises(JobCancelled):
        done(spec, home)
    assert len(counter.trained) == 3
    counter.stop_at = None
    first = done(spec, home, job="two")  # another job: nothing of the first one's work is there but its cells
    assert sorted(counter.trained) == [
        (1.0, "dropped", 42),
        (1.0, "dropped", 43),
        (1.5, "dropped", 42),
        (1.5, "dropped", 43),
    ]
    again = done(spec, home, job="three")
    assert len(counter.trained) == 4
    assert again.rows == first.rows
    wider = done(asked(inputs, twin=False, vary={"biases": ("dropped", "kept")}), home, job="four")
    assert counter.trained[4:] == [(1.5, "kept", 42), (1.5, "kept", 43)]
    assert wider.default.models == first.default.models


def test_a_model_that_is_gone_or_changed_is_trained_anew(
    inputs: tuple[Path, Path], home: Home, counter: Counter
) -> None:
    spec = asked(inputs, twin=False, seeds=1)
    first = done(spec, home)
    shutil.rmtree(first.rows[0].models[0].checkpoint)
    weights = Path(first.rows[1].models[0].checkpoint) / "config.json"
    weights.write_text(weights.read_text().replace('"bcos": {', '"bcos":  {'))
    done(spec, home, job="two")
    assert len(counter.trained) == 4


def test_a_changed_file_or_model_is_other_work(
    inputs: tuple[Path, Path], home: Home, counter: Counter, tmp_path: Path
) -> None:
    done(asked(inputs, twin=False, seeds=1), home)
    model, file = write_inputs(tmp_path / "others", seed=1)
    done(asked((model, inputs[1]), twin=False, seeds=1), home, job="two")
    assert len(counter.trained) == 4
    file.write_text(file.read_text().replace("the hero and the joke", "the joke and one hero"))
    done(asked((inputs[0], file), twin=False, seeds=1), home, job="three")
    assert len(counter.trained) == 6


def test_a_damaged_cell_is_trained_anew(inputs: tuple[Path, Path], home: Home) -> None:
    store = CellStore(home.create())
    folder = store.folder("a" * 32)
    folder.mkdir(parents=True)
    assert store.find("a" * 32) is None
    (folder / "cell.json").write_text('{"checkpoint": "/nowhere", "content": "x", "seconds": 1.0}')
    assert store.find("a" * 32) is None
    (folder / "cell.json").write_text("{")
    assert store.find("a" * 32) is None


def test_as_a_job_from_the_command_line(
    inputs: tuple[Path, Path], home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    model, file = inputs
    words = ["ablate", "--model", str(model), "--task", f"file:{file}", "--text-column", "review"]
    words += ["--label-column", "verdict", "--vary", "b=1", "--vary", "biases=dropped,kept", "--no-crossed"]
    words += ["--epochs", "0.5", "--batch-size", "8", "--max-length", "16", "--calibration-texts", "16"]
    words += ["--precision", "fp32", "--limit", "6", "--pairs", "2", "--bounded-texts", "2", "--bounded-length", "8"]
    words += ["--beam-width", "1", "--seeds", "1", "--json"]
    assert main(words) == 0
    result = json.loads(capsys.readouterr().out)
    assert {row["recipe"] for row in result["rows"]} == {"default", "B = 1", "biases kept", TWIN}
    assert any("One seed" in said for said in result["support"])
    assert "| biases kept |" in result["markdown"]
    assert load_ablation(Path(result["ablation"])).rows[0].name == "default"


def test_there_is_a_part_for_every_stage(inputs: tuple[Path, Path]) -> None:
    spec = asked(inputs)
    parts = ablation_plan(spec)
    assert {part.stage for part in parts} == set(range(len(stage_titles(spec))))
    assert all(part.seconds > 0 for part in parts)
    assert len({(part.stage, part.name) for part in parts}) == len(parts)


def test_every_part_that_is_told_was_planned(inputs: tuple[Path, Path], home: Home) -> None:
    """Else the time left would count the work of it twice."""
    spec = asked(inputs, seeds=1)
    told: set[tuple[int, str]] = set()

    class Listener(SilentReporter):
        present = 0

        def stage(self, title: str, index: int, count: int) -> None:
            self.present = index

        def progress(self, done: float, total: float, part: str = "") -> None:
            told.add((self.present, part))

        def declare(self, seconds: float, part: str, stage: int) -> None:
            told.add((stage, part))

    run_ablation(spec, home=home.create(), work=home.root / "work", job="one", reporter=Listener())
    assert told <= {(part.stage, part.name) for part in ablation_plan(spec)}


def test_a_job_says_what_it_is_about(inputs: tuple[Path, Path]) -> None:
    spec = asked(inputs)
    assert ABLATE.describe(spec).startswith("Ablation · b · ")
    assert ABLATE.key(spec) != ABLATE.key(asked(inputs, seeds=1))

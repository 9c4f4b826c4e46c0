"""What was trained once is not trained again; what bears on a training, and what does not."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bcos_core.ablation.run import run_ablation
from bcos_core.ablation.spec import AblationSpec
from bcos_core.errors import JobCancelled, RecipeError
from bcos_core.home import Home
from bcos_core.progress import SilentReporter
from bcos_core.train.once import identity_of, train_once, trained_before
from tests.train.small_task import spec_of, write_inputs


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_inputs(tmp_path_factory.mktemp("inputs"))


class Counting(SilentReporter):
    """Counts the trainings that begin, and stops the first at a point of its curve."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.stages: list[str] = []
        self.stop_at = stop_at

    def stage(self, title: str, index: int, count: int) -> None:
        self.stages.append(title)

    def metric(self, series: str, step: int, value: float) -> None:
        if self.stop_at is not None and step >= self.stop_at:
            raise JobCancelled("stop")


def test_what_bears_on_a_training_and_what_does_not(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    spec = spec_of(inputs, twin=False)
    known = identity_of(spec)
    assert known == identity_of(replace(spec, name="Mine", notes="Why."))
    for changes in ({"seed": 7}, {"masking": 0.5}, {"b": 2.0}):
        assert known != identity_of(replace(spec, recipe=spec.recipe.replace(**changes)))
    model, file = inputs
    shutil.copytree(model, tmp_path / "other")
    shutil.copy(file, tmp_path / "copy.csv")
    assert known == identity_of(spec_of((tmp_path / "other", tmp_path / "copy.csv"), twin=False))
    (tmp_path / "copy.csv").write_text(file.read_text().replace("film", "movie"))
    assert known != identity_of(spec_of((tmp_path / "other", tmp_path / "copy.csv"), twin=False))


def test_two_models_or_a_precision_that_is_measured_are_no_such_training(inputs: tuple[Path, Path]) -> None:
    with pytest.raises(RecipeError, match="leave its twin out"):
        identity_of(spec_of(inputs))
    with pytest.raises(RecipeError, match="choose fp32 or bf16"):
        identity_of(spec_of(inputs, twin=False, precision="auto"))


def test_it_is_trained_once_and_goes_on_where_it_was_stopped(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    home, work = Home(tmp_path / "home").create(), tmp_path / "work"
    spec = spec_of(inputs, twin=False)
    assert trained_before(spec, home) is None
    with pytest.raises(JobCancelled):
        train_once(spec, home=home, work=work, job="j1", reporter=Counting(stop_at=1))
    assert trained_before(spec, home) is None and any(work.iterdir())
    first = train_once(
        spec, home=home, work=work, job="j1", reporter=SilentReporter(), measure=lambda: {"peak_bytes": 5.0}
    )
    assert first.measured["peak_bytes"] == 5.0 and 0 < first.measured["calibration_cosine"] <= 1
    assert first.info.metrics["accuracy"] >= 0 and first.seconds > 0 and not any(work.iterdir())
    reporter = Counting()
    again = train_once(replace(spec, name="Other"), home=home, work=work, job="j2", reporter=reporter)
    assert again == first and reporter.stages == []
    assert not any(home.models.iterdir()) and len(list(home.cells.iterdir())) == 1  # no model of a person's


def test_a_model_that_is_gone_or_changed_is_trained_anew(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    home = Home(tmp_path / "home").create()
    spec = spec_of(inputs, bcos=False, calibrate=False, twin=False, epochs=0.5)
    made = train_once(spec, home=home, work=tmp_path / "work", job="j1", reporter=SilentReporter())
    assert trained_before(spec, home) is not None
    config = made.checkpoint / "config.json"
    before = config.read_text()
    config.write_text(before.replace('"hidden_act": "gelu"', '"hidden_act": "relu"'))
    assert trained_before(spec, home) is None
    config.write_text(before)
    assert trained_before(spec, home) is not None
    shutil.rmtree(made.checkpoint)
    assert trained_before(spec, home) is None


def test_what_an_ablation_has_trained_is_not_trained_again(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    training = spec_of(inputs, epochs=0.5)
    asked = AblationSpec(
        model=training.model,
        task=training.task,
        recipe=training.recipe,
        vary={"b": (1.0, 1.5)},
        seeds=1,
        limit=6,
        pairs=2,
        bounded_texts=2,
        bounded_length=10,
        beam_width=1,
    )
    home = Home(tmp_path / "home").create()
    run_ablation(asked, home=home, work=tmp_path / "work", job="a1", reporter=SilentReporter())
    reporter = Counting()
    recipe = training.recipe.replace(b=1.0, twin=False)
    once = train_once(replace(training, recipe=recipe), home=home, work=tmp_path / "work", job="j1", reporter=reporter)
    assert reporter.stages == [] and once.info.b == 1.0

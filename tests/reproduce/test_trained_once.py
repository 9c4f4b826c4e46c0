"""What was trained once is not trained again; what bears on a training, and what does not."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bcos_core.errors import JobCancelled
from bcos_core.home import Home
from bcos_core.model.content import content_of
from bcos_core.progress import SilentReporter
from bcos_core.storage.content import name_of
from bcos_core.train import once
from bcos_core.train.once import effective, train_once, trained_before, training_content
from bcos_core.train.recipe import RECIPES, Recipe
from bcos_core.train.spec import TrainSpec
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


def content(spec: TrainSpec) -> str:
    return name_of(training_content(spec))


def test_a_name_and_idle_options_do_not_count(inputs: tuple[Path, Path]) -> None:
    spec = spec_of(inputs, bcos=False, calibrate=False, twin=False)
    same = replace(spec, name="Mine", notes="Why.", recipe=spec.recipe.replace(b=2.0, ridge=0.5, consistency_start=0.9))
    assert content(spec) == content(same)
    assert content(spec) != content(replace(spec, recipe=spec.recipe.replace(seed=7)))
    assert content(spec) != content(replace(spec, recipe=spec.recipe.replace(masking=0.5)))
    bcos = spec_of(inputs)
    assert content(bcos) != content(replace(bcos, recipe=bcos.recipe.replace(b=2.0)))
    assert content(bcos) == content(replace(bcos, recipe=bcos.recipe.replace(consistency_ranked=0.5)))


def test_every_option_counts_somewhere() -> None:
    """An option that is added is part of what a training is known by."""
    known = effective(RECIPES["faithful"])
    assert set(known) == set(Recipe.__dataclass_fields__) - {"name"}


def test_a_copy_of_model_and_data_is_the_same_training(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    model, file = inputs
    shutil.copytree(model, tmp_path / "other")
    shutil.copy(file, tmp_path / "copy.csv")
    assert content(spec_of(inputs)) == content(spec_of((tmp_path / "other", tmp_path / "copy.csv")))
    text = file.read_text().replace("film", "movie")
    (tmp_path / "copy.csv").write_text(text)
    assert content(spec_of(inputs)) != content(spec_of((tmp_path / "other", tmp_path / "copy.csv")))


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
    assert first.new and first.measured == {"peak_bytes": 5.0} and not any(work.iterdir())
    reporter = Counting()
    again = train_once(replace(spec, name="Other"), home=home, work=work, job="j2", reporter=reporter)
    assert (again.new, again.result, again.measured) == (False, first.result, first.measured)
    assert reporter.stages == [] and len(list(home.models.iterdir())) == 1


def test_a_model_that_is_gone_or_changed_is_trained_anew(
    inputs: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "home").create()
    spec = spec_of(inputs, bcos=False, calibrate=False, twin=False, epochs=0.5)
    made = train_once(spec, home=home, work=tmp_path / "work", job="j1", reporter=SilentReporter())
    (folder,) = map(Path, made.result.artefacts)
    assert trained_before(spec, home) is not None
    config = folder / "config.json"
    before = config.read_text()
    config.write_text(before.replace('"hidden_act": "gelu"', '"hidden_act": "relu"'))
    assert content_of(folder) and trained_before(spec, home) is None
    config.write_text(before)
    assert trained_before(spec, home) is not None
    monkeypatch.setattr(once, "TRAINING_VERSION", 0)
    assert trained_before(spec, home) is None
    monkeypatch.undo()
    shutil.rmtree(folder)
    assert trained_before(spec, home) is None

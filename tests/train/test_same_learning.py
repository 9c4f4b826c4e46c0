"""What is learned is the same, however many processes train, however many texts go through at once, and whatever is
computed again: the definition is one process with the whole batch of a step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from bcos_core import load
from bcos_core.errors import JobCancelled
from bcos_core.home import Home
from bcos_core.model.info import read_any_info
from bcos_core.train.callbacks import last_complete_checkpoint
from bcos_core.train.language.pipeline import run_language_training
from bcos_core.train.language.spec import LanguageSpec
from bcos_core.train.language.trainer import LanguageTrainer
from bcos_core.train.pipeline import run_training
from bcos_core.train.spec import TrainSpec
from bcos_core.train.trainer import BcosTrainer
from tests.train.rank import Points
from tests.train.small_language_task import language_spec, write_language_inputs
from tests.train.small_task import spec_of, write_inputs
from tests.train.test_several_processes import run_two, said

pytestmark = pytest.mark.timeout(600)
WITHOUT_DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
# Two steps of 14 and one of 12 in an epoch of small texts; neither 7 nor 14 is divided by two processes evenly.
ALL_OF_IT: dict[str, Any] = {
    "consistency": 1.0,
    "consistency_start": 0.0,
    "batch_size": 7,
    "gradient_accumulation": 2,
    "twin": False,
    "ramp": 0.5,
}


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> TrainSpec:
    inputs = write_inputs(tmp_path_factory.mktemp("classifier"), **WITHOUT_DROPOUT)
    return spec_of(inputs, **ALL_OF_IT, masking=0.5, consistency_ranked=0.5)


@pytest.fixture(scope="module")
def language(tmp_path_factory: pytest.TempPathFactory) -> LanguageSpec:
    return language_spec(write_language_inputs(tmp_path_factory.mktemp("language")), **ALL_OF_IT, hidden_weight=0.5)


def train(spec: TrainSpec | LanguageSpec, root: Path, points: Points | None = None) -> Any:
    where: dict[str, Any] = {
        "home": Home(root).create(),
        "work": root / "work",
        "job": "j",
        "reporter": points or Points(),
    }
    if isinstance(spec, LanguageSpec):
        return run_language_training(spec, **where).to_dict()
    return run_training(spec, **where).to_dict()


@pytest.fixture(scope="module", params=["classifier", "language"])
def alone(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[TrainSpec | LanguageSpec, dict[str, Any], Points]:
    """What is asked, and what one process makes of it with enough memory."""
    spec, points = request.getfixturevalue(request.param), Points()
    return spec, train(spec, tmp_path_factory.mktemp("alone"), points), points


def require_same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """Metrics to 1e-4, weights to 1e-4."""
    assert found["bcos"]["metrics"] == pytest.approx(expected["bcos"]["metrics"], rel=1e-4)
    ours, theirs = (load(one["bcos"]["checkpoint"]).model.state_dict() for one in (found, expected))
    for name, tensor in theirs.items():
        torch.testing.assert_close(
            ours[name], tensor, atol=1e-4, rtol=1e-3, msg=lambda text, name=name: f"{name} {text}"
        )


def test_two_processes_learn_what_one_does(alone: Any, tmp_path: Path) -> None:
    spec, expected, points = alone
    first, second = (said(process) for process in run_two(spec, tmp_path))
    require_same(first["result"], expected)
    assert first["curves"].keys() == points.curves.keys() and not second["curves"] and not second["lines"]
    for name, curve in points.curves.items():  # losses are those of the whole batch, evaluations of all texts
        assert first["curves"][name] == pytest.approx(curve, rel=1e-3), name
    assert sum("Calibrated on" in line for line in first["lines"]) == 1
    assert len(list((tmp_path / "models").iterdir())) == 1
    info = read_any_info(first["result"]["bcos"]["checkpoint"])
    assert info.trained_by.words == ("Trained by 2 processes.",)
    assert read_any_info(expected["bcos"]["checkpoint"]).trained_by.words == ()


def test_what_two_began_one_goes_on_with(alone: Any, tmp_path: Path) -> None:
    spec, expected, points = alone
    for process in run_two(spec, tmp_path):
        said(process)
    steps = len(points.curves["bcos/learning rate"])
    begun = sorted((tmp_path / "work" / "bcos").glob("checkpoint-*"), key=lambda path: int(path.name[11:]))[0]
    at = int(begun.name.removeprefix("checkpoint-"))
    assert 0 < at < steps
    # As a kill would leave it: of the later checkpoint, and of what came of it, there is nothing.
    for path in (tmp_path / "work" / "bcos").glob("checkpoint-*"):
        if path != begun:
            (path / "complete").unlink()
    (tmp_path / "work" / "bcos.json").unlink()
    again = Points()
    result = train(spec, tmp_path, again)
    assert f"Going on from checkpoint-{at}." in again.lines
    require_same(result, expected)
    words = f"Trained by 2 processes, 1 process after step {at}."
    assert read_any_info(result["bcos"]["checkpoint"]).trained_by.words == (words,)


class Little:
    """A memory that holds so many texts in a pass of a training, from a step on; it is noticed before or behind the
    backward pass. `passes` are the texts of each pass that it held."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, holds: int, *, since: int = 0, late: bool = False) -> None:
        self.passes: list[int] = []
        for kind in (BcosTrainer, LanguageTrainer):
            whole = kind.pass_over

            def pass_over(trainer: Any, part: Any, batch: Any, whole: Any = whole) -> Any:
                texts = len(part["input_ids"])
                short = texts > holds and trainer.state.global_step >= since
                if short and not late:
                    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
                passed = whole(trainer, part, batch)
                if short:  # what was added up by then must not count
                    passed.loss.backward()
                    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
                self.passes.append(texts)
                return passed

            monkeypatch.setattr(kind, "pass_over", pass_over)


@pytest.mark.parametrize(("since", "late"), [(0, False), (3, True)])
def test_a_step_that_the_memory_does_not_hold_is_done_again(
    alone: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, since: int, late: bool
) -> None:
    spec, expected, points = alone
    memory = Little(monkeypatch, 3, since=since, late=late)
    told = Points()
    result = train(spec, tmp_path, told)
    require_same(result, expected)
    assert told.curves["bcos/learning rate"] == points.curves["bcos/learning rate"]  # as many steps, none twice
    assert any(f"Step {since + 1}: there was not enough memory for 7 texts at once" in line for line in told.lines)
    assert memory.passes[-1] <= 3 and (since == 0 or memory.passes[0] == 7)
    (words,) = read_any_info(result["bcos"]["checkpoint"]).trained_by.words
    when = f" after step {since}" if since else ""
    assert words.startswith(f"There was not enough memory for 7 texts at once: 3 texts{when},")


def test_what_the_memory_holds_is_remembered(alone: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped after it was found out, a training goes on with as many texts at once, and tries no more of them."""
    spec, expected, _ = alone
    Little(monkeypatch, 3, since=2)

    class Stopping(Points):
        def progress(self, done: float, total: float, part: str = "") -> None:
            if last_complete_checkpoint(tmp_path / "work" / "bcos"):
                raise JobCancelled("Stopped.")

    with pytest.raises(JobCancelled):
        train(spec, tmp_path, Stopping())
    monkeypatch.undo()
    again, memory = Points(), Little(monkeypatch, 3)
    require_same(train(spec, tmp_path, again), expected)
    assert max(memory.passes) <= 3 and not any("not enough memory" in line for line in again.lines)


def test_a_single_text_that_is_too_much_ends_the_training(
    classifier: TrainSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Little(monkeypatch, 0)
    with pytest.raises(torch.OutOfMemoryError, match="out of memory"):
        train(classifier, tmp_path)


def test_a_training_that_computes_again_learns_the_same(alone: Any, tmp_path: Path) -> None:
    """With the passes of deletion consistency."""
    spec, expected, _ = alone
    require_same(train(replace(spec, recipe=spec.recipe.replace(checkpointing=True)), tmp_path), expected)

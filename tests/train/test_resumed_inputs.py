"""A job goes on only from what it was started on; what has changed is named, with the way out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bcos_core.errors import JobError
from bcos_core.home import Home
from bcos_core.progress import SilentReporter
from bcos_core.train import pipeline, precision
from bcos_core.train.pipeline import run_training
from bcos_core.train.precision import Precision, precision_of_job
from bcos_core.train.work import Inputs, WorkFolder
from tests.model.tiny import tiny_model
from tests.train.small_task import spec_of, write_inputs


class Stopped(Exception):
    """In place of a kill."""


class Listening(SilentReporter):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def log(self, message: str) -> None:
        self.lines.append(message)


@pytest.fixture
def inputs(tmp_path: Path) -> tuple[Path, Path]:
    return write_inputs(tmp_path)


def run(inputs: tuple[Path, Path], folder: Path, reporter: SilentReporter | None = None, **changes: object) -> None:
    home = Home(folder / "home").create()
    spec = spec_of(inputs, calibration_texts=16, epochs=0.5, **changes)
    run_training(spec, home=home, work=folder / "work", job="j1", reporter=reporter or SilentReporter())


@pytest.fixture
def begun(inputs: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The inputs of a job that was stopped after its calibration."""

    def stop(*_: object, **__: object) -> None:
        raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "fine_tune", stop)
        with pytest.raises(Stopped):
            run(inputs, tmp_path)
    assert (tmp_path / "work" / "calibration.json").is_file()
    return inputs


def test_the_same_goes_on(begun: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "calibrate", None)  # not called again
    moved = begun[1].with_name("copy.csv")
    shutil.copy(begun[1], moved)
    moved.replace(begun[1])  # another file of the same content
    run(begun, tmp_path)
    assert len(list((tmp_path / "home" / "models").iterdir())) == 2


@pytest.mark.parametrize("row", ["the film is a new one,maybe\n" * 40, "one film more is good,yes\n"])
def test_a_file_that_was_edited(begun: tuple[Path, Path], tmp_path: Path, row: str) -> None:
    """Another class, or as many as before: the labels' numbers and the test set are others."""
    rows = [row.replace("film", f"film {n}") for n, row in enumerate(row.splitlines(keepends=True))]
    begun[1].write_text(begun[1].read_text() + "".join(rows))
    with pytest.raises(JobError, match=r"The data of reviews\.csv have changed .* jobs retry j1"):
        run(begun, tmp_path)
    assert list((tmp_path / "home" / "models").iterdir()) == []


@pytest.mark.parametrize("part", ["tokenizer.json", "config.json", "model.safetensors"])
def test_a_pretrained_model_that_was_changed(begun: tuple[Path, Path], tmp_path: Path, part: str) -> None:
    if part == "tokenizer.json":
        file = begun[0] / part
        words = json.loads(file.read_text())
        vocabulary = words["model"]["vocab"]
        vocabulary["good"], vocabulary["bad"] = vocabulary["bad"], vocabulary["good"]
        file.write_text(json.dumps(words))
    elif part == "config.json":
        config = json.loads((begun[0] / part).read_text())
        (begun[0] / part).write_text(json.dumps(config | {"hidden_act": "relu"}))
    else:
        other = write_inputs(tmp_path / "other", seed=1)[0]
        shutil.copy(other / part, begun[0] / part)
    with pytest.raises(JobError, match=r"model bert or its tokenizer has changed .* jobs retry j1"):
        run(begun, tmp_path)


def test_another_request_and_unknown_work(begun: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(JobError, match="started on another request"):
        run(begun, tmp_path, learning_rate=1e-4)
    (tmp_path / "work" / "inputs.json").unlink()
    with pytest.raises(JobError, match="does not say what it was made of"):
        run(begun, tmp_path)


def test_other_libraries_are_told(begun: tuple[Path, Path], tmp_path: Path) -> None:
    file = tmp_path / "work" / "inputs.json"
    known = json.loads(file.read_text())
    now = known["libraries"]["torch"]
    file.write_text(json.dumps(known | {"libraries": known["libraries"] | {"torch": "1.0"}}))
    reporter = Listening()
    run(begun, tmp_path, reporter)
    assert any(f"torch 1.0 → {now}" in line for line in reporter.lines)


def test_what_was_killed_at_its_very_first_file_begins(tmp_path: Path) -> None:
    work = WorkFolder(tmp_path / "work", "j1").create()
    (work.path / "inputs.partial").write_text('{"asked": "a')
    inputs = Inputs("asked", "data")
    assert work.begin(inputs, "the task") == "" and work.known("inputs", Inputs) == inputs


def test_the_precision_is_measured_once_for_all_starts_of_a_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine is another one each time it is asked."""
    answers = iter([(True, "first"), (False, "second")])
    monkeypatch.setattr(precision, "choose_bf16", lambda model, asked: next(answers))
    first = precision_of_job(WorkFolder(tmp_path / "work", "j1").create(), tiny_model("bert"), "auto")
    again = precision_of_job(WorkFolder(tmp_path / "work", "j1"), tiny_model("bert"), "auto")
    assert first == again == Precision(True, "first")

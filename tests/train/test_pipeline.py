"""The main job, small: a real data file, both models, and going on after it was killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from statsmodels.stats.proportion import proportion_confint
from transformers import AutoTokenizer

from bcos_core import explain, load
from bcos_core.errors import JobCancelled, RecipeError
from bcos_core.home import Home
from bcos_core.model.classifier import predict
from bcos_core.model.identity import checkpoint_notes, model_subject
from bcos_core.model.info import read_info
from bcos_core.model.predictions import known_logits
from bcos_core.progress import SilentReporter
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.upgrade import open_database
from bcos_core.text.tasks import load_task
from bcos_core.train.callbacks import BRamp, last_complete_checkpoint
from bcos_core.train.pipeline import run_training
from bcos_core.train.recipe import Recipe
from tests.train.small_task import spec_of, write_inputs


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_inputs(tmp_path_factory.mktemp("inputs"))


class Recorder(SilentReporter):
    def __init__(self, stop_at: int | None = None) -> None:
        self.stages: list[str] = []
        self.points: list[tuple[str, int, float]] = []
        self.stop_at = stop_at

    def stage(self, title: str, index: int, count: int) -> None:
        self.stages.append(title)

    def metric(self, series: str, step: int, value: float) -> None:
        self.points.append((series, step, value))
        if series == "conventional/loss: cross-entropy" and self.stop_at is not None and step >= self.stop_at:
            raise JobCancelled("stop")


def test_a_model_is_called_what_was_said_before_it_was_trained(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    home = Home(tmp_path).create()
    spec = replace(spec_of(inputs, epochs=0.5), name="Été · first", notes="Why it was trained.")
    result = run_training(spec, home=home, work=tmp_path / "work", job="j1", reporter=SilentReporter())
    assert result.bcos is not None and result.conventional is not None
    model, twin = read_info(result.bcos.checkpoint), read_info(result.conventional.checkpoint)
    assert (model.name, twin.name) == ("Été · first", "Été · first · conventional")
    assert (model.about.notes, twin.about.notes) == ("Why it was trained.", "")
    assert (model.path.name, twin.path.name) == ("ete-first-j1", "ete-first-j1-conventional")


def test_a_model_knows_how_sure_its_figures_are(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    home = Home(tmp_path).create()
    spec = spec_of(inputs, epochs=0.5, twin=False)
    result = run_training(spec, home=home, work=tmp_path / "work", job="j1", reporter=SilentReporter())
    assert result.bcos is not None
    info = read_info(result.bcos.checkpoint)
    right = round(info.metrics["accuracy"] * info.test_size)
    wilson = proportion_confint(right, info.test_size, method="wilson")
    assert info.intervals["accuracy"] == pytest.approx(wilson)
    assert result.bcos.intervals == info.intervals and set(info.intervals) == set(info.metrics)
    low, high = info.intervals["macro_f1"]
    assert low < info.metrics["macro_f1"] < high


def test_a_training_that_has_taught_nothing_says_so_at_its_end_and_wherever_the_model_is_used(
    inputs: tuple[Path, Path], tmp_path: Path
) -> None:
    class Log(SilentReporter):
        def __init__(self) -> None:
            self.said: list[str] = []

        def log(self, message: str) -> None:
            self.said.append(message)

    home, log = Home(tmp_path).create(), Log()
    spec = spec_of(inputs, epochs=0.5, twin=False, learning_rate=1e-9)
    result = run_training(spec, home=home, work=tmp_path / "work", job="j1", reporter=log)
    assert result.bcos is not None
    info, test = read_info(result.bcos.checkpoint), load_task(spec.task).test.labels
    # Half of the file says "no", half "yes": whichever the training side has more of, the test side has a share of it.
    assert info.constant["accuracy"] in {test.count(0) / len(test), test.count(1) / len(test)}
    (said,) = [one for one in log.said if "same of every text" in one]
    assert said in checkpoint_notes(info) and said in load(result.bcos.checkpoint).notes


def test_both_models_are_trained_scored_and_explained(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    home = Home(tmp_path).create()
    reporter = Recorder()
    spec = spec_of(inputs, consistency=1.0, ramp=0.5)
    result = run_training(spec, home=home, work=tmp_path / "work", job="j1", reporter=reporter)
    assert result.bcos is not None and result.conventional is not None
    assert result.calibration_cosine is not None and result.calibration_cosine > 0.8
    assert reporter.stages == [
        "Reading the data",
        "Fitting the converted layers",
        "Fine-tuning the B-cos model",
        "Scoring the B-cos model",
        "Fine-tuning the conventional model",
        "Scoring the conventional model",
    ]
    bcos, twin = load(result.bcos.checkpoint), load(result.conventional.checkpoint)
    assert (bcos.is_bcos, bcos.b, twin.is_bcos) == (True, 1.5, False)
    assert bcos.labels == twin.labels == ("no", "yes")
    record = explain(bcos, "the plot is great")
    assert record.completeness_error <= 1e-4 * max(1.0, abs(record.logit))
    assert {series for series, _, _ in reporter.points if "loss" in series} == {
        "bcos/loss: binary cross-entropy + 1 × deletion consistency",
        "conventional/loss: cross-entropy",
    }
    ramp = [value for series, _, value in reporter.points if series == "bcos/b"]
    assert ramp[0] < 1.2 and ramp[-1] == 1.5 and ramp == sorted(ramp)
    assert not [path for path in home.models.iterdir() if path.name.startswith(".")]  # nothing half written


def test_kept_biases_and_another_loss_are_the_models_own(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    home, reporter = Home(tmp_path).create(), Recorder()
    spec = spec_of(inputs, biases="kept", loss="cross-entropy", twin=False)
    result = run_training(spec, home=home, work=tmp_path / "work", job="j1", reporter=reporter)
    assert result.bcos is not None
    assert {series for series, _, _ in reporter.points if "loss" in series} == {"bcos/loss: cross-entropy"}
    assert json.loads((Path(result.bcos.checkpoint) / "config.json").read_text())["bcos"]["keep_biases"] is True
    record = explain(load(result.bcos.checkpoint), "the film and the plot are good", method="bcos")
    assert record.bias_share != 0
    total = sum(record.scores) + record.reference_share + record.bias_share
    assert total == pytest.approx(record.logit, abs=1e-4)


def test_a_loss_that_the_task_has_not_is_refused(tmp_path: Path) -> None:
    model, file = write_inputs(tmp_path / "inputs")
    lines = file.read_text().splitlines()
    file.write_text(
        "\n".join([lines[0], *(f"{line.rsplit(',', 1)[0]},{place / 7}" for place, line in enumerate(lines[1:]))])
    )
    spec = spec_of((model, file), loss="cross-entropy")
    spec = replace(spec, task=replace(spec.task, type="regression"))
    with pytest.raises(RecipeError, match="mean squared error") as refused:
        run_training(spec, home=Home(tmp_path).create(), work=tmp_path / "work", job="j1", reporter=SilentReporter())
    assert refused.value.field == "loss"


def test_in_bf16_every_loss_is_trained_and_the_model_scored_as_its_checkpoint_answers(
    inputs: tuple[Path, Path], tmp_path: Path
) -> None:
    home = Home(tmp_path).create()
    spec = spec_of(inputs, consistency=1.0, masking=0.5, precision="bf16", twin=False)
    result = run_training(spec, home=home, work=tmp_path / "work", job="j1", reporter=Recorder())
    assert result.bcos is not None
    classifier = load(result.bcos.checkpoint)
    texts = load_task(spec.task).test.texts
    subject = model_subject(classifier.identity, spec.recipe.max_length)
    kept = known_logits(subject, texts, EvidenceStore(open_database(home)))
    assert len(kept) == result.bcos.test_size
    for logits, prediction in zip(kept, predict(classifier, texts, max_length=spec.recipe.max_length), strict=True):
        assert logits == pytest.approx(prediction.logits, abs=1e-5)


@pytest.mark.parametrize("field", ["masking", "consistency"])
def test_without_a_mask_token_nothing_can_be_masked(inputs: tuple[Path, Path], tmp_path: Path, field: str) -> None:
    shutil.copytree(inputs[0], tmp_path / "bert")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "bert")
    tokenizer.mask_token = None
    tokenizer.save_pretrained(tmp_path / "bert")
    spec = spec_of((tmp_path / "bert", inputs[1]), **{field: 0.5})
    with pytest.raises(RecipeError, match="no mask token") as raised:
        run_training(spec, home=Home(tmp_path).create(), work=tmp_path / "w", job="j", reporter=Recorder())
    assert raised.value.field == field


def test_a_stopped_run_goes_on_and_gives_what_an_unbroken_one_gives(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    spec = spec_of(inputs)
    unbroken = run_training(
        spec, home=Home(tmp_path / "a").create(), work=tmp_path / "a" / "w", job="j", reporter=Recorder()
    )
    home, work = Home(tmp_path / "b").create(), tmp_path / "b" / "w"
    with pytest.raises(JobCancelled):
        run_training(spec, home=home, work=work, job="j", reporter=Recorder(stop_at=12))
    again = Recorder()
    resumed = run_training(spec, home=home, work=work, job="j", reporter=again)
    assert again.stages == [
        "Reading the data",
        "Fine-tuning the conventional model",
        "Scoring the conventional model",
    ]
    steps = [step for series, step, _ in again.points if series == "conventional/loss: cross-entropy"]
    assert min(steps) > 1  # from the checkpoint, not from the start
    for kind in ("bcos", "conventional"):
        expected, got = getattr(unbroken, kind), getattr(resumed, kind)
        assert got.metrics == expected.metrics
        ours, theirs = load(got.checkpoint).model.state_dict(), load(expected.checkpoint).model.state_dict()
        for name, tensor in theirs.items():
            torch.testing.assert_close(ours[name], tensor, atol=1e-5, rtol=1e-4)


def test_kill_9_in_the_middle_then_the_same_command_again(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    spec = spec_of(inputs, epochs=6.0)
    code = (
        "import json,sys; from pathlib import Path; from bcos_core.train.job import TRAIN;"
        "from bcos_core.train.pipeline import run_training; from bcos_core.home import Home;"
        "from bcos_core.progress import SilentReporter; spec=TRAIN.read(json.loads(sys.argv[1]));"
        "root=Path(sys.argv[2]); r=run_training(spec,home=Home(root).create(),work=root/'w',job='j',"
        "reporter=SilentReporter()); print('RESULT '+json.dumps(r.to_dict()))"
    )
    command = [sys.executable, "-c", code, json.dumps(spec.to_dict()), str(tmp_path)]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    first = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("w/*/checkpoint-*")) and time.monotonic() < deadline:
        assert first.poll() is None, "the job ended before it could be killed"
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert not [path for path in (tmp_path / "models").iterdir() if not path.name.startswith(".")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=240, check=True)
    result = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))[7:])
    names = sorted(path.name for path in (tmp_path / "models").iterdir() if not path.name.startswith("."))
    assert names == sorted(Path(result[kind]["checkpoint"]).name for kind in ("bcos", "conventional"))
    assert load(result["bcos"]["checkpoint"]).is_bcos


def test_a_half_written_checkpoint_is_passed_over(tmp_path: Path) -> None:
    assert last_complete_checkpoint(tmp_path / "missing") is None
    for step, complete in ((9, True), (10, True), (100, False)):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if complete:
            (tmp_path / f"checkpoint-{step}" / "complete").touch()
    assert last_complete_checkpoint(tmp_path) == tmp_path / "checkpoint-10"


def test_b_rises_linearly_over_its_share_of_the_steps() -> None:
    ramp = BRamp(Recipe(b=2.0, ramp=0.5))
    assert [ramp.b_at(step, 100) for step in (0, 25, 50, 99)] == [1.0, 1.5, 2.0, 2.0]
    assert BRamp(Recipe(b=1.5, ramp=0.0)).b_at(0, 100) == 1.5

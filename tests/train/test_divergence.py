"""Numbers that are not numbers end a job, and nothing comes of it: no model, no score, no row."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from bcos_core.errors import NotFiniteError
from bcos_core.home import Home
from bcos_core.model.calibrate import calibrate, hidden_state_cosine
from bcos_core.model.classifier import load, predict
from bcos_core.model.convert import convert
from bcos_core.progress import SilentReporter
from bcos_core.tasks.single_label import SingleLabel
from bcos_core.train import pipeline, trainer
from bcos_core.train.callbacks import last_complete_checkpoint
from bcos_core.train.pipeline import run_training
from tests.train.small_task import spec_of, write_inputs


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_inputs(tmp_path_factory.mktemp("inputs"))


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A weight of the head is no number in memory; a file of such weights is not loaded."""
    whole = pipeline.load_pretrained

    def load_broken(*given: Any, **named: Any) -> Any:
        pretrained = whole(*given, **named)
        break_weight(pretrained.model)
        return pretrained

    monkeypatch.setattr(pipeline, "load_pretrained", load_broken)


@torch.no_grad()
def break_weight(model: nn.Module) -> None:
    model.get_parameter("classifier.weight")[0, 0] = math.nan


def train(inputs: tuple[Path, Path], folder: Path, **changes: object) -> None:
    home = Home(folder / "home").create()
    try:
        run_training(spec_of(inputs, **changes), home=home, work=folder / "work", job="j", reporter=SilentReporter())
    finally:
        assert list(home.models.iterdir()) == []


def test_logits_that_are_no_numbers_end_the_training_at_their_step(
    inputs: tuple[Path, Path], broken: None, tmp_path: Path
) -> None:
    with pytest.raises(NotFiniteError, match="at step 1 the loss .nan. is not finite"):
        train(inputs, tmp_path, bcos=False, calibrate=False)


def test_calibration_names_the_layer(inputs: tuple[Path, Path], broken: None, tmp_path: Path) -> None:
    with pytest.raises(NotFiniteError, match="not finite at classifier of the head"):
        train(inputs, tmp_path)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_diverges_on_the_way(
    inputs: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: float
) -> None:
    calls = 0
    usual = SingleLabel.loss

    def diverging(self: SingleLabel, logits: Tensor, labels: Tensor, *, name: str) -> Tensor:
        nonlocal calls
        calls += logits.requires_grad
        loss = usual(self, logits, labels, name=name)
        return loss * value if calls == 5 else loss

    monkeypatch.setattr(SingleLabel, "loss", diverging)
    with pytest.raises(NotFiniteError, match=f"at step 5 the loss .{value}. is not finite"):
        train(inputs, tmp_path)


def test_weights_that_are_no_numbers_are_no_checkpoint_to_go_on_from(
    inputs: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gradients of the step before the first checkpoint are not finite, its loss is."""

    class Poison(trainer.CompleteMark):
        def on_save(self, *given: object, **kwargs: nn.Module) -> None:  # type: ignore[override]
            break_weight(kwargs["model"])
            super().on_save(*given, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(trainer, "CompleteMark", Poison)
    with pytest.raises(NotFiniteError, match="the weight classifier.weight is not finite"):
        train(inputs, tmp_path)
    assert last_complete_checkpoint(tmp_path / "work" / "bcos") is None


def test_a_model_that_answers_no_numbers_is_not_scored(inputs: tuple[Path, Path]) -> None:
    classifier = load(inputs[0])
    break_weight(classifier.model)
    with pytest.raises(NotFiniteError, match="for the text 'the plot is good' are nan"):
        predict(classifier, ["the plot is good"])


def test_hidden_states_that_are_no_numbers_have_no_cosine(inputs: tuple[Path, Path]) -> None:
    original = AutoModelForSequenceClassification.from_pretrained(inputs[0])
    tokenizer = AutoTokenizer.from_pretrained(inputs[0])
    converted = convert(original, b=1.5)
    with torch.no_grad():
        original.bert.encoder.layer[1].output.dense.weight[0, 0] = math.inf
    texts = ["the plot is good", "the cast is dull"]
    with pytest.raises(NotFiniteError, match="cosine of the two models' hidden states is nan"):
        hidden_state_cosine(converted, original, texts, tokenizer)
    with pytest.raises(NotFiniteError, match=r"not finite at output\.dense of block 2"):
        calibrate(converted, original, texts, tokenizer)

"""Training language models, small: conversion, distillation, cross-entropy, going on after it was stopped."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import IterableDataset, IterableDatasetDict

from bcos_core import explain, load
from bcos_core.errors import DataError, JobCancelled, JobError, NotFiniteError, RecipeError, UnsupportedModelError
from bcos_core.home import Home
from bcos_core.model.info import read_language_info
from bcos_core.model.language_model import LanguageModel
from bcos_core.model.perplexity import hidden_and_targets, perplexity, token_losses
from bcos_core.progress import SilentReporter
from bcos_core.text.running import TextSource, load_texts
from bcos_core.text.sequences import packed, predicted_tokens, whole_texts
from bcos_core.train.language import losses, pipeline
from bcos_core.train.language.losses import cross_entropy, distillation, hidden_distance
from bcos_core.train.language.pipeline import LanguageResult, TrainedLanguageModel, run_language_training
from bcos_core.train.language.spec import LanguageSpec
from bcos_core.train.language.trainer import for_distillation, train_language_model
from tests.tiny_language_model import network, tokenizer
from tests.train.small_language_task import language_spec, sentences, write_language_inputs


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_language_inputs(tmp_path_factory.mktemp("inputs"))


class Recorder(SilentReporter):
    def __init__(self, stop_at: int | None = None) -> None:
        self.stages: list[str] = []
        self.points: list[tuple[str, int, float]] = []
        self.lines: list[str] = []
        self.stop_at = stop_at

    def stage(self, title: str, index: int, count: int) -> None:
        assert 0 <= index < count
        self.stages.append(title)

    def metric(self, series: str, step: int, value: float) -> None:
        self.points.append((series, step, value))
        if self.stop_at is not None and "loss" in series and step >= self.stop_at:
            raise JobCancelled("stop")

    def log(self, message: str) -> None:
        self.lines.append(message)


def perplexity_of(made: TrainedLanguageModel) -> float:
    return made.metrics["perplexity"]


def trained(spec: LanguageSpec, folder: Path, reporter: Any = None) -> LanguageResult:
    home = Home(folder).create()
    return run_language_training(spec, home=home, work=folder / "work", job="j1", reporter=reporter or Recorder())


def test_converted_distilled_and_continued_are_measured_on_the_same_tokens(
    inputs: tuple[Path, Path], tmp_path: Path
) -> None:
    spec = replace(language_spec(inputs, twin=True, b=1.3, hidden_weight=0.5), name="Speaker")
    reporter = Recorder()
    result = trained(spec, tmp_path, reporter)
    assert reporter.stages == [
        "Reading the texts",
        "Measuring the original",
        "Fitting the converted layers",
        "Training the B-cos model",
        "Measuring the B-cos model",
        "Training the conventional model",
        "Measuring the conventional model",
    ]
    assert result.bcos is not None and result.conventional is not None
    texts = load_texts(spec.texts)
    sequences = whole_texts(tokenizer(), texts.test, 32)
    assert (result.test_tokens, result.test_sequences) == (predicted_tokens(sequences), len(sequences))
    original = perplexity(load(inputs[0]).model, sequences)
    assert result.original == pytest.approx(original.value, rel=1e-5)
    for made, twin in ((result.bcos, result.conventional), (result.conventional, result.bcos)):
        model = load(made.checkpoint)
        assert isinstance(model, LanguageModel)
        found = perplexity(model.model, sequences)
        ratio = found.value / original.value
        assert made.metrics == pytest.approx({"perplexity": found.value, "perplexity_ratio": ratio}, rel=1e-5)
        assert all(low < made.metrics[name] < high for name, (low, high) in made.intervals.items())
        info = read_language_info(made.checkpoint)
        assert (info.metrics, info.intervals) == (made.metrics, made.intervals) and len(info.intervals) == 2
        assert (info.test_size, info.twin) == (len(sequences), Path(twin.checkpoint).name)
        assert made.train_tokens == predicted_tokens(whole_texts(tokenizer(), texts.train, 32))
    assert perplexity_of(result.conventional) < 0.8 * result.original  # it learns these sentences
    assert result.bcos.before is not None and result.conventional.before is None
    curve = [value for series, _, value in reporter.points if series.startswith("bcos/loss")]
    assert sum(curve[-4:]) < 0.8 * sum(curve[:4])  # it comes nearer to the original
    bcos = load(result.bcos.checkpoint)
    assert (bcos.name, bcos.is_bcos, bcos.b) == ("Speaker", True, 1.3)
    assert load(result.conventional.checkpoint).name == "Speaker · conventional"
    record = explain(bcos, "The keys to")  # type: ignore[arg-type]
    assert record.completeness_error <= 1e-4 * max(1.0, abs(record.logit))
    names = {series for series, _, _ in reporter.points}
    assert {"bcos/loss: distillation + 0.5 × hidden states", "conventional/loss: cross-entropy"} <= names
    assert {"bcos/perplexity", "conventional/perplexity"} <= names
    assert any(line.startswith("Memory at the peak, about:") for line in reporter.lines)


def test_a_training_reads_no_further_in_a_stream_than_it_needs(
    inputs: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind the rows that are needed, nothing can be read."""

    def rows() -> Iterator[dict[str, str]]:
        for repeat in range(30):
            yield from ({"line": f"{sentence} {repeat}"} for sentence in sentences())
        raise AssertionError("read to its end")

    monkeypatch.setattr("bcos_core.text.hub.require_hub", lambda *args, **options: None)
    stream = IterableDatasetDict({"train": IterableDataset.from_generator(rows)})
    monkeypatch.setattr("datasets.load_dataset", lambda *args, **options: stream)
    spec = language_spec(inputs, epochs=0.0, calibrate=False, examples=20, test_texts=9)  # and 100 for validation
    streamed = replace(spec, texts=TextSource("hub", "some/lines", "line"))
    reporter = Recorder()
    result = trained(streamed, tmp_path, reporter)
    assert any("from the first on; more were not asked for" in line for line in reporter.lines)
    assert result.test_sequences == 9 and result.bcos is not None
    assert read_language_info(result.bcos.checkpoint).task == streamed.texts.to_dict()


def test_kept_embeddings_stay_and_trained_ones_do_not(tmp_path: Path) -> None:
    inputs = write_language_inputs(tmp_path / "inputs", tie_word_embeddings=True)
    original = load(inputs[0]).model.get_input_embeddings().weight
    for embeddings, same in (("kept", True), ("trained", False)):
        result = trained(language_spec(inputs, embeddings=embeddings, epochs=0.5), tmp_path / embeddings)
        assert result.bcos is not None
        model = load(result.bcos.checkpoint)
        assert isinstance(model, LanguageModel) and model.head_is_shared
        assert torch.equal(model.model.get_input_embeddings().weight, original) == same


def test_without_epochs_it_is_converted_alone(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    reporter = Recorder()
    result = trained(language_spec(inputs, epochs=0.0, b=1.3), tmp_path / "calibrated", reporter)
    assert reporter.stages[-2:] == ["Fitting the converted layers", "Measuring the B-cos model"]
    raw = trained(language_spec(inputs, epochs=0.0, b=1.3, calibrate=False), tmp_path / "raw")
    assert result.bcos is not None and raw.bcos is not None
    assert result.calibration_cosine is not None and raw.calibration_cosine is None
    assert (result.bcos.before, result.bcos.train_tokens) == (None, 0)
    same = trained(language_spec(inputs, epochs=0.0, b=1.0, calibrate=False), tmp_path / "linear")
    assert same.bcos is not None  # without biases, nothing changes
    assert same.bcos.metrics["perplexity_ratio"] == pytest.approx(1.0, abs=1e-5)


def test_packed_blocks_checkpointed_in_bf16(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    spec = language_spec(
        inputs, packing=True, checkpointing=True, precision="bf16", loss="cross-entropy", embeddings="trained", ramp=0.5
    )
    reporter = Recorder()
    result = trained(spec, tmp_path, reporter)
    assert result.bcos is not None
    blocks = packed(tokenizer(), load_texts(spec.texts).test, 32)
    assert result.test_tokens == 31 * len(blocks)
    found = perplexity(load(result.bcos.checkpoint).model, blocks).value
    assert perplexity_of(result.bcos) == pytest.approx(found, rel=1e-5) and found < 0.8 * result.original
    ramp = [value for series, _, value in reporter.points if series == "bcos/b"]
    assert ramp[0] < 1.1 and ramp[-1] == 1.1 and ramp == sorted(ramp)


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("consistency", [0.0, 1.0])
def test_a_stopped_run_goes_on_and_gives_what_an_unbroken_one_gives(
    inputs: tuple[Path, Path], tmp_path: Path, checkpointing: bool, consistency: float
) -> None:
    spec = language_spec(inputs, checkpointing=checkpointing, consistency=consistency)
    unbroken = trained(spec, tmp_path / "a")
    with pytest.raises(JobCancelled):
        trained(spec, tmp_path / "b", Recorder(stop_at=12))
    assert not list((tmp_path / "b" / "models").iterdir())
    again = Recorder()
    resumed = trained(spec, tmp_path / "b", again)
    assert again.stages == ["Reading the texts", "Training the B-cos model", "Measuring the B-cos model"]
    assert min(step for series, step, _ in again.points if "loss" in series) > 1  # from the checkpoint
    assert unbroken.bcos is not None and resumed.bcos is not None
    ours, theirs = (load(one.checkpoint).model.state_dict() for one in (resumed.bcos, unbroken.bcos))
    for name, tensor in theirs.items():
        torch.testing.assert_close(ours[name], tensor, atol=1e-5, rtol=1e-4)
    assert resumed.bcos.before == unbroken.bcos.before
    assert trained(spec, tmp_path / "b").bcos == resumed.bcos  # nothing is done twice


def test_other_texts_or_another_model_are_not_mixed_in(tmp_path: Path) -> None:
    inputs = write_language_inputs(tmp_path / "inputs")
    spec = language_spec(inputs, epochs=0.5)
    with pytest.raises(JobCancelled):
        trained(spec, tmp_path / "run", Recorder(stop_at=1))
    lines = inputs[1].read_text()
    inputs[1].write_text(lines + "One more line,99\n")
    with pytest.raises(JobError, match="data of lines.csv have changed"):
        trained(spec, tmp_path / "run")
    inputs[1].write_text(lines)
    write_language_inputs(tmp_path / "inputs", seed=5)
    with pytest.raises(JobError, match="pretrained model llama"):
        trained(spec, tmp_path / "run")


def test_what_cannot_be_trained_is_refused(
    inputs: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RecipeError, match="reads at most 64 tokens"):
        trained(language_spec(inputs, max_length=65), tmp_path)
    with pytest.raises(DataError, match="no column 'text'"):
        spec = language_spec(inputs)
        trained(replace(spec, texts=replace(spec.texts, text_column="text")), tmp_path)
    from types import SimpleNamespace

    import psutil

    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=1000))
    with pytest.raises(UnsupportedModelError, match="Training llama takes about .* are free"):
        trained(language_spec(inputs), tmp_path)
    for changes, field in (
        ({"bcos": False, "calibrate": False}, "loss"),
        ({"loss": "cross-entropy", "hidden_weight": 1.0}, "hidden_weight"),
        ({"normalize_weights": True}, "normalize_weights"),
        ({"bcos": False, "loss": "cross-entropy", "epochs": 0.0}, "epochs"),
        ({"epochs": 0.0, "twin": True}, "twin"),
        ({"loss": "hinge"}, "loss"),
    ):
        with pytest.raises(RecipeError) as refused:
            language_spec(inputs, **changes)
        assert refused.value.field == field


def test_a_loss_that_is_not_finite_ends_it_in_words(tmp_path: Path) -> None:
    model = network()
    with torch.no_grad():
        model.model.layers[0].mlp.up_proj.weight[0, 0] = torch.inf  # type: ignore[union-attr,index,operator]
    recipe = language_spec((tmp_path, tmp_path), bcos=False, calibrate=False, loss="cross-entropy").recipe
    sequences = whole_texts(tokenizer(), sentences(), 32)
    with pytest.raises(NotFiniteError, match="Training has diverged: at step 1 the loss .* is not finite"):
        train_language_model(model, sequences, sequences[:4], recipe, work=tmp_path, reporter=Recorder(), bf16=False)
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_the_stored_recipe_is_read_back(inputs: tuple[Path, Path]) -> None:
    from bcos_core.storage.plain import to_plain
    from bcos_core.train.language.job import LANGUAGE_MODEL

    spec = language_spec(inputs, examples=50)
    assert LANGUAGE_MODEL.read(json.loads(json.dumps(to_plain(spec)))) == spec


@pytest.mark.parametrize("tied", [False, True])
def test_the_original_is_asked_in_bf16_with_hidden_states_in_float32(tied: bool) -> None:
    original = for_distillation(network(tie_word_embeddings=tied), bf16=True)
    ids = torch.tensor([tokenizer()(sentences()[0])["input_ids"]])
    seen = []
    original.model.layers[1].register_forward_pre_hook(lambda _, args: seen.append(args[0].dtype))  # type: ignore[union-attr,index,operator]
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        rows, targets = hidden_and_targets(original, ids, torch.ones_like(ids))
        loss = token_losses(original, rows, targets).mean()
    assert seen == [torch.float32]
    with torch.no_grad():
        whole = network(tie_word_embeddings=tied)
        exact = token_losses(whole, *hidden_and_targets(whole, ids, torch.ones_like(ids))).mean()
    assert loss.item() == pytest.approx(exact.item(), rel=0.02)
    assert not any(parameter.requires_grad for parameter in original.parameters())


def test_the_losses_by_hand() -> None:
    model, original = network(seed=1), network()
    ids = torch.tensor([tokenizer()(sentences()[0])["input_ids"]])
    mask = torch.ones_like(ids)
    with torch.no_grad():
        rows, targets = hidden_and_targets(model, ids, mask)
        theirs, _ = hidden_and_targets(original, ids, mask)
        p, q = (
            torch.softmax(one(input_ids=ids).logits[0, :-1].double(), -1)
            for one in (original_logits(original), original_logits(model))
        )
        expected = (p * (p.log() - q.log())).sum(-1).mean().item()
        for sparing in (False, True):
            found = distillation(model, original, rows, theirs, sparing=sparing).item()
            assert found == pytest.approx(expected, rel=1e-4)
            nats = cross_entropy(model, rows, targets, sparing=sparing).item()
            assert nats == pytest.approx(-q[range(len(targets)), targets].log().mean().item(), rel=1e-4)
    assert distillation(original, original, theirs, theirs).item() == pytest.approx(0.0, abs=1e-6)
    square = torch.tensor([[3.0, 0.0], [0.0, 5.0]])
    apart = hidden_distance(square, torch.tensor([[0.0, 1.0], [0.0, -2.0]])).item()
    assert apart == pytest.approx((2 + 4) / 2)  # at right angles, and opposite


def original_logits(model: Any) -> Any:
    """transformers' own forward pass, which gives the logits of every token."""
    from transformers import LlamaForCausalLM

    def forward(input_ids: torch.Tensor) -> Any:
        return LlamaForCausalLM.forward(model, input_ids=input_ids)

    return forward


def test_a_loss_in_parts_has_the_same_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(losses, "ROWS", 3)
    ids = torch.tensor([tokenizer()(sentences()[0])["input_ids"]])
    gradients = []
    for sparing in (False, True):
        model, original = network(seed=1), network()
        rows, targets = hidden_and_targets(model, ids, torch.ones_like(ids))
        theirs, _ = hidden_and_targets(original, ids, torch.ones_like(ids))
        loss = distillation(model, original, rows, theirs.detach(), sparing=sparing)
        (loss + cross_entropy(model, rows, targets, sparing=sparing)).backward()
        gradients.append([parameter.grad for parameter in model.parameters()])
        assert all(parameter.grad is None for parameter in original.parameters())
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_without_biases_the_lengths_of_rows_are_fitted_alone(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    from safetensors.torch import load_file

    def directions(folder: str | Path) -> dict[str, torch.Tensor]:
        weights = load_file(Path(folder) / "model.safetensors")
        return {name: torch.nn.functional.normalize(w, dim=-1) for name, w in weights.items() if ".mlp." in name}

    before = directions(inputs[0])
    for ridge, same in ((None, True), (0.03, False)):
        reporter = Recorder()
        result = trained(language_spec(inputs, epochs=0.0, b=1.3, ridge=ridge), tmp_path / str(ridge), reporter)
        assert result.bcos is not None
        assert any(f"with ridge {ridge or 1000:g} " in line for line in reporter.lines)
        after = directions(result.bcos.checkpoint)
        apart = max(float((after[name] - before[name]).abs().max()) for name in before)
        assert (apart < 5e-3) == same, apart
    assert language_spec(inputs).recipe.ridge_of(biases=True) == 0.03


def test_a_perplexity_that_no_number_can_hold_ends_it_in_words(tmp_path: Path) -> None:
    model, file = write_language_inputs(tmp_path / "inputs")
    loud = network()
    with torch.no_grad():
        loud.lm_head.weight.mul_(1e5)  # type: ignore[union-attr,operator]
    loud.save_pretrained(model)
    with pytest.raises(NotFiniteError, match="nats on average.*more than a number can hold"):
        trained(language_spec((model, file), epochs=0.0), tmp_path)


def test_texts_that_fill_no_block_are_named_by_their_side(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Of 3 validation texts nothing can be used. The texts have .* tokens"):
        trained(language_spec(inputs, packing=True, max_length=64), tmp_path)


def test_the_original_is_asked_again_only_if_it_is_the_one_that_was_measured(tmp_path: Path) -> None:
    inputs = write_language_inputs(tmp_path / "inputs")

    class Meddling(Recorder):
        def stage(self, title: str, index: int, count: int) -> None:
            super().stage(title, index, count)
            if title == "Training the B-cos model":
                write_language_inputs(tmp_path / "inputs", seed=5)

    with pytest.raises(JobError, match="pretrained model llama or its tokenizer has changed"):
        trained(language_spec(inputs), tmp_path / "run", Meddling())


@pytest.mark.parametrize("loss", ["distillation", "cross-entropy"])
def test_gone_on_with_no_more_copies_of_the_original_are_held_than_the_memory_was_planned_for(
    inputs: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss: str
) -> None:
    spec = language_spec(inputs, loss=loss)
    with pytest.raises(JobCancelled):
        trained(spec, tmp_path, Recorder(stop_at=12))
    loaded: list[weakref.ref[torch.nn.Module]] = []
    held: list[int] = []

    def loading(source: Any) -> Any:
        found = load(source)
        loaded.append(weakref.ref(found.model))
        return found

    def training(*arguments: Any, **options: Any) -> None:
        gc.collect()
        held.append(sum(one() is not None for one in loaded))
        train_language_model(*arguments, **options)

    monkeypatch.setattr(pipeline, "load", loading)
    monkeypatch.setattr(pipeline, "train_language_model", training)
    trained(spec, tmp_path)
    assert loaded and held == [int(loss == "distillation")]

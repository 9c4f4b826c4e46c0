"""The checkpoint of a converted language model: written, told from a classifier's, read back to the bit, and found
damaged where it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from folders import change_config, change_weights, save_folder

from bcos_core import explain, load
from bcos_core.errors import CheckpointError, UnsupportedModelError
from bcos_core.home import Home
from bcos_core.model.calibrate import calibrate
from bcos_core.model.checkpoint import load_model, save_checkpoint
from bcos_core.model.classifier import Classifier
from bcos_core.model.convert import convert, set_b
from bcos_core.model.info import list_checkpoints, list_language_models, read_any_info, read_info, read_language_info
from bcos_core.model.language_model import LanguageModel
from tests.tiny_language_model import LINES, network, tokenizer

B = 1.1
TEXTS = ["The keys to the old cabinet", "Mary and John went", "He wasn't there; they"]


def converted(kind: str = "llama", *, calibrated: bool = False, **changes: Any) -> Any:
    original = network(kind, **changes)
    model = convert(original, b=B)
    if calibrated:
        calibrate(model, original, LINES, tokenizer(), max_length=32)
    return model


@pytest.mark.parametrize("calibrated", [False, True])
@pytest.mark.parametrize(
    ("kind", "changes"),
    [("llama", {}), ("llama", {"tie_word_embeddings": True}), ("gpt2", {}), ("gpt2", {"tie_word_embeddings": False})],
)
def test_what_was_saved_answers_the_same_to_the_bit(
    kind: str, changes: dict[str, Any], calibrated: bool, tmp_path: Path
) -> None:
    model = converted(kind, calibrated=calibrated, **changes)
    info = save_checkpoint(model, tokenizer(), tmp_path / "speaks", metrics={"perplexity": 12.5}, test_size=7)
    assert (info.kind, info.labels, info.task_type, info.b) == ("bcos", (), "next-token", B)
    found = load(tmp_path / "speaks")
    assert isinstance(found, LanguageModel) and found.is_bcos and found.b == B and not found.notes
    assert found.head_is_shared == changes.get("tie_word_embeddings", kind == "gpt2")
    ours, theirs = found.model.state_dict(), model.state_dict()
    assert ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in theirs)
    ids = torch.tensor([tokenizer()(LINES[0])["input_ids"]])
    with torch.no_grad():
        assert torch.equal(found.model(input_ids=ids).logits, model.eval()(input_ids=ids).logits)
        again = load_model(tmp_path / "speaks")
        assert torch.equal(again(input_ids=ids).logits, model(input_ids=ids).logits)
    record = explain(found, "The keys to the old cabinet")
    assert record.method == "bcos" and record.completeness_error <= 1e-4 * max(1.0, abs(record.logit))


def test_a_head_that_is_the_embeddings_is_written_once_and_left_as_it_was(tmp_path: Path) -> None:
    original = network(tie_word_embeddings=True)
    model = convert(original, b=B)
    calibrate(model, original, LINES, tokenizer(), max_length=32)
    assert torch.equal(model.lm_head.weight, original.lm_head.weight)  # type: ignore[union-attr]
    save_checkpoint(model, tokenizer(), tmp_path / "speaks")
    from safetensors import safe_open

    with safe_open(tmp_path / "speaks" / "model.safetensors", framework="pt") as weights:
        names = set(weights.keys())
    assert ("lm_head.weight" in names) != ("model.embed_tokens.weight" in names)


def test_the_two_kinds_are_told_apart_by_what_is_stored(home: Home) -> None:
    models = home.create().models
    save_checkpoint(converted(), tokenizer(), models / "speaks", task=None)
    save_folder(models / "decides", "bert")
    assert [info.path.name for info in list_language_models(home)] == ["speaks"]
    assert [info.path.name for info in list_checkpoints(home)] == ["decides"]
    assert isinstance(load(models / "decides"), Classifier)
    assert read_any_info(models / "speaks") == read_language_info(models / "speaks")
    assert read_any_info(models / "decides") == read_info(models / "decides")
    with pytest.raises(UnsupportedModelError, match="no classifier of texts"):
        read_info(models / "speaks")
    with pytest.raises(UnsupportedModelError, match="no language model"):
        read_language_info(models / "decides")


def _details(folder: Path, **changes: Any) -> None:
    file = folder / "checkpoint.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-5])


def _other_merges(folder: Path) -> None:
    file = folder / "tokenizer.json"
    stored = json.loads(file.read_text())
    stored["model"]["merges"].reverse()
    file.write_text(json.dumps(stored))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda f: _cut(f / "model.safetensors"), "damaged or cut"),
        (lambda f: change_config(f, bcos={"b": 1.5, "family": "llama"}), "config.json of speaks is not the one"),
        (lambda f: change_config(f, bcos={"b": B, "family": "gpt2"}), "bcos section of a 'gpt2' model"),
        (lambda f: change_config(f, rms_norm_eps=0.1), "config.json of speaks is not the one"),
        (_other_merges, "tokenizer of speaks is not the one"),
        (lambda f: _details(f, task_type="single-label"), "of a model of the type 'single-label'"),
        (lambda f: _details(f, format_version=99), "format version 99"),
        (
            lambda f: change_weights(f, lambda w: {k: v for k, v in w.items() if "layers.1.mlp.up" not in k}),
            "lack parts of the model",
        ),
        (
            lambda f: change_weights(f, lambda w: {**w, "model.norm.weight": w["model.norm.weight"] * torch.inf}),
            "not finite numbers",
        ),
    ],
)
def test_damage_is_found(damage: Any, said: str, tmp_path: Path) -> None:
    save_checkpoint(converted(), tokenizer(), tmp_path / "speaks")
    damage(tmp_path / "speaks")
    with pytest.raises(CheckpointError, match=said):
        load(tmp_path / "speaks")


def test_other_weights_than_those_that_were_measured_are_told(tmp_path: Path) -> None:
    save_checkpoint(converted(), tokenizer(), tmp_path / "speaks", metrics={"perplexity": 12.5})
    change_weights(tmp_path / "speaks", lambda w: {**w, "model.norm.weight": w["model.norm.weight"] * 1.01})
    (note,) = load(tmp_path / "speaks").notes
    assert "not those that it was saved with" in note and "perplexity 12.500 was measured" in note


def test_the_exponent_that_is_saved_is_the_one_that_it_has(tmp_path: Path) -> None:
    model = converted()
    set_b(model, 1.05)
    assert save_checkpoint(model, tokenizer(), tmp_path / "speaks").b == 1.05
    assert load(tmp_path / "speaks").b == 1.05

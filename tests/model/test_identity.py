"""What is known of one model is not taken for what another one would say: each thing that answers depend on counts."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_pair import save_pair
from transformers import BertForSequenceClassification

from bcos_core.attribution.registry import METHODS
from bcos_core.errors import CheckpointError
from bcos_core.evaluate.explainer import make_explainer
from bcos_core.home import Home
from bcos_core.model import content, identity
from bcos_core.model.classifier import load, wrap
from bcos_core.model.identity import folder_identity, model_subject
from bcos_core.model.predictions import logits_on
from bcos_core.model.sources import load_pretrained, resolve_model
from bcos_core.model.tokenizer import load_tokenizer
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.upgrade import open_database


@pytest.fixture
def folder(home: Home) -> Path:
    """That says nothing of what it was when it was saved: any other one is refused when it is loaded."""
    found = save_pair(home.create())[1]
    details = json.loads((found / "checkpoint.json").read_text())
    (found / "checkpoint.json").write_text(json.dumps(details | {"content": None}))
    return found


def changed_weights(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    weights["classifier.bias"][0] += 1.0
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def changed_config(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"layer_norm_eps": 0.1}))


def changed_tokenizer(folder: Path) -> None:
    """“good” and “bad” change places, the file keeps its size and its time."""
    file = folder / "tokenizer.json"
    before = file.stat()
    words = json.loads(file.read_text())
    vocabulary = words["model"]["vocab"]
    vocabulary["good"], vocabulary["bad"] = vocabulary["bad"], vocabulary["good"]
    file.write_text(json.dumps(words, indent=2, ensure_ascii=False))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("change", [changed_weights, changed_config, changed_tokenizer])
def test_what_was_known_before_a_change_is_not_reused(folder: Path, home: Home, change: Callable[[Path], None]) -> None:
    store = EvidenceStore(open_database(home))
    before = logits_on(load(folder), ["a good film"], store)
    assert logits_on(load(folder), ["a good film"], store) == before
    known = make_explainer(load(folder), METHODS["saliency"], reference="mask", options={}, seed=0).name
    change(folder)
    after = logits_on(load(folder), ["a good film"], store)
    assert after != before
    empty = EvidenceStore(open_database(Home(home.root / "empty").create()))
    assert after == logits_on(load(folder), ["a good film"], empty)
    assert make_explainer(load(folder), METHODS["saliency"], reference="mask", options={}, seed=0).name != known


def test_a_tokenizer_that_comes_back_is_seen(folder: Path) -> None:
    whole = folder_identity(folder)
    kept = (folder / "tokenizer.json").rename(folder / "kept")
    without = folder_identity(folder)
    kept.rename(folder / "tokenizer.json")
    assert without != whole == folder_identity(folder)


def test_loading_hashes_the_weights_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    real = content.weights_hash

    def counting(path: Path) -> str:
        read.append(path)
        return real(path)

    monkeypatch.setattr(content, "weights_hash", counting)
    classifier = load(folder)  # its identity, and whether the files are those that were saved
    assert read == [folder]
    assert classifier.weights_hash == real(folder) and classifier.identity == folder_identity(folder)
    load_pretrained(resolve_model(str(folder)), num_labels=2, seed=0)
    assert read == [folder]
    changed_weights(folder)
    assert load(folder).weights_hash == real(folder) != classifier.weights_hash
    assert read == [folder, folder]


def test_what_changes_no_answer_does_not_count(folder: Path, home: Home) -> None:
    before = folder_identity(folder)
    details = json.loads((folder / "checkpoint.json").read_text())
    (folder / "checkpoint.json").write_text(json.dumps(details | {"name": "another"}))
    copy = shutil.copytree(folder, home.models / "copy")
    assert folder_identity(folder) == folder_identity(copy) == before
    with pytest.raises(CheckpointError, match="no model in it"):
        folder_identity(home.models / "nowhere")


def test_a_model_in_memory_is_known_by_its_tokenizer_too(folder: Path) -> None:
    model = BertForSequenceClassification.from_pretrained(folder).eval()

    def one(tokenizer_from: Path) -> str:
        return wrap(model, load_tokenizer(tokenizer_from, model.config).tokenizer, labels=("a", "b"), name="m").identity

    first = one(folder)
    tokenizer = load_tokenizer(folder, model.config).tokenizer
    tokenizer("used", padding="max_length", max_length=9, truncation=True)  # settings of a call are not the tokenizer
    assert wrap(model, tokenizer, labels=("a", "b"), name="m").identity == first == one(folder)
    changed_tokenizer(folder)
    assert one(folder) != first
    with torch.no_grad():
        model.classifier.bias[0] += 1
    assert one(folder) != first
    model.config.layer_norm_eps = 0.5
    assert one(folder) not in (first,)


def test_the_limit_and_the_libraries_count(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(identity.library_versions()) == {"torch", "transformers", "tokenizers", "captum"}
    subjects = {model_subject("a", 32), model_subject("a", 64), model_subject("b", 32)}
    monkeypatch.setattr(identity, "library_versions", lambda: {"torch": "0.1"})
    assert len(subjects | {model_subject("a", 32)}) == 4


def test_a_sentencepiece_model_is_part_of_the_tokenizer(folder: Path) -> None:
    (folder / "sentencepiece.bpe.model").write_bytes(b"one")
    one = folder_identity(folder)
    (folder / "sentencepiece.bpe.model").write_bytes(b"two")
    assert folder_identity(folder) != one

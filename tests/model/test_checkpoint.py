"""Checkpoints: the same model comes back, and what cannot be read is refused with a message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants
from tiny import SMALL, ids_of, tiny_model
from transformers import AutoTokenizer

from bcos_core.errors import CheckpointError, StorageError, UnsupportedModelError
from bcos_core.home import Home
from bcos_core.model.checkpoint import load_model, renamed_when_complete, save_checkpoint
from bcos_core.model.convert import convert
from bcos_core.model.identity import folder_identity
from bcos_core.model.info import list_checkpoints, read_info
from bcos_core.model.sources import embedded_path

LABELS = ("bad", "fair", "good")


@pytest.fixture(scope="module")
def tokenizer():  # type: ignore[no-untyped-def]
    return AutoTokenizer.from_pretrained(embedded_path())


@pytest.mark.parametrize("family", SMALL)
@pytest.mark.parametrize(("b", "normalize"), [(None, False), (1.5, False), (2.0, True)])
def test_saved_and_loaded_gives_the_same_logits(
    family: str, b: float | None, normalize: bool, tmp_path: Path, tokenizer
) -> None:  # type: ignore[no-untyped-def]
    model = tiny_model(family)
    if b is not None:
        model = convert(model, b=b, normalize_weights=normalize)
    ids, mask = ids_of(9)
    expected = model(input_ids=ids, attention_mask=mask).logits
    info = save_checkpoint(model, tokenizer, tmp_path / "one", labels=LABELS, max_length=64)
    loaded = load_model(tmp_path / "one")
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)
    # The same weights at other addresses may be added up in another order: the last bit, no more.
    torch.testing.assert_close(loaded(input_ids=ids, attention_mask=mask).logits, expected, rtol=1e-6, atol=1e-6)
    assert (info.kind, info.b) == (("conventional", None) if b is None else ("bcos", b))
    assert read_info(tmp_path / "one").labels == LABELS
    assert [i.name for i in list_checkpoints(Home(tmp_path / "nowhere"))] == []


def test_files_are_ordinary_hugging_face_ones(tmp_path: Path, tokenizer) -> None:  # type: ignore[no-untyped-def]
    save_checkpoint(convert(tiny_model("bert")), tokenizer, tmp_path / "one", labels=LABELS, max_length=64)
    names = {file.name for file in (tmp_path / "one").iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= names
    assert not [name for name in names if name.endswith((".bin", ".pt", ".pkl"))]
    config = json.loads((tmp_path / "one" / "config.json").read_text())
    assert config["bcos"]["b"] == 1.5 and config["model_type"] == "bert"


def test_a_model_is_the_same_one_wherever_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for offline in (False, True):
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
        loaded = AutoTokenizer.from_pretrained(embedded_path(), local_files_only=offline)
        save_checkpoint(tiny_model("bert"), loaded, tmp_path / f"{offline}", labels=LABELS, max_length=64)
    assert folder_identity(tmp_path / "False") == folder_identity(tmp_path / "True")
    config = json.loads((tmp_path / "True" / "tokenizer_config.json").read_text())
    assert config["mask_token"] == "[MASK]" and not set(config) & {"is_local", "local_files_only"}
    again = AutoTokenizer.from_pretrained(tmp_path / "True")
    assert again("A fine film.")["input_ids"] == loaded("A fine film.")["input_ids"]


@pytest.mark.parametrize("file", ["config.json", "checkpoint.json"])
def test_a_newer_format_version_is_refused(file: str, tmp_path: Path, tokenizer) -> None:  # type: ignore[no-untyped-def]
    save_checkpoint(convert(tiny_model("bert")), tokenizer, tmp_path / "one", labels=LABELS, max_length=64)
    path = tmp_path / "one" / file
    content = json.loads(path.read_text())
    (content["bcos"] if file == "config.json" else content)["format_version"] = 99
    path.write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match="format version 99.*Update"):
        load_model(tmp_path / "one")


def test_what_is_not_a_model_is_refused(tmp_path: Path, tokenizer) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CheckpointError, match="no folder"):
        load_model(tmp_path / "missing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckpointError, match="not a model"):
        load_model(tmp_path / "empty")
    (tmp_path / "empty" / "config.json").write_text('{"model_type": "t5"}')
    with pytest.raises(UnsupportedModelError, match="t5"):
        load_model(tmp_path / "empty")
    save_checkpoint(convert(tiny_model("bert")), tokenizer, tmp_path / "cut", labels=LABELS, max_length=64)
    weights = tmp_path / "cut" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        load_model(tmp_path / "cut")


def test_a_full_disk_leaves_the_old_checkpoint(tmp_path: Path, tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    save_checkpoint(tiny_model("bert"), tokenizer, tmp_path / "one", labels=LABELS, max_length=64)
    before = (tmp_path / "one" / "model.safetensors").read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    model = tiny_model("bert", seed=1)
    monkeypatch.setattr(type(model), "save_pretrained", full)
    with pytest.raises(StorageError, match="Free some disk space"):
        save_checkpoint(model, tokenizer, tmp_path / "one", labels=LABELS, max_length=64)
    assert (tmp_path / "one" / "model.safetensors").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["one"]
    assert read_info(tmp_path / "one").kind == "conventional"


def test_what_a_killed_process_left_of_a_model_goes_when_it_is_written(tmp_path: Path) -> None:
    left, other = tmp_path / ".one[1].0123abcd.partial", tmp_path / ".one1.0123abcd.partial"
    for folder in (left, other):
        folder.mkdir()
        (folder / "model.safetensors").write_bytes(b"half")
    with renamed_when_complete(tmp_path / "one[1]") as folder:
        (folder / "config.json").write_text("{}")
    assert sorted(one.name for one in tmp_path.iterdir()) == [other.name, "one[1]"]

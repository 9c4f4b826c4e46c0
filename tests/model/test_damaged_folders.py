"""Every file of a model folder missing, cut, or taken from another model: refused in words, or the right answer, or
said. Never a silent difference."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from folders import FAMILIES, TEXT, reference_logits, tiny_tokenizer
from tiny import tiny_model
from transformers import PreTrainedModel

from bcos_core.errors import InputError
from bcos_core.model.checkpoint import save_checkpoint
from bcos_core.model.classifier import Classifier, load, predict
from bcos_core.model.convert import convert
from bcos_core.model.sources import load_pretrained, resolve_model

FILES = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "checkpoint.json")
LABELS = ("bad", "fair", "good")
OTHERS = ("twin", "same shapes", "another family")


def model_of(family: str, kind: str) -> PreTrainedModel:
    """A B-cos model, and those that its files are exchanged with."""
    if kind == "another family":
        return convert(tiny_model(FAMILIES[FAMILIES.index(family) - 1]))
    if kind == "twin":
        return tiny_model(family)
    if kind == "original":
        return convert(tiny_model(family))
    other = tiny_model(family, seed=1)
    other.config.num_attention_heads = 2  # as many weights, another function
    return convert(other, b=2.0)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    """The folders of all of them, by family and kind."""
    folders = {}
    for family in FAMILIES:
        for kind in ("original", *OTHERS):
            model = model_of(family, kind)
            tokenizer = tiny_tokenizer(model.config.model_type)
            if kind == "same shapes":  # the same tokens under other numbers
                tokens = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().__getitem__)
                tokens[5:] = tokens[:4:-1]
                vocabulary = {token: index for index, token in enumerate(tokens)}
                merges = {"merges": list(tokenizer._merges)} if family == "roberta" else {}
                tokenizer = type(tokenizer)(vocab=vocabulary, **merges)
            folder = tmp_path_factory.mktemp("saved") / "one"
            save_checkpoint(model, tokenizer, folder, labels=LABELS, max_length=64, metrics={"accuracy": 0.5})
            folders[family, kind] = folder
    return folders


def answer(classifier: Classifier) -> torch.Tensor:
    return torch.tensor(predict(classifier, [TEXT])[0].logits)


def damaged(folder: Path, file: str, damage: str | Path) -> None:
    path = folder / file
    if damage == "missing":
        path.unlink()
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    else:
        shutil.copy(Path(damage) / file, path)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", *OTHERS])
def test_a_damaged_folder(
    family: str, file: str, damage: str, saved: dict[tuple[str, str], Path], tmp_path: Path
) -> None:
    folder = tmp_path / "one"
    shutil.copytree(saved[family, "original"], folder)
    expected = answer(load(folder, device="cpu"))
    damaged(folder, file, saved[family, damage] if damage in OTHERS else damage)
    try:
        classifier = load(folder, device="cpu")
    except InputError as error:
        assert len(str(error)) > 20 and "Error(s)" not in str(error)
        return
    found = answer(classifier)
    if torch.allclose(found, expected, rtol=1e-5, atol=1e-5):
        return
    # Whole weights of another model of the same structure: its answers, and it is said.
    assert (file, damage) == ("model.safetensors", "same shapes")
    assert any("weight files" in note and "0.500" in note for note in classifier.notes)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("file", FILES[:4])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "another family"])
def test_a_damaged_folder_from_elsewhere(family: str, file: str, damage: str, tmp_path: Path) -> None:
    """Without a checkpoint.json: as a finished model, and as a start for training."""
    folder, other = tmp_path / "one", tmp_path / "other"
    for place, kind in ((folder, family), (other, FAMILIES[FAMILIES.index(family) - 1])):
        tiny_model(kind).save_pretrained(place)
        tiny_tokenizer(kind).save_pretrained(place)
    expected = reference_logits(folder)
    damaged(folder, file, other if damage == "another family" else damage)
    with suppress(InputError):
        torch.testing.assert_close(answer(load(folder, device="cpu")), expected, rtol=1e-5, atol=1e-5)
    try:
        found = load_pretrained(resolve_model(str(folder)), num_labels=3, seed=0)
    except InputError:
        return
    for name, tensor in tiny_model(family).state_dict().items():
        assert torch.equal(found.model.state_dict()[name], tensor)
    assert found.tokenizer(TEXT)["input_ids"] == tiny_tokenizer(family)(TEXT)["input_ids"]

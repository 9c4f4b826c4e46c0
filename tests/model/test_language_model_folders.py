"""Folders that are no language model, or not a whole one: refused by what is wrong with them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
import torch
from folders import change_config, change_weights, save_folder
from transformers import PreTrainedModel
from transformers.initialization import no_tie_weights

from bcos_core import load
from bcos_core.errors import BcosError, CheckpointError, InputError, UnsupportedModelError
from bcos_core.model import language_model, loading
from bcos_core.model.classifier import Classifier
from bcos_core.model.language_model import LanguageModel
from tests.tiny_language_model import network, tokenizer


def saved(folder: Path, kind: str = "llama", **changes: Any) -> Path:
    network(kind, **changes).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


def test_load_gives_the_kind_of_model_that_was_saved(tmp_path: Path) -> None:
    model = load(saved(tmp_path / "speaks"))
    assert isinstance(model, LanguageModel)
    assert (model.name, model.family, model.is_bcos, model.max_length) == ("speaks", "Llama", False, 64)
    assert (model.vocabulary, model.head_is_shared, model.stop_ids) == (len(tokenizer()), False, (2,))
    assert isinstance(load(save_folder(tmp_path / "decides", "bert")), Classifier)
    shared = language_model.load(saved(tmp_path / "shared", tie_word_embeddings=True))
    assert shared.head_is_shared


def test_threads_that_load_at_once_leave_every_head_tied(tmp_path: Path) -> None:
    folder = saved(tmp_path / "shared", tie_word_embeddings=True)
    tie = PreTrainedModel.tie_weights
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: language_model.load(folder), range(30)))
    assert all(model.head_is_shared for model in found)
    assert PreTrainedModel.tie_weights is tie  # which two threads at once would leave replaced


def test_a_head_is_tied_even_where_transformers_ties_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = saved(tmp_path / "shared", tie_word_embeddings=True)
    before = language_model.load(folder)
    assembled = loading._assembled

    def untied(*given: Any) -> PreTrainedModel:
        with no_tie_weights():  # as a thread of a program that uses this library may have it
            return assembled(*given)

    monkeypatch.setattr(loading, "_assembled", untied)
    model = language_model.load(folder)
    assert model.head_is_shared
    ids = torch.tensor([[0, 5, 6]])
    assert torch.equal(model.model(input_ids=ids).logits, before.model(input_ids=ids).logits)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (lambda f: change_config(f, architectures=["LlamaModel"]), UnsupportedModelError, "saved as LlamaModel"),
        (lambda f: change_config(f, architectures=None), UnsupportedModelError, "no language model"),
        (
            lambda f: change_weights(f, lambda w: {k: v for k, v in w.items() if k != "lm_head.weight"}),
            CheckpointError,
            "lack the head of a language model, lm_head",
        ),
        (lambda f: change_config(f, tie_word_embeddings=True), CheckpointError, "other numbers than the word embedd"),
        (lambda f: change_config(f, quantization_config={"quant_method": "gptq"}), UnsupportedModelError, "quantised"),
        (lambda f: (f / "adapter_config.json").write_text('{"peft_type": "LORA"}'), UnsupportedModelError, "adapter"),
        (lambda f: change_config(f, model_type="gemma2"), UnsupportedModelError, "soft-capping"),
        (lambda f: (f / "tokenizer.json").unlink(), CheckpointError, "has no tokenizer"),
        (
            lambda f: change_weights(f, lambda w: {**w, "lm_head.weight": w["lm_head.weight"] * torch.nan}),
            CheckpointError,
            "not finite numbers",
        ),
    ],
)
def test_what_is_no_whole_language_model_is_refused(
    change: Any, error: type[BcosError], said: str, tmp_path: Path
) -> None:
    folder = saved(tmp_path / "speaks")
    change(folder)
    with pytest.raises(error, match=said):
        language_model.load(folder)


def test_an_encoder_speaks_not(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModelError, match="of the family BERT, and has no head that gives the next word"):
        language_model.load(save_folder(tmp_path / "decides", "bert"))
    with pytest.raises(CheckpointError, match="no folder"):
        language_model.load(tmp_path / "nowhere")
    with pytest.raises(UnsupportedModelError, match="Train one from it first"):
        load("minilm")


def test_a_model_too_large_for_the_memory_is_refused_with_the_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = saved(tmp_path / "speaks")
    needed = 4 * sum(parameter.numel() for parameter in network().parameters())
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=needed - 1))
    with pytest.raises(UnsupportedModelError, match=rf"{needed // 4:,} parameters, which take .* of memory are free"):
        language_model.load(folder)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=needed))
    assert language_model.load(folder).name == "speaks"


def test_a_network_without_a_head_is_no_language_model() -> None:
    with pytest.raises(InputError, match="has no head that gives the next token"):
        language_model.wrap(network().model, tokenizer(), name="base")  # type: ignore[operator]

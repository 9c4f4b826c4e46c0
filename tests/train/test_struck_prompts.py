"""Deletion consistency of language models, against its definition and in a training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from bcos_core import explain
from bcos_core.errors import RecipeError
from bcos_core.home import Home
from bcos_core.model.convert import convert
from bcos_core.model.language_model import wrap
from bcos_core.progress import SilentReporter
from bcos_core.train.language.pipeline import run_language_training
from bcos_core.train.language.recipe import LanguageRecipe
from bcos_core.train.language.struck import StruckPrompts, struck_prompts
from bcos_core.train.language.trainer import loss_name, train_language_model
from tests.tiny_language_model import network, tokenizer
from tests.train.small_language_task import language_spec, sentences, write_language_inputs

PAD = 1


def read(count: int = 6) -> tuple[Tensor, Tensor, Tensor]:
    """Ids, mask and which of them are no special tokens, of some texts."""
    rows = [tokenizer()(text)["input_ids"] for text in sentences()[:count]]
    width = max(map(len, rows))
    ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    return ids, mask, mask.bool() & ~torch.isin(ids, torch.tensor(tokenizer().all_special_ids))


@pytest.mark.parametrize("family", ["llama", "gpt2"])
@pytest.mark.parametrize("sparing", [False, True])
def test_what_is_expected_is_what_explanations_say(family: str, sparing: bool) -> None:
    torch.manual_seed(0)
    model = convert(network(family), b=1.3).train()
    ids, mask, ordinary = read()
    task = struck_prompts(model, ids, mask, ordinary, PAD, sparing=sparing)
    assert model.training and not task.expected.requires_grad
    speaker = wrap(model, tokenizer(), name="model")
    changed = 0
    for row in range(len(ids)):
        length = int(task.attention_mask[row].sum())
        assert 1 <= length < int(mask[row].sum())
        word, foil = task.pairs[row].tolist()
        assert word == int(ids[row, length]) != foil  # the next token, and another
        removed = task.input_ids[row, :length] != ids[row, :length]
        assert (task.input_ids[row, :length][removed] == PAD).all()
        assert not (removed & ~ordinary[row, :length]).any()
        changed += int(removed.sum())
        if length == 1:  # of the token that opens every text alone nothing can be asked
            continue
        whole = tokenizer().decode(ids[row, :length], skip_special_tokens=True)
        record = explain(speaker, whole, target=word, minus=foil)
        assert list(record.prompt.ids) == ids[row, :length].tolist()  # type: ignore[union-attr]
        lost = sum(score for score, gone in zip(record.scores, removed.tolist(), strict=True) if gone)
        assert task.expected[row].item() == pytest.approx(record.logit - lost, abs=1e-4)
    assert changed


def test_the_loss_by_hand() -> None:
    model = network()
    ids, mask, ordinary = read(2)
    torch.manual_seed(0)
    found = struck_prompts(model, ids, mask, ordinary, PAD)
    speaker = wrap(network(), tokenizer(), name="model")
    gaps = []
    for row in range(2):
        length = int(found.attention_mask[row].sum())
        with torch.no_grad():
            logits = speaker.model(
                input_ids=found.input_ids[row : row + 1, :length], attention_mask=mask[row : row + 1, :length]
            ).logits[0]
        word, foil = found.pairs[row].tolist()
        gaps.append(float(logits[word] - logits[foil]))
    for above, each in ((3.0, 2.5), (0.5, 0.125)):  # smooth L1: |d| − ½, or d² / 2 below 1
        task = StruckPrompts(found.input_ids, found.attention_mask, found.pairs, torch.tensor(gaps) + above)
        assert task.loss(model).item() == pytest.approx(each, abs=1e-4)
    task.loss(model).backward()
    assert all(parameter.grad is not None for parameter in model.model.layers.parameters())


def test_every_place_may_be_explained() -> None:
    ids, mask, ordinary = read(1)
    torch.manual_seed(0)
    many = struck_prompts(network(), ids.repeat(2000, 1), mask.repeat(2000, 1), ordinary.repeat(2000, 1), PAD)
    counts = torch.bincount(many.attention_mask.sum(1), minlength=ids.shape[1])
    each = 2000 / (ids.shape[1] - 1)
    assert counts[0] == 0 and len(counts) == ids.shape[1]
    assert (counts[1:] - each).abs().max() < 5 * each**0.5


def error_of(model: Any) -> float:
    """The mean loss over many random prompts and strikes of texts."""
    torch.manual_seed(7)
    ids, mask, ordinary = read()
    many = [part.repeat(40, 1) for part in (ids, mask, ordinary)]
    with torch.no_grad():
        return float(struck_prompts(model, *many, PAD).loss(model))


@pytest.mark.parametrize("bf16", [False, True])
def test_training_makes_it_smaller(bf16: bool, tmp_path: Path) -> None:
    sequences = [tuple(tokenizer()(text)["input_ids"]) for text in sentences()]
    errors = {}
    for weight in (0.0, 1.0):
        torch.manual_seed(0)
        model = convert(network(), b=1.1)
        recipe = LanguageRecipe(
            loss="cross-entropy", learning_rate=3e-3, consistency=weight, consistency_start=0.0, epochs=10.0
        )
        train_language_model(
            model,
            sequences,
            sequences[:8],
            recipe,
            added=tokenizer().all_special_ids,
            replaced_by=PAD,
            work=tmp_path / f"{weight}",
            reporter=SilentReporter(),
            bf16=bf16,
        )
        errors[weight] = error_of(model)
    assert errors[1.0] < 0.75 * errors[0.0]
    assert loss_name(recipe) == "cross-entropy + 1 × deletion consistency"


def test_a_tokenizer_without_a_token_to_put_there_is_refused(tmp_path: Path) -> None:
    model, texts = write_language_inputs(tmp_path / "inputs")
    bare = PreTrainedTokenizerFast.from_pretrained(model)
    bare.pad_token = None
    bare.save_pretrained(model)
    home = Home(tmp_path).create()
    with pytest.raises(RecipeError, match="no mask token and no padding token") as refused:
        run_language_training(
            language_spec((model, texts), consistency=1.0),
            home=home,
            work=tmp_path / "work",
            job="j1",
            reporter=SilentReporter(),
        )
    assert refused.value.field == "consistency"


def test_a_conventional_model_has_nothing_to_be_consistent_with() -> None:
    with pytest.raises(RecipeError, match="needs a B-cos model") as refused:
        LanguageRecipe(bcos=False, calibrate=False, loss="cross-entropy", consistency=1.0)
    assert refused.value.field == "consistency"
    assert LanguageRecipe(consistency=1.0, twin=True).continued().consistency == 0

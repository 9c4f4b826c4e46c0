"""What training a language model is planned to take, of time and memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from bcos_core.jobs.part import OPERATIONS_PER_SECOND
from bcos_core.model.convert import convert
from bcos_core.model.perplexity import hidden_and_targets
from bcos_core.model.size import ModelSize
from bcos_core.text.running import TextSource
from bcos_core.text.size import READ_BYTES
from bcos_core.train.language.losses import distillation
from bcos_core.train.language.memory import training_memory
from bcos_core.train.language.plan import (
    language_plan,
    memory_plan,
    parameters_of,
    stage_titles,
    steps_done,
    texts_size,
)
from bcos_core.train.language.recipe import LANGUAGE_RECIPES, LanguageRecipe
from bcos_core.train.language.spec import LanguageSpec
from tests.tiny_language_model import network, tokenizer
from tests.train.small_language_task import write_language_inputs

TEXTS = TextSource("embedded", "short-reviews")


@pytest.mark.parametrize(
    "recipe",
    [
        *LANGUAGE_RECIPES.values(),
        LanguageRecipe(twin=True),
        LanguageRecipe(epochs=0.0),
        LanguageRecipe(calibrate=False),
    ],
)
def test_there_is_a_part_for_every_stage(recipe: LanguageRecipe) -> None:
    plan = language_plan(LanguageSpec("smollm2", TEXTS, recipe))
    assert [part.stage for part in plan] == list(range(len(stage_titles(recipe))))
    assert all(part.seconds > 0 for part in plan)


def seconds(**options: Any) -> float:
    return sum(part.seconds for part in language_plan(LanguageSpec("smollm2", TEXTS, LanguageRecipe(**options))))


def test_more_work_is_planned_to_take_longer() -> None:
    whole = seconds()
    assert seconds(epochs=0.0) < seconds(examples=500) < whole < seconds(checkpointing=True) < seconds(epochs=2.0)
    assert seconds(loss="cross-entropy") < whole < seconds(twin=True)


def test_a_conventional_training_by_hand() -> None:
    recipe = LANGUAGE_RECIPES["conventional"].replace(examples=100)
    (part,) = [p for p in language_plan(LanguageSpec("smollm2", TEXTS, recipe)) if p.pace.startswith("language")]
    tokens = texts_size(TEXTS).tokens
    blocks = 30 * (4 * 576**2 + 2 * 576 * 1536)
    a_token = 2 * blocks + 4 * 30 * 576 * tokens + 2 * 49_152 * 576
    curve = 5 * min(2048, texts_size(TEXTS).validation * tokens)
    expected = (3 * 100 * tokens + curve) * a_token / OPERATIONS_PER_SECOND
    assert part.seconds == pytest.approx(expected + 0.03 * 100 / 16)


def test_parameters_are_those_in_the_headers(tmp_path: Path) -> None:
    model, _ = write_language_inputs(tmp_path)
    parameters, embedded = parameters_of(str(model))
    assert parameters == sum(parameter.numel() for parameter in network().parameters())
    assert embedded == len(tokenizer()) * 16
    assert parameters_of("nobody/knows")[0] > 0


def test_memory_by_hand() -> None:
    recipe = LanguageRecipe(batch_size=2, max_length=8, calibrate=False, loss="cross-entropy")
    found = training_memory(1000, 160, ModelSize(hidden=16, layers=3, inner=24), recipe)
    assert found.weights == 4 * 1000  # one copy: nothing is calibrated or distilled
    assert found.training == 12 * (1000 - 160)
    assert found.activations == 4 * 16 * (16 * 16 + 6 * 24) * 3
    assert found.logits == 4 * 4 * 16 * 10  # a vocabulary of 10
    assert found.total == found.weights + found.training + found.activations + found.logits
    two = training_memory(1000, 160, ModelSize(16, 3, 24), LanguageRecipe(batch_size=2, max_length=8))
    assert two.weights == 8 * 1000
    sparing = training_memory(1000, 160, ModelSize(16, 3, 24), recipe.replace(checkpointing=True))
    assert sparing.activations == 4 * 16 * (16 * 16 + 6 * 24) + 4 * 16 * 16 * 3 < found.activations
    assert training_memory(1000, 160, ModelSize(16, 3, 24), recipe.replace(embeddings="trained")).training == 12_000
    struck = training_memory(1000, 160, ModelSize(16, 3, 24), recipe.replace(consistency=1.0))
    assert struck.activations == 2 * found.activations


def test_steps_with_consistency_count_for_more() -> None:
    recipe = LanguageRecipe(consistency=1.0, consistency_start=0.5)
    assert steps_done(LanguageRecipe(), 3, 10) == pytest.approx(3)
    # A step: 3 forward passes by B-cos layers and the original's; then half a heatmap, forward and backward more.
    early, late = 3 / 0.9 + 1, 3 / 0.9 + 1 + 2.5 / 0.9
    assert steps_done(recipe, 5, 10) == pytest.approx(10 * early / (early + late))
    assert steps_done(recipe, 10, 10) == pytest.approx(10)


def test_what_is_kept_for_the_backward_pass_is_about_what_is_planned() -> None:
    """Counted tensor by tensor, each memory once, of a network wide enough that the blocks outweigh the rest."""
    torch.manual_seed(0)
    original = network(
        hidden_size=64, intermediate_size=160, num_hidden_layers=4, num_key_value_heads=4, vocab_size=500
    )
    model = convert(original, b=1.1)
    recipe = LanguageRecipe(batch_size=4, max_length=48)
    ids = torch.randint(3, 300, (4, 48))
    own = {tensor.untyped_storage().data_ptr() for tensor in [*model.parameters(), *original.parameters()]}
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        rows, _ = hidden_and_targets(model, ids, torch.ones_like(ids))
        with torch.no_grad():
            theirs, _ = hidden_and_targets(original, ids, torch.ones_like(ids))
        loss = distillation(model, original, rows, theirs)
    assert loss.requires_grad
    planned = training_memory(0, 500 * 64, ModelSize(hidden=64, layers=4, inner=160), recipe)
    assert 0.6 < sum(kept.values()) / (planned.activations + planned.logits) < 1.2


def test_large_models_are_told_honestly() -> None:
    """8 billion parameters: 32 GB for one copy in float32, two copies to distil, 12 bytes a trained parameter."""
    size = ModelSize(hidden=4096, layers=32, inner=14336)
    found = training_memory(8_030_000_000, 128_256 * 4096, size, LanguageRecipe())
    assert 64e9 < found.weights < 65e9 and 89e9 < found.training < 91e9
    assert "GB" in found.words
    assert memory_plan("smollm2", LanguageRecipe()).total < 10 * 2**30


def test_a_large_file_takes_longer_the_larger_it_is(tmp_path: Path) -> None:
    """Two files of which neither is read to its end for an estimate."""
    found = []
    for place, lines in enumerate((500_000, 1_000_000)):
        file = tmp_path / f"{place}.txt"
        file.write_text("a text of nine words is what stands here now\n" * lines)
        assert file.stat().st_size > READ_BYTES
        found.append(texts_size(TextSource("file", str(file))))
    assert found[0].train == pytest.approx(0.82 * 500_000, rel=0.01)
    assert found[1].train == pytest.approx(2 * found[0].train, rel=0.01) and found[0].tokens == found[1].tokens

"""Every family can be calibrated and trained."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from tiny_families import CLASSES, PAD_ID, TINY, VOCABULARY, tiny_model
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from bcos_core import calibrate, convert
from bcos_core.model.anatomy import family_of, positions_of
from bcos_core.model.calibrate import hidden_state_cosine
from bcos_core.text.encoding import collate, encode

every_family = pytest.mark.parametrize("name", list(TINY))


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    words = {f"w{number}": number for number in range(VOCABULARY)}
    backend = Tokenizer(models.WordLevel(words, unk_token="w3"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="w3", pad_token=f"w{PAD_ID}", mask_token="w4")


def texts(count: int, *, seed: int) -> list[str]:
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(4, 12, (count,), generator=generator).tolist()
    return [
        " ".join(f"w{id}" for id in torch.randint(5, VOCABULARY, (length,), generator=generator).tolist())
        for length in lengths
    ]


TRAIN, HELD_OUT = texts(150, seed=0), texts(40, seed=1)


@every_family
@pytest.mark.parametrize("b", [1.0, 1.3])
def test_calibration_brings_hidden_states_closer(name: str, b: float, tokenizer: PreTrainedTokenizerFast) -> None:
    original = tiny_model(name)
    converted = convert(original, b=b)
    before = hidden_state_cosine(converted, original, HELD_OUT, tokenizer)
    result = calibrate(converted, original, TRAIN, tokenizer, held_out=HELD_OUT)
    if before > 0.9999:  # no biases, and B = 1: it is the original already
        assert result.cosine == pytest.approx(1.0, abs=1e-3)
    else:
        assert result.cosine > before + 0.25 * (1 - before)
    assert result.cosine == pytest.approx(hidden_state_cosine(converted, original, HELD_OUT, tokenizer))


@pytest.mark.parametrize("name", ["GPT-2", "StarCoder2", "ModernBERT"])
def test_a_pre_norm_linear_is_fitted_to_the_sum_that_it_feeds(name: str, tokenizer: PreTrainedTokenizerFast) -> None:
    """After calibration the first sum of the first block, whose rest is E alone, is nearly the original's."""
    original = tiny_model(name)
    converted = convert(original, b=1.0)
    sums = {}

    def error(label: str) -> float:
        batch = collate(tokenizer, encode(tokenizer, TRAIN, 64))
        family = family_of(original)
        place = family.steps[1].sum_into
        assert place is not None
        for which, model in (("ours", converted), ("theirs", original)):
            module = model.get_submodule(family.blocks)[0].get_submodule(place)
            hook = module.register_forward_pre_hook(lambda _, args, which=which: sums.__setitem__(which, args[0]))
            with torch.no_grad():
                model(input_ids=batch.input_ids, attention_mask=batch.attention_mask)
            hook.remove()
        real = batch.attention_mask.bool()
        return (sums["ours"] - sums["theirs"])[real].square().mean().item()

    before = error("before")
    calibrate(converted, original, TRAIN, tokenizer)
    after = error("after")
    assert after < (0.5 * before if before > 1e-9 else 1e-3)


def test_biases_that_are_kept_stay_as_they_are(tokenizer: PreTrainedTokenizerFast) -> None:
    original = tiny_model("StarCoder2")
    converted = convert(original, b=1.0, keep_biases=True)
    assert hidden_state_cosine(converted, original, HELD_OUT, tokenizer) == pytest.approx(1.0, abs=1e-5)
    calibrate(converted, original, TRAIN, tokenizer)
    assert hidden_state_cosine(converted, original, HELD_OUT, tokenizer) == pytest.approx(1.0, abs=1e-5)
    for path, parameter in original.named_parameters():
        if path.endswith("bias"):
            assert torch.equal(converted.get_parameter(path), parameter)


@every_family
def test_a_few_steps_of_training_lower_the_loss(name: str, tokenizer: PreTrainedTokenizerFast) -> None:
    original = tiny_model(name)
    losses = {}
    for kind, model in (("bcos", convert(original, b=1.3)), ("conventional", original)):
        losses[kind] = trained(model, tokenizer)
    for first, last in losses.values():
        assert last < first


def trained(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> tuple[float, float]:
    """The loss before and after eight steps on one padded batch."""
    torch.manual_seed(0)
    batch = collate(tokenizer, encode(tokenizer, TRAIN[:16], 64))
    labels = torch.arange(16) % CLASSES
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(8):
        logits = model(
            input_ids=batch.input_ids,
            attention_mask=batch.attention_mask,
            position_ids=positions_of(model, batch.input_ids),
        ).logits
        loss = F.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    return losses[0], losses[-1]

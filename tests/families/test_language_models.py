"""Decoders as language models: the next token's logits are exact sums, for every family, as it stands and converted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from naive_decoders import gpt2, llama
from tiny_families import DECODERS, PAD_ID, TINY, ids_of, padded, tiny_model
from torch import Tensor
from transformers import AutoModelForCausalLM

from bcos_core import calibrate, convert
from bcos_core.families import FAMILIES, LANGUAGE_HEAD, family_named
from bcos_core.model.anatomy import family_of
from bcos_core.model.calibrate import hidden_state_cosine
from bcos_core.model.contributions import Contributions, contributions
from bcos_core.model.layers import ConstantActivation, GatedActivation, Linear
from bcos_core.model.loading import load_language_model
from bcos_core.model.view import ModelView
from tests.tiny_language_model import LINES, network, tokenizer

every_decoder = pytest.mark.parametrize("name", DECODERS)
converted_or_not = pytest.mark.parametrize("b", [None, 1.1], ids=["as it stands", "converted"])
WORD, FOIL, REFERENCE = 7, 11, 4
LONG = 1024
LONG_TRIED = ("GPT-2", "Llama", "Gemma 3", "GPT-NeoX", "OPT")  # positions of every kind, windows, shared keys


def language_model(name: str, *, b: float | None = None, **changes: Any) -> Any:
    if name == "Granite":
        changes = {"logits_scaling": 3.0} | changes
    model = tiny_model(name, speaks=True, **changes)
    return model if b is None else convert(model, b=b)


def own_logits(model: Any, ids: Tensor, mask: Tensor) -> Tensor:
    """transformers' own, of the last token, (batch, vocabulary), by a model that nobody has made to pool."""
    with torch.no_grad():
        logits: Tensor = model(input_ids=ids, attention_mask=mask).logits
    assert logits.dim() == 3
    return logits[:, -1]


def word_minus_foil(logits: Tensor) -> Tensor:
    return logits[:, WORD] - logits[:, FOIL]


def explained(model: Any, ids: Tensor, mask: Tensor, *, reference: int | None = None) -> Contributions:
    view = ModelView(model, explanation_mode=True)
    return contributions(view, ids, mask, word_minus_foil, reference_id=reference)


def total(found: Contributions) -> Tensor:
    return found.scores.sum(1) + found.reference_share + found.bias_share


def test_every_decoder_family_is_tried() -> None:
    tried = {TINY[name].model_type for name in DECODERS}
    assert tried == {kind for family in FAMILIES.values() if family.decoder for kind in family.model_types}
    with pytest.raises(ValueError, match="encoder"):
        _ = family_named("bert").language_model


@every_decoder
def test_a_view_gives_the_logits_that_transformers_gives_the_last_token(name: str) -> None:
    model = language_model(name)
    ids, mask = ids_of(9, rows=2)
    wanted = own_logits(model, ids, mask)
    torch.testing.assert_close(ModelView(model).predict(ids, mask), wanted, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(explained(model, ids, mask).logits, wanted, atol=1e-5, rtol=1e-5)


@every_decoder
@converted_or_not
def test_contributions_add_up_to_the_difference_of_two_words(name: str, b: float | None) -> None:
    longer = {"n_positions" if name == "GPT-2" else "max_position_embeddings": LONG}
    model = language_model(name, b=b, **longer)
    for length in (1, 2, 130) if b is None or name not in LONG_TRIED else (1, 2, 130, LONG):
        ids, mask = ids_of(length)
        for reference in (None, REFERENCE) if length < LONG else (REFERENCE,):
            found = explained(model, ids, mask, reference=reference)
            # relative to the logits that are subtracted, which rounding is relative to
            size = max(1.0, found.logits[0, WORD].abs().item())
            assert total(found).item() == pytest.approx(word_minus_foil(found.logits).item(), abs=1e-4 * size)
            assert (found.reference_share.item() == 0) == (reference is None)


@every_decoder
def test_only_a_model_with_biases_has_a_share_of_them(name: str) -> None:
    model = language_model(name)
    has_biases = any(path.endswith("bias") for path, _ in model.named_parameters())
    assert has_biases == (name.split(",")[0] in ("GPT-2", "Qwen2", "GPT-NeoX", "OPT", "StarCoder2"))
    ids, mask = ids_of(9)
    assert (explained(model, ids, mask).bias_share.item() != 0) == has_biases
    assert explained(convert(model, b=1.0), ids, mask).bias_share.item() == 0


@every_decoder
@converted_or_not
@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_moves_no_position_and_a_batch_answers_as_each_text_alone(
    name: str, b: float | None, side: str
) -> None:
    model = language_model(name, b=b)
    (short, short_mask), (long, long_mask) = ids_of(6, seed=1), ids_of(21, seed=2)
    alone = explained(model, short, short_mask)
    ids, mask = padded(short, short_mask, 21, side=side)
    both = explained(model, torch.cat([ids, long]), torch.cat([mask, long_mask]))
    real, rest = (slice(15, 21), slice(0, 15)) if side == "left" else (slice(0, 6), slice(6, 21))
    torch.testing.assert_close(both.scores[:1, real], alone.scores, atol=2e-5, rtol=1e-5)
    assert torch.equal(both.scores[0, rest], torch.zeros(15, dtype=torch.double))
    for part in ("reference_share", "bias_share", "logits"):
        torch.testing.assert_close(getattr(both, part)[:1], getattr(alone, part), atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ["GPT-2", "OPT"])
def test_left_padding_would_shift_learned_positions(name: str) -> None:
    """What the trap is: counted from the first column, the same text has other position embeddings."""
    model = language_model(name)
    short, short_mask = ids_of(6)
    ids, mask = padded(short, short_mask, 10, side="left")
    columns = torch.arange(10)[None]
    with torch.no_grad():
        shifted = model(input_ids=ids, attention_mask=mask, position_ids=columns).logits[:, -1]
    found = ModelView(model).predict(ids, mask)
    torch.testing.assert_close(found, own_logits(model, short, short_mask), atol=1e-5, rtol=1e-5)
    assert not torch.allclose(found, shifted, atol=0.1)


@pytest.mark.parametrize("name", ["Llama", "GPT-2"])
@pytest.mark.parametrize("b", [1.0, 1.1, 2.0])
def test_the_matrix_equals_the_one_written_out_in_numpy(name: str, b: float) -> None:
    model = language_model(name, b=b)
    ids, mask = ids_of(6)
    view = ModelView(model, explanation_mode=True)
    embeddings = view.embed(ids, mask).requires_grad_()
    logits = view.logits(embeddings, ids, mask)
    weights = {path: p.detach().double().numpy() for path, p in model.named_parameters()}
    inputs = embeddings.detach().double().numpy()[0]
    if name == "Llama":
        wanted, matrix = llama(weights, inputs, b=b, heads=4, groups=2, layers=2, eps=model.config.rms_norm_eps)
    else:
        wanted, matrix = gpt2(weights, inputs, b=b, heads=4, layers=2, eps=1e-5)
    np.testing.assert_allclose(logits.detach().numpy()[0], wanted, atol=1e-4)
    for word in (0, WORD, len(wanted) - 1):
        (gradient,) = torch.autograd.grad(logits[0, word], embeddings, retain_graph=True)
        np.testing.assert_allclose(gradient.numpy()[0], matrix[word], atol=1e-4)


@converted_or_not
def test_a_gate_is_not_differentiated_together_with_its_factor(b: float | None) -> None:
    """The published rule for Llama: both factors of act(gate) · up carry E, and the sum is not the logit."""
    model = language_model("Llama", b=b)
    ids, mask = ids_of(8)
    view = ModelView(model, explanation_mode=True)
    ours = contributions(view, ids, mask, word_minus_foil)
    wanted = word_minus_foil(ours.logits).item()
    assert total(ours).item() == pytest.approx(wanted, abs=1e-4)
    for path, module in list(view.model.named_modules()):
        if isinstance(module, ConstantActivation):
            gate = GatedActivation(module.activation)
            gate.explanation_mode = True
            view.model.set_submodule(path, gate)
    theirs = contributions(view, ids, mask, word_minus_foil)
    torch.testing.assert_close(theirs.logits, ours.logits, atol=1e-4, rtol=1e-4)  # the same network
    assert abs(total(theirs).item() - wanted) > 0.1 * abs(wanted)


def test_positions_are_part_of_e() -> None:
    """GPT-2's, left out, would be missing from the sum."""
    model = language_model("GPT-2", b=1.1)
    ids, mask = ids_of(8)
    view = ModelView(model, explanation_mode=True)
    given = view.embed(ids, mask).requires_grad_()
    number = word_minus_foil(view.logits(given, ids, mask))[0]
    (weights,) = torch.autograd.grad(number, given)
    words = model.transformer.wte.weight[ids].detach()
    assert abs((words * weights).sum().item() - number.item()) > 0.1 * abs(number.item())
    assert total(explained(model, ids, mask)).item() == pytest.approx(number.item(), abs=1e-4)


@every_decoder
def test_the_head_stays_linear_and_stays_the_word_embeddings_where_it_was(name: str) -> None:
    for tie in (False, True):
        original = language_model(name, tie_word_embeddings=tie)
        converted = convert(original, b=1.1)
        head = converted.get_submodule(LANGUAGE_HEAD)
        assert type(head) is Linear
        assert head.bias is None
        assert (head.weight is converted.get_input_embeddings().weight) == tie
        assert len(list(converted.parameters())) == len({id(one) for one in converted.parameters()})
        assert head.weight is not original.get_submodule(LANGUAGE_HEAD).weight  # the original is not trained along
        assert torch.equal(head.weight, original.get_submodule(LANGUAGE_HEAD).weight)


@every_decoder
@pytest.mark.parametrize("tie", [False, True], ids=["untied", "tied"])
@converted_or_not
def test_a_saved_folder_is_an_ordinary_one_and_gives_the_same_model_back(
    name: str, tie: bool, b: float | None, tmp_path: Path
) -> None:
    model = language_model(name, tie_word_embeddings=tie, b=b)
    model.save_pretrained(tmp_path)
    loaded = load_language_model(tmp_path).model
    assert type(loaded).__name__ == type(model).__name__
    assert family_of(loaded).speaks
    ids, mask = ids_of(7)
    wanted = ModelView(model).predict(ids, mask)
    torch.testing.assert_close(ModelView(loaded).predict(ids, mask), wanted, atol=1e-5, rtol=1e-5)
    assert (loaded.get_submodule(LANGUAGE_HEAD).weight is loaded.get_input_embeddings().weight) == tie
    if b is None:
        stock = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).eval()
        torch.testing.assert_close(own_logits(stock, ids, mask), wanted, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ["GPT-2", "Llama", "Gemma", "GPT-NeoX"])
def test_with_no_biases_and_b_of_one_the_converted_model_is_the_original(name: str) -> None:
    original = language_model(name, biases=False)
    ids, mask = ids_of(9, rows=2)
    wanted = own_logits(original, ids, mask)
    torch.testing.assert_close(ModelView(convert(original, b=1.0)).predict(ids, mask), wanted, atol=1e-5, rtol=1e-5)
    before, after = explained(original, ids, mask), explained(convert(original, b=1.0), ids, mask)
    torch.testing.assert_close(before.scores, after.scores, atol=1e-5, rtol=1e-4)


def test_a_reference_of_padding_moves_no_position_and_no_pooling() -> None:
    model = language_model("GPT-2", b=1.1)
    ids, mask = ids_of(7)
    found = explained(model, ids, mask, reference=PAD_ID)
    assert total(found).item() == pytest.approx(word_minus_foil(found.logits).item(), abs=1e-4)


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_calibration_brings_the_hidden_states_nearer_and_leaves_the_head(kind: str) -> None:
    """A head that is the word embeddings is not refitted: E would move with it."""
    original = network(kind, tie_word_embeddings=True)
    converted = convert(original, b=1.3)
    texts = [line for line in LINES for _ in range(4)]
    before = hidden_state_cosine(converted, original, texts, tokenizer())
    words = converted.get_input_embeddings().weight.clone()
    result = calibrate(converted, original, texts, tokenizer(), max_length=32)
    assert result.cosine > before
    assert torch.equal(converted.get_input_embeddings().weight, words)
    assert converted.get_submodule(LANGUAGE_HEAD).weight is converted.get_input_embeddings().weight
    ids, mask = ids_of(9)
    found = explained(converted, ids, mask)
    assert total(found).item() == pytest.approx(word_minus_foil(found.logits).item(), abs=1e-4)

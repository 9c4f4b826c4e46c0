"""Calibration: the ridge solution by another route, memory under its cap, and what it is for."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import SMALL, tiny_model
from torch import nn
from transformers import AutoTokenizer

from bcos_core import calibrate, convert
from bcos_core.errors import StorageError, UnsupportedModelError
from bcos_core.model.calibrate import hidden_state_cosine
from bcos_core.model.norm_bias import DAMPING, bias_before
from bcos_core.model.normal_equations import PANEL, NormalEquations
from bcos_core.model.sources import embedded_path
from bcos_core.model.tensor_store import TensorStore
from bcos_core.text.encoding import collate, encode

TEXTS = [f"word {i} of a {kind} film number {i * i}" for i in range(40) for kind in ("fine", "dull")]


@pytest.fixture(scope="module")
def tokenizer():  # type: ignore[no-untyped-def]
    return AutoTokenizer.from_pretrained(embedded_path())


def whole_vocabulary(family: str) -> nn.Module:
    model = tiny_model(family)
    model.resize_token_embeddings(30522)
    with torch.no_grad():
        model.get_input_embeddings().weight.copy_(torch.randn(30522, 16))
    return model


@pytest.mark.parametrize("family", SMALL)
def test_hidden_states_come_close_to_the_originals(family: str, tokenizer) -> None:  # type: ignore[no-untyped-def]
    original = whole_vocabulary(family)
    converted = convert(original)
    before = hidden_state_cosine(converted, original, TEXTS[60:], tokenizer)
    result = calibrate(converted, original, TEXTS[:60], tokenizer, held_out=TEXTS[60:])
    assert result.cosine > max(before + 0.1, 0.9)
    assert result.cosine == pytest.approx(hidden_state_cosine(converted, original, TEXTS[60:], tokenizer))
    assert (result.texts, result.held_out) == (60, 20)


def test_the_first_layer_is_the_ridge_solution(tokenizer) -> None:  # type: ignore[no-untyped-def]
    original = whole_vocabulary("bert")
    converted = convert(original)
    calibrate(converted, original, TEXTS, tokenizer, ridge=0.05)
    # The first block's query sees the embeddings in both streams: min ‖XWᵀ − (XW₀ᵀ + bias)‖² + λ‖W − W₀‖².
    batch = collate(tokenizer, encode(tokenizer, TEXTS, 64))
    real = batch.attention_mask.bool()
    with torch.no_grad():
        x = original.bert.embeddings(batch.input_ids)[real].double().numpy()  # type: ignore[operator,union-attr]
    query = original.bert.encoder.layer[0].attention.self.query  # type: ignore[index,union-attr]
    w0 = query.weight.detach().double().numpy()
    y = x @ w0.T + query.bias.detach().double().numpy()
    strength = 0.05 * np.mean(np.sum(x * x, axis=0))
    # As an ordinary least-squares problem with λ's rows appended.
    stacked_x = np.vstack([x, np.sqrt(strength) * np.eye(16)])
    stacked_y = np.vstack([y, np.sqrt(strength) * w0.T])
    expected = np.linalg.lstsq(stacked_x, stacked_y, rcond=None)[0].T
    got = converted.bert.encoder.layer[0].attention.self.query.weight.detach().numpy()  # type: ignore[index,union-attr]
    np.testing.assert_allclose(got, expected, atol=2e-4)


def test_memory_limit_changes_nothing_but_the_place(tokenizer, tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    original = whole_vocabulary("bert")
    weights = []
    for limit in (1 << 30, 4096):
        converted = convert(original)
        calibrate(converted, original, TEXTS, tokenizer, batch_size=8, memory_limit=limit)
        weights.append([p.detach().clone() for p in converted.parameters()])
    for plenty, little in zip(*weights, strict=True):
        assert torch.equal(plenty, little)


def test_store_stays_under_its_limit_and_leaves_no_files(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with TensorStore(memory_limit=1000) as store:
        for i in range(20):
            store[i] = torch.full((50,), float(i))  # 200 bytes each: five fit
            assert store.bytes_in_memory <= 1000
        changed = {
            3: torch.full((10,), -1.0),
            17: torch.arange(12).reshape(3, 4).T,  # not in one piece
            18: torch.full((50,), -3.0),  # written over in its place
            19: torch.full((60,), -2.0, dtype=torch.bfloat16),
        }
        for i, tensor in changed.items():
            store[i] = tensor
        for i in range(20):
            expected = changed.get(i, torch.full((50,), float(i)))
            assert torch.equal(store[i], expected)
            assert store[i].dtype is expected.dtype
        # Of a process that is killed here nothing stays: gigabytes did, for each.
        assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_store_says_where_it_is_full(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: io.FileIO("/dev/full", "w+"))
    with TensorStore(memory_limit=0) as store, pytest.raises(StorageError, match=r"400 bytes .*No space left.*TMPDIR"):
        store["a"] = torch.zeros(100)


def first_sum(converted: nn.Module, original: nn.Module, tokenizer) -> dict[str, np.ndarray]:  # type: ignore[no-untyped-def]
    """What the first linear that feeds a sum is fitted on: inputs x, targets y, (tokens, 16), both in units of each
    token's own size; its weight w, as (out, in), and the original's w0, as (in, out)."""
    batch = collate(tokenizer, encode(tokenizer, TEXTS, 64))
    real = batch.attention_mask.bool()
    seen: dict[str, torch.Tensor] = {}

    def inputs_of(name: str, module: nn.Module) -> None:
        module.register_forward_pre_hook(lambda _, arguments: seen.__setitem__(name, arguments[0].detach()[real]))

    ours, theirs = (model.bert.encoder.layer[0].attention for model in (converted, original))  # type: ignore[index,union-attr]
    inputs_of("x", ours.output.dense)
    inputs_of("residual", ours.self.query)  # the block's input is what its first sum adds to
    inputs_of("sum", theirs.output.LayerNorm)
    for model in (converted, original):
        model.eval()(input_ids=batch.input_ids, attention_mask=batch.attention_mask)
    x, residual, sums = (seen[name].double().numpy() for name in ("x", "residual", "sum"))
    size = sums.std(axis=1, keepdims=True)
    norm = theirs.output.LayerNorm  # its bias is to be brought as well
    return {
        "x": x / size,
        "y": (sums - residual) / size + bias_before(norm.weight, norm.bias).detach().numpy(),
        "w": ours.output.dense.weight.detach().double().numpy(),
        "w0": theirs.output.dense.weight.detach().double().numpy().T,
    }


def test_row_lengths_are_the_least_squares_ones(tokenizer) -> None:  # type: ignore[no-untyped-def]
    original = whole_vocabulary("bert")
    converted = convert(original, b=1.5)
    result = calibrate(converted, original, TEXTS, tokenizer)
    assert result.b == 1.5
    seen = first_sum(converted, original, tokenizer)
    # B-cos by its definition, with rows of length 1: |cos|^½ (ŵ·x).
    x, y, w = (seen[name] for name in ("x", "y", "w"))
    lengths = np.linalg.norm(w, axis=1)
    z = x @ (w / lengths[:, None]).T
    f = np.sqrt(np.abs(z) / np.linalg.norm(x, axis=1, keepdims=True)) * z
    expected = np.array([np.linalg.lstsq(f[:, [o]], y[:, o], rcond=None)[0][0] for o in range(len(w))])
    fitted = expected > 0  # a row that points away from its target keeps its length
    assert fitted.sum() >= 12
    np.testing.assert_allclose(lengths[fitted], expected[fitted], rtol=1e-3)
    before = np.linalg.norm(seen["w0"])
    stretch = result.stretch["bert.encoder.layer.0.attention.output.dense"]
    assert stretch == pytest.approx(np.linalg.norm(w) / before, rel=1e-5)


def test_what_the_last_norms_bias_brought_is_not_lost(tokenizer) -> None:  # type: ignore[no-untyped-def]
    """No weights before it make up for the bias unless it is part of what they are fitted to."""
    original = whole_vocabulary("bert").eval()
    last = original.bert.encoder.layer[-1].output.LayerNorm  # type: ignore[index,union-attr]
    with torch.no_grad():
        last.bias.normal_(std=1.0)
    converted = convert(original, b=1.0)
    result = calibrate(converted, original, TEXTS[:60], tokenizer, held_out=TEXTS[60:])
    batch = collate(tokenizer, encode(tokenizer, TEXTS[60:], 64))
    with torch.no_grad():
        hidden = original.bert(batch.input_ids, batch.attention_mask)[0][batch.attention_mask.bool()]  # type: ignore[operator,union-attr]
    without = torch.cosine_similarity(hidden - last.bias, hidden, dim=-1).mean().item()
    assert without < 0.9
    assert result.cosine > 0.5 + 0.5 * without


def test_tokens_count_alike_whatever_the_size_of_their_sums(tokenizer) -> None:  # type: ignore[no-untyped-def]
    """The linear that feeds a sum is the ridge solution in units of each token's own size."""
    original = whole_vocabulary("bert").eval()
    theirs = original.bert.encoder.layer[0].attention  # type: ignore[index,union-attr]
    with torch.no_grad():
        theirs.output.dense.weight.mul_(20)
    converted = convert(original, b=1.0)
    calibrate(converted, original, TEXTS, tokenizer, ridge=0.05)
    seen = first_sum(converted, original, tokenizer)
    x, y, w0 = (seen[name] for name in ("x", "y", "w0"))
    strength = 0.05 * np.mean(np.sum(x * x, axis=0))
    stacked_x = np.vstack([x, np.sqrt(strength) * np.eye(16)])
    stacked_y = np.vstack([y, np.sqrt(strength) * w0])
    expected = np.linalg.lstsq(stacked_x, stacked_y, rcond=None)[0].T
    got = converted.bert.encoder.layer[0].attention.output.dense.weight.detach().numpy()  # type: ignore[index,union-attr]
    np.testing.assert_allclose(got, expected, atol=2e-3)


def test_a_bias_before_the_norm_is_the_constrained_minimum() -> None:
    generator = torch.Generator().manual_seed(0)
    weight, bias = torch.randn(8, generator=generator), torch.randn(8, generator=generator)
    weight[3] = 1e-6  # a dead channel cannot carry its bias
    d = bias_before(weight, bias).double().numpy()
    gamma, beta = weight.double().numpy(), bias.double().numpy()
    # Σ d = 0 by construction: d = N u, with the columns of N a basis of what sums to 0.
    basis = np.linalg.qr(np.eye(8) - 1 / 8)[0][:, :7]
    damping = np.sqrt(DAMPING * np.mean(gamma**2)) * np.eye(8)
    stacked = np.vstack([np.diag(gamma), damping]) @ basis
    u = np.linalg.lstsq(stacked, np.concatenate([beta, np.zeros(8)]), rcond=None)[0]
    np.testing.assert_allclose(d, basis @ u, atol=1e-4)
    assert abs(d.sum()) < 1e-4


@pytest.mark.parametrize("family", SMALL)
def test_the_head_follows_the_originals_logits(family: str, tokenizer) -> None:  # type: ignore[no-untyped-def]
    original = whole_vocabulary(family)
    converted = convert(original)
    batch = collate(tokenizer, encode(tokenizer, TEXTS[60:], 64))

    def logits(model: nn.Module) -> torch.Tensor:
        with torch.no_grad():
            return model.eval()(input_ids=batch.input_ids, attention_mask=batch.attention_mask).logits

    wanted, before = logits(original), logits(converted)
    calibrate(converted, original, TEXTS[:60], tokenizer)
    error = (logits(converted) - wanted).square().mean()
    assert error < 0.3 * (before - wanted).square().mean()


def test_normalised_weights_are_refused(tokenizer) -> None:  # type: ignore[no-untyped-def]
    original = whole_vocabulary("bert")
    with pytest.raises(UnsupportedModelError, match="normalize_weights=False"):
        calibrate(convert(original, normalize_weights=True), original, TEXTS, tokenizer)


def test_a_gram_matrix_made_in_panels_is_the_whole_one() -> None:
    x, y = torch.randn(50, 2 * PANEL + 7, dtype=torch.float64), torch.randn(50, 3, dtype=torch.float64)
    prior = torch.randn(3, x.shape[1], dtype=torch.float64)
    equations = NormalEquations()
    for rows in (slice(0, 20), slice(20, 50)):
        equations.add(x[rows], y[rows])
    gram = x.t() @ x
    strength = 0.1 * gram.diagonal().mean() * torch.eye(len(gram), dtype=torch.float64)
    expected = torch.linalg.solve(gram + strength, x.t() @ y + strength @ prior.t()).t()
    torch.testing.assert_close(equations.solve(0.1, prior), expected)

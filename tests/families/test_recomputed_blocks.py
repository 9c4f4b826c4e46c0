"""Blocks that the backward pass computes again give the same numbers in every family, and memory is what is counted."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tiny_families import DECODERS, TINY, ids_of, padded, tiny_model
from torch import Tensor

from bcos_core import convert
from bcos_core.model.anatomy import blocks_of, family_of
from bcos_core.model.attnlrp import apply_attnlrp
from bcos_core.model.contributions import Contributions, contributions, linear_at
from bcos_core.model.memory import shapes_of
from bcos_core.model.view import ModelView
from tests.live_memory import LiveBytes, peak_of

every_family = pytest.mark.parametrize("name", list(TINY))
REFERENCE, ALL = 4, 99
TOKENS, BYTES = 96, 4


def first_logit(logits: Tensor) -> Tensor:
    return logits[:, 1]


def explained(model: Any, ids: Tensor, mask: Tensor, *, again: int) -> Contributions:
    view = ModelView(model, explanation_mode=True, again=again)
    return contributions(view, ids, mask, first_logit, reference_id=REFERENCE)


def require_same(model: Any, ids: Tensor, mask: Tensor) -> None:
    wanted = explained(model, ids, mask, again=0)
    for again in (1, ALL):
        found = explained(model, ids, mask, again=again)
        for part in ("scores", "reference_share", "bias_share", "logits"):
            assert torch.equal(getattr(found, part), getattr(wanted, part)), (part, again)


@every_family
@pytest.mark.parametrize("b", [None, 1.4], ids=["as it stands", "converted"])
def test_the_numbers_are_the_same_to_the_bit(name: str, b: float | None) -> None:
    """Shares of biases, references, and padding on the left included."""
    model = tiny_model(name)
    model = model if b is None else convert(model, b=b, keep_biases=True)
    (short, short_mask), (long, long_mask) = ids_of(6, seed=1), ids_of(21, seed=2)
    ids, mask = padded(short, short_mask, 21, side="left")
    require_same(model, long, long_mask)
    require_same(model, torch.cat([ids, long]), torch.cat([mask, long_mask]))


@pytest.mark.parametrize("name", DECODERS)
def test_so_are_those_of_a_next_token(name: str) -> None:
    require_same(tiny_model(name, speaks=True), *ids_of(21))


def test_rules_that_are_put_into_a_view_hold_when_a_block_is_computed_again() -> None:
    model, (ids, mask) = tiny_model("Llama"), ids_of(12)
    found = []
    for again in (0, ALL):
        view = ModelView(model, explanation_mode=True, again=again)
        apply_attnlrp(view.model)
        found.append(contributions(view, ids, mask, first_logit).scores)
    assert torch.equal(*found)
    assert not torch.allclose(found[0], explained(model, ids, mask, again=ALL).scores)


@pytest.mark.parametrize(("name", "runs"), [("BERT", 2), ("ALBERT", 3), ("Gemma 3", 3)])
@pytest.mark.parametrize("again", [0, 1, 2, ALL])
def test_so_many_blocks_are_computed_twice_and_in_turn(name: str, runs: int, again: int) -> None:
    model, (ids, mask) = tiny_model(name), ids_of(8)
    view = ModelView(model, explanation_mode=True, again=again)
    ran: list[str] = []
    family = family_of(model)
    for place, block in enumerate(blocks_of(view.model, family)):
        part = block.get_submodule(family.steps[-1].linears[0])
        part.register_forward_pre_hook(lambda *_, place=place: ran.append(f"block {place}"))
    with torch.enable_grad():
        embeddings, logits = view.embed_and_go_on(ids, mask)
        forward = list(ran)
        torch.autograd.grad(logits[0, 1], embeddings)
    assert len(forward) == runs
    assert ran[runs:] == forward[: min(again, runs)][::-1]  # the last of them first


@pytest.mark.parametrize("failing", [True, False])
def test_what_one_pass_asked_for_is_not_left_to_the_next(failing: bool) -> None:
    model, (ids, mask) = tiny_model("BERT"), ids_of(8)
    view = ModelView(model, explanation_mode=True, again=ALL)
    wanted = view.predict(ids, mask)
    if failing:
        with pytest.raises(IndexError):
            contributions(view, ids + 1000, mask, first_logit)
    else:
        contributions(view, ids, mask, first_logit)
    with torch.enable_grad(), LiveBytes(without=model) as live:
        logits = view.predict(ids, mask)
    assert torch.equal(logits, wanted) and view._recomputed.runs == 0 and live.now < 10_000


def wide(name: str, layers: int, b: float | None) -> Any:
    """A model whose activations are as much as its weights."""
    sizes: dict[str, Any] = {"hidden_size": 64, "intermediate_size": 160, "num_hidden_layers": layers}
    if name == "DistilBERT":
        sizes = {"dim": 64, "hidden_dim": 160, "n_layers": layers}
    elif name == "GPT-2":
        sizes = {"n_embd": 64, "n_layer": layers, "n_inner": 160}
    elif name == "OPT":
        sizes = {"hidden_size": 64, "num_hidden_layers": layers, "ffn_dim": 160, "word_embed_proj_dim": 64}
    elif name == "SmolLM3":
        sizes |= {"no_rope_layers": [1, 0] * (layers // 2)}
    elif name == "Gemma 3":
        sizes |= {"layer_types": ["sliding_attention", "full_attention"] * (layers // 2)}
    model = tiny_model(name, **sizes)
    return model if b is None else convert(model, b=b)


def graph_bytes(model: Any) -> int:
    """Of what is alive when a forward pass has ended."""
    ids, mask = ids_of(TOKENS)
    view = ModelView(model, explanation_mode=True, again=0)
    with LiveBytes(without=model) as live:
        held = view.embed_and_go_on(ids, mask)
        now = live.now
    del held
    return now


@every_family
@pytest.mark.parametrize("b", [None, 1.4], ids=["as it stands", "converted"])
def test_what_blocks_keep_is_counted_to_the_byte(name: str, b: float | None) -> None:
    """Of four blocks more; in what is before and behind them models differ in a few rows."""
    few, many = wide(name, 4, b), wide(name, 8, b)
    counted = 8 * shapes_of(many).kept(TOKENS, BYTES) - 4 * shapes_of(few).kept(TOKENS, BYTES)
    assert graph_bytes(many) - graph_bytes(few) == pytest.approx(counted, rel=1e-9)


@every_family
@pytest.mark.parametrize("again", [None, 0, 4, 8], ids=["forward", "all kept", "half again", "all again"])
def test_peaks_are_about_what_is_counted(name: str, again: int | None) -> None:
    """Weights included. DeBERTa's attention is counted as if all of its arrays were there at once."""
    model, (ids, mask) = wide(name, 8, 1.4), ids_of(TOKENS)
    shapes = shapes_of(model)

    def work() -> object:
        if again is None:
            return ModelView(model).predict(ids, mask)
        return linear_at(ModelView(model, explanation_mode=True, again=again), ids, mask, first_logit)

    counted = shapes.forward(TOKENS, BYTES) if again is None else shapes.explanation(TOKENS, BYTES, again=again)
    found = shapes.weights(BYTES) + peak_of(work, without=model)
    assert (0.7 if name.startswith("DeBERTa") else 0.85) < found / counted < 1.05


def test_a_row_of_normalised_weights_is_kept() -> None:
    models = [convert(wide("Llama", layers, None), b=1.4, normalize_weights=True) for layers in (4, 8)]
    counted = 4 * shapes_of(models[0]).kept(TOKENS, BYTES)
    grown = graph_bytes(models[1]) - graph_bytes(models[0])
    assert grown == pytest.approx(counted, rel=0.02) and shapes_of(models[0]).rows > 0


def test_a_tracker_sees_what_is_there_and_what_is_gone() -> None:
    """Of the test's own tool: two arrays at once, then one, a view of it, and its memory given back."""
    model = torch.nn.Linear(2, 2)
    steps: list[int] = []

    def work() -> None:
        first = torch.zeros(1000)
        second = first + 1
        steps.append(live.now)
        del first
        view = second[:10]
        steps.append(live.now)
        del second, view
        steps.append(live.now)

    with LiveBytes(without=model) as live:
        work()
    assert steps == [8000, 4000, 0] and live.peak == 8000

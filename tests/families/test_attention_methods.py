"""What is read off attention, on every family: gradients of its probabilities, and values set to zero."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tiny_families import TINY, ids_of, tiny_model
from torch import Tensor

from bcos_core import convert
from bcos_core.attribution.value_zeroing import context_mixing
from bcos_core.families import family_named
from bcos_core.model.blocks import run_blocks
from bcos_core.model.view import ModelView, attention_gradients

every_family = pytest.mark.parametrize("name", list(TINY))
FUSED = ("gpt2", "gpt_neox", "phi3", "modernbert")


def with_attentions(model: Any, ids: Tensor, mask: Tensor) -> tuple[Tensor, list[Tensor]]:
    """transformers' own, in a graph."""
    if not family_named(model.config.model_type).own_attention:
        model.set_attn_implementation("eager")
    output = model(input_ids=ids, attention_mask=mask, output_attentions=True)
    return output.logits, list(output.attentions)


@every_family
def test_gradients_of_attention_are_those_of_transformers_own(name: str) -> None:
    model = tiny_model(name)
    ids, mask = ids_of(7)
    logits, layers, gradients = attention_gradients(model, ids, mask, lambda given: given[:, 1])
    own_logits, own = with_attentions(model, ids, mask)
    torch.testing.assert_close(logits, own_logits.detach(), atol=1e-5, rtol=1e-5)
    wanted = torch.autograd.grad(own_logits[:, 1].sum(), own)
    for found, other in zip([*layers, *gradients], [*own, *wanted], strict=True):
        torch.testing.assert_close(found, other.detach(), atol=1e-5, rtol=1e-4)


@every_family
@pytest.mark.parametrize("bcos", [False, True], ids=["conventional", "B-cos"])
def test_without_its_value_a_token_does_not_reach_the_others(name: str, bcos: bool) -> None:
    model = convert(tiny_model(name), b=1.5) if bcos else tiny_model(name)
    ids, mask = ids_of(6)
    logits, runs = run_blocks(model, ids, mask)
    torch.testing.assert_close(logits, ModelView(model).predict(ids, mask), atol=1e-5, rtol=1e-5)
    for run in runs:
        together = run.without_value(torch.arange(6))
        alone = torch.cat([run.without_value(torch.tensor([place])) for place in range(6)])
        torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)
        assert not torch.allclose(together, run.output.expand_as(together), atol=1e-3)
        if family_named(model.config.model_type).decoder:  # those before a token never saw it
            for place in range(6):
                before = together[place, :place]
                torch.testing.assert_close(before, run.output[0, :place], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", [name for name in TINY if TINY[name].model_type not in FUSED])
def test_a_value_set_to_zero_is_one_that_its_linear_did_not_give(name: str) -> None:
    """The weights of a value projection see one token at a time, so the same is had by a hook on that linear alone."""
    model = tiny_model(name)
    family = family_named(model.config.model_type)
    ids, mask = ids_of(6)
    _, runs = run_blocks(model, ids, mask)
    linears = [path for step in family.steps for path in step.linears]
    (path,) = [path for path in linears if path.split(".")[-1] in ("value", "value_proj", "v_proj", "v_lin", "v")]
    block = model.get_submodule(family.blocks)[0]
    outputs: list[Tensor] = []
    place = 2

    def zero(_: Any, __: Any, given: Tensor) -> Tensor:
        changed = given.clone()
        changed[:, place] = 0
        return changed

    block.get_submodule(path).register_forward_hook(zero)
    block.register_forward_hook(lambda _, __, out: outputs.append(out[0] if isinstance(out, tuple) else out))
    with torch.no_grad():
        model(input_ids=ids, attention_mask=mask)
    torch.testing.assert_close(runs[0].without_value(torch.tensor([place])), outputs[0], atol=1e-5, rtol=1e-5)


def test_context_mixing_is_the_cosine_distance_of_each_token_to_itself() -> None:
    model = tiny_model("BERT")
    ids, mask = ids_of(5)
    _, (run, _) = run_blocks(model, ids, mask)
    mixing = context_mixing(run, 2)
    for i in range(5):
        for j in range(5):
            one, other = run.output[0, i].double(), run.without_value(torch.tensor([j]))[0, i].double()
            distance = 1 - (one @ other) / (one.norm() * other.norm())
            assert mixing[i, j].item() == pytest.approx(distance.item(), abs=1e-7)

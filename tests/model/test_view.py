"""Explaining never changes a model, and several threads may do it at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from tiny import SMALL, ids_of, tiny_model
from torch import nn

from bcos_core.model.contributions import contributions
from bcos_core.model.convert import convert
from bcos_core.model.view import ModelView


def fingerprint(model: nn.Module) -> Any:
    """Everything that explaining might disturb."""
    return (
        [(path, module.training, getattr(module, "explanation_mode", None)) for path, module in model.named_modules()],
        [(name, p.requires_grad, p.device, p._version, p.grad is None) for name, p in model.named_parameters()],
        [(len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks)) for m in model.modules()],
        [id(module) for module in model.modules()],
    )


def first_logit(logits: torch.Tensor) -> torch.Tensor:
    return logits[:, 0]


def failing(logits: torch.Tensor) -> torch.Tensor:
    raise RuntimeError("planned")


@pytest.mark.parametrize("family", SMALL)
@pytest.mark.parametrize("training", [True, False])
def test_a_model_is_as_before_after_success_and_after_an_error(family: str, training: bool) -> None:
    model = convert(tiny_model(family), b=1.5).train(training)
    model.base_model.embeddings.requires_grad_(False)
    ids, mask = ids_of(6)
    before = fingerprint(model)
    contributions(ModelView(model, explanation_mode=True), ids, mask, first_logit)
    assert fingerprint(model) == before
    with pytest.raises(RuntimeError, match="planned"):
        contributions(ModelView(model, explanation_mode=True), ids, mask, failing)
    assert fingerprint(model) == before
    assert torch.is_grad_enabled()


def test_a_view_follows_later_changes_of_the_weights() -> None:
    model = convert(tiny_model("bert"), b=1.5)
    ids, mask = ids_of(6)
    view = ModelView(model)
    before = view.predict(ids, mask)
    with torch.no_grad():
        model.classifier.weight.mul_(2)  # type: ignore[operator,union-attr]
    torch.testing.assert_close(view.predict(ids, mask), 2 * before)


@pytest.fixture
def no_precision_yet() -> Iterator[None]:
    """Accelerate takes the precision of the first trainer in a process for all that follow, until it is reset."""
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.mark.usefixtures("no_precision_yet")
@pytest.mark.parametrize("family", SMALL)
def test_a_model_in_mixed_precision_training_is_explained_in_the_precision_of_its_weights(family: str) -> None:
    model = convert(tiny_model(family), b=1.5).train()
    ids, mask = ids_of(6)
    expected = contributions(ModelView(model, explanation_mode=True), ids, mask, first_logit, reference_id=4)
    prepared = Accelerator(mixed_precision="bf16", cpu=True).prepare_model(model)
    found = contributions(ModelView(prepared, explanation_mode=True), ids, mask, first_logit, reference_id=4)
    assert torch.equal(found.logits, expected.logits)
    assert torch.equal(found.scores, expected.scores)


def test_eight_threads_on_one_model_give_the_same_numbers_as_one() -> None:
    model = convert(tiny_model("bert"), b=1.5)
    inputs = [ids_of(3 + i % 7, seed=i) for i in range(64)]

    def explain(i: int) -> tuple[torch.Tensor, torch.Tensor]:
        ids, mask = inputs[i]
        if i % 2:  # half of the calls predict with the shared model itself
            with torch.no_grad():
                return model(input_ids=ids, attention_mask=mask).logits, torch.zeros(1)
        found = contributions(ModelView(model, explanation_mode=True), ids, mask, first_logit, reference_id=4)
        return found.logits, found.scores

    alone = [explain(i) for i in range(64)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(explain, range(64)))
    for (logits, scores), (expected_logits, expected_scores) in zip(together, alone, strict=True):
        assert torch.equal(logits, expected_logits)
        assert torch.equal(scores, expected_scores)


@pytest.mark.parametrize("family", SMALL)
def test_what_transformers_hooks_onto_a_view_stays_there(family: str) -> None:
    """It puts hooks on the layers of whatever is first asked for hidden states."""
    model = tiny_model(family).eval()
    ids, mask = ids_of(6)
    arguments = {"input_ids": ids, "attention_mask": mask, "output_hidden_states": True}
    before = fingerprint(model)
    first, second = (ModelView(model).model for _ in range(2))
    with torch.no_grad():
        told = [one(**arguments).hidden_states for one in (first, second)]
        assert fingerprint(model) == before
        told.append(model(**arguments).hidden_states)
    for states in told[1:]:
        for one, other in zip(states, told[0], strict=True):
            torch.testing.assert_close(one, other, atol=1e-6, rtol=0)


@pytest.mark.parametrize("family", SMALL)
@pytest.mark.parametrize("bcos", [True, False])
def test_a_view_answers_as_the_model_does_whatever_it_leaves_out(family: str, bcos: bool) -> None:
    model = tiny_model(family).eval()
    model = convert(model, b=1.5).eval() if bcos else model
    ids, mask = ids_of(6)
    with torch.no_grad():
        expected = model(input_ids=ids, attention_mask=mask).logits
    view = ModelView(model)
    assert torch.allclose(view.predict(ids, mask), expected, atol=1e-5)
    assert torch.allclose(view.logits(view.embed(ids, mask), ids, mask), expected, atol=1e-5)


def test_in_the_last_block_one_token_goes_on() -> None:
    model = tiny_model("bert").eval()
    rows: list[int] = []
    view = ModelView(model)
    for layer in view.model.get_submodule("bert.encoder.layer").children():
        layer.get_submodule("output").register_forward_pre_hook(lambda _, args: rows.append(args[0].shape[1]))
    ids, mask = ids_of(6)
    view.predict(ids, mask)
    assert rows == [6] * (len(rows) - 1) + [1]

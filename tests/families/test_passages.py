"""Where contributions passed, in every family: all margins add up, and the parts of a Llama and a GPT-2 are those that
stand in their residual stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from tiny_families import DECODERS, TINY, ids_of, tiny_model
from torch import Tensor

from bcos_core.model.anatomy import blocks_of, family_of
from bcos_core.model.contributions import contributions
from bcos_core.model.convert import convert
from bcos_core.model.passages import Passages, passages
from bcos_core.model.view import ModelView

REFERENCE = 4
CASES = [(name, speaks) for name in TINY for speaks in (False, True) if not speaks or name in DECODERS]


def of_class(index: int) -> Callable[[Tensor], Tensor]:
    return lambda logits: logits[:, index] - logits[:, 0]


def passed(model: Any, ids: Tensor, mask: Tensor, **asked: Any) -> Passages:
    return passages(model, ids, mask, of_class(1), **asked)


@pytest.mark.parametrize("b", [None, 1.25], ids=["as it stands", "converted"])
@pytest.mark.parametrize(("name", "speaks"), CASES, ids=[f"{n}{' speaks' * s}" for n, s in CASES])
def test_all_margins_add_up(name: str, speaks: bool, b: float | None) -> None:
    model = tiny_model(name, speaks=speaks)
    if b is not None:
        model = convert(model, b=b)
    ids, mask = ids_of(7)
    found = passed(model, ids, mask, reference_id=REFERENCE)
    whole = contributions(ModelView(model, explanation_mode=True), ids, mask, of_class(1), reference_id=REFERENCE)
    logit = (whole.logits[0, 1] - whole.logits[0, 0]).double().item()
    near = {"abs": 1e-4 * max(1.0, abs(logit)), "rel": 1e-4}
    layers = model.config.num_hidden_layers
    heads = model.config.num_attention_heads
    assert found.reads.shape == (layers, heads, 7)
    assert found.feed_forward.shape == (layers,)
    assert found.sources.shape == found.hidden.shape == (layers + 1, 7)
    parts = found.direct.sum() + found.reads.sum() + found.feed_forward.sum() + found.bias_share
    assert parts.item() == pytest.approx(logit, **near)
    # Every layer carries the whole logit.
    assert (found.hidden.sum(1) + found.hidden_shares).tolist() == pytest.approx([logit] * (layers + 1), **near)
    # By layer, and by token.
    by_layer = [found.direct.sum(), *(found.reads.sum((1, 2)) + found.feed_forward)]
    rows = found.sources.sum(1) + found.source_shares
    assert rows.tolist() == pytest.approx([float(one) for one in by_layer], **near)
    assert found.sources.sum(0).tolist() == pytest.approx(whole.scores[0].tolist(), **near)
    own = contributions(ModelView(model, explanation_mode=True), ids, mask, of_class(1))
    assert found.hidden[0].tolist() == pytest.approx(own.scores[0].tolist(), **near)
    assert found.hidden_shares[0].item() == pytest.approx(own.bias_share[0].item(), **near)
    if b is not None:
        assert found.bias_share == 0.0
        assert found.hidden_shares.abs().max().item() == 0.0
    torch.testing.assert_close(found.logits, whole.logits[0])


class Stream:
    """What the parts of a decoder with norms before them add at the last position, by hooks on the model itself."""

    def __init__(self, model: Any, attention: str, feed_forward: str, ids: Tensor, mask: Tensor) -> None:
        self.attention: list[Tensor] = []
        self.feed_forward: list[Tensor] = []
        hooks = []
        for block in blocks_of(model, family_of(model)):
            for path, kept in ((attention, self.attention), (feed_forward, self.feed_forward)):
                hooks.append(block.get_submodule(path).register_forward_hook(self._keep(kept)))
        with torch.no_grad():
            self.final = model.base_model(input_ids=ids, attention_mask=mask, output_hidden_states=True)
            self.start = self.final.hidden_states[0][0, -1].double()
        for hook in hooks:
            hook.remove()
        self.sum = self.start + sum(self.attention) + sum(self.feed_forward)

    @staticmethod
    def _keep(kept: list[Tensor]) -> Any:
        def hook(_: Any, __: Any, output: Any) -> None:
            kept.append((output[0] if isinstance(output, tuple) else output)[0, -1].double())

        return hook


def test_the_parts_of_a_llama_are_what_its_layers_add_to_the_last_position() -> None:
    """γ / rms of the whole stream, and a row of the head, times each part of it."""
    model = convert(tiny_model("Llama", speaks=True), b=1.25)
    ids, mask = ids_of(9)
    stream = Stream(model, "self_attn", "mlp", ids, mask)
    norm, head = model.model.norm, model.lm_head.weight.detach().double()
    read = (head[1] - head[0]) * norm.weight.detach().double() / (stream.sum.square().mean() + norm.eps).sqrt()
    found = passed(model, ids, mask)
    wanted = [float(read @ part) for part in stream.attention]
    assert found.reads.sum((1, 2)).tolist() == pytest.approx(wanted, rel=1e-4, abs=1e-5)
    assert found.feed_forward.tolist() == pytest.approx(
        [float(read @ part) for part in stream.feed_forward], rel=1e-4, abs=1e-5
    )
    assert found.direct[-1].item() == pytest.approx(float(read @ stream.start), rel=1e-4, abs=1e-5)
    assert found.direct[:-1].abs().max().item() == 0.0  # nothing of the others goes past all layers


def test_biases_of_a_gpt2_have_what_they_add_to_the_stream() -> None:
    model = tiny_model("GPT-2", speaks=True)
    ids, mask = ids_of(6)
    stream = Stream(model, "attn", "mlp", ids, mask)
    norm, head = model.transformer.ln_f, model.lm_head.weight.detach().double()
    row = head[1] - head[0]
    std = (stream.sum.var(correction=0) + norm.eps).sqrt()

    def share(part: Tensor) -> float:
        return float(row @ ((part - part.mean()) * norm.weight.detach().double() / std))

    found = passed(model, ids, mask)
    biases = float(row @ norm.bias.detach().double())
    for layer, block in enumerate(model.transformer.h):
        attention, fed = (part.bias.detach().double() for part in (block.attn.c_proj, block.mlp.c_proj))
        biases += share(attention) + share(fed)
        assert found.reads[layer].sum().item() == pytest.approx(share(stream.attention[layer] - attention), rel=1e-4)
        assert found.feed_forward[layer].item() == pytest.approx(share(stream.feed_forward[layer] - fed), rel=1e-4)
    assert found.bias_share == pytest.approx(biases, rel=1e-4)


def test_a_head_has_what_it_reads_with_its_probabilities() -> None:
    """Of grouped queries, too: two heads share a value vector here, and look at different places."""
    model = tiny_model("Llama", speaks=True, attn_implementation="eager")
    ids, mask = ids_of(8)
    values: list[Tensor] = []
    for block in model.model.layers:
        block.self_attn.v_proj.register_forward_hook(lambda _, __, output: values.append(output.detach().double()))
    with torch.no_grad():
        output = model.model(input_ids=ids, attention_mask=mask, output_attentions=True)
    stream = Stream(model, "self_attn", "mlp", ids, mask)
    norm, head = model.model.norm, model.lm_head.weight.detach().double()
    read = (
        (head[1] - head[0])
        * norm.weight.detach().double()
        / (stream.sum.square().mean() + norm.variance_epsilon).sqrt()
    )
    found = passed(model, ids, mask)
    size = model.config.hidden_size // 4
    for layer, attentions in enumerate(output.attentions):
        out = model.model.layers[layer].self_attn.o_proj.weight.detach().double()
        for number in range(4):
            shared = values[layer][0, :, (number // 2) * size : (number // 2 + 1) * size]
            through = shared @ out[:, number * size : (number + 1) * size].T @ read
            wanted = attentions[0, number, -1].double() * through
            assert found.reads[layer, number].tolist() == pytest.approx(wanted.tolist(), rel=1e-4, abs=1e-6)


def test_what_it_tells_of_its_progress_and_what_it_leaves_alone() -> None:
    model = convert(tiny_model("Llama", speaks=True), b=1.25)
    ids, mask = ids_of(5)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    groups = [block.self_attn.num_key_value_groups for block in model.model.layers]
    told: list[tuple[int, int]] = []
    passed(model, ids, mask, told=lambda done, of: told.append((done, of)))
    assert told == [(0, 2), (1, 2)]
    assert groups == [block.self_attn.num_key_value_groups for block in model.model.layers] == [2, 2]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())

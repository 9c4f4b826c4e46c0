"""The exact sum of a model's contributions, split by where in the network they passed.

With its dynamic factors constant a network is linear, and its residual stream h a sum: what the embeddings E put in,
and what every attention and feed-forward part a_l, f_l adds. With g the gradient of the logit along residual sums and
norms alone, not through further parts ("direct logit attribution", Elhage et al. 2021, *A Mathematical Framework for
Transformer Circuits*; here with constant norms, so that nothing is left over),

    logit = Σ_t ⟨E_t, g_E,t⟩ + Σ_l ⟨a_l, g_a,l⟩ + Σ_l ⟨f_l, g_f,l⟩ + what biases have.

Attention adds up its heads, and each head what it reads at every position s, A_ts W_o v_s: both are split in the same
way (as Ferrando et al., arXiv 2305.12535, do by token and layer). Every part is again linear in E, so that its share is
a sum over the tokens of the text: a matrix, of which the rows add up to the parts and the columns to the contributions.
The hidden states of any one layer carry the whole logit, too: Σ_t ⟨h_l,t, ∂logit/∂h_l,t⟩, less the biases after them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from bcos_core.model.anatomy import blocks_of, family_of, hidden_of
from bcos_core.model.view import ModelView
from bcos_core.wanted import require_wanted


@dataclass(frozen=True)
class Passages:
    """Of one text, all in float64. Layers are counted from 0.

    Attributes:
        direct: (tokens,), what the embeddings of each position have that went past all layers.
        reads: (layers, heads, tokens), what each head added last, by the position that it read.
        feed_forward: (layers,).
        bias_share: what biases have that are added to the stream itself, or in norms and head.
        sources: (layers + 1, tokens), by the token of the text that it came from: row 0 went past all layers, row l
            was last added by layer l − 1. `source_shares` (layers + 1,) belong to no token: to the reference, and to
            biases before.
        hidden: (layers + 1, tokens), what the hidden states of each position have, of E in row 0, of the last block's
            output in the last; `hidden_shares` (layers + 1,) are those of the biases after them.
        logits: (classes,).
    """

    direct: Tensor
    reads: Tensor
    feed_forward: Tensor
    bias_share: float
    sources: Tensor
    source_shares: Tensor
    hidden: Tensor
    hidden_shares: Tensor
    logits: Tensor


def passages(
    model: PreTrainedModel,
    input_ids: Tensor,
    attention_mask: Tensor,
    select: Callable[[Tensor], Tensor],
    *,
    reference_id: int | None = None,
    token_type_ids: Tensor | None = None,
    told: Callable[[int, int], None] = lambda done, of: None,
) -> Passages:
    """Where the number that `select` makes of the logits, linear in them, passed; of one text (1, tokens) without
    padding, in two forward passes and as many backward passes as there are layers, and two.

    Args:
        reference_id: the token whose embeddings are taken off those of the text in `sources`; `None` for none.
        told: how many of the layers are done, of how many.

    Raises:
        UnsupportedModelError: a conventional model with a part that has no dynamic-linear form.
    """
    last = _last_parts(model, input_ids, attention_mask, select, token_type_ids)
    view = ModelView(model, explanation_mode=True, again=0)  # what its hooks keep is of one run of each part
    taps = _Taps(view, cut=False)
    with torch.enable_grad(), taps.biases_by_layer():
        embeddings, logits = view.embed_and_go_on(input_ids, attention_mask, token_type_ids)
        given, reference = embeddings.detach().double(), torch.zeros_like(embeddings, dtype=torch.float64)
        if reference_id is not None:
            replaced = torch.full_like(input_ids, reference_id)
            reference = view.embed(replaced, attention_mask, original=input_ids, token_type_ids=token_type_ids).double()
        states = [embeddings, *taps.hidden[1:]]
        gradients = _gradients([select(logits).sum()], None, [*states, *taps.scales], keep=True)
        weights = [last.straight]
        biases = [given.new_zeros(())]
        layers = len(taps.values)
        for layer in range(layers):
            told(layer, layers)
            require_wanted()
            found, *scaled = _gradients(
                [taps.values[layer], taps.inner[layer]],
                [last.values[layer], last.inner[layer]],
                [embeddings, *taps.scales],
                keep=layer < layers - 1,
            )
            weights.append(found.double())
            biases.append(torch.stack([one.double().sum() for one in scaled]).sum() if scaled else given.new_zeros(()))
    hidden = given.new_zeros(len(states), given.shape[1])
    for row, state, gradient in zip(hidden, states, gradients, strict=False):
        # Of some families the first token alone leaves the last block.
        row[: state.shape[1]] = _times(state, gradient).sum(-1)[0]
    after = given.new_zeros(len(states))
    for layer, gradient in enumerate(gradients[len(states) :]):
        after[: layer + 1] += gradient.double().sum()
    return Passages(
        direct=(given * last.straight).sum(-1)[0],
        reads=last.reads,
        feed_forward=last.feed_forward,
        bias_share=last.bias_share + view.centre,
        sources=torch.stack([((given - reference) * weight).sum(-1)[0] for weight in weights]),
        source_shares=torch.stack([(reference * w).sum() + bias for w, bias in zip(weights, biases, strict=True)]),
        hidden=hidden,
        hidden_shares=after + view.centre,
        logits=logits.detach()[0],
    )


@dataclass(frozen=True)
class _LastParts:
    """What each part has, as in `Passages`, and the gradients along residual sums and norms alone: `straight` of E,
    `values` and `inner` as in `_Taps`."""

    straight: Tensor
    values: list[Tensor]
    inner: list[Tensor]
    reads: Tensor
    feed_forward: Tensor
    bias_share: float


def _last_parts(
    model: PreTrainedModel,
    input_ids: Tensor,
    attention_mask: Tensor,
    select: Callable[[Tensor], Tensor],
    token_type_ids: Tensor | None,
) -> _LastParts:
    """One pass in which every part begins anew, so that no gradient goes through two of them."""
    view = ModelView(model, explanation_mode=True, again=0)  # what its hooks keep is of one run of each part
    taps = _Taps(view, cut=True)
    with torch.enable_grad(), view.scaled_biases(1) as scale:
        embeddings, logits = view.embed_and_go_on(input_ids, attention_mask, token_type_ids)
        wanted = [embeddings, *taps.values, *taps.inner, *([] if scale is None else [scale])]
        straight, *found = _gradients([select(logits).sum()], None, wanted)
    layers = len(taps.values)
    values, inner = found[:layers], found[layers : 2 * layers]
    reads = [_times(taps.by_head(x), taps.by_head(g)).sum(-1)[0] for x, g in zip(taps.values, values, strict=True)]
    return _LastParts(
        straight=straight.double(),
        values=values,
        inner=inner,
        reads=torch.stack(reads),
        feed_forward=torch.stack([_times(x, g).sum() for x, g in zip(taps.inner, inner, strict=True)]),
        bias_share=0.0 if scale is None else float(found[-1].double().sum()),
    )


class _Taps:
    """What one forward pass of a view puts where, layer by layer: `values`, (1, heads, tokens, size) or (1, tokens,
    heads · size), as the attention reads them; `inner`, the input of the last linear of the feed-forward part;
    `hidden`, the input of every block, and the output of the last.

    With `cut`, values and inner activations are leaves. `scales` are factors of 1 for the biases of each layer, and
    of what comes after all, where `biases_by_layer` has them counted.
    """

    def __init__(self, view: ModelView, *, cut: bool) -> None:
        self.values: list[Tensor] = []
        self.inner: list[Tensor] = []
        self.hidden: list[Tensor] = []
        self.scales: list[Tensor] = []
        self._view, self._cut, self._counted = view, cut, False
        model: Any = view.model
        family = family_of(model)
        self.heads = int(model.config.num_attention_heads)
        for block in blocks_of(model, family):
            block.register_forward_pre_hook(self._before, with_kwargs=True)
            block.register_forward_hook(self._after)
            block.get_submodule(family.block_output).register_forward_pre_hook(self._feed)
            if family.own_attention:
                block.get_submodule(family.value).register_forward_hook(lambda _, __, output: self._read(output))
        for module in model.modules():
            groups = getattr(module, "num_key_value_groups", 1)
            if groups > 1:  # heads that share a value vector get one each
                module.num_key_value_groups = 1
            module.attention_rule = partial(self._rule, groups)

    @contextmanager
    def biases_by_layer(self) -> Iterator[None]:
        """Inside the block, biases are counted layer by layer, if the model has any."""
        with self._view.scaled_biases(1) as scale:
            self._counted = scale is not None
            yield

    def by_head(self, values: Tensor) -> Tensor:
        """(1, heads, tokens, size)."""
        return values if values.dim() == 4 else values.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def _before(self, _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if not self.hidden:
            self.hidden.append(hidden_of(args, kwargs))
            self._count()

    def _after(self, _: nn.Module, __: tuple[Any, ...], output: Any) -> None:
        self.hidden.append(output[0] if isinstance(output, tuple) else output)
        self._count()

    def _count(self) -> None:
        """Whatever adds a bias from here to the end of the next layer has a factor of its own."""
        if self._counted:
            self.scales.append(self.hidden[0].new_ones(1).requires_grad_())
            self._view.bias_share.scale = self.scales[-1]

    def _rule(self, groups: int, query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The probabilities are constants; as in `constant_probabilities`."""
        if groups > 1:
            key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
        return query.detach(), key.detach(), self._read(value)

    def _read(self, values: Tensor) -> Tensor:
        self.values.append(self._leaf(values))
        return self.values[-1]

    def _feed(self, _: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        self.inner.append(self._leaf(args[0]))
        return (self.inner[-1], *args[1:])

    def _leaf(self, given: Tensor) -> Tensor:
        return given.detach().requires_grad_() if self._cut else given


def _gradients(
    outputs: Sequence[Tensor], upstream: Sequence[Tensor] | None, inputs: Sequence[Tensor], *, keep: bool = False
) -> list[Tensor]:
    """As `torch.autograd.grad`; zeros where nothing leads to an input."""
    found = torch.autograd.grad(outputs, inputs, upstream, retain_graph=keep, allow_unused=True)
    return [torch.zeros_like(x) if gradient is None else gradient for x, gradient in zip(inputs, found, strict=True)]


def _times(given: Tensor, gradient: Tensor) -> Tensor:
    return given.detach().double() * gradient.double()

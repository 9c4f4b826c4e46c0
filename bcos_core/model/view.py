"""A view of a model: its structure copied, its weights shared, for one computation of one thread.

Whatever an explanation needs of a model (evaluation mode, constant dynamic factors, E put in by hand,
no gradients for the weights) is set on the view. The model itself is never touched, so there is
nothing to restore after an error, and threads cannot see each other's settings. Making a view copies a few
hundred small objects and no tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import cached_property
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from bcos_core.model.anatomy import blocks_of, family_of, hidden_of, positions_of, types_of, with_hidden
from bcos_core.model.attention import RECORDED_ATTENTION
from bcos_core.model.convert import is_bcos
from bcos_core.model.layers import BiasShare, ConstantLinear, DynamicLinear, ViewedLinear
from bcos_core.model.memory import ModelShapes, shapes_of
from bcos_core.model.pooling import pool_by_mask
from bcos_core.model.pullback import dynamic_linear
from bcos_core.model.recomputed import Recomputed, blocks_again, recompute
from bcos_core.model.shared_copy import shared_copy
from bcos_core.wanted import require_wanted


class ModelView:
    """A classifier ready to be explained.

    E is the input of the first block. Padding may stand on either side: a model that reads its decision from the first
    column, or counts places from there, is given every text from there on. `token_type_ids` (batch, tokens) say of
    which text of a pair each token is, whatever tokens are replaced.

    Args:
        model: a conventional or B-cos classifier, in any mode, on any device.
        explanation_mode: the dynamic factors become constants, so that the gradient with respect to E is W(x) (arXiv
            2502.12992 §3.2). A conventional model has them too, but for the B-cos factor: see `dynamic_linear`.
        again: how many blocks the backward pass of an explanation computes again, from the first one on, instead of
            keeping their graph; None for as many as its memory asks for (`blocks_again`). Otherwise none are.

    Raises:
        UnsupportedModelError: in explanation mode, a conventional model with a part that has no dynamic-linear form.
    """

    def __init__(self, model: PreTrainedModel, *, explanation_mode: bool = False, again: int | None = None) -> None:
        self._again = again if explanation_mode else 0
        self.bias_share = BiasShare()
        settings = {"training": False, "explanation_mode": explanation_mode, "bias_share": self.bias_share}
        if explanation_mode and not is_bcos(model):
            model = dynamic_linear(model)
        self.model: PreTrainedModel = pool_by_mask(shared_copy(model, settings))
        for module in self.model.modules():
            if type(module) is nn.Linear:
                module.__class__ = ViewedLinear
        family = family_of(model)
        blocks = blocks_of(self.model, family)
        self._first = _FirstToken()
        if family.apart_from is not None:
            blocks[-1].get_submodule(family.apart_from).register_forward_pre_hook(self._first.before)
        self._tap = _Tap(blocks[0])
        self._recomputed = Recomputed(self._first.goes_on_alone)
        recompute(blocks, self._recomputed)
        self.centre = centre_of(model)

    @cached_property
    def _shapes(self) -> ModelShapes:
        return shapes_of(self.model)

    def blocks_again(self, input_ids: Tensor) -> int:
        """How many blocks the backward pass over ids (batch, tokens) computes again."""
        if self._again is not None:
            return min(self._again, self._shapes.blocks) if self._again else 0
        size = next(self.model.parameters()).element_size()
        return blocks_again(self._shapes, input_ids.numel(), size, input_ids.device, texts=len(input_ids))

    def forward_passes(self, input_ids: Tensor) -> float:
        """Forward passes that an explanation of ids (batch, tokens) takes: one, and what is computed again of it."""
        again = self.blocks_again(input_ids)
        return 1.0 + round(again / self._shapes.blocks, 2) if again else 1.0

    @property
    def word_width(self) -> int:
        """Elements of a word's vector in the model's table; in some families fewer than E has."""
        return cast(nn.Embedding, self.model.get_input_embeddings()).embedding_dim

    @torch.no_grad()
    def embed(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        *,
        original: Tensor | None = None,
        token_type_ids: Tensor | None = None,
    ) -> Tensor:
        """E, the input of the first block, (batch, tokens, hidden), for ids (batch, tokens); `original` as in
        `predict`."""
        try:
            self._run(input_ids, attention_mask, token_type_ids, original=original, at_first_block=_stop)
        except _Embedded as embedded:
            order = _from_the_first_column(attention_mask)
            return embedded.embeddings if order is None else _reordered(embedded.embeddings, order.argsort(1))
        raise RuntimeError(f"{type(self.model).__name__} never called its first block.")

    def logits(
        self, embeddings: Tensor, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None
    ) -> Tensor:
        """(batch, classes), from given E (batch, tokens, hidden), with the positions that the text's ids (batch,
        tokens) have; differentiable with respect to E alone."""
        order = _from_the_first_column(attention_mask)
        given = embeddings if order is None else _reordered(embeddings, order)
        return self._run(input_ids, attention_mask, token_type_ids, at_first_block=lambda _: given)

    def embed_and_go_on(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor | None = None,
        *,
        original: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """E (batch, tokens, hidden) and the logits (batch, classes) that it gives, in one forward pass; differentiable
        with respect to E, which is a leaf. `original` as in `predict`."""
        order = _from_the_first_column(attention_mask)
        leaves: list[Tensor] = []

        def leaf(embeddings: Tensor) -> Tensor:
            given = embeddings if order is None else _reordered(embeddings, order.argsort(1))
            leaves.append(given.detach().requires_grad_())
            return leaves[0] if order is None else _reordered(leaves[0], order)

        logits = self._run(input_ids, attention_mask, token_type_ids, original=original, at_first_block=leaf)
        return leaves[0], logits

    @contextmanager
    def scaled_biases(self, texts: int) -> Iterator[Tensor | None]:
        """A factor of 1 for all biases of each text, (texts,), by which the logits of a forward pass inside the block
        can be differentiated (`BiasShare`); None for a model that keeps none."""
        parts = (module for module in self.model.modules() if isinstance(module, DynamicLinear))
        if all(part.bias is None or isinstance(part, ConstantLinear) for part in parts):
            yield None
            return
        self.bias_share.scale = next(self.model.parameters()).new_ones(texts).requires_grad_()
        try:
            yield self.bias_share.scale
        finally:
            self.bias_share.scale = None

    @torch.no_grad()
    def predict(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        *,
        original: Tensor | None = None,
        visible: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        left: Tensor | None = None,
    ) -> Tensor:
        """(batch, classes), from ids (batch, tokens).

        `original` are the ids before some of them were replaced: every token keeps the position that it has there.
        A model may count positions over what is not padding, and would move all later tokens where one becomes
        padding. `visible` (batch, tokens) are the tokens, of those that are no padding, that the model may look at.
        `left` (batch, tokens, width of a word's vector) is what is left of the words' vectors, from 0 to 1.
        """
        order = None if left is None else _from_the_first_column(attention_mask)
        with self._vectors_times(left if left is None or order is None else _reordered(left, order)):
            return self._run(input_ids, attention_mask, token_type_ids, original=original, visible=visible)

    @contextmanager
    def _vectors_times(self, left: Tensor | None) -> Iterator[None]:
        """The vectors that words have in the model's table times `left`, inside the block."""
        if left is None:
            yield
            return
        hook = self.model.get_input_embeddings().register_forward_hook(lambda _, __, vectors: vectors * left)
        try:
            yield
        finally:
            hook.remove()

    def _run(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor | None,
        *,
        original: Tensor | None = None,
        visible: Tensor | None = None,
        at_first_block: Callable[[Tensor], Tensor] | None = None,
    ) -> Tensor:
        require_wanted()
        original = input_ids if original is None else original
        order = _from_the_first_column(attention_mask)
        visible = attention_mask if visible is None else visible
        if order is not None:
            input_ids, visible, original = (_reordered(ids, order) for ids in (input_ids, visible, original))
            token_type_ids = None if token_type_ids is None else _reordered(token_type_ids, order)
        self._tap.answer = at_first_block
        self._recomputed.runs = self.blocks_again(input_ids) if torch.is_grad_enabled() else 0
        try:
            with self._first.goes_on_alone():
                logits: Tensor = self.model(
                    input_ids=input_ids,
                    attention_mask=visible,
                    position_ids=positions_of(self.model, original),
                    **types_of(self.model, token_type_ids),
                ).logits
            return logits + self.centre if self.centre else logits
        finally:
            self._tap.answer, self._recomputed.runs = None, 0


def centre_of(model: PreTrainedModel) -> float:
    """Of a score, what the outputs are added to; 0 of everything else."""
    return float(getattr(model.config, "score_centre", 0.0))


def _from_the_first_column(attention_mask: Tensor) -> Tensor | None:
    """The order of columns (batch, tokens) in which texts come before their padding; None where they do already."""
    if bool(attention_mask[:, 0].all()):
        return None
    return attention_mask.bool().logical_not().long().argsort(dim=1, stable=True)


def _reordered(rows: Tensor, order: Tensor) -> Tensor:
    """The columns of (batch, tokens, …) in an order (batch, tokens)."""
    index = order if rows.dim() == 2 else order.unsqueeze(-1).expand(-1, -1, rows.shape[-1])
    return rows.gather(1, index)


@torch.no_grad()
def attention_probabilities(
    model: PreTrainedModel, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None
) -> tuple[Tensor, list[Tensor]]:
    """Logits (batch, classes), and the attention probabilities of every layer, (batch, heads, tokens, tokens)."""
    return _with_probabilities(model, input_ids, attention_mask, token_type_ids)


def attention_gradients(
    model: PreTrainedModel,
    input_ids: Tensor,
    attention_mask: Tensor,
    select: Callable[[Tensor], Tensor],
    token_type_ids: Tensor | None = None,
) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """The same, and the gradients of the number that `select` makes of the logits, (batch, classes) → (batch,), with
    respect to the probabilities of every layer."""
    with torch.enable_grad():
        logits, layers = _with_probabilities(model, input_ids, attention_mask, token_type_ids)
        gradients = torch.autograd.grad(select(logits).sum(), layers)
    return logits.detach(), [layer.detach() for layer in layers], list(gradients)


def _with_probabilities(
    model: PreTrainedModel, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None
) -> tuple[Tensor, list[Tensor]]:
    """In a graph that begins at E where gradients are enabled."""
    require_wanted()
    family, types = family_of(model), types_of(model, token_type_ids)
    record: list[Tensor] = []
    settings: dict[str, object] = {"training": False, "explanation_mode": False, "attention_record": record}
    if not family.own_attention:  # such models tell them where they are asked
        config = deepcopy(model.config)
        config._attn_implementation = RECORDED_ATTENTION
        settings["config"] = config
    view = pool_by_mask(shared_copy(model, settings))
    _Tap(blocks_of(view, family)[0]).answer = lambda embeddings: embeddings.requires_grad_(torch.is_grad_enabled())
    if family.own_attention:
        output = view(input_ids=input_ids, attention_mask=attention_mask, output_attentions=True, **types)
        return output.logits + centre_of(model), list(output.attentions)
    logits: Tensor = view(input_ids=input_ids, attention_mask=attention_mask, **types).logits
    return logits + centre_of(model), record


class _FirstToken:
    """Stands where the tokens of the last block part, and, where it `goes_on_alone`, lets the first one go on, from
    which the decision is read: an eighth of what six layers compute is not."""

    def __init__(self) -> None:
        self._alone = False

    @contextmanager
    def goes_on_alone(self) -> Iterator[None]:
        before, self._alone = self._alone, True
        try:
            yield
        finally:
            self._alone = before

    def before(self, _: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return tuple(rows[:, :1] for rows in args) if self._alone else args


class _Embedded(Exception):
    """Carries E out of a forward pass that need not go on."""

    def __init__(self, embeddings: Tensor) -> None:
        self.embeddings = embeddings


def _stop(embeddings: Tensor) -> Tensor:
    raise _Embedded(embeddings)


class _Tap:
    """Stands before the first block of a view: what comes there first in a forward pass is E.

    `answer`, where it is set, is asked once for what the block is given in place of E; some models run their first
    block as every other layer too.
    """

    def __init__(self, block: nn.Module) -> None:
        self.answer: Callable[[Tensor], Tensor] | None = None
        block.register_forward_pre_hook(self._before, with_kwargs=True)

    def _before(
        self, _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        answer, self.answer = self.answer, None
        return None if answer is None else with_hidden(args, kwargs, answer(hidden_of(args, kwargs)))

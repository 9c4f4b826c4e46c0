"""DecompX (Modarressi et al., arXiv 2306.02873): the hidden vectors of an encoder as sums over its tokens, carried
forward to the logits.

    h_t = Σ_k h_t,k                                    from h_t,k = E_t where k = t, else 0
    attention     Σ_s A_ts · W_o W_v h_s,k             with the probabilities of the whole text
    norm          γ (h_t,k − mean h_t,k) / std(h_t)
    activation    h_t,k · act(h_t) / h_t               the slope through the origin ("zero origin")
    biases        b |b · h_t,k| / Σ_k' |b · h_t,k'|    to each part by its size ("absdot")

That of the attention, W_o b_v + b_o, is shared out after the residual sum; in the first layer, where each value has its
own b_v in it, that b_v goes to the token that is looked at. All as the authors' code has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from bcos_core.errors import UnsupportedModelError
from bcos_core.families import linears_of
from bcos_core.model.anatomy import blocks_of, family_of, types_of
from bcos_core.model.layers import BcosLinear
from bcos_core.model.shared_copy import shared_copy
from bcos_core.model.view import attention_probabilities
from bcos_core.wanted import require_wanted

# Positions that go through a feed-forward layer together: its inner width, times all tokens, is held for each.
POSITIONS = 16


@torch.no_grad()
def decomposed_logits(
    model: PreTrainedModel, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """The logits (1, classes) of one text (1, tokens) without padding, and their parts (tokens, classes).

    Raises:
        UnsupportedModelError: a family whose blocks are not BERT's: a norm behind each residual sum, and a classifier
            on the first token.
    """
    family = family_of(model)
    if not family.post_norm or family.decoder:
        raise UnsupportedModelError(
            f"DecompX cannot explain {family.title} models: it is defined for blocks as BERT's, with a norm behind "
            "each sum. The frozen-linear pullback, for every family, is the same with the biases apart."
        )
    logits, attentions = attention_probabilities(model, input_ids, attention_mask, token_type_ids)
    *blocks, head = _recorded(model, input_ids, attention_mask, token_type_ids)
    value, dense, inner, outer = linears_of(family.steps)[-4:]
    state = torch.diag_embed(blocks[0].given[value].T).permute(1, 2, 0)  # (parts, tokens, hidden)
    for number, (block, attention) in enumerate(zip(blocks, attentions, strict=True)):
        require_wanted()
        read = slice(0, 1) if number == len(blocks) - 1 else slice(None)  # the head reads the first token
        mixed = _attended(block, value, dense, state, attention[0, :, read], first=number == 0)
        state = torch.cat(
            [_fed(block, (inner, outer), family.norms, mixed[:, part], part) for part in _slices(mixed.shape[1])],
            dim=1,
        )
    (first, last) = linears_of(family.head)
    state = head.through(first, state[:, :1], slice(None))
    return logits, head.through(last, state * head.slope(first, last, slice(None)), slice(None))[:, 0]


@dataclass
class _Recorded:
    """What the linears and norms of one run of a block, or of the head, were given and gave, (tokens, width), by their
    paths in `root`."""

    root: nn.Module
    given: dict[str, Tensor] = field(default_factory=dict)
    gave: dict[str, Tensor] = field(default_factory=dict)

    def matrix(self, path: str, x: Tensor, places: slice) -> Tensor:
        """x (…, places, in) times the part's matrix at those places, (…, places, out)."""
        part: Any = self.root.get_submodule(path)
        if not isinstance(part, BcosLinear):
            return x @ part.weight.T
        weight = nn.functional.normalize(part.rows, dim=-1) if part.normalize else part.rows
        given = self.given[path][places]
        return x @ weight.T * part.dynamic_factor(given, weight)(given @ weight.T)

    def through(self, path: str, parts: Tensor, places: slice) -> Tensor:
        """Parts (parts, places, in) through a linear, its bias shared out."""
        return shared_out(self.matrix(path, parts, places), self.bias(path))

    def normed(self, path: str, parts: Tensor, places: slice) -> Tensor:
        norm: Any = self.root.get_submodule(path)
        std = (self.given[path][places].var(-1, correction=0, keepdim=True) + norm.eps).sqrt()
        return shared_out((parts - parts.mean(-1, keepdim=True)) / std * norm.weight, self.bias(path))

    def slope(self, before: str, behind: str, places: slice) -> Tensor:
        """act(h) / h of the activation between two linears, (places, width)."""
        return (self.given[behind][places] / self.gave[before][places]).nan_to_num(nan=0.0, posinf=0.0, neginf=0.0)

    def bias(self, path: str) -> Tensor | None:
        bias: Tensor | None = self.root.get_submodule(path).bias  # type: ignore[assignment]
        return bias


def shared_out(parts: Tensor, bias: Tensor | None) -> Tensor:
    """Parts (parts, places, width) with a bias (width,) or (places, width), each as much of it as its |bias · part|."""
    if bias is None:
        return parts
    size = (parts * bias).sum(-1, keepdim=True).abs()
    return parts + size / size.sum(0).clamp(min=torch.finfo(size.dtype).tiny) * bias


def _attended(block: _Recorded, value: str, dense: str, state: Tensor, attention: Tensor, *, first: bool) -> Tensor:
    """The residual sum behind the attention, (parts, read, hidden), with probabilities (heads, read, tokens)."""
    everywhere, read = slice(None), slice(attention.shape[1])
    bias = block.bias(value)
    values = block.matrix(value, state, everywhere)
    if first and bias is not None:
        values = values + torch.eye(len(values), device=values.device, dtype=values.dtype)[..., None] * bias
    heads = values.unflatten(-1, (len(attention), -1))  # (parts, tokens, heads, head size)
    mixed = torch.einsum("hts,kshd->kthd", attention, heads).flatten(-2)
    through = block.matrix(dense, mixed, read) + state[:, read]
    own = block.bias(dense)
    rest = None if first or bias is None else block.matrix(dense, bias.expand(attention.shape[1], -1), read)
    both = own if rest is None else rest if own is None else rest + own
    return shared_out(through, both)


def _fed(block: _Recorded, linears: tuple[str, str], norms: tuple[str, ...], mixed: Tensor, places: slice) -> Tensor:
    """What a block gives at some places, (parts, places, hidden), of the sum behind its attention there."""
    inner, outer = linears
    state = block.normed(norms[0], mixed, places)
    fed = block.through(inner, state, places) * block.slope(inner, outer, places)
    return block.normed(norms[1], block.through(outer, fed, places) + state, places)


def _recorded(
    model: PreTrainedModel, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None
) -> list[_Recorded]:
    """The runs of the blocks in their order, and the head's."""
    family = family_of(model)
    view = shared_copy(model, {"training": False, "explanation_mode": False})
    head = _Recorded(view)
    runs: list[_Recorded] = []
    paths = (*linears_of(family.steps), *family.norms)
    for block in blocks_of(view, family):
        block.register_forward_pre_hook(lambda block, _: runs.append(_Recorded(block)))
        _record(block, paths, lambda: runs[-1])
    _record(view, linears_of(family.head), lambda: head)
    view(input_ids=input_ids, attention_mask=attention_mask, **types_of(model, token_type_ids))
    return [*runs, head]


def _record(root: nn.Module, paths: Iterable[str], run: Any) -> None:
    def keep(path: str) -> Any:
        def hook(_: nn.Module, args: tuple[Any, ...], output: Tensor) -> None:
            run().given[path], run().gave[path] = args[0].flatten(0, -2), output.flatten(0, -2)

        return hook

    for path in paths:
        root.get_submodule(path).register_forward_hook(keep(path))


def _slices(length: int) -> Iterator[slice]:
    for start in range(0, length, POSITIONS):
        yield slice(start, min(start + POSITIONS, length))

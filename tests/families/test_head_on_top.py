"""The head on any token, for every family: what the model answers where that token's last state stands everywhere."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tiny_families import DECODERS, TINY, ids_of, padded, tiny_model
from torch import Tensor

from bcos_core import convert
from bcos_core.model.anatomy import blocks_of, family_of
from bcos_core.model.head_on_top import HeadOnTop
from bcos_core.model.view import ModelView

TOKENS = 6


def with_everywhere(model: Any, ids: Tensor, mask: Tensor, place: int) -> Tensor:
    """The model's own answer, (1, outputs), where its last block gives what it gives at one place at all places."""
    block = blocks_of(model, family_of(model))[-1]
    calls: list[int] = []

    def spread(_: Any, __: Any, output: Any) -> Any:
        calls.append(0)
        if len(calls) < last:
            return output
        hidden = output[0] if isinstance(output, tuple) else output
        hidden = hidden[:, place : place + 1].expand_as(hidden)
        return (hidden, *output[1:]) if isinstance(output, tuple) else hidden

    hook = block.register_forward_hook(spread)
    try:
        with torch.no_grad():
            last = 10**6
            model(input_ids=ids, attention_mask=mask)
            last = len(calls)  # blocks that run several times give their last state at the last of them
            calls.clear()
            logits: Tensor = model(input_ids=ids, attention_mask=mask).logits
    finally:
        hook.remove()
    return logits[:, -1] if logits.dim() == 3 else logits


@pytest.mark.parametrize("bcos", [False, True], ids=["conventional", "B-cos"])
@pytest.mark.parametrize(("name", "speaks"), [*((n, False) for n in TINY), *((n, True) for n in DECODERS)])
def test_the_head_reads_the_token_that_it_is_put_on(name: str, speaks: bool, bcos: bool) -> None:
    model = tiny_model(name, speaks=speaks)
    if bcos:
        model = convert(model, b=1.5)
    ids, mask = ids_of(TOKENS)
    top = HeadOnTop(model)
    found = top.represent(ids, mask)
    rows = top.logits(found.hidden[0])
    torch.testing.assert_close(found.logits, ModelView(model).predict(ids, mask), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(found.embeddings, ModelView(model).embed(ids, mask), atol=0, rtol=0)
    for place in range(TOKENS):
        wanted = with_everywhere(model, ids, mask, place)[0]
        torch.testing.assert_close(rows[place], wanted, atol=1e-5, rtol=1e-4)
    assert not torch.allclose(rows[0], rows[2], atol=1e-3)


@pytest.mark.parametrize("name", list(TINY))
def test_padding_changes_nothing(name: str) -> None:
    model = tiny_model(name)
    ids, mask = ids_of(TOKENS)
    top = HeadOnTop(model)
    alone, among = top.represent(ids, mask), top.represent(*padded(ids, mask, TOKENS + 3, side="right"))
    torch.testing.assert_close(among.hidden[:, :TOKENS], alone.hidden, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(among.embeddings[:, :TOKENS], alone.embeddings, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(among.logits, alone.logits, atol=1e-5, rtol=1e-5)

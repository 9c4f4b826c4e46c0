"""A GPU is not waited for within the layers of an explanation: what would wait is counted, by the operations that give
their answer to Python, in networks of two layers and of four."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
from tiny_families import TINY, ids_of, tiny_model
from torch.utils._python_dispatch import TorchDispatchMode

from bcos_core import convert
from bcos_core.model import layers
from bcos_core.model.contributions import contributions
from bcos_core.model.view import ModelView

WAITING = ("_local_scalar_dense", "nonzero", "masked_select", "unique", "equal", "is_nonzero")
"""Whose result, or its shape, is known when they are done."""
LAYERS = ("num_hidden_layers", "n_layers", "n_layer")


class Waits(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.found: Counter[str] = Counter()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = function.overloadpacket.__name__
        by_truth = name in ("index", "index_put", "index_put_") and any(
            one is not None and one.dtype in (torch.bool, torch.uint8) for one in args[1]
        )
        if by_truth or any(name.startswith(one) for one in WAITING):
            self.found[name] += 1
        return function(*args, **(kwargs or {}))


def waits(name: str, count: int, *, again: int = 0) -> Counter[str]:
    """Of one explanation of two texts, one of them padded, by a network of so many layers."""
    given = next(key for key in LAYERS if key in TINY[name].settings)
    model = convert(tiny_model(name, **{given: count}), b=1.5)
    view = ModelView(model, explanation_mode=True, again=again)
    ids, mask = ids_of(24, rows=2)
    mask[1, 10:] = 0
    with Waits() as mode:
        contributions(view, ids, mask, lambda logits: logits[:, 1], reference_id=4)
    return mode.found


@pytest.mark.parametrize("again", [0, 2])
@pytest.mark.parametrize("name", ["BERT", "RoBERTa", "DistilBERT", "ModernBERT", "GPT-2", "Llama", "Qwen3", "Gemma"])
def test_no_layer_waits(name: str, again: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "skips_zero_rows", lambda device: False)  # as on a GPU
    few, many = waits(name, 2, again=again), waits(name, 4, again=again)
    assert many == few and sum(few.values()) <= 8


def test_on_a_cpu_zero_rows_are_looked_for_and_counting_finds_it() -> None:
    assert layers.skips_zero_rows(torch.device("cpu")) and not layers.skips_zero_rows(torch.device("cuda"))
    assert sum(waits("BERT", 4).values()) > sum(waits("BERT", 2).values())


def test_looking_changes_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def scores() -> torch.Tensor:
        view = ModelView(convert(tiny_model("BERT"), b=1.5), explanation_mode=True)
        ids, mask = ids_of(24, rows=3)
        mask[0, 4:] = 0
        return contributions(view, ids, mask, lambda logits: logits[:, 1]).scores

    looked = scores()
    monkeypatch.setattr(layers, "skips_zero_rows", lambda device: False)
    torch.testing.assert_close(scores(), looked, rtol=1e-5, atol=1e-6)

"""How many rows go through together is a matter of memory alone: the results are the same for any number, and where
memory ends, half as many are tried, said, and the answer is the same."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
import torch

from bcos_core import explain
from bcos_core.attribution.record import Attribution
from bcos_core.attribution.registry import METHODS
from bcos_core.errors import MemoryLackingError
from bcos_core.evaluate.forward import logits_of
from bcos_core.evaluate.removal import Variant
from bcos_core.model import passes
from bcos_core.model.classifier import Classifier
from bcos_core.model.passes import by_halves, free_bytes, is_out_of_memory, rows_per_pass
from bcos_core.model.view import ModelView

TEXTS = ["A charming film.", "It is far too long, and never ends.", "Dull.", "The plot is very good, the acting bad."]
CPU = torch.device("cpu")
SAMPLED = {"samples": 6, "copies": 6, "steps": 6}
METHODS_TRIED = [m.name for m in METHODS.values() if not m.unsupported(is_bcos=True, family="BERT")]


def ask(model: Classifier, method: str, texts: list[str] = TEXTS) -> list[Attribution]:
    options = {name: SAMPLED[name] for name in METHODS[method].options if name in SAMPLED}
    return explain(model, texts, method=method, target=1, **options)


def require_same(found: list[Attribution], expected: list[Attribution]) -> None:
    for one, other in zip(found, expected, strict=True):
        scale = max(map(abs, other.scores))
        assert one.scores == pytest.approx(other.scores, abs=1e-4 * scale)
        assert one.logit == pytest.approx(other.logit, abs=1e-5)


@pytest.mark.parametrize("method", METHODS_TRIED)
def test_no_result_depends_on_how_many_go_through_together(
    method: str, pair: dict[str, Classifier], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = ask(pair["bcos"], method)
    for tokens in (1, 40):
        monkeypatch.setitem(passes.TOKENS, "cpu", tokens)
        require_same(ask(pair["bcos"], method), expected)


class Full:
    """A device on which passes of more than `most` rows have too little memory."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
        self.sizes: list[int] = []
        run = ModelView._run

        def limited(view: ModelView, ids: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
            self.sizes.append(len(ids))
            if len(ids) > most:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")
            return run(view, ids, *args, **kwargs)

        monkeypatch.setattr(ModelView, "_run", limited)


@pytest.mark.parametrize("method", ["bcos", "integrated_gradients", "occlusion", "shapley", "averaged_bcos", "banzhaf"])
def test_out_of_memory_is_answered_by_half_as_many_said_with_the_same_numbers(
    method: str, pair: dict[str, Classifier], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    expected = ask(pair["bcos"], method)
    full = Full(monkeypatch, most=2)
    with caplog.at_level(logging.WARNING):
        require_same(ask(pair["bcos"], method), expected)
    assert max(full.sizes) > 2
    assert "Out of memory on cpu with" in caplog.text and "texts at once: going on with" in caplog.text


def test_where_one_text_is_too_much_it_is_said_in_words(
    pair: dict[str, Classifier], monkeypatch: pytest.MonkeyPatch
) -> None:
    Full(monkeypatch, most=0)
    with pytest.raises(
        MemoryLackingError, match="One text alone needs more memory than cpu has free. Explain a shorter"
    ):
        ask(pair["bcos"], "bcos")


def test_variants_are_asked_about_in_halves_too(pair: dict[str, Classifier], monkeypatch: pytest.MonkeyPatch) -> None:
    def variant(first: int) -> Variant:
        return Variant((101, first, 102), (True, True, True), (101, first, 102))

    variants = [variant(1000 + number) for number in range(7)]
    expected = logits_of(pair["bcos"], variants)
    full = Full(monkeypatch, most=3)
    found = logits_of(pair["bcos"], variants)
    assert max(full.sizes) > 3
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-5)


def test_every_row_is_worked_on_once_in_order() -> None:
    tried: list[int] = []

    def work(rows: Any) -> list[int]:
        tried.append(len(rows))
        if len(rows) > 3:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory")
        return list(rows)

    found = list(by_halves(range(11), 8, CPU, work))
    assert [one for part in found for one in part] == list(range(11)) and tried == [8, 4, 2, 2, 2, 2, 2, 1]


def test_other_errors_are_not_taken_for_a_lack_of_memory() -> None:
    assert not is_out_of_memory(RuntimeError("shapes do not fit")) and is_out_of_memory(MemoryError())
    with pytest.raises(RuntimeError, match="shapes"):
        list(by_halves([1], 1, CPU, lambda rows: (_ for _ in ()).throw(RuntimeError("shapes do not fit"))))


def test_as_many_rows_as_the_memory_that_is_free_has_room_for(
    pair: dict[str, Classifier], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, columns = pair["bcos"], 50
    usual = model.rows_per_pass(columns)
    assert usual == 1024 // columns  # what is quickest, where there is memory
    one = model.shapes.explanation(columns, 4) - model.shapes.weights(4)
    for room in (0, 1, 3, 7):
        monkeypatch.setattr(passes, "free_bytes", lambda device, room=room: (room + 0.5) * one / passes.SHARE)
        # A head's logits are counted once a text, so that the rows are not exactly alike.
        assert model.rows_per_pass(columns) in (max(1, room), room + 1)
    gpu = torch.device("cuda")
    monkeypatch.setattr(passes, "free_bytes", lambda device: 10**15)
    assert rows_per_pass(model.shapes, columns, 4, gpu) == passes.TOKENS_ELSEWHERE // columns


def test_what_is_free_is_asked_of_the_device_and_is_fixed_where_twice_the_same_is_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=1000, available=300))
    cuda = SimpleNamespace(
        mem_get_info=lambda device: (400, 2000), memory_reserved=lambda device: 90, memory_allocated=lambda device: 40
    )
    for name in ("mem_get_info", "memory_reserved", "memory_allocated"):
        monkeypatch.setattr(torch.cuda, name, getattr(cuda, name))
    gpu = torch.device("cuda")
    assert (free_bytes(CPU), free_bytes(gpu)) == (300, 450)
    monkeypatch.setenv("BCOS_DETERMINISTIC", "1")
    assert (free_bytes(CPU), free_bytes(gpu)) == (500, 1000)

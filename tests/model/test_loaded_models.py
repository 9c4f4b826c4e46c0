"""Models that sessions share: one load however many ask at once; what was used longest ago goes first, by bytes; and
what somebody holds stays."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
import torch

from bcos_core.device import MODEL_MEMORY
from bcos_core.errors import CheckpointError, InputError
from bcos_core.model.classifier import Classifier, wrap
from bcos_core.model.loaded_models import LoadedModels, bytes_of, model_budget
from tests.model.folders import tiny_model, tiny_tokenizer


def small(name: str) -> Classifier:
    return wrap(tiny_model("bert"), tiny_tokenizer("bert"), labels=("a", "b", "c"), name=name)


SIZE = bytes_of(small("one").model)


def of(count: float) -> LoadedModels:
    """One with room for so many."""
    return LoadedModels(lambda: int(count * SIZE))


def loader(name: str, loads: list[str]) -> Callable[[], Classifier]:
    def load() -> Classifier:
        loads.append(name)
        return small(name)

    return load


def test_bytes_are_those_of_every_tensor_once() -> None:
    model = small("one").model
    expected = sum(4 * one.numel() for one in model.parameters())
    expected += sum(one.numel() * one.element_size() for one in model.buffers())
    assert expected == SIZE
    model.get_output_embeddings = None
    model.tied = torch.nn.Linear(1, 1)
    model.tied.weight = model.get_input_embeddings().weight  # shared: counted once; the bias is new
    assert bytes_of(model) == SIZE + 4


def test_many_who_ask_at_once_load_once_and_share_the_network() -> None:
    models, loads, together = of(2), [], threading.Barrier(12)

    def ask(_: int) -> Classifier:
        together.wait(timeout=20)
        return models.get("a", loader("a", loads))

    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(ask, range(12)))
    assert loads == ["a"] and len({id(one.model) for one in found}) == 1
    stats = models.stats()
    assert (stats.models, stats.in_use, stats.bytes, stats.loads, stats.hits) == (1, 1, SIZE, 1, 11)


def test_two_models_are_loaded_side_by_side() -> None:
    models, together = of(2), threading.Barrier(2)

    def load(name: str) -> Classifier:
        together.wait(timeout=20)  # each is inside until the other is
        return small(name)

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda name: models.get(name, lambda: load(name)), "ab"))
    assert [one.name for one in found] == ["a", "b"]


def test_what_was_used_longest_ago_goes_first() -> None:
    models, loads = of(2.5), []
    for name in "abac":  # b has waited longest when c comes
        models.get(name, loader(name, loads))
        gc.collect()
    assert loads == ["a", "b", "c"] and models.stats().evictions == 1
    models.get("a", loader("a", loads))
    assert loads == ["a", "b", "c"]
    models.get("b", loader("b", loads))
    assert loads == ["a", "b", "c", "b"]
    assert models.stats().bytes <= models.stats().budget


def test_what_is_in_use_stays_though_there_is_no_room() -> None:
    models, loads = of(1.5), []
    held = models.get("a", loader("a", loads))
    for name in "bcd":
        models.get(name, loader(name, loads))
        gc.collect()
    assert models.get("a", loader("a", loads)).model is held.model and loads == ["a", "b", "c", "d"]
    assert models.stats().in_use == 1
    del held
    gc.collect()
    models.clear()
    assert models.stats().models == 0


def test_one_that_is_larger_than_all_room_is_given_and_goes_with_the_next() -> None:
    models, loads = of(0.5), []
    assert models.get("a", loader("a", loads)).name == "a"
    models.get("b", loader("b", loads))
    gc.collect()
    models.clear()
    assert models.stats().models == 0 and loads == ["a", "b"]


def test_a_failure_is_told_to_whoever_loads_and_not_kept() -> None:
    models = of(2)

    def fail() -> Classifier:
        raise CheckpointError("The weights are damaged.")

    for _ in range(2):
        with pytest.raises(CheckpointError, match="damaged"):
            models.get("a", fail)
    assert models.get("a", loader("a", [])).name == "a" and models.stats().loads == 1


def test_who_waited_for_a_failure_tries_for_themselves() -> None:
    models, inside, go_on = of(2), threading.Event(), threading.Event()

    def fail() -> Classifier:
        inside.set()
        go_on.wait(20)
        raise CheckpointError("The weights are damaged.")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(models.get, "a", fail)
        inside.wait(20)
        second = pool.submit(models.get, "a", loader("a", []))
        go_on.set()
        with pytest.raises(CheckpointError):
            first.result(20)
        assert second.result(20).name == "a"


@pytest.mark.parametrize(
    ("said", "bytes_"), [("4 GB", 4 * 10**9), ("512mb", 512 * 10**6), ("1.5TB", 1.5 * 10**12), ("0 B", 0)]
)
def test_the_budget_is_an_amount(said: str, bytes_: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MODEL_MEMORY, said)
    assert model_budget() == bytes_


def test_or_a_share_of_the_device_s_memory_a_quarter_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BCOS_DEVICE", "cpu")
    whole = psutil.virtual_memory().total
    for said, share in (("", 0.25), ("30%", 0.3), ("100 %", 1.0)):
        monkeypatch.setenv(MODEL_MEMORY, said)
        assert model_budget() == int(share * whole)


@pytest.mark.parametrize("said", ["lots", "4", "GB", "-1 GB", "120%", "1e9 B", f"{'9' * 400} GB"])
def test_a_budget_that_is_none_is_refused_in_words(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MODEL_MEMORY, said)
    with pytest.raises(InputError, match="BCOS_MODEL_MEMORY is .* expected an amount such as 4 GB, or a share"):
        model_budget()

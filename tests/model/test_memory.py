"""The arithmetic of memory, by hand, on models that no machine here could hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from transformers import AutoConfig

from bcos_core.families import family_named
from bcos_core.model.convert import Conversion
from bcos_core.model.memory import ModelShapes, shapes_of
from bcos_core.model.recomputed import RATIO, SMALL, SMALL_ELSEWHERE, blocks_again
from bcos_core.model.skeleton import skeleton
from benchmarks.memory import LLAMAS, counted

CPU, GPU = torch.device("cpu"), torch.device("cuda")
FP32, BF16 = 4, 2


def llama(name: str, *, b: float | None = None) -> ModelShapes:
    config = AutoConfig.for_model("llama", **LLAMAS[name])
    conversion = None if b is None else Conversion(b=b)
    return shapes_of(skeleton(config, family_named("llama").language_model, name=name, conversion=conversion))


def test_parameters_are_those_that_are_published() -> None:
    """Llama 3.2 1B (its head is its word embeddings), Llama 3.1 8B and 70B, as their model cards say."""
    assert llama("llama_1b").parameters == 1_235_814_400
    assert llama("llama_8b").parameters == 8_030_261_248
    assert llama("llama_70b").parameters == 70_553_706_496


def test_widths_of_eight_billion() -> None:
    found = llama("llama_8b")
    assert (found.blocks, found.hidden, found.inner, found.heads) == (32, 4096, 14_336, 32)
    assert (found.queries, found.keys, found.values, found.outputs) == (4096, 1024, 1024, 128_256)
    assert found.turned and not found.windowed and not found.own_attention and found.scales == found.rows == 0
    # output projection, b of the gated product, down projection; the gate itself is a constant
    assert llama("llama_8b", b=1.1).scales == 4096 + 14_336 + 4096


def test_bytes_of_eight_billion_at_4096_tokens_by_hand() -> None:
    found = llama("llama_8b")
    weights = 2 * 8_030_261_248
    # E, a block's input, its sum with attention's output, the normed sum; act(a), b, and their product
    widest = 2 * 4096 * (4 * 4096 + 3 * 14_336)
    # queries, keys, values, output; act(a); in float32 a number for each head and norm
    kept = 4096 * (2 * (4096 + 1024 + 1024 + 4096 + 14_336) + 4 * (32 + 2))
    logits, inputs = 2 * 128_256, 2 * 4096 * 4096
    assert found.weights(BF16) == weights and found.logits(BF16) == logits
    assert found.kept(4096, BF16) == kept and found.inputs(4096, BF16, 32) == 32 * inputs
    assert found.forward(4096, BF16) == weights + logits + widest
    assert found.explanation(4096, BF16) == weights + logits + widest + inputs + 32 * kept
    assert found.explanation(4096, BF16, again=10) == weights + logits + widest + 10 * inputs + 22 * kept
    assert found.explanation(4096, BF16, again=32) == weights + logits + widest + 32 * inputs + kept
    in_gb = [found.forward(4096, BF16), found.explanation(4096, BF16), found.explanation(4096, BF16, again=32)]
    assert [one / 1e9 for one in in_gb] == pytest.approx([16.547, 23.041, 17.823], abs=1e-3)
    assert found.cache(4096, BF16) == 2 * 32 * 4096 * 2 * 1024


def test_several_texts_share_weights_and_have_logits_each() -> None:
    found = llama("llama_1b")
    one, four = found.forward(64, FP32), found.forward(256, FP32, texts=4)
    assert four - one == pytest.approx(3 * (found.widest(64, FP32) + found.logits(FP32)))


def test_as_few_blocks_as_it_takes_are_computed_again() -> None:
    found = llama("llama_8b")
    forward, most = found.forward(4096, BF16), RATIO * found.forward(4096, BF16)
    count = blocks_again(found, 4096, BF16, CPU)
    assert 0 < count < 32
    assert found.explanation(4096, BF16, again=count) <= most < found.explanation(4096, BF16, again=count - 1)
    assert blocks_again(found, 64, BF16, CPU) == 0
    assert forward + SMALL_ELSEWHERE < most and blocks_again(found, 4096, BF16, GPU) == count


def test_a_small_graph_is_kept_whatever_its_share() -> None:
    small = replace(llama("llama_1b"), parameters=1000, outputs=2)
    tokens = int(SMALL["cpu"] / (17 * small.kept(1, FP32)))
    assert small.explanation(tokens, FP32) > 2 * small.forward(tokens, FP32)
    assert blocks_again(small, tokens, FP32, CPU) == 0
    assert blocks_again(small, 100 * tokens, FP32, CPU) == 16  # and of a large one all that can be, if need be
    assert blocks_again(small, 10 * tokens, FP32, GPU) == 0


@pytest.mark.parametrize("name", LLAMAS)
@pytest.mark.parametrize("tokens", [512, 4096])
@pytest.mark.parametrize("size", [FP32, BF16])
def test_converted_ones_stay_within_the_ratio(name: str, tokens: int, size: int) -> None:
    found = llama(name, b=1.1)
    count = blocks_again(found, tokens, size, CPU)
    assert found.explanation(tokens, size, again=count) <= RATIO * found.forward(tokens, size)


@pytest.mark.parametrize("name", LLAMAS)
@pytest.mark.parametrize("tokens", [512, 4096])
@pytest.mark.parametrize("size", [FP32, BF16])
def test_one_eight_and_seventy_billion_stay_within_the_ratio(name: str, tokens: int, size: int) -> None:
    found = llama(name)
    count = blocks_again(found, tokens, size, CPU)
    assert found.explanation(tokens, size, again=count) <= RATIO * found.forward(tokens, size)
    row = counted(name, tokens, {FP32: "fp32", BF16: "bf16"}[size])
    stem = f"{name}_{tokens}_tokens_{'fp32' if size == FP32 else 'bf16'}"
    assert row[f"{stem}_forward_gb"] == found.forward(tokens, size) / 1e9
    assert row[f"{stem}_explanation_over_forward"] == found.explanation(tokens, size, again=count) / found.forward(
        tokens, size
    )
    assert row[f"{stem}_blocks_again"] == count

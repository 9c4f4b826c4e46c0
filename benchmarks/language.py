"""`python -m benchmarks language`: what explaining next tokens of SmolLM2 takes, in fp32 on the machine as it is.

Times are of warm calls, the median of repetitions; a ratio is of two that were timed in turn. Peak memory is that of a
process of its own (`python -m benchmarks.language forward|explain TOKENS` prints its growth in bytes), weights and all.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

import torch

from bcos_core.attribution.answer_rows import answer_rows
from bcos_core.attribution.api import explain
from bcos_core.attribution.components import components
from bcos_core.home import CHECKOUT
from bcos_core.model.generate import generate
from bcos_core.model.language_model import LanguageModel, load
from bcos_core.model.next_token import next_logits
from bcos_core.reproduce.measures.speed import paired
from bcos_core.reproduce.memory import AT_ONCE, forget_peak, held_bytes, peak_bytes
from bcos_core.text.encoding import Encoded
from bcos_core.text.prompt import encode_prompt, extended
from bcos_core.text.tasks import TaskChoice, load_task

Figures = dict[str, float]
TOKENS = (64, 512, 1024)
REPEATS = 7
ANSWER = 50
SHORT = "The keys to the old cabinet"
BYTES = 4


def measured() -> Iterator[Figures]:
    """Time and memory of an explanation over those of a forward pass; seconds of what a person waits for."""
    model = load("smollm2")
    for tokens in TOKENS:
        prompt = prompt_of(model, tokens)
        explained, read = partial(explain, model, prompt), partial(next_logits, model, [prompt])
        yield {f"explanation_over_forward_time_{tokens}_tokens": statistics.median(paired(explained, read, REPEATS))}
        yield {f"explanation_seconds_{tokens}_tokens": _seconds(explained)}
        yield {f"explanation_over_forward_memory_{tokens}_tokens": _memory(model, tokens)}
    yield _answer(model)
    for prompt in (encode_prompt(model.tokenizer, SHORT, model.max_length), prompt_of(model, 64)):
        parts = partial(components, model, explain(model, prompt))
        yield {f"components_seconds_{len(prompt)}_tokens": _seconds(parts, repeats=3)}


def prompt_of(model: LanguageModel, tokens: int) -> Encoded:
    """The first tokens of a long review."""
    texts = load_task(TaskChoice("embedded", "long-reviews")).test.texts
    text = " ".join(texts)[: 8 * tokens]  # a token has fewer characters
    whole = encode_prompt(model.tokenizer, text, model.max_length)
    return Encoded(text, whole.ids[:tokens], whole.tokens[:tokens], None)


def peak_growth(what: str, tokens: int) -> int:
    """Bytes that the peak of a fresh process grows by, over what it held before."""
    command = [sys.executable, "-m", "benchmarks.language", what, str(tokens)]
    done = subprocess.run(
        command, cwd=CHECKOUT, env={**os.environ, **AT_ONCE}, stdout=subprocess.PIPE, text=True, check=True
    )
    return int(done.stdout.split()[-1])


def _memory(model: LanguageModel, tokens: int) -> float:
    weights = BYTES * sum(parameter.numel() for parameter in model.model.parameters())
    return (weights + peak_growth("explain", tokens)) / (weights + peak_growth("forward", tokens))


def _answer(model: LanguageModel) -> Figures:
    """The matrix of a greedy answer: its first row, and all of them."""
    steps = list(generate(model, SHORT, max_tokens=ANSWER, stop=()))
    read, began, first = extended(model.tokenizer, steps[-1].prefix, [steps[-1].token]), time.perf_counter(), 0.0
    for row in answer_rows(model, read, len(steps[0].prefix)):
        if row.place == len(steps[0].prefix):
            first = time.perf_counter() - began
    return {"matrix_first_row_seconds": first, f"matrix_{ANSWER}_rows_seconds": time.perf_counter() - began}


def _seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    work()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _grown(what: str, tokens: int) -> int:
    """What the process of its own does."""
    model = load("smollm2")
    work: Callable[[Encoded], object] = (
        partial(explain, model) if what == "explain" else lambda prompt: next_logits(model, [prompt])
    )
    work(prompt_of(model, 8))  # libraries allocate once
    before = held_bytes()
    forget_peak()
    work(prompt_of(model, tokens))
    return max(0, peak_bytes() - before)


if __name__ == "__main__":
    torch.set_num_threads(2)
    print(_grown(sys.argv[1], int(sys.argv[2])))

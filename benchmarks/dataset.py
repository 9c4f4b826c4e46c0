"""`python -m benchmarks dataset`: what explaining a whole data set takes, over the bare passes of the same texts.

Three kinds of work run in turn over short reviews, on a model of the embedded one's size: the data set explained to
Parquet files (`explain-dataset`, from its first row to its last, and with the words counted), the explanations' own
passes over texts that are tokens already, and forward passes alone. Ratios are medians over repetitions, of texts a
second. Memory is the peak of a process of its own on a tiny model, whose own passes take little. Where Ray is
installed, two workers are held against one, from the first row that comes back on.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

from bcos_core.batch.run import run_batch
from bcos_core.batch.spec import BatchSpec
from bcos_core.home import CHECKOUT, Home
from bcos_core.model.classifier import Classifier, load
from bcos_core.model.contributions import contributions
from bcos_core.model.view import ModelView
from bcos_core.progress import SilentReporter
from bcos_core.reproduce.memory import AT_ONCE, peak_bytes
from bcos_core.text.encoding import Encoded, collate, encode
from bcos_core.text.row_source import RowSource
from bcos_core.text.tasks import TaskChoice, load_task

Figures = dict[str, float]
TEXTS, REPEATS = 1_024, 3
ROWS = (1_000, 10_000, 100_000)
WORKERS_TEXTS = 4_096


def measured(
    *, texts: int = TEXTS, repeats: int = REPEATS, rows: Sequence[int] = ROWS, workers_texts: int = WORKERS_TEXTS
) -> Iterator[Figures]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spec = BatchSpec(str(_model(folder)), ("bcos",), _data(folder, texts), "text")
        yield from _throughput(spec, folder, repeats)
        yield from _memory(folder, rows)
        if find_spec("ray") is not None:
            many = replace(spec, data=_data(folder, workers_texts), shard_rows=max(1, workers_texts // 16))
            one, two = (_rate(replace(many, workers=count), folder / f"workers-{count}") for count in (1, 2))
            yield {"dataset_ray_rows_per_second": one, "dataset_ray_two_workers_over_one": two / one}
    yield {"dataset_load_per_core": os.getloadavg()[0] / (os.cpu_count() or 1)}


def _throughput(spec: BatchSpec, folder: Path, repeats: int) -> Iterator[Figures]:
    model = load(Path(spec.checkpoint))
    texts = [json.loads(line)["text"] for line in Path(spec.data.name).read_text().splitlines()]
    read = encode(model.tokenizer, texts, model.max_length)
    view, explained = ModelView(model.model), ModelView(model.model, explanation_mode=True)

    def forward(some: Sequence[Encoded]) -> None:
        batch = collate(model.tokenizer, some, model.device)
        view.predict(batch.input_ids, batch.attention_mask)

    def explain(some: Sequence[Encoded]) -> None:
        batch = collate(model.tokenizer, some, model.device)
        contributions(explained, batch.input_ids, batch.attention_mask, lambda logits: logits.max(1).values)

    seconds: dict[str, list[float]] = {"forward": [], "explain": [], "rows": [], "whole": []}
    for number in range(repeats + 1):
        found = {
            "forward": _seconds(model, read, forward, keeps_factors=False),
            "explain": _seconds(model, read, explain, keeps_factors=True),
        }
        clock = Clock()
        run_batch(spec, folder / f"result-{number}", clock)
        found |= {"rows": clock.explained - clock.began, "whole": clock.ended - clock.began}
        for name, times in seconds.items() if number else ():  # the first one warms
            times.append(found[name])

    def ratio(one: str, other: str) -> float:
        return statistics.median(b / a for a, b in zip(seconds[one], seconds[other], strict=True))

    yield {f"dataset_{name}_texts_per_second": len(read) / statistics.median(seconds[name]) for name in seconds}
    yield {"dataset_over_explanations": ratio("rows", "explain"), "dataset_over_forward": ratio("rows", "forward")}
    yield {"dataset_with_words_over_explanations": ratio("whole", "explain")}


def _seconds(
    model: Classifier, read: Sequence[Encoded], work: Callable[[Sequence[Encoded]], None], *, keeps_factors: bool
) -> float:
    """Of all texts, as many of similar length at a time as are quickest."""
    ordered = sorted(read, key=lambda text: -len(text))
    began = time.perf_counter()
    while ordered:
        size = model.rows_per_pass(len(ordered[0]), keeps_factors=keeps_factors)
        work(ordered[:size])
        ordered = ordered[size:]
    return time.perf_counter() - began


class Clock(SilentReporter):
    """When the model was loaded and the first row begun, when the last one was explained, and when all was done."""

    def __init__(self) -> None:
        self.began = self.explained = self.ended = 0.0
        self.heard: list[tuple[float, float]] = []

    def stage(self, title: str, index: int, count: int) -> None:
        now = time.perf_counter()
        self.began, self.explained = (now, now) if index == 1 else (self.began, now)

    def progress(self, done: float, total: float, part: str = "") -> None:
        self.ended = time.perf_counter()
        self.heard.append((self.ended, done))


def _rate(spec: BatchSpec, folder: Path) -> float:
    """Rows a second from the first that come back to the last: without the workers' start."""
    clock = Clock()
    run_batch(spec, folder, clock)
    heard = [(at, done) for at, done in clock.heard if at <= clock.explained]
    (began, before), (ended, after) = heard[0], heard[-1]
    return (after - before) / (ended - began)


def _memory(folder: Path, rows: Sequence[int]) -> Iterator[Figures]:
    from tests.tiny_pair import save_pair  # not in the processes that are measured

    tiny, _ = save_pair(Home(folder / "tiny").create())
    peaks = []
    for count in rows:
        data = _data(folder, count)
        command = [sys.executable, "-m", "benchmarks.dataset", str(tiny), data.name, str(folder / f"memory-{count}")]
        done = subprocess.run(
            command, cwd=CHECKOUT, env={**os.environ, **AT_ONCE}, stdout=subprocess.PIPE, text=True, check=True
        )
        peaks.append(int(done.stdout.split()[-1]))
        yield {f"dataset_peak_mb_{count}_rows": peaks[-1] / 1e6}
    yield {"dataset_peak_ratio_of_rows": peaks[-1] / peaks[0]}


def _model(folder: Path) -> Path:
    from benchmarks.compare_page import save_models  # as above

    models = save_models(Home(folder / "home").create())
    return next(path for path in models if path.name == "bcos")


def _data(folder: Path, rows: int) -> RowSource:
    """Short reviews, again and again where there are fewer, each with a number of its own."""
    texts = load_task(TaskChoice("embedded", "short-reviews")).train.texts
    path = folder / f"{rows}.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            file.write(json.dumps({"text": texts[number % len(texts)], "id": number}) + "\n")
    return RowSource("file", str(path))


if __name__ == "__main__":
    checkpoint, data, result = islice(sys.argv, 1, None)
    run_batch(BatchSpec(checkpoint, ("bcos",), RowSource("file", data), "text"), Path(result), SilentReporter())
    print(peak_bytes())

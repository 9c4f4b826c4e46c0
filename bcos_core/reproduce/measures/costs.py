"""What a heatmap costs: time and memory over those of a plain forward pass, and memory that stays."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator

import psutil

from bcos_core.attribution.api import explain
from bcos_core.attribution.bcos import bcos
from bcos_core.attribution.interface import MethodInput
from bcos_core.attribution.record import Target
from bcos_core.home import CHECKOUT
from bcos_core.model.view import ModelView
from bcos_core.reproduce.figure import Found
from bcos_core.reproduce.measure import Bench
from bcos_core.reproduce.measures.peaks import peak_growth
from bcos_core.reproduce.measures.speed import paired
from bcos_core.reproduce.measures.subjects import Subjects
from bcos_core.reproduce.ours import MEASURES

MEGABYTE = 1e6
_IMPORTED = (
    "import psutil; held = psutil.Process().memory_info().rss; import bcos_core.model.classifier; "
    "print(psutil.Process().memory_info().rss - held)"
)


def costs(bench: Bench) -> Iterator[Found]:
    """Time by repetitions in turn; memory each in a process of its own."""
    places, repeats = MEASURES["heatmap_cost"].places, bench.effort.repeats
    for size, times in ((32, repeats), (1, 3 * repeats)):
        ratios = heatmap_over_forward(bench.subjects, size, times)
        yield places[f"heatmap_over_forward_time_batch_{size}"].median(ratios, "repetitions")
    ratio = peak_growth("heatmap") / max(1, peak_growth("forward"))
    yield places["heatmap_over_forward_peak_memory_batch_32"].alone(ratio)
    growth = memory_growth(bench.subjects, bench.effort.explanations)
    yield places["resident_growth_mb"].alone(growth / MEGABYTE, bench.effort.explanations, "explanations")
    yield places["pytorch_memory_mb"].alone(imported_bytes() / MEGABYTE)


def heatmap_over_forward(subjects: Subjects, size: int, repeats: int) -> list[float]:
    """Of batches of `size` texts, each time one after the other, by the same kernels: a view's."""
    classifier, batch = subjects.classifier, subjects.batch(size)

    def forward() -> None:
        ModelView(classifier.model).predict(batch.input_ids, batch.attention_mask)

    def heatmap() -> None:
        bcos(MethodInput(classifier, batch, Target(0, "negative"), "none"))

    return paired(heatmap, forward, repeats)


def memory_growth(subjects: Subjects, explanations: int) -> float:
    """Growth of resident memory over so many explanations in a row, in bytes."""
    classifier, texts = subjects.classifier, subjects.data.test.texts
    for text in texts[:50]:
        explain(classifier, text)
    gc.collect()
    before = psutil.Process().memory_info().rss
    for place in range(explanations):
        explain(classifier, texts[place % len(texts)])
    gc.collect()
    return float(psutil.Process().memory_info().rss - before)


def imported_bytes() -> float:
    """What a process holds more once it can load a model."""
    done = subprocess.run([sys.executable, "-c", _IMPORTED], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])

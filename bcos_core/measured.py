"""What one process counts of itself, for an operator's Prometheus: `bcos_core.operations.signals` serves it.

Only what no database knows: it begins anew with each process.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)

EXPLANATIONS = Histogram(
    "bcos_explanation_seconds",
    "What an explanation on a page took from its turn to its end, by method; remembered ones are not counted.",
    ["method"],
    buckets=_SECONDS,
)
SAVES = Histogram(
    "bcos_save_seconds", "What writing to the database took, waiting for others included.", buckets=_SECONDS
)
SAVE_FAILURES = Counter("bcos_save_failures", "Writes to the database that failed, and were taken back.")
ERRORS = Counter("bcos_errors", "Errors that nobody foresaw; errors.log has their tracebacks.", ["doing"])
MODEL_LOADS = Counter("bcos_model_loads", "Models that were loaded into memory.")
MODELS = Gauge("bcos_models_in_memory", "Models that are in memory now.")

_held: weakref.WeakSet[_Held] = weakref.WeakSet()


class _Held:
    """Lives as long as a model is held."""


MODELS.set_function(lambda: float(len(_held)))


def model_loaded(model: object) -> None:
    """Count a model that was loaded, and that it is there for as long as it is."""
    MODEL_LOADS.inc()
    mark = _Held()
    _held.add(mark)
    weakref.finalize(model, _held.discard, mark)


@contextmanager
def explaining(method: str) -> Iterator[None]:
    """Around one explanation. One that fails is not measured: it is quick."""
    began = time.perf_counter()
    yield
    EXPLANATIONS.labels(method).observe(time.perf_counter() - began)


@contextmanager
def saving() -> Iterator[None]:
    """Around one write to the database."""
    began = time.perf_counter()
    try:
        yield
    except BaseException:
        SAVE_FAILURES.inc()
        raise
    SAVES.observe(time.perf_counter() - began)

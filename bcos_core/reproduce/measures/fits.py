"""Calibration on 512 texts of at most 64 tokens: seconds, cosine on held-out texts, peak memory."""

from __future__ import annotations

from collections.abc import Iterator

from bcos_core.model.calibrate import calibrate, hidden_state_cosine
from bcos_core.model.convert import convert
from bcos_core.reproduce.figure import Found
from bcos_core.reproduce.measure import Bench
from bcos_core.reproduce.measures.peaks import peak_growth
from bcos_core.reproduce.ours import BS, MEASURES

FITTED, HELD_OUT = 512, 200


def calibration(bench: Bench) -> Iterator[Found]:
    """Once for each exponent; the peak in a process of its own."""
    subjects, places = bench.subjects, MEASURES["calibration"].places
    texts, held_out = subjects.data.train.texts[:FITTED], subjects.data.validation.texts[:HELD_OUT]
    for b in BS:
        converted = convert(subjects.conventional, b=b)
        result = calibrate(converted, subjects.conventional, texts, subjects.tokenizer)
        cosine = hidden_state_cosine(converted, subjects.conventional, held_out, subjects.tokenizer)
        yield places[f"calibration_seconds_512_texts_b_{b}"].alone(result.seconds)
        yield places[f"calibration_cosine_b_{b}"].alone(cosine, HELD_OUT, "texts")
    yield places["calibration_peak_memory_gib"].alone(peak_growth("calibrate") / 2**30)

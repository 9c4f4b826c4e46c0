"""What an experiment has shown, in sentences: what to know first."""

from __future__ import annotations

from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.figures import interval_in_words
from bcos_core.lab.result import LabResult, LabRow, Verification
from bcos_core.numbers import count, percent

MEASURE = "top_3"


def lab_sentences(result: LabResult) -> list[str]:
    """One about each model, the B-cos one first: which methods put the planted words among their three highest."""
    kinds = {"bcos": "B-cos model", "conventional": "conventional model"}
    return [_of(model, kinds[model.kind], result) for model in result.verification]


def _of(model: Verification, kind: str, result: LabResult) -> str:
    rows = [row for row in result.rows if row.checkpoint == model.checkpoint and row.measure == MEASURE]
    known = sorted((row for row in rows if row.mean is not None), key=lambda row: -(row.mean or 0.0))
    methods = [row for row in known if not METHODS[row.method].chance]
    if not methods:
        return f"The {kind} decides no text by the planted words, so there is nothing to find in it."
    ours = next((row for row in methods if METHODS[row.method].needs_bcos), None)
    others = [row for row in methods if row is not ours]
    chance = next((row for row in known if METHODS[row.method].chance), None)
    said = [f"{METHODS[ours.method].title} in {_share(ours)}"] if ours else []
    if others:
        tied = [row for row in others if (row.mean, row.n) == (others[0].mean, others[0].n)]
        *most, last = (METHODS[row.method].title for row in tied)
        best = f"{', '.join(most)} and {last}" if most else last
        said.append(f"{best}, the best of the {'others' if ours else 'methods'}, in {_share(others[0])}")
    if chance is not None:
        said.append(f"random scores in {percent(chance.estimate.mean)}")
    return f"In the {kind}, the planted words are among the three highest by {'; by '.join(said)}."


def _share(row: LabRow) -> str:
    return f"{percent(row.estimate.mean)} of {count(row.n, 'text')} ({interval_in_words(row.estimate, percent)})"

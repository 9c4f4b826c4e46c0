"""What an experiment has shown, in sentences: what to know first."""

from __future__ import annotations

from collections.abc import Sequence

from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.figures import interval_in_words
from bcos_core.evaluate.statistics import holm
from bcos_core.lab.result import LabResult, LabRow, Verification
from bcos_core.numbers import count, percent
from bcos_core.tasks.estimates import CONFIDENCE

MEASURE = "top_3"


def lab_sentences(result: LabResult) -> list[str]:
    """One about each model, the B-cos one first: which methods put the planted words among their three highest, and
    that none is shown to do so more often than chance, where none is."""
    kinds = {"bcos": "B-cos model", "conventional": "conventional model"}
    return [_of(model, kinds[model.kind], result) for model in result.verification]


def beyond_chance(methods: Sequence[LabRow], chance: LabRow) -> list[LabRow]:
    """The methods that find the planted words in more texts than random scores do, by Fisher's exact test (1935) with
    Holm's correction over the methods.

    Of each text alone nothing is kept. The test takes the two counts as if they were of different texts, which finds
    less than a paired one would.
    """
    from scipy.stats import fisher_exact

    def p(row: LabRow) -> float:
        table = [[_found(one), one.n - _found(one)] for one in (row, chance)]
        return float(fisher_exact(table, alternative="greater").pvalue)

    corrected = holm([p(row) for row in methods])
    return [row for row, value in zip(methods, corrected, strict=True) if value < 1 - CONFIDENCE]


def _of(model: Verification, kind: str, result: LabResult) -> str:
    rows = [row for row in result.rows if row.checkpoint == model.checkpoint and row.measure == MEASURE]
    known = sorted((row for row in rows if row.mean is not None), key=lambda row: -(row.mean or 0.0))
    methods = [row for row in known if not METHODS[row.method].chance]
    chance = next((row for row in known if METHODS[row.method].chance), None)
    if not methods or chance is None:
        return f"The {kind} decides no text by the planted words, so there is nothing to find in it."
    finders = beyond_chance(methods, chance)
    by_chance = f"random scores in {_percent(chance)}"
    if not finders:
        found = f"{_titles(_best(methods))} in {_share(methods[0])}" if methods[0].mean else _nowhere(methods)
        return (
            f"In the {kind}, no method is shown to put the planted words among the three highest more often than "
            f"chance: {found}, {by_chance}."
        )
    ours = next((row for row in methods if METHODS[row.method].needs_bcos), None)
    others = [row for row in methods if row is not ours]
    said = []
    if ours:
        weak = "" if ours in finders else ", not shown to be more often than chance"
        said.append(f"by {METHODS[ours.method].title} in {_share(ours)}{weak}")
    if best := _best([row for row in others if row in finders]):
        said.append(f"by {_titles(best)}, the best of the {'others' if ours else 'methods'}, in {_share(best[0])}")
    elif others:
        said.append("by none of the others shown to be more often than chance")
    return f"In the {kind}, the planted words are among the three highest {'; '.join([*said, f'by {by_chance}'])}."


def _best(rows: Sequence[LabRow]) -> list[LabRow]:
    """Of rows with the best first, it and all that tie with it."""
    return [row for row in rows if (row.mean, row.n) == (rows[0].mean, rows[0].n)]


def _titles(rows: Sequence[LabRow]) -> str:
    *most, last = (METHODS[row.method].title for row in rows)
    return f"{', '.join(most)} and {last}" if most else last


def _nowhere(methods: Sequence[LabRow]) -> str:
    texts = max(row.n for row in methods)
    return "none does in the one text" if texts == 1 else f"none does in any of {count(texts, 'text')}"


def _found(row: LabRow) -> int:
    return round((row.mean or 0.0) * row.n)


def _percent(row: LabRow) -> str:
    return percent(row.estimate.mean)


def _share(row: LabRow) -> str:
    return f"{_percent(row)} of {count(row.n, 'text')} ({interval_in_words(row.estimate, percent)})"

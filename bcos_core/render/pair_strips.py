"""A minimal pair under the heat of every method of a model, its evidence in a box."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bcos_core.attribution.registry import is_signed
from bcos_core.minimal_pairs.answers import Answer
from bcos_core.minimal_pairs.questions import Question
from bcos_core.render.methods import method_title
from bcos_core.render.palette import Palette
from bcos_core.render.strips import Piece, strip_runs, touches
from bcos_core.text.units import token_units, word_units


def pair_strips(
    question: Question, answers: Mapping[str, Answer], palette: Palette, *, unit: str
) -> list[dict[str, Any]]:
    """One row for each method, those that put the evidence highest first: `method`, `found` (the place of the evidence
    among all units, in words, and whether the scores have no direction) and the prompt as `runs`
    (`bcos_core.render.strips`), cut into what is ranked."""
    rows = [_row(question, method, answer, palette, unit) for method, answer in answers.items()]
    return [row for _, row in sorted(rows, key=lambda one: one[0])]


def _row(question: Question, method: str, answer: Answer, palette: Palette, unit: str) -> tuple[float, dict[str, Any]]:
    evidence = question.pair.evidence
    marked = [] if evidence is None else [evidence]
    row: dict[str, Any] = {"method": method_title(method), "chance": False}
    if answer.scores is None:
        last = float("inf")
        return last, row | {"found": "no numbers", "runs": [{"text": question.prompt}]}
    units = [
        one for one in (token_units if unit == "token" else word_units)(question.prompt, answer.tokens) if one.positions
    ]
    pieces = [(one.start, one.end, sum(answer.scores[place] for place in one.positions)) for one in units]
    place, said = _place(pieces, [score for start, end, score in pieces if touches(start, end, marked)])
    if not is_signed(method):
        said = " · ".join(filter(None, (said, "strength alone")))
    return place, row | {"found": said, "runs": strip_runs(question.prompt, pieces, marked, palette, what="evidence")}


def _place(pieces: list[Piece], evidence: list[float]) -> tuple[float, str]:
    """The expected place of the best evidence among all, and in words: "place 2 of 7", of ties from which to which."""
    if not evidence:
        return 0.0, ""
    best = max(evidence)
    above = sum(score > best for _, _, score in pieces)
    tied = sum(score == best for _, _, score in pieces)
    first, last = above + 1, above + tied
    return (first + last) / 2, f"place {first if tied == 1 else f'{first} to {last} (tied)'} of {len(pieces)}"

"""The first tenth: how much the strongest tokens alone decide. A whole score, as `evaluate/scores.py` has it."""

from __future__ import annotations

from bcos_core.evaluate.case import Case
from bcos_core.evaluate.scores import Score


def first_tenth(case: Case) -> float | None:
    """p(x) − p(x without its top tenth); None for a text so short that a tenth is no whole token."""
    if case.curves is None or len(case.ordinary) < 10:
        return None
    return case.p(case.curves.whole) - case.p(case.curves.without[0])


SCORE = Score(
    name="first_tenth",
    title="The first tenth",
    description="Fall of p when the strongest tenth of the tokens is removed.",
    higher_is_better=True,
    evidence="curves",  # the logits of the text as its top tokens go, which other scores need as well
    compute=first_tenth,
    removes=True,  # so that a model trained on texts without tokens is marked in the table
    across_models=False,  # how far p can fall at all differs from model to model
)

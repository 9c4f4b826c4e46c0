"""What of an evaluation is looked at, as the address says it: a score, and the contender that others differ from."""

from __future__ import annotations

from bcos_core.evaluate.result import Evaluation
from pages.widgets import url


def chosen_score(evaluation: Evaluation) -> str:
    """The first where the address names none."""
    given = url.read("shown")
    return given if given in evaluation.scores else evaluation.scores[0]


def chosen_contender(evaluation: Evaluation) -> str:
    """The same, by its id ("occlusion@my-model")."""
    given, known = url.read("against"), [contender.id for contender in evaluation.contenders]
    return given if given in known else known[0]

"""What an evaluation says of one model, in sentences: first what is better than ours."""

from __future__ import annotations

from collections.abc import Sequence

from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.scores import SCORES
from bcos_core.evaluate.standing import CHEAP, Standing
from bcos_core.evaluate.statistics import FEWEST_TO_DIFFER
from bcos_core.numbers import count

_NAMED = 3  # so many scores are named; more are counted


def verdict(standing: Standing) -> list[str]:
    """Sentences about the methods of one model; better is what `Evaluation.is_better` finds."""
    if 0 < standing.texts < FEWEST_TO_DIFFER:
        texts = count(standing.texts, "text")
        return [
            f"{texts} cannot show that any method on {standing.checkpoint} is better than another.",
            f"That takes {FEWEST_TO_DIFFER} or more: p of a sign-flip test on fewer stays above 5 %.",
        ]
    if not standing.ours:
        return _first(standing)
    sentences = []
    for ours in standing.ours:
        beating = [
            f"{_title(one)} in {_scores(found, standing)}"
            for one in standing.rivals
            if (found := standing.better[one, ours])
        ]
        if beating:
            sentences.append(f"Better than {_title(ours)} on {standing.checkpoint}: {'; '.join(beating)}.")
        elif standing.rivals:
            where = "any score" if len(standing.scores) > 1 else _name(standing.scores[0])
            sentences.append(
                f"On {standing.checkpoint}, no other method is shown to be better than {_title(ours)} in {where}."
            )
        sentences += filter(None, [_beaten(standing, ours)])
    if standing.cheap is None:
        sentences.append(f"No other method that takes {CHEAP:g} passes or fewer was measured beside it.")
    return sentences


def _beaten(standing: Standing, ours: str) -> str:
    """What ours is better than: random, and the strongest of the other cheap methods."""
    chance = next(name for name in standing.methods if METHODS[name].chance)
    to_beat = any(not SCORES[score].beatable_by_chance for score in standing.scores)
    said = []
    for other in filter(None, (chance if to_beat else None, standing.cheap)):
        name = "random" if other == chance else f"{_title(other)}, the strongest of the other cheap methods,"
        found = standing.better[ours, other]
        said.append(f"{name} in {_scores(found, standing)}" if found else f"{name} in no score")
    return f"{_title(ours)} are better than {' and than '.join(said)}." if said else ""


def _first(standing: Standing) -> list[str]:
    """Of a model without a method of ours: which method is first most often."""
    firsts = {m: [s for s in standing.scores if standing.cells[m, s].rank == 1] for m in standing.rivals}
    best = max(firsts, key=lambda method: len(firsts[method]), default=None)
    if best is None or not firsts[best]:
        return [f"On {standing.checkpoint}, random scores rank first."]
    return [f"On {standing.checkpoint}, {_title(best)} ranks first in {_scores(firsts[best], standing)}."]


def _title(method: str) -> str:
    return METHODS[method].title


def _name(score: str) -> str:
    """A score's title in the middle of a sentence."""
    title = SCORES[score].title
    return title[0].lower() + title[1:]


def _scores(found: Sequence[str], standing: Standing) -> str:
    """ "comprehensiveness and sufficiency", "4 of 6 scores", "all 6 scores"."""
    if len(found) == len(standing.scores) > 1:
        return f"all {len(found)} scores"
    if len(found) > _NAMED:
        return f"{len(found)} of {count(len(standing.scores), 'score')}"
    *names, last = map(_name, found)
    return f"{', '.join(names)} and {last}" if names else last

"""What the figures of an ablation support, in sentences that are made from them."""

from __future__ import annotations

from collections.abc import Sequence

from bcos_core.ablation.grid import TWIN
from bcos_core.ablation.measures import ANSWERS, SECONDS, Measure
from bcos_core.ablation.result import Ablation, Difference, RowResult, Side
from bcos_core.ablation.spec import SCORES
from bcos_core.numbers import number

UNSEEN = "no difference can be seen"


def ablation_sentences(ablation: Ablation) -> list[str]:
    """The first says what the figures support; then each measure against the default, the twin, the test side, and what
    limits all of it."""
    recipes = [row.name for row in ablation.recipes]
    said = [_support(ablation)]
    for measure in ablation.measures:
        found = [one for one in ablation.differences(measure) if one.row in recipes]
        if measure.name != SECONDS:
            said.append(f"Against the default, {against_default(measure, found)}")
    return [*said, *_twin(ablation), *_test(ablation), *_limits(ablation)]


def _support(ablation: Ablation) -> str:
    """Whether another recipe than the default is supported."""
    score = score_of(ablation)
    if score is None:
        return "No score of the heatmaps could be computed, so nothing is chosen by them: the default stays."
    first, chosen = ablation.default, ablation.rows[ablation.chosen]
    if ablation.chosen == 0:
        return (
            f"These figures support no change: no recipe whose answers are not shown to be worse has a higher "
            f"{_low(score)} than the default's {_mean(first, score)}."
        )
    found = _difference(ablation, score, chosen.name)
    said = (
        f"{_capital(chosen.name)} has the highest {_low(score)} of the recipes whose answers are not shown to be worse "
        f"than the default's: {_mean(chosen, score)}, the default {_mean(first, score)}"
    )
    if found.shown and found.better:
        return f"These figures support {chosen.name} instead of the default. {said}; difference {_gap(found)}."
    if (other := _supported(ablation, score)) is not None:
        return (
            f"These figures support {other.row} instead of the default: its {_low(score)} is better by "
            f"{_gap(other, size=True)}. {said}; but with it {UNSEEN}: {_gap(found)}."
        )
    return f"These figures support no change: {UNSEEN} between the best recipe and the default. {said}; {_gap(found)}."


def _supported(ablation: Ablation, score: Measure) -> Difference | None:
    """Of the recipes that are shown to have a better score than the default, and not shown to answer worse, the one
    that is furthest ahead."""
    answers = next(one for one in ablation.measures if one.name == ANSWERS)
    worse = {one.row for one in ablation.differences(answers) if one.shown and not one.better}
    names = {row.name for row in ablation.recipes} - worse
    better = [one for one in ablation.differences(score) if one.shown and one.better and one.row in names]
    return max(better, key=lambda one: abs(one.found.mean), default=None)


def against_default(measure: Measure, found: Sequence[Difference], *, unseen: bool = False) -> str:
    """One measure, every recipe minus the default; with `unseen` also how large a difference may be that cannot be
    seen."""
    shown = [one for one in found if one.shown]
    parts = [f"{one.row} {'better' if one.better else 'worse'} by {_gap(one, size=True)}" for one in shown]
    if len(shown) < len(found):
        names = [f"{one.row} ({_gap(one, within=True)})" if unseen else one.row for one in found if not one.shown]
        parts.append(f"{UNSEEN} for {_listed(names)}")
    return f"{measure.title}: {'; '.join(parts)}."


def _twin(ablation: Ablation) -> list[str]:
    """The answers of the conventional twin, and what the default's time is beside its."""
    twin = next((row for row in ablation.rows if row.kind == "conventional"), None)
    if twin is None:
        return []
    answers = next(one for one in ablation.measures if one.name == ANSWERS)
    found = _difference(ablation, answers, TWIN)
    verdict = f"the twin's is {'better' if found.better else 'worse'} by {_gap(found, size=True)}"
    if not found.shown:
        verdict = f"{UNSEEN}: {_gap(found)}"
    ratio = ablation.default.mean(SECONDS).mean / twin.mean(SECONDS).mean
    return [
        f"The conventional twin: {_low(answers)} {_mean(twin, answers)}, the default "
        f"{_mean(ablation.default, answers)}; {verdict}. Training the default took {number(ratio)} × as "
        "long."
    ]


def _test(ablation: Ablation) -> list[str]:
    """The choice on texts that had no part in it."""
    score, chosen = score_of(ablation), ablation.rows[ablation.chosen]
    if score is None or not chosen.table(score.name, "test").size:
        return []
    rows = [ablation.default] if ablation.chosen == 0 else [chosen, ablation.default]
    shown = [one for one in ablation.measures if one.name in (score.name, ANSWERS)]
    parts = [
        f"{row.name}: " + ", ".join(f"{_low(one)} {_mean(row, one, side='test')}" for one in shown) for row in rows
    ]
    said = f"On test texts, which had no part in the choice, {'; '.join(parts)}."
    if ablation.chosen:
        found = next(one for one in ablation.differences(score, "test") if one.row == chosen.name)
        said += f" Difference in {_low(score)}: {_gap(found)}."
    return [said]


def _limits(ablation: Ablation) -> list[str]:
    """What a reader must know before following any of it."""
    said = []
    if ablation.seeds == 1:
        said.append(
            "One seed: intervals are over texts alone, and another seed may say otherwise. Train with three at least."
        )
    elif ablation.seeds == 2:
        said.append("Two seeds tell little of how much seeds differ: intervals are wide, and may still be too narrow.")
    towards = [row.name for row in ablation.recipes if "deletion consistency" in row.objective]
    if towards and len(towards) < len(ablation.recipes):
        said.append(
            f"{_capital(_listed(towards))}: training asked for what the scores measure, by the same removal. That is "
            "an aim reached, and no independent test of it; the pointing game is one."
        )
    return said


def _difference(ablation: Ablation, measure: Measure, row: str) -> Difference:
    return next(one for one in ablation.differences(measure) if one.row == row)


def score_of(ablation: Ablation) -> Measure | None:
    """The one that chooses."""
    return next((one for one in ablation.measures if one.name in SCORES), None)


def _mean(row: RowResult, measure: Measure, side: Side = "validation") -> str:
    estimate = measure.estimate(row.mean(measure.name, side))
    said = measure.written(estimate.mean)
    if not estimate.has_interval:
        return said
    return f"{said} (95 % interval {measure.written(estimate.low)} to {measure.written(estimate.high)})"


def _gap(difference: Difference, *, size: bool = False, within: bool = False) -> str:
    """A difference with its interval; with `size` how large it is, whatever its sign; `within` brackets."""
    estimate, written = difference.found.estimate, difference.measure.points
    mean = written(estimate.mean)
    if size:
        mean = mean.lstrip("+−")
    if not estimate.has_interval:
        return mean
    interval = f"95 % interval {written(estimate.low)} to {written(estimate.high)}"
    return f"{mean}; {interval}" if within else f"{mean} ({interval})"


def _listed(names: Sequence[str]) -> str:
    *most, last = (f"“{name}”" if "," in name else name for name in names)
    return f"{', '.join(most)} and {last}" if most else last


def _low(measure: Measure) -> str:
    return f"{measure.title[:1].lower()}{measure.title[1:]}"


def _capital(name: str) -> str:
    return f"{name[:1].upper()}{name[1:]}"

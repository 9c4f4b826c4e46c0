"""The figures of a grid: means over seeds and texts, what they cost, and paired differences."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.result import Contender
from bcos_core.evaluate.scores import SCORES
from bcos_core.reproduce.figure import Found, Sample, item_of
from bcos_core.reproduce.grid import MASK, MEMORY, TIME, Arm, Grid
from bcos_core.reproduce.grid_names import Places, bcos_methods
from bcos_core.reproduce.grid_run import PEAK, GroupResult, Trained

MEGABYTE = 1e6
TEXTS, PAIRS = "texts", "pairs of texts"
ByMethod = Mapping[str, Sequence[Contender]]


def grid_figures(prefix: str, grid: Grid, results: Sequence[GroupResult]) -> list[Found]:
    """All figures of what was found."""
    found: list[Found] = []
    for result in results:
        places = Places(prefix, result.group)
        trained = {arm.name: [one for one in result.trained if one.cell.arm == arm] for arm in grid.arms}
        for arm in grid.arms:
            if trained[arm.name]:
                found += _of_models(places, arm, trained[arm.name], result)
        found += _gaps(places, grid, trained, result)
        for removal, evaluation in result.evaluations.items():
            by_arm = {arm.name: _by_method(evaluation.contenders, trained[arm.name]) for arm in grid.arms}
            for arm in grid.arms:
                found += _of_methods(places, grid, arm, removal, by_arm[arm.name])
                if removal == MASK:
                    found += _costs(places, arm, by_arm[arm.name], result)
            if removal == MASK:
                found += _between(places, grid, by_arm)
    return found


def _by_method(contenders: Sequence[Contender], trained: Sequence[Trained]) -> dict[str, list[Contender]]:
    """Those on the models of an arm, seed by seed."""
    paths = {one.checkpoint for one in trained}
    found: dict[str, list[Contender]] = {}
    for one in contenders:
        if one.path in paths:
            found.setdefault(one.method, []).append(one)
    return found


def _of_models(places: Places, arm: Arm, trained: Sequence[Trained], result: GroupResult) -> Iterator[Found]:
    seeds = len(trained)
    metric, sample = result.data.task_type.each_metric, _right(trained)
    place = places.metric(arm, metric)
    if (right := place.mean(sample, TEXTS)) is not None:
        # Of one model a share of texts has the interval that it has everywhere.
        alone = metric.proportion and seeds == 1
        yield Found(place.share(right.figure.value, len(sample.items), TEXTS).figure, sample) if alone else right
    seconds = statistics.mean(one.once.seconds for one in trained)
    yield places.of_model(arm, TIME, "Training time", "s", "lower").alone(seconds, seeds, "trainings", seeds)
    peaks = [one.once.measured[PEAK] for one in trained if PEAK in one.once.measured]
    if peaks:
        place = places.of_model(arm, MEMORY, "Peak memory of training", "MB", "lower")
        yield place.alone(max(peaks) / MEGABYTE, len(peaks), "trainings", seeds)


def _gaps(places: Places, grid: Grid, trained: Mapping[str, Sequence[Trained]], result: GroupResult) -> Iterator[Found]:
    """By how much converted models answer better, seed by seed and text by text; shares in points."""
    metric = result.data.task_type.each_metric
    times = 100.0 if metric.share else 1.0
    for arm, other in product(grid.converted, grid.conventional):
        ours, theirs = trained[arm.name], trained[other.name]
        if len(ours) == len(theirs) > 0:
            gap = places.gap(arm, other, metric).mean(_right(ours, times).minus(_right(theirs, times)), TEXTS)
            if gap is not None:
                yield gap


def _right(trained: Sequence[Trained], times: float = 1.0) -> Sample:
    return Sample.of([{item_of(text): times * value for text, value in one.correct.items()} for one in trained])


def _of_methods(places: Places, grid: Grid, arm: Arm, removal: str, by_method: ByMethod) -> Iterator[Found]:
    """Every score of every method, and the differences of one of them."""
    scores, by = (grid.scores, grid.by) if removal == MASK else ((grid.removal_score,), grid.removal_score)
    for method, contenders in by_method.items():
        for score in scores:
            if score in contenders[0].values:  # a task may not serve it
                of = PAIRS if SCORES[score].evidence == "pointing" else TEXTS
                mean = places.score(arm, method, score, removal).mean(_sample(contenders, score), of)
                if mean is not None:
                    yield mean
    for rival in grid.against:
        if rival in by_method and by in by_method[rival][0].values:
            theirs = _sample(by_method[rival], by)
            for method, contenders in by_method.items():
                place = places.difference(arm, method, rival, by, removal)
                if method != rival and (gap := place.mean(_sample(contenders, by).minus(theirs), TEXTS)):
                    yield gap


def _costs(places: Places, arm: Arm, by_method: ByMethod, result: GroupResult) -> Iterator[Found]:
    """Passes, time and memory of explaining a text."""
    for method, contenders in by_method.items():
        if METHODS[method].chance:
            continue
        seeds, n = len(contenders), max(len(values) for one in contenders for values in one.values.values())
        passes = statistics.mean(one.forward_passes + one.backward_passes for one in contenders)
        seconds = statistics.mean(one.seconds for one in contenders)
        yield places.of_method(arm, method, "passes", "Passes", "", "lower").alone(passes, n, TEXTS, seeds)
        yield places.of_method(arm, method, TIME, "Time a text", "ms", "lower").alone(1000 * seconds, n, TEXTS, seeds)
        if (peak := result.memory.get(arm.name, {}).get(method)) is not None:
            yield places.of_method(arm, method, MEMORY, "Memory", "MB", "lower").alone(peak / MEGABYTE)


def _between(places: Places, grid: Grid, by_arm: Mapping[str, ByMethod]) -> Iterator[Found]:
    """What needs a B-cos model minus every method on the others, seed by seed, on the texts that both have."""
    for arm, other in product(grid.converted, grid.conventional):
        for method, rival in product(bcos_methods(grid), grid.methods):
            ours, theirs = by_arm[arm.name].get(method), by_arm[other.name].get(rival)
            if ours and theirs and len(ours) == len(theirs) and grid.by in ours[0].values:
                gap = _sample(ours, grid.by).minus(_sample(theirs, grid.by))
                if (found := places.between(arm, method, other, rival, grid.by).mean(gap, TEXTS)) is not None:
                    yield found


def _sample(contenders: Sequence[Contender], score: str) -> Sample:
    """One row a seed."""
    return Sample.of([{item[:16]: value for item, value in one.values[score].items()} for one in contenders])

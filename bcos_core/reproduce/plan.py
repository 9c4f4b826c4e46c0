"""What a run consists of, and what each part costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.plan import LOADING_SECONDS, evaluation_parts
from bcos_core.jobs.part import START_SECONDS, Part
from bcos_core.lab.plan import lab_plan, scoring_title
from bcos_core.model.embedded import EMBEDDED, embedded_path
from bcos_core.model.info import CheckpointInfo
from bcos_core.reproduce.grid import Grid, Group
from bcos_core.reproduce.measure import Effort, Measure
from bcos_core.reproduce.spec import ReproduceSpec
from bcos_core.train.plan import KINDS, stage_titles, training_plan

LOOKING_SECONDS, TABLE_SECONDS = 2.0, 2.0
MEASURED_MODELS = 2
"""Whose memory is looked at: one of each kind."""
PASSES_FOR_MEMORY = 1000.0
"""Of a text, by all methods, in forward passes: mostly those of Shapley values."""


def reproduce_plan(spec: ReproduceSpec) -> list[Part]:
    """
    Raises:
        DataError: a task cannot be used.
    """
    parts = [Part(0, "", "look for models and data", START_SECONDS + LOOKING_SECONDS)]
    if spec.effort is not None:
        for stage, one in enumerate(spec.measures, start=1):
            parts += _measure(one, spec.effort, stage)
    parts += grid_plan(spec.grid, spec.groups, first=first_of_grid(spec))
    return [*parts, Part(stages_of(spec) - 1, "", "tables of figures", TABLE_SECONDS)]


def first_of_grid(spec: ReproduceSpec) -> int:
    """The stage at which the grid begins: after looking, and after what no grid has."""
    return 1 + len(spec.measures)


def stages_of(spec: ReproduceSpec) -> int:
    """All of them; the last makes the tables."""
    return first_of_grid(spec) + len(spec.groups) * spec.grid.group_stages + 1


def _share(part: Part, grid: Grid) -> float:
    """Of what a method usually takes, where it repeats less than it usually does."""
    method = part.name.rpartition(" ")[2]
    samples = grid.options.get(method, {}).get("samples")
    return samples / METHODS[method].options["samples"].default if samples else 1.0  # type: ignore[operator]


def _measure(one: Measure, effort: Effort, stage: int) -> list[Part]:
    """A measure is one part, but for those that train."""
    trainings = {"quickstart": _quickstart, "planted_truth": _planted}
    if one.name in trainings:
        return [replace(part, stage=stage) for part in trainings[one.name](effort)]
    once, each = one.seconds
    seconds = once + each * (getattr(effort, one.times) if one.times else 0)
    return [Part(stage, "", f"measure {one.name}", seconds)]


def _quickstart(effort: Effort) -> Iterator[Part]:
    asked = effort.quickstart
    recipe = asked.recipe.replace(precision="fp32", twin=False)
    for kind, one in zip(KINDS.values(), (recipe, recipe.conventional_twin()), strict=True):
        for part, title in zip(training_plan(replace(asked, recipe=one)), stage_titles(one), strict=True):
            yield replace(_begun(part), name=f"{kind}: {title}")


def _begun(part: Part) -> Part:
    """Of work within a process that has begun long ago."""
    if not part.pace.startswith("read"):
        return part
    return replace(part, pace=f"{part.pace} again", seconds=max(0.1, part.seconds - START_SECONDS))


def _planted(effort: Effort) -> Iterator[Part]:
    titles = [*stage_titles(effort.lab.recipe), *map(scoring_title, KINDS)]
    parts = lab_plan(effort.lab)
    for stage, title in enumerate(titles):
        yield Part(0, title, f"planted: {title}", sum(part.seconds for part in parts if part.stage == stage))


def grid_plan(grid: Grid, groups: Sequence[Group], *, first: int) -> list[Part]:
    """Those of a grid whose stages begin at `first`."""
    parts = []
    for place, group in enumerate(groups):
        parts += _group(grid, group, first + place * grid.group_stages)
    return parts


def _group(grid: Grid, group: Group, first: int) -> list[Part]:
    parts, cells = [], list(grid.cells(group))
    for stage, cell in enumerate(cells, start=first):
        for part, title in zip(training_plan(cell.spec), stage_titles(cell.spec.recipe), strict=True):
            parts.append(replace(_begun(part), stage=stage, name=title))
    folder = embedded_path() if group.base == EMBEDDED else Path(group.base)
    models = [
        CheckpointInfo(
            folder, "", "bcos" if cell.arm.recipe.bcos else "conventional", "", (), cell.spec.recipe.max_length
        )
        for cell in cells
    ]
    start = first + len(cells)
    for place, removal in enumerate(grid.every_removal):
        spec = grid.evaluation(tuple(str(number) for number in range(len(cells))), group, removal)
        stage = start + place * (len(cells) + 2)
        for part in evaluation_parts(spec, models, group.task.choice):
            share = _share(part, grid)
            parts.append(replace(_begun(part), stage=stage + part.stage, seconds=_begun(part).seconds * share))
    memory = MEASURED_MODELS * (START_SECONDS + LOADING_SECONDS + 0.005 * PASSES_FOR_MEMORY)
    return [*parts, Part(first + grid.group_stages - 1, "", "memory of methods", memory)]

"""What a run is asked to do, whole: the grid with every recipe in it, whatever the defaults are when it runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from bcos_core.errors import InputError, UnknownNameError
from bcos_core.model.identity import source_identity
from bcos_core.reproduce.grid import Grid, Group, named_task
from bcos_core.reproduce.measure import Effort, Measure
from bcos_core.reproduce.ours import MEASURES, ours_effort, ours_grid
from bcos_core.reproduce.paper import paper_grid
from bcos_core.reproduce.scale import SCALES
from bcos_core.text.content import choice_hash

PAPER, OURS = "paper", "ours"
TITLES = {PAPER: "The paper’s grid", OURS: "The README’s figures"}
"""What can be reproduced."""
GRIDS = {PAPER: paper_grid, OURS: ours_grid}
GRID = "grid"
"""The grid among the parts that can be asked for alone; the others are measures."""


@dataclass(frozen=True)
class ReproduceSpec:
    """`what` at a `scale`, which names the sizes that the grid was made with; `effort` is that of the figures that no
    grid has, None where there are none. `only` names parts, the grid or measures, that are wanted alone; all of them
    where it is empty.

    Raises:
        UnknownNameError: nothing of that name can be reproduced, or there is no such scale.
    """

    what: str
    scale: str
    grid: Grid
    effort: Effort | None = None
    only: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.what not in TITLES:
            raise UnknownNameError("figures to reproduce", self.what, TITLES)
        SCALES[self.scale]
        known = (*(MEASURES if self.effort is not None else ()), GRID)
        for part in self.only:
            if part not in known:
                raise UnknownNameError(f"part of “{TITLES[self.what]}”", part, known)

    @property
    def measures(self) -> list[Measure]:
        """Those that are wanted."""
        all_of_them = list(MEASURES.values()) if self.effort is not None else []
        return [one for one in all_of_them if not self.only or one.name in self.only]

    @property
    def groups(self) -> list[Group]:
        """Those of the grid, none where it is not wanted."""
        return self.grid.groups if not self.only or GRID in self.only else []

    @property
    def unasked(self) -> list[str]:
        """The titles of the parts that are not wanted."""
        measures = MEASURES.values() if self.effort is not None else ()
        parts = {one.name: one.title for one in measures} | {GRID: "The grid of models, tasks and methods"}
        return [title for name, title in parts.items() if self.only and name not in self.only]

    @classmethod
    def of(
        cls,
        what: str,
        scale: str,
        *,
        tasks: Sequence[str] = (),
        models: Sequence[str] = (),
        seeds: Sequence[int] = (),
        examples: int | None = None,
        texts: int | None = None,
        only: Sequence[str] = (),
    ) -> ReproduceSpec:
        """What is usual at a scale, with the choices that were made: tasks and pretrained models as a command line
        names them, seeds, training texts, test texts.

        Raises:
            InputError: a name that is none, or a number out of range.
        """
        if what not in TITLES:
            raise UnknownNameError("figures to reproduce", what, TITLES)
        grid = GRIDS[what](SCALES[scale])
        changes: dict[str, Any] = {}
        if tasks:
            known = {task.name: task for task in grid.tasks}
            longest = SCALES[scale].longest
            changes["tasks"] = tuple(known.get(name) or named_task(name, longest=longest) for name in tasks)
        if models:
            changes["bases"] = tuple(map(_source, models))
        if seeds:
            changes["seeds"] = tuple(seeds)
        for name, number, least in (("examples", examples, 16), ("texts", texts, 1)):
            if number is not None:
                if number < least:
                    raise InputError(f"{name} is {number}; expected a whole number from {least}.")
                changes[name] = number
        effort = ours_effort(SCALES[scale]) if what == OURS else None
        return cls(what, scale, replace(grid, **changes), effort, tuple(only))

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def key(self) -> str:
        """The same for two requests of the same work, on the same content of files."""
        files = [choice_hash(task.choice) for task in self.grid.tasks]
        content = [*files, *map(source_identity, self.grid.bases)]
        return "reproduce:" + json.dumps({**self.to_dict(), "content": content}, sort_keys=True)


def _source(name: str) -> str:
    """A pretrained model as it is stored."""
    from bcos_core.model.sources import resolve_model

    return resolve_model(name).argument

"""Does a word decide? Texts that have it are edited and asked again; beside them, the same texts with another word of
theirs edited in the same way.

An explanation that says a word matters makes a prediction: where the heatmap leans on it, editing it moves the answer,
and more than editing a word drawn by lot does; where the heatmap does not lean on it, less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import numpy as np
from msgspec import Meta

from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.statistics import sign_flip_p
from bcos_core.evaluate.word_edits import WORD_EDITS
from bcos_core.tasks.estimates import CONFIDENCE, Estimate, bootstrap, proportion
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.tasks.task_type import TaskType

TOP = 3
"""The heatmap leans on a word that is among so many words of its text with the largest contributions, by size."""

Number = Annotated[float, Meta(ge=-1e308, le=1e308)]


@dataclass(frozen=True)
class Retested:
    """One text that has the word: what it is, and what the model says before and after.

    `rank` is the word's place among the text's words by the size of their contributions, from 1, `contribution` its
    own. `before`, `after` and `control` are p of the output in question (or the score), the last with another word
    edited: `control_word`, None where the text has no other. `figures` are the task's measure of each text (right or
    wrong, the error of a score) before and after.
    """

    place: Annotated[int, Meta(ge=0)]
    text: str
    edited: str
    rank: Annotated[int, Meta(ge=1)]
    contribution: Number
    before: Number
    after: Number
    control_word: str | None
    control: Number | None
    answer: str
    answer_after: str
    changed: bool
    control_changed: bool | None
    figures: tuple[Number, Number]

    @property
    def leans(self) -> bool:
        return self.rank <= TOP


@dataclass(frozen=True)
class Retest:
    """Every text of `looked_at` test texts that has the `word`, for the output number `label`. `emptied` are those of
    which the edit would leave nothing: they are not asked."""

    model: str
    task: str
    task_type: str
    labels: Annotated[tuple[str, ...], Meta(min_length=1)]
    label: Annotated[int, Meta(ge=0)]
    word: str
    edit: str
    other: str
    method: str
    looked_at: Annotated[int, Meta(ge=1)]
    emptied: Annotated[int, Meta(ge=0)]
    texts: tuple[Retested, ...]
    content: str
    seconds: Annotated[float, Meta(ge=0)]

    def __post_init__(self) -> None:
        if self.label >= len(self.labels):
            raise ValueError(f"output {self.label} of {len(self.labels)}")
        METHODS[self.method], WORD_EDITS[self.edit], TASK_TYPES[self.task_type]

    @property
    def kind(self) -> TaskType:
        return TASK_TYPES[self.task_type]

    @property
    def leaning(self) -> tuple[Retested, ...]:
        """The texts in which the heatmap leans on the word, those where it matters most first."""
        return tuple(sorted((one for one in self.texts if one.leans), key=lambda one: -abs(one.contribution)))

    @property
    def others(self) -> tuple[Retested, ...]:
        return tuple(one for one in self.texts if not one.leans)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Moved:
    """How an edit moved some texts: the share whose answer changed, and how far p moved, in either direction."""

    changed: Estimate
    moved: Estimate


def moved(texts: Sequence[Retested]) -> Moved:
    """By the edit of the word."""
    return Moved(_share([one.changed for one in texts]), bootstrap([abs(one.after - one.before) for one in texts]))


def moved_by_lot(texts: Sequence[Retested]) -> Moved:
    """By the edit of another word, in the texts that have one."""
    known = [one for one in texts if one.control is not None]
    return Moved(
        _share([bool(one.control_changed) for one in known]),
        bootstrap([abs((one.control or 0.0) - one.before) for one in known]),
    )


def beyond_lot(texts: Sequence[Retested], *, answers: bool) -> tuple[Estimate, float]:
    """How much further the word's edit goes than that of another word of the same text, paired, and p of a sign-flip
    test: of `answers`, in the share that changes; else in how far p, or the score, moves."""
    known = [one for one in texts if one.control is not None]
    gaps = [
        float(one.changed) - float(bool(one.control_changed))
        if answers
        else abs(one.after - one.before) - abs((one.control or 0.0) - one.before)
        for one in known
    ]
    return bootstrap(gaps), sign_flip_p(gaps)


def figure_change(texts: Sequence[Retested]) -> tuple[Estimate, Estimate, Estimate]:
    """The task's measure of each text before, after, and after minus before (paired)."""
    before, after = ([one.figures[place] for one in texts] for place in (0, 1))
    return bootstrap(before), bootstrap(after), bootstrap([b - a for a, b in zip(before, after, strict=True)])


def is_confirmed(retest: Retest) -> bool | None:
    """Whether the word decides in the texts in which the heatmap leans on it: its edit changes more answers (moves the
    score further) than that of a word drawn by lot. The paired 95 % interval lies above 0, and the sign-flip test finds
    so too: that p moves a little more decides nothing. None where fewer than two texts say anything."""
    gap, p = beyond_lot(retest.leaning, answers=retest.kind.discrete)
    if gap.n < 2:
        return None
    return (gap.low if gap.has_interval else gap.mean) > 0 and p < 1 - CONFIDENCE


def _share(found: Sequence[bool]) -> Estimate:
    return proportion(float(np.mean(found)) if found else 0.0, len(found))

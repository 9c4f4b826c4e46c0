"""A grid from its trainings to its figures. What was trained or measured before is taken as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from subprocess import CalledProcessError

import numpy as np

from bcos_core.attribution.registry import METHODS
from bcos_core.errors import InputError
from bcos_core.evaluate.removal import REMOVALS
from bcos_core.evaluate.result import Evaluation
from bcos_core.evaluate.run import run_evaluation
from bcos_core.evaluate.scores import SCORES
from bcos_core.home import Home
from bcos_core.jobs.devices import present_device
from bcos_core.model.identity import folder_identity, model_subject
from bcos_core.model.kept_logits import known_logits
from bcos_core.model.sources import resolve_model
from bcos_core.progress import Reporter
from bcos_core.reproduce.grid import MEMORY_TEXTS, Cell, Grid, Group, base_title
from bcos_core.reproduce.memory import forget_peak, methods_memory, peak_bytes
from bcos_core.reproduce.stages import AsParts, Shifted
from bcos_core.storage.content import name_of
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.listing import LeftOut
from bcos_core.storage.plain import to_plain
from bcos_core.storage.upgrade import open_database
from bcos_core.text.tasks import TaskData, load_task
from bcos_core.train.once import Once, train_once, trained_before
from bcos_core.train.plan import stage_titles

PEAK = "peak_bytes"


@dataclass(frozen=True)
class Trained:
    """A cell whose model is there."""

    cell: Cell
    once: Once
    correct: Mapping[str, float]
    """Test text → how right the answer is, as the task's metric has it of one text."""

    @property
    def checkpoint(self) -> str:
        return str(self.once.checkpoint)


@dataclass
class GroupResult:
    """What was found of one pretrained model on one task."""

    group: Group
    data: TaskData
    trained: list[Trained] = field(default_factory=list)
    evaluations: dict[str, Evaluation] = field(default_factory=dict)
    """Removal → evaluation."""
    memory: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Arm → method → bytes."""


@dataclass
class GridRun:
    """One run of a grid, whose stages begin at `first` of `count`; `name` is that of its evaluations' folders."""

    grid: Grid
    home: Home
    work: Path
    job: str
    reporter: Reporter
    first: int
    count: int
    name: str
    left_out: list[LeftOut] = field(default_factory=list)

    def run(self) -> list[GroupResult]:
        """
        Raises:
            JobCancelled: from the reporter; what was done is kept.
            InputError: nothing of the grid can be had.
        """
        usable = self._usable()
        self._tell_work(usable)
        found = []
        for place, group in enumerate(self.grid.groups):
            if group in usable:
                found.append(self._group(group, self.first + place * self.grid.group_stages))
        if not any(result.trained for result in found):
            reasons = " ".join(one.sentence for one in self.left_out)
            raise InputError(f"Nothing of this grid can be had. {reasons}")
        return found

    def _usable(self) -> list[Group]:
        """The groups whose model and data are here or can be fetched; the others are left out by name."""
        bases = [base for base in self.grid.bases if self._can(base_title(base), partial(resolve_model, base))]
        tasks = [task for task in self.grid.tasks if self._can(task.title, partial(load_task, task.choice))]
        return [group for group in self.grid.groups if group.base in bases and group.task in tasks]

    def _can(self, name: str, get: Callable[[], object]) -> bool:
        try:
            get()
        except InputError as error:
            self._leave_out(name, error)
            return False
        return True

    def _leave_out(self, name: str, error: Exception) -> None:
        self.left_out.append(LeftOut(name, str(error)))
        self.reporter.log(self.left_out[-1].sentence)

    def _tell_work(self, usable: Sequence[Group]) -> None:
        """What was trained before, or cannot be had, nobody waits for."""
        for place, group in enumerate(self.grid.groups):
            first = self.first + place * self.grid.group_stages
            for stage, cell in enumerate(self.grid.cells(group), start=first):
                if group not in usable or self._is_trained(cell):
                    for title in stage_titles(cell.spec.recipe):
                        self.reporter.given(1, 1, title, stage)

    def _is_trained(self, cell: Cell) -> bool:
        try:
            return trained_before(cell.spec, self.home) is not None
        except InputError:
            return False

    def _group(self, group: Group, first: int) -> GroupResult:
        result = GroupResult(group, load_task(group.task.choice))
        cells = list(self.grid.cells(group))
        for stage, cell in enumerate(cells, start=first):
            self.reporter.stage(f"Training {cell.title}", stage, self.count)
            if (once := self._train(cell)) is not None:
                correct = self._correct(once, result.data, cell.spec.recipe.max_length)
                if not correct:
                    reason = "What the model answered to the test texts is not kept any more: remove it, and run again."
                    self.left_out.append(LeftOut(f"Accuracy · {cell.title}", reason))
                result.trained.append(Trained(cell, once, correct))
        if result.trained:
            for place, removal in enumerate(self.grid.every_removal):
                self._evaluate(result, removal, first + len(cells) + place * (len(cells) + 2))
            self.reporter.stage(f"Measuring memory: {group.title}", first + self.grid.group_stages - 1, self.count)
            result.memory = self._memory(result)
        return result

    def _train(self, cell: Cell) -> Once | None:
        parts = AsParts(self.reporter)
        can_tell = forget_peak()
        try:
            once = train_once(
                cell.spec,
                home=self.home,
                work=self.work,
                job=self.job,
                reporter=parts,
                measure=lambda: {PEAK: float(peak_bytes())} if can_tell else {},
            )
        except InputError as error:
            self._leave_out(cell.title, error)
            return None
        parts.end()
        return once

    def _correct(self, once: Once, data: TaskData, max_length: int) -> dict[str, float]:
        """From the answers that training has left."""
        texts, kind = data.test.texts, data.task_type
        subject = model_subject(folder_identity(once.checkpoint), max_length)
        answers = known_logits(subject, texts, EvidenceStore(open_database(self.home)))
        rows = [(text, gold, logits) for text, gold, logits in zip(texts, data.test.labels, answers, strict=True)]
        known = [(text, gold, logits) for text, gold, logits in rows if logits is not None]
        if not known:
            return {}
        logits = np.asarray([one for _, _, one in known], dtype=float)
        golds = kind.array([gold for _, gold, _ in known], len(data.labels))
        right = kind.each_text(logits, golds)
        return {text: float(value) for (text, _, _), value in zip(known, right, strict=True)}

    def _evaluate(self, result: GroupResult, removal: str, first: int) -> None:
        """All models of a group together: on the same texts, and on pairs that one model has judged."""
        group = result.group
        spec = self.grid.evaluation(tuple(one.checkpoint for one in result.trained), group, removal)
        reporter = Shifted(self.reporter, first, self.count, group.title)
        name = f"{self.name}-{name_of([group.name, removal])[:8]}"
        try:
            found = run_evaluation(spec, home=self.home, name=name, reporter=reporter)
        except InputError as error:
            self._leave_out(f"Scores of {group.title} ({REMOVALS[removal].title})", error)
            return
        result.evaluations[removal] = found
        arms = {one.once.checkpoint.name: one.cell.arm.title for one in result.trained}
        for row in found.skipped:
            what = METHODS[row["method"]].title if "method" in row else SCORES[row["score"]].title
            where = arms[row["checkpoint"]] if "checkpoint" in row else group.title
            self.left_out.append(LeftOut(f"{what} · {where}", row["reason"]))

    def _memory(self, result: GroupResult) -> dict[str, dict[str, float]]:
        """Of the first model of each kind, on the longest of the first test texts: of one shape, all take as much."""
        text = max(result.data.test.texts[:MEMORY_TEXTS], key=len)
        store, found = EvidenceStore(open_database(self.home)), {}
        firsts = list(_first_of_each_kind(result.trained))
        for done, one in enumerate(firsts, start=1):
            identity = folder_identity(one.once.checkpoint)
            subject = model_subject(identity, one.cell.spec.recipe.max_length)
            item = name_of([present_device(), self.grid.methods, to_plain(self.grid.options), text])
            known = store.find(subject, "memory", [item]).get(item)
            if known is None:
                try:
                    known = methods_memory(one.checkpoint, self.grid.methods, text, self.grid.options)
                except CalledProcessError as error:  # killed for memory, perhaps: all else is measured
                    self._leave_out(f"Memory · {one.cell.title}", error)
                    continue
                store.keep(subject, "memory", {item: known})
            found[one.cell.arm.name] = known
            self.reporter.progress(done, len(firsts))
        return found


def _first_of_each_kind(trained: Sequence[Trained]) -> Iterator[Trained]:
    seen = set()
    for one in trained:
        kind = one.cell.arm.recipe.bcos
        if kind not in seen:
            seen.add(kind)
            yield one

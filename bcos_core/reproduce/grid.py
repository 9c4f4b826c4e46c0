"""A grid: pretrained models × tasks × ways of training × seeds, and how each model's explanations are scored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bcos_core.attribution.registry import CHANCE, METHODS
from bcos_core.errors import InputError
from bcos_core.evaluate.plan import usual_half
from bcos_core.evaluate.removal import REMOVALS
from bcos_core.evaluate.scores import SCORES
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.model.embedded import EMBEDDED
from bcos_core.storage.listing import LeftOut
from bcos_core.text.embedded import EMBEDDED_TASKS
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.recipe import Recipe
from bcos_core.train.spec import TrainSpec

ACCURACY, TIME, MEMORY = "accuracy", "seconds", "memory"
"""What is measured beside the scores of explanations."""
MASK = "mask"
"""The usual removal: what trained models were taught about, if about any."""
MEMORY_TEXTS = 20
"""Test texts, of which the longest is explained to see how much memory a method takes."""


@dataclass(frozen=True)
class Arm:
    """One way to train: its name, what a table calls it, and its recipe, whose seed and limit of length are the
    grid's."""

    name: str
    title: str
    recipe: Recipe


@dataclass(frozen=True)
class GridTask:
    """A task, its name in figures, the tokens at which its texts are cut, and a learning rate that it needs in place
    of a recipe's."""

    name: str
    title: str
    choice: TaskChoice
    max_length: int
    learning_rate: float | None = None


@dataclass(frozen=True)
class Group:
    """One pretrained model on one task: what is evaluated together."""

    base: str
    task: GridTask

    @property
    def name(self) -> str:
        return f"{self.task.name}/{base_name(self.base)}"

    @property
    def title(self) -> str:
        return f"{self.task.title}, {base_title(self.base)}"


@dataclass(frozen=True)
class Cell:
    """One training of a grid."""

    group: Group
    arm: Arm
    seed: int
    spec: TrainSpec

    @property
    def title(self) -> str:
        return f"{self.group.title}: {self.arm.title}, seed {self.seed}"


@dataclass(frozen=True)
class Grid:
    """What is trained and how it is scored. `bases` are sources of pretrained models; `examples` training texts of each
    task are used, None for all. Scores are of `texts` test texts, the pointing game of `pairs` pairs, the normalised
    ones of the first `bounded_texts` of at most `bounded_length` tokens. Each method is also set against the methods
    `against`, by the score `by`, on the same model; and those that need a B-cos model against every method on the
    others. Tokens are masked; under the other `removals`, `removal_methods` are scored by `removal_score`. `left_out`
    is what the whole grid has beyond this one. `options` are those of methods, by method.

    Raises:
        InputError: nothing to train or to score by, the same twice, or a number out of range.
        UnknownNameError: a method or score that is not there.
    """

    bases: tuple[str, ...]
    tasks: tuple[GridTask, ...]
    arms: tuple[Arm, ...]
    methods: tuple[str, ...]
    scores: tuple[str, ...]
    seeds: tuple[int, ...] = (42,)
    examples: int | None = None
    texts: int = 100
    pairs: int = 100
    bounded_texts: int = 30
    bounded_length: int = 25
    against: tuple[str, ...] = ()
    by: str = "naopc"
    options: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    removals: tuple[str, ...] = ()
    removal_methods: tuple[str, ...] = ()
    removal_score: str = "comp_minus_suff"
    left_out: tuple[LeftOut, ...] = ()

    def __post_init__(self) -> None:
        for name in ("bases", "tasks", "arms", "methods", "scores", "seeds"):
            if not getattr(self, name):
                raise InputError(f"A grid needs at least one of its {name}; none was given.")
        for method in (*self.methods, *self.against, *self.removal_methods):
            METHODS[method]
        for score in (*self.scores, self.by, self.removal_score):
            SCORES[score]
        for removal in self.removals:
            REMOVALS[removal]
        # Figures of one name would be confused, and the same training scored beside itself.
        for what, names in (
            ("model", [base_name(base) for base in self.bases]),
            ("task", [task.name for task in self.tasks]),
            ("seed", [str(seed) for seed in self.seeds]),
        ):
            if twice := next((name for name in names if names.count(name) > 1), None):
                raise InputError(f"The {what} {twice} was given twice. Name each once; files of one name, rename.")
        for group in self.groups:  # what a training or an evaluation would refuse only after hours of others
            list(self.cells(group))
            for removal in self.every_removal:
                self.evaluation((group.base,), group, removal)

    @property
    def groups(self) -> list[Group]:
        return [Group(base, task) for task in self.tasks for base in self.bases]

    @property
    def group_stages(self) -> int:
        """Stages of the work on one group: its trainings; of each evaluation the reading, models and table; memory."""
        return self.trainings + len(self.every_removal) * (self.trainings + 2) + 1

    @property
    def trainings(self) -> int:
        """Of one group."""
        return len(self.seeds) * len(self.arms)

    @property
    def every_removal(self) -> tuple[str, ...]:
        """The usual one first."""
        return (MASK, *self.removals)

    @property
    def converted(self) -> list[Arm]:
        return [arm for arm in self.arms if arm.recipe.bcos]

    @property
    def conventional(self) -> list[Arm]:
        return [arm for arm in self.arms if not arm.recipe.bcos]

    def cells(self, group: Group) -> Iterator[Cell]:
        """The trainings of a group: seed by seed, in the order of the arms. The first model of the first one judges the
        pairs of the pointing game (`bcos_core.evaluate.pointing`), so that a conventional arm stands first."""
        for seed in self.seeds:
            for arm in self.arms:
                recipe = arm.recipe.replace(
                    seed=seed,
                    twin=False,
                    examples=self.examples,
                    max_length=group.task.max_length,
                    learning_rate=group.task.learning_rate,
                )
                name = f"{group.title} · {arm.title} · seed {seed}"[:100]
                yield Cell(group, arm, seed, TrainSpec(group.base, group.task.choice, recipe, name))

    def evaluation(self, checkpoints: tuple[str, ...], group: Group, removal: str) -> EvaluationSpec:
        """How the models of a group are scored under a removal."""
        methods, scores = (self.methods, self.scores)
        if removal != MASK:
            methods, scores = (self.removal_methods or self.methods, (self.removal_score,))
        return EvaluationSpec(
            checkpoints,
            tuple(method for method in methods if method != CHANCE),
            scores,
            limit=self.texts,
            removal=removal,
            task=group.task.choice,
            pairs=self.pairs,
            pointing_length=min(usual_half(group.task.choice), group.task.max_length // 2),
            bounded_texts=self.bounded_texts,
            bounded_length=self.bounded_length,
            options={method: self.options[method] for method in methods if method in self.options},
        )


def base_name(source: str) -> str:
    """What a pretrained model is called in the name of a figure."""
    return Path(source).name


def base_title(source: str) -> str:
    """The same for a person."""
    return "MiniLM" if source == EMBEDDED else base_name(source)


def embedded_task(name: str, *, longest: int) -> GridTask:
    """A task that is shipped, cut where it suits it and at `longest`."""
    task = EMBEDDED_TASKS[name]
    length = min(task.max_length, longest)
    return GridTask(name, task.title, TaskChoice("embedded", name), length, task.learning_rate)


def named_task(argument: str, *, longest: int) -> GridTask:
    """A task as a command line names it (`TaskChoice.parse`).

    Raises:
        DataError: it names nothing.
    """
    choice = TaskChoice.parse(argument)
    if choice.kind == "embedded":
        return embedded_task(choice.name, longest=longest)
    stem = Path(choice.name).stem if choice.kind == "file" else choice.name.rpartition("/")[2]
    return GridTask(stem, choice.title, choice, longest)

"""The patterns of heatmaps as a job."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bcos_core.attribution.registry import METHODS
from bcos_core.errors import InputError
from bcos_core.evaluate.other_seeds import other_seeds
from bcos_core.evaluate.plan import READING_SECONDS, SORTED, explaining
from bcos_core.jobs.kind import JobKind
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.part import START_SECONDS, Part
from bcos_core.jobs.run import JobRun
from bcos_core.model.identity import checkpoint_and_data
from bcos_core.model.info import CheckpointInfo, read_info, trained_on
from bcos_core.option import choice, misfits
from bcos_core.text.size import task_size
from bcos_core.text.word_rates import COUNTED_TEXTS

if TYPE_CHECKING:
    from bcos_core.evaluate.patterns_table import Patterns

COUNTING_SECONDS, COMPARING_SECONDS = 7e-5, 0.005
"""Of a training text whose words are counted; of a test text, in all that is made of its heatmaps."""


@dataclass(frozen=True)
class PatternsSpec:
    """The folders of one model or two, the method that explains each, and the further folders of models of the same
    recipes under other seeds (`seeds_of`, those of each). Texts and references are those of an evaluation with its
    `limit` and `seed`: what it has explained is not explained again.

    Raises:
        UnknownNameError: no such method.
        InputError: not one or two models, or not a method for each; the same twice; a number out of range.
    """

    checkpoints: tuple[str, ...]
    methods: tuple[str, ...]
    seeds_of: tuple[tuple[str, ...], ...] = ()
    limit: int = choice(200, "Test texts", "Test texts to use.", least=1, most=100_000)
    seed: int = choice(0, "Seed", "Seed of texts and stochastic methods.", least=0, most=2**32 - 1)

    def __post_init__(self) -> None:
        if len(self.checkpoints) not in (1, 2) or len(self.methods) != len(self.checkpoints):
            raise InputError(
                f"{len(self.checkpoints)} models and {len(self.methods)} methods were given; expected one model or two "
                "and a method for each."
            )
        if len({*zip(self.checkpoints, self.methods, strict=True)}) < len(self.checkpoints):
            raise InputError("The same model was given twice with the same method. Choose another of the two.")
        for method in self.methods:
            if METHODS[method].chance:
                raise InputError(f"{METHODS[method].title} scores have no pattern. Choose a method that explains.")
        for name, option in misfits(self).items():
            raise InputError(f"{name} is {getattr(self, name)!r}; expected {option.expected}.")

    @classmethod
    def of(cls, infos: Sequence[CheckpointInfo], methods: Sequence[str], *, limit: int, seed: int) -> PatternsSpec:
        """With all models under other seeds that there are."""
        return cls(
            tuple(str(info.path) for info in infos),
            tuple(methods),
            tuple(tuple(str(other.path) for other in other_seeds(info)) for info in infos),
            limit,
            seed,
        )

    @property
    def models(self) -> list[CheckpointInfo]:
        """
        Raises:
            CheckpointError: one is not there any more.
        """
        return [read_info(Path(folder)) for folder in self.checkpoints]

    @property
    def asked(self) -> list[tuple[CheckpointInfo, str]]:
        """Every model that is explained, with its method, each once: those looked at first.

        Raises:
            CheckpointError: one is not there any more.
        """
        first = list(zip(self.checkpoints, self.methods, strict=True))
        others = [
            (folder, method) for method, folders in zip(self.methods, self.seeds_of, strict=False) for folder in folders
        ]
        return [(read_info(Path(folder)), method) for folder, method in dict.fromkeys([*first, *others])]


def default_method(info: CheckpointInfo) -> str:
    """The weights W(x) of the model itself, read off: with B-cos its contributions, without its pullback."""
    return "bcos" if info.kind == "bcos" else "pullback"


def methods_for(info: CheckpointInfo) -> list[str]:
    """Those that explain it, the default first."""
    fitting = [
        method.name
        for method in METHODS.values()
        if not method.chance
        and not method.unsupported(is_bcos=info.kind == "bcos", family=info.family, answers=info.task_type)
    ]
    return sorted(fitting, key=lambda name: name != default_method(info))


def describe(spec: PatternsSpec) -> str:
    return " · ".join(("Patterns", *dict.fromkeys(info.name for info in spec.models)))


def key(spec: PatternsSpec) -> str:
    models = [[str(info.path), checkpoint_and_data(info), method] for info, method in spec.asked]
    return "patterns:" + json.dumps([models, len(spec.checkpoints), spec.limit, spec.seed])


def command(spec: PatternsSpec) -> list[str]:
    words = ["patterns", spec.checkpoints[0], f"--method={spec.methods[0]}"]
    if len(spec.checkpoints) == 2:
        words += [f"--against={spec.checkpoints[1]}", f"--against-method={spec.methods[1]}"]
    return [*words, f"--limit={spec.limit}", f"--seed={spec.seed}"]


def run(spec: PatternsSpec, job: JobRun) -> Patterns:
    from bcos_core.evaluate.patterns_run import run_patterns

    found = run_patterns(spec, home=job.home, reporter=job.reporter)
    job.finish(found.to_dict())
    return found


def plan(spec: PatternsSpec) -> list[Part]:
    """
    Raises:
        DataError: the task cannot be used.
    """
    size = task_size(trained_on(spec.models[0]))
    texts = min(spec.limit, size.test)
    counting = COUNTING_SECONDS * min(size.train, COUNTED_TEXTS)
    parts = [Part(0, "", "read and count words", START_SECONDS + READING_SECONDS + counting)]
    for stage, (info, method) in enumerate(spec.asked, start=1):
        parts.append(explaining(stage, info, method, texts=texts, tokens=size.tokens, longest=SORTED, name=""))
    return [*parts, Part(len(parts), "", "compare heatmaps", COMPARING_SECONDS * texts)]


PATTERNS_JOB = JobKind(
    name="patterns",
    title="Patterns",
    specification=PatternsSpec,
    describe=describe,
    key=key,
    command=command,
    run=run,
    page="models",
    lane=Lane.SHORT,
    plan=plan,
)

"""A finished evaluation: every contender's values, its rows with intervals, and differences between contenders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from bcos_core.attribution.registry import METHODS
from bcos_core.errors import InputError
from bcos_core.evaluate.probability import PROBABILITIES
from bcos_core.evaluate.scores import SCORES
from bcos_core.evaluate.statistics import above_zero, holm, sign_flip_p
from bcos_core.model.checkpoint import renamed_when_complete
from bcos_core.storage.places import here
from bcos_core.storage.plain import to_finite
from bcos_core.storage.stored_json import from_plain, read_json, to_json
from bcos_core.tasks.estimates import Estimate, bootstrap

RESULT_FILE = "evaluation.json"
LARGEST_RESULT = 256 << 20
"""Bytes: every value of every text."""


@dataclass(frozen=True)
class Contender:
    """A method on a checkpoint. `values`: score → item → value; `protocols`: score → how it came about.

    Passes and seconds are means per text; `curves` the mean probability along the deletion and insertion curve, `bands`
    the 95 % interval of each of these means (None where there is nothing to take one from; no bands at all in an
    evaluation that was made before they were kept); `failed` counts the texts whose scores were not numbers. `identity`
    is that of the model's files then.
    """

    checkpoint: str
    path: str
    kind: str
    method: str
    values: Mapping[str, Mapping[str, float]]
    protocols: Mapping[str, Mapping[str, Any]]
    failed: int
    forward_passes: float
    backward_passes: float
    seconds: float
    curves: Mapping[str, Sequence[float]]
    identity: str = ""
    bands: Mapping[str, Sequence[tuple[float, float] | None]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.method}@{self.checkpoint}"


@dataclass(frozen=True)
class Evaluation:
    """`skipped` are methods that a checkpoint cannot serve (`checkpoint`, `method`), and scores that the task cannot
    (`score`), each with the `reason`. `notes` are what a reader must know of its models and data. `people` are what
    people reach among themselves, each against the others, in the scores that ask them: checkpoint → score → item →
    value, since which texts count depends on what a model answers."""

    name: str
    task: str
    contenders: tuple[Contender, ...]
    skipped: tuple[Mapping[str, str], ...]
    spec: Mapping[str, Any]
    seconds: float
    notes: tuple[str, ...] = ()
    people: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)

    @property
    def scores(self) -> tuple[str, ...]:
        return tuple(self.spec["scores"])

    def contender(self, id: str) -> Contender:
        """
        Raises:
            InputError: there is none of that name.
        """
        for contender in self.contenders:
            if contender.id == id:
                return contender
        raise InputError(f"No {id!r} in this evaluation. There are: {', '.join(c.id for c in self.contenders)}.")

    def renamed(self, names: Mapping[str, str]) -> Evaluation:
        """The same with its checkpoints called as they are now, for a person: `names` are by folder; those that are not
        in it keep theirs. No two get one name."""
        called: dict[str, str] = {}
        for one in self.contenders:
            if one.path not in called:
                name = names.get(one.path, one.checkpoint)
                called[one.path] = name if name not in called.values() else f"{name} · {Path(one.path).name}"
        now = {one.checkpoint: called[one.path] for one in self.contenders}
        skipped = tuple(
            {**row, "checkpoint": now.get(row["checkpoint"], row["checkpoint"])} if "checkpoint" in row else row
            for row in self.skipped
        )
        contenders = tuple(replace(c, checkpoint=called[c.path]) for c in self.contenders)
        people = {now.get(checkpoint, checkpoint): found for checkpoint, found in self.people.items()}
        return replace(self, contenders=contenders, skipped=skipped, people=people)

    def ceiling(self, checkpoint: str, score: str) -> Estimate | None:
        """What people reach among themselves in a score, with its interval over texts; None where nobody was compared
        with anybody."""
        values = self.people.get(checkpoint, {}).get(score)
        return bootstrap(list(values.values())) if values else None

    def rows(self) -> list[dict[str, Any]]:
        """One row for each contender and score: the mean with its 95 % interval over texts, cost, protocol.

        `beats_random` is whether the paired difference with random scores on the same model excludes 0 on the
        better side; None for random itself, and in a score that is not about beating it. `people` is what people reach
        among themselves on that checkpoint's texts, as `Estimate` has it, or None.
        """
        rows = []
        for contender in self.contenders:
            chance = next(
                c for c in self.contenders if c.checkpoint == contender.checkpoint and METHODS[c.method].chance
            )
            for score in self.scores:
                estimate = bootstrap(list(contender.values[score].values()))
                ceiling = self.ceiling(contender.checkpoint, score)
                rows.append(
                    {
                        "checkpoint": contender.checkpoint,
                        "method": contender.method,
                        "score": score,
                        "mean": estimate.mean,
                        "low": estimate.low,
                        "high": estimate.high,
                        "n": estimate.n,
                        "failed": contender.failed,
                        "forward_passes": contender.forward_passes,
                        "backward_passes": contender.backward_passes,
                        "seconds": contender.seconds,
                        "higher_is_better": SCORES[score].higher_is_better,
                        "beats_random": None
                        if contender is chance or SCORES[score].beatable_by_chance
                        else self.is_better(contender, chance, score),
                        "people": asdict(ceiling) if ceiling else None,
                        "protocol": dict(contender.protocols[score]),
                    }
                )
        return rows

    def differences(self, against: str) -> list[dict[str, Any]]:
        """Every other contender minus `against`, paired on the texts that both have: mean, 95 % interval, p of a
        sign-flip test, and p after Holm's correction over the contenders of the same score.

        Raises:
            InputError: `against` is no contender.
        """
        base = self.contender(against)
        rows: list[dict[str, Any]] = []
        for score in self.scores:
            found: list[dict[str, Any]] = []
            for contender in self.contenders:
                if contender is base:
                    continue
                gaps = _gaps(contender, base, score)
                estimate = bootstrap(gaps)
                found.append(
                    {
                        "score": score,
                        "checkpoint": contender.checkpoint,
                        "method": contender.method,
                        "against": base.id,
                        "mean": estimate.mean,
                        "low": estimate.low,
                        "high": estimate.high,
                        "n": estimate.n,
                        "p": sign_flip_p(gaps),
                    }
                )
            for row, corrected in zip(found, holm([row["p"] for row in found]), strict=True):
                row["p_holm"] = corrected
            rows += found
        return rows

    def difference(self, one: Contender, other: Contender, score: str) -> Estimate:
        """The mean of one minus the other on the texts that both have, with its interval."""
        return bootstrap(_gaps(one, other, score))

    def is_better(self, one: Contender, other: Contender, score: str) -> bool | None:
        """Whether the mean of the one is shown to be on the better side of the other's on the texts that both have, see
        `above_zero`. None where fewer than two texts have a value of both."""
        sign = 1 if SCORES[score].higher_is_better else -1
        return above_zero([sign * gap for gap in _gaps(one, other, score)])

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Evaluation:
        """The evaluation that `to_dict` wrote.

        Raises:
            InputError: it is not one, or not whole.
            UnknownNameError: a method or score that is not there any more.
        """
        evaluation = from_plain(data, cls, error=InputError, what="This evaluation", advice=_ADVICE)
        evaluation._require_whole()
        return evaluation

    def _require_whole(self) -> None:
        spec = from_plain(self.spec, _Asked, error=InputError, what="This evaluation's specification", advice=_ADVICE)
        PROBABILITIES[spec.probability]
        with_chance = {one.checkpoint for one in self.contenders if METHODS[one.method].chance}
        for score in spec.scores:
            SCORES[score]
            for one in self.contenders:
                if not (score in one.values and isinstance(one.protocols.get(score, {}).get("summary"), str)):
                    raise InputError(f"This evaluation is not whole: {one.id} has no {score}. {_ADVICE}")
        for one in self.contenders:
            if one.checkpoint not in with_chance:
                raise InputError(f"This evaluation is not whole: {one.checkpoint} has no random scores. {_ADVICE}")
        for row in self.skipped:
            if "reason" not in row or not ("score" in row or {"checkpoint", "method"} <= set(row)):
                raise InputError(f"This evaluation is not whole: it skipped {dict(row)}. {_ADVICE}")


_ADVICE = "Run it again: what was measured is kept."


@dataclass(frozen=True)
class _Asked:
    """What is read again of an evaluation's specification."""

    scores: Annotated[tuple[str, ...], Meta(min_length=1)]
    probability: str


def save_evaluation(evaluation: Evaluation, path: Path) -> None:
    """Write the folder, whole or not at all.

    Raises:
        NotFiniteError: a value is not a finite number.
        StorageError: the disk is full.
    """
    with renamed_when_complete(path) as folder:
        text = to_json(to_finite(evaluation.to_dict(), "The evaluation"), "The evaluation")
        (folder / RESULT_FILE).write_text(text, encoding="utf-8")


def load_evaluation(path: Path) -> Evaluation:
    """The evaluation in a folder.

    Raises:
        InputError: there is none that can be read.
    """
    evaluation = Evaluation.from_dict(
        read_json(path / RESULT_FILE, dict[str, Any], error=InputError, advice=_ADVICE, largest=LARGEST_RESULT)
    )
    contenders = tuple(replace(one, path=here(one.path)) for one in evaluation.contenders)
    return replace(evaluation, contenders=contenders, spec=here(evaluation.spec))


def _gaps(one: Contender, other: Contender, score: str) -> list[float]:
    ours, theirs = one.values[score], other.values[score]
    return [ours[item] - theirs[item] for item in ours if item in theirs]

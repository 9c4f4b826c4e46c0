"""What minimal pairs have shown: every value of every pair, and tables of these with intervals and differences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from bcos_core.attribution.own import own_name
from bcos_core.attribution.registry import METHODS
from bcos_core.errors import InputError
from bcos_core.evaluate.statistics import above_zero, holm, sign_flip_p
from bcos_core.minimal_pairs.faithfulness import POINTS
from bcos_core.minimal_pairs.measures import MEASURES
from bcos_core.minimal_pairs.pair import MinimalPair
from bcos_core.minimal_pairs.scores import preference
from bcos_core.model.checkpoint import renamed_when_complete
from bcos_core.numbers import count
from bcos_core.storage.listing import LeftOut
from bcos_core.storage.places import here
from bcos_core.storage.plain import to_finite
from bcos_core.storage.stored_json import from_plain, read_json, to_json
from bcos_core.tasks.estimates import Estimate, bootstrap, proportion

RESULT_FILE = "minimal_pairs.json"
LARGEST_RESULT = 256 << 20
"""Bytes: every value of every pair."""
ALL = "all pairs"
"""In place of a source's name, where there are several: their pairs together."""
_COST = ("failed", "forward_passes", "backward_passes", "seconds")


@dataclass(frozen=True)
class Source:
    """A file or a built-in paradigm: the names of the `pairs` that were asked about, and the rows of the file that are
    `left_out`."""

    name: str
    pairs: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True)
class Speaker:
    """A model. `differences`: pair → the logit of the right word minus that of the wrong one. `identity` is that of its
    files then; `consistency` is the weight of deletion consistency in its training, 0 where there was none."""

    checkpoint: str
    path: str
    kind: str
    identity: str
    differences: Mapping[str, float]
    consistency: float = 0.0

    @property
    def own(self) -> str:
        """The method that reads its own sum."""
        return own_name(is_bcos=self.kind == "bcos")

    @property
    def preferences(self) -> dict[str, float]:
        """Pair → 1 where it prefers the right word, 0 where the wrong one, ½ where neither."""
        return {pair: preference(difference, 0.0) for pair, difference in self.differences.items()}


@dataclass(frozen=True)
class Contender:
    """A method on a model. `values`: measure → pair → value; those of chance are the expectations of a random ranking,
    or what a drawn one reaches where none is known (`Measure.of_chance`). `curves`: measure → pair → heights, of the
    measures that are heights of curves. Passes and seconds are means per pair, of
    explaining alone; `failed` counts the pairs whose scores were not numbers."""

    checkpoint: str
    method: str
    values: Mapping[str, Mapping[str, float]]
    curves: Mapping[str, Mapping[str, tuple[float, ...]]] = field(default_factory=dict)
    failed: int = 0
    forward_passes: float = 0.0
    backward_passes: float = 0.0
    seconds: float = 0.0

    @property
    def id(self) -> str:
        return f"{self.method}@{self.checkpoint}"


@dataclass(frozen=True)
class PairsResult:
    """`pairs` are those of all sources, by name. `skipped` are methods that a model cannot serve (`checkpoint`,
    `method`, `reason`); `notes` what a reader must know of models and pairs.

    Raises:
        ValueError: a method, measure or pair that there is not, or a model without chance.
    """

    name: str
    sources: tuple[Source, ...]
    pairs: Mapping[str, MinimalPair]
    speakers: tuple[Speaker, ...]
    contenders: tuple[Contender, ...]
    skipped: tuple[Mapping[str, str], ...]
    spec: Mapping[str, Any]
    seconds: float
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for what, names, known in (
            ("method", [one.method for one in self.contenders], METHODS),
            ("measure", [name for one in self.contenders for name in one.values], MEASURES),
            ("model", [one.checkpoint for one in self.contenders], [one.checkpoint for one in self.speakers]),
        ):
            if unknown := next((name for name in names if name not in known), None):
                raise ValueError(f"it has the {what} {unknown!r}, which is none of {', '.join(known)}")
        if lost := {pair for one in self.sources for pair in one.pairs} - set(self.pairs):
            raise ValueError(f"the text of {count(len(lost), 'pair')} is missing")
        for one in self.contenders:
            self.chance_of(one)
            if missing := set(self.measures) - set(one.values):
                raise ValueError(f"{one.id} has no {' and no '.join(sorted(missing))}")
            for name in (name for name in one.values if MEASURES[name].proportion):
                if any(value < 0 or value > 1 for value in one.values[name].values()):
                    raise ValueError(f"{one.id} has values of {name} that are no shares")

    @property
    def measures(self) -> tuple[str, ...]:
        """What was measured, the first of them to look at first."""
        return tuple(name for name in MEASURES if any(name in one.values for one in self.contenders))

    def contender(self, id: str) -> Contender:
        """
        Raises:
            InputError: there is none of that name.
        """
        for contender in self.contenders:
            if contender.id == id:
                return contender
        raise InputError(f"No {id!r} in this result. There are: {', '.join(one.id for one in self.contenders)}.")

    def chance_of(self, contender: Contender) -> Contender:
        """A random ranking on the same model."""
        for one in self.contenders:
            if one.checkpoint == contender.checkpoint and METHODS[one.method].chance:
                return one
        raise ValueError(f"{contender.checkpoint} has no random ranking")

    def portions(self) -> Iterator[tuple[str, frozenset[str]]]:
        """The pairs of each source by its name, those of all first where there are several."""
        if len(self.sources) > 1:
            yield ALL, frozenset(pair for source in self.sources for pair in source.pairs)
        for source in self.sources:
            yield source.name, frozenset(source.pairs)

    def preferences(self) -> list[dict[str, Any]]:
        """One row for each source and model: the share of pairs of which it prefers the right word, with its 95 %
        interval."""
        rows = []
        for source, pairs in self.portions():
            for speaker in self.speakers:
                values = [value for pair, value in speaker.preferences.items() if pair in pairs]
                share = proportion(sum(values) / len(values), len(values)) if values else bootstrap([])
                rows.append({"source": source, "checkpoint": speaker.checkpoint, **asdict(share)})
        return rows

    def rows(self) -> list[dict[str, Any]]:
        """One row for each source, contender and measure: the mean over pairs with its 95 % interval (of what chance is
        expected to reach without one), and the cost, `failed` among it: they are known of all pairs together, and None
        in the rows of some.

        `beats_random` is whether the contender is shown to be better than a random ranking of the same tokens, pair by
        pair; None for chance itself, and of fewer than two pairs.
        """
        rows = []
        for source, pairs in self.portions():
            of_all = len(pairs) == len(self.pairs)
            for contender in self.contenders:
                chance = self.chance_of(contender)
                for measure in self.measures:
                    defined = MEASURES[measure]
                    values = [value for pair, value in contender.values[measure].items() if pair in pairs]
                    expected = contender is chance and defined.of_chance is not None
                    beats = None if contender is chance else above_zero(_leads(contender, chance, measure, pairs))
                    rows.append(
                        {
                            "source": source,
                            "checkpoint": contender.checkpoint,
                            "method": contender.method,
                            "measure": measure,
                            **asdict(_expected(values) if expected else defined.estimate(values)),
                            "beats_random": beats,
                            **{name: getattr(contender, name) if of_all else None for name in _COST},
                        }
                    )
        return rows

    def curves(self) -> list[dict[str, Any]]:
        """One row for each source, contender, measure that is the height of a curve, and point of that curve (`place`,
        from 0 to 1): the mean over pairs with its 95 % interval."""
        return [
            {
                "source": source,
                "checkpoint": contender.checkpoint,
                "method": contender.method,
                "measure": measure,
                "place": number / (POINTS - 1),
                **asdict(bootstrap([row[number] for pair, row in rows.items() if pair in pairs])),
            }
            for source, pairs in self.portions()
            for contender in self.contenders
            for measure, rows in contender.curves.items()
            for number in range(POINTS)
        ]

    def differences(self, against: str) -> list[dict[str, Any]]:
        """Every other contender minus `against`, paired on the pairs that both have: mean, 95 % interval, p of a
        sign-flip test, and p after Holm's correction over the contenders of one source and measure. Of a measure whose
        values do not compare across models, those on the same model alone.

        Raises:
            InputError: `against` is no contender.
        """
        base = self.contender(against)
        rows: list[dict[str, Any]] = []
        for source, pairs in self.portions():
            for measure in self.measures:
                others = [
                    one
                    for one in self.contenders
                    if one is not base and (MEASURES[measure].across_models or one.checkpoint == base.checkpoint)
                ]
                gaps = [_gaps(one, base, measure, pairs) for one in others]
                p_values = [sign_flip_p(one) for one in gaps]
                rows += [
                    {
                        "source": source,
                        "measure": measure,
                        "checkpoint": one.checkpoint,
                        "method": one.method,
                        "against": base.id,
                        **asdict(bootstrap(gap)),
                        "p": p,
                        "p_holm": corrected,
                    }
                    for one, gap, p, corrected in zip(others, gaps, p_values, holm(p_values), strict=True)
                ]
        return rows

    def difference(self, one: Contender, other: Contender, measure: str) -> Estimate:
        """The mean of one minus the other over the pairs that both have, with its interval."""
        return bootstrap(_gaps(one, other, measure))

    def is_better(self, one: Contender, other: Contender, measure: str) -> bool | None:
        """Whether one is shown to be better than the other on the pairs that both have (see `above_zero`)."""
        return above_zero(_leads(one, other, measure))


_ADVICE = "Run it again: what was measured is kept."


def save_result(result: PairsResult, path: Path) -> None:
    """Write the folder, whole or not at all.

    Raises:
        NotFiniteError: a value is not a finite number.
        StorageError: the disk is full.
    """
    with renamed_when_complete(path) as folder:
        text = to_json(to_finite(asdict(result), "The result"), "The result")
        (folder / RESULT_FILE).write_text(text, encoding="utf-8")


def load_result(path: Path) -> PairsResult:
    """The result in a folder.

    Raises:
        InputError: there is none that can be read.
    """
    data = read_json(path / RESULT_FILE, dict[str, Any], error=InputError, advice=_ADVICE, largest=LARGEST_RESULT)
    found = from_plain(data, PairsResult, error=InputError, what="This result of minimal pairs", advice=_ADVICE)
    speakers = tuple(replace(one, path=here(one.path)) for one in found.speakers)
    return replace(found, speakers=speakers, spec=here(found.spec))


def _expected(values: Sequence[float]) -> Estimate:
    """The mean of expectations. No interval: nothing was drawn."""
    return Estimate(sum(values) / len(values) if values else math.nan, math.nan, math.nan, len(values))


def _gaps(one: Contender, other: Contender, measure: str, pairs: frozenset[str] | None = None) -> Sequence[float]:
    ours, theirs = one.values[measure], other.values[measure]
    return [ours[pair] - theirs[pair] for pair in ours if pair in theirs and (pairs is None or pair in pairs)]


def _leads(one: Contender, other: Contender, measure: str, pairs: frozenset[str] | None = None) -> Sequence[float]:
    """The same, above 0 where one is better."""
    sign = 1.0 if MEASURES[measure].higher_is_better else -1.0
    return [sign * gap for gap in _gaps(one, other, measure, pairs)]

"""The course of a training: how a model explains a few texts before its first step, on the way, and at its end.

It lies beside the weights as lines of JSON, what it is in the first and one state in each of the others. Records are
those of the one path of explanations (`Attribution`), so that whatever draws or scores these does so with them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from msgspec import Meta

from bcos_core.attribution.record import Attribution
from bcos_core.errors import CheckpointError
from bcos_core.numbers import file_size
from bcos_core.storage.plain import to_plain
from bcos_core.storage.stored_json import decode_json, to_json

Kept = TypeVar("Kept")

COURSE_FILE = "course.jsonl"
"""No .json: a model's identity is over those (`bcos_core.model.identity`), and how it learned changes no answer."""
FORMAT_VERSION = 1
LARGEST_COURSE = 256 << 20
"""Bytes: 64 texts of 500 tokens at 64 states."""
ADVICE = "Remove the file, or train the model again: the model itself is not in it."


@dataclass(frozen=True)
class State:
    """A model after `step` of its steps, with B where it has one.

    `value` is the main metric on validation texts. Of each kept text, in their order: its `record`, and the raw
    comprehensiveness and sufficiency of that, tokens removed in the way of `removal` (None where the method failed, or
    where no token can stand for a removed one). `seconds` is what all this took.
    """

    step: Annotated[int, Meta(ge=0)]
    b: float | None
    value: float
    removal: str | None
    comprehensiveness: tuple[float | None, ...]
    sufficiency: tuple[float | None, ...]
    seconds: Annotated[float, Meta(ge=0.0)]
    records: tuple[dict[str, Any], ...]

    def __post_init__(self) -> None:
        if not len(self.records) == len(self.comprehensiveness) == len(self.sufficiency) > 0:
            raise ValueError(f"{len(self.records)} records and {len(self.sufficiency)} scores of step {self.step}")

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(str(record.get("text")) for record in self.records)

    def record(self, text: str) -> Attribution:
        """That of a kept text.

        Raises:
            InputError: it was written by another version, or is not such a record.
        """
        return Attribution.from_dict(self.records[self.texts.index(text)])


@dataclass(frozen=True)
class Course:
    """The `states` of one training, by step. They are of the same texts, of the validation side, and explain the same
    output of each: its own label. `metric` is the name of the task's main metric on `validation` texts."""

    metric: str
    validation: Annotated[int, Meta(ge=1)]
    states: tuple[State, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        return self.states[0].texts

    @property
    def seconds(self) -> float:
        """What keeping it took."""
        return sum(state.seconds for state in self.states)

    def records(self, text: str) -> list[Attribution]:
        """Those of a kept text, by step."""
        return [state.record(text) for state in self.states]


@dataclass(frozen=True)
class _Head:
    metric: str
    validation: int
    format_version: int = FORMAT_VERSION


def watched_steps(steps: int, *, states: int, spacing: str) -> tuple[int, ...]:
    """At most so many of the states 0 … `steps`, the first and the last among them: at even distances, or, after the
    first, at even ratios (1, 2, 4, …), where most is learned early."""
    if spacing == "even" or states == 2:
        chosen = [round(steps * place / (states - 1)) for place in range(states)]
    else:
        chosen = [0, *(round(steps ** (place / (states - 2))) for place in range(states - 1))]
    return tuple(sorted(set(chosen)))


def keep_state(folder: Path, state: State) -> None:
    """Write a state, whole or not at all. One of an earlier start, which went on from before it, is replaced. A number
    of a failed explanation that is not finite becomes null."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{state.step}.partial"
    partial.write_text(json.dumps(to_plain(asdict(state)), allow_nan=False), encoding="utf-8")
    partial.replace(folder / f"state-{state.step:09d}.json")


def course_text(folder: Path, *, metric: str, validation: int) -> str:
    """What the file beside the weights has: the states that a training has kept in a folder."""
    states = [file.read_text(encoding="utf-8") for file in sorted(folder.glob("state-*.json"))]
    return "\n".join([to_json(asdict(_Head(metric, validation)), COURSE_FILE), *states]) + "\n"


def read_course(model: Path) -> Course | None:
    """The course of the model in a folder; None where none was kept.

    Raises:
        CheckpointError: the file cannot be read, is damaged, or was written by another version.
    """
    file = model / COURSE_FILE
    if not file.is_file():
        return None
    if file.stat().st_size > LARGEST_COURSE:
        raise CheckpointError(f"{file} is larger than {file_size(LARGEST_COURSE)}, the most that is read. {ADVICE}")
    head, *lines = file.read_bytes().splitlines() or [b""]
    about = _read(head, _Head, file)
    if about.format_version != FORMAT_VERSION:
        raise CheckpointError(f"{file} has format version {about.format_version}; expected {FORMAT_VERSION}. {ADVICE}")
    states = sorted((_read(line, State, file) for line in lines), key=lambda state: state.step)
    if not states or any(state.texts != states[0].texts for state in states):
        raise CheckpointError(f"{file} is not whole: its states are not of the same texts. {ADVICE}")
    return Course(about.metric, about.validation, tuple(states))


def _read(line: bytes, kind: type[Kept], file: Path) -> Kept:
    return decode_json(line, kind, error=CheckpointError, what=str(file), advice=ADVICE)

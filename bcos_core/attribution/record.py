"""The attribution record: the one thing that passes from a method to everything after it."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta

from bcos_core.errors import InputError
from bcos_core.later import Later
from bcos_core.storage.plain import to_plain
from bcos_core.storage.stored_json import from_plain
from bcos_core.tasks.next_token import NextToken
from bcos_core.tasks.prediction import Prediction
from bcos_core.tasks.registry import TASK_TYPES, USUAL, answer_type, is_answer_type
from bcos_core.tasks.task_type import TaskType
from bcos_core.text.cut import positions_by_half, unread_spans
from bcos_core.text.token import Token
from bcos_core.text.token_names import with_signs
from bcos_core.text.words import Span

if TYPE_CHECKING:
    import pandas as pd

# Imported when a record is shown: the drawing of a record stands on this module.
_record_html = Later("bcos_core.render.notebook", "record_html")
_token_frame = Later("bcos_core.attribution.frame", "token_frame")

RECORD_VERSION = 3
BEFORE_TASK_TYPES = 2
"""The version whose records are all of one label, of models without biases."""
MOST_REPEATS = 1000
"""Seeds of one record."""

__all__ = ["RECORD_VERSION", "AnswerPart", "Attribution", "Cost", "ReadPrompt", "Target", "Token"]


@dataclass(frozen=True)
class Target:
    """The question: the logit of one class, or of one class minus that of another.

    `index` and `minus` are the numbers of classes, or of tokens in the vocabulary; the labels are their names.
    """

    index: int
    label: str
    minus: int | None = None
    minus_label: str | None = None

    @property
    def title(self) -> str:
        """In words; a token that begins or ends in white space stands in quotes, and so does one with what nobody would
        see (`with_signs`)."""
        both = [self.label] if self.minus_label is None else [self.label, self.minus_label]
        return " rather than ".join(one if one == with_signs(one).strip() else f"“{with_signs(one)}”" for one in both)


@dataclass(frozen=True)
class Cost:
    """What an attribution cost, per text: passes over the model, and wall-clock seconds in its batch."""

    forward: float
    backward: float
    seconds: float


@dataclass(frozen=True)
class AnswerPart:
    """A record is the sum over several written tokens: those from `start` on in the tokens of the record, and its
    target, which comes after them. What is summed of each is its `measure`."""

    start: int
    measure: Literal["logit", "log-odds"]

    @property
    def title(self) -> str:
        """What the contributions add up to."""
        return "sum of logits" if self.measure == "logit" else "sum of log-odds"

    @property
    def tokenless(self) -> str:
        """What has the share that no token has."""
        return "biases" if self.measure == "logit" else "no token, minus the entropy of the others"


@dataclass(frozen=True)
class ReadPrompt:
    """What a record of a language model holds beyond one of a classifier: the prompt as it was read, by the numbers of
    its tokens (`ids`, aligned with the record's `tokens`), and which of the `vocabulary` tokens the record keeps.

    `outputs` are the numbers of these, in the order of the record's `labels`, `logits` and `probabilities` (of all that
    could come next, so that those kept add up to less than 1): the target and what is subtracted from it, then the
    likeliest. `notes` say in sentences what a reader must know: what was cut, which token of a word was compared, what
    was not trained. With a `part`, `logit` is a sum over several tokens (`bcos_core.attribution.answer_part`), and the
    outputs are the target alone.
    """

    ids: tuple[int, ...]
    outputs: tuple[int, ...]
    vocabulary: int
    notes: tuple[str, ...] = ()
    part: AnswerPart | None = None


@dataclass(frozen=True)
class Attribution:
    """Scores of one text's tokens under one method, complete enough to draw, score and run again.

    `scores` are aligned with `tokens` by position; positive supports the target. For an additive method
    `sum(scores) + reference_share + bias_share` should be `logit`: `reference_share` is what the reference (B-cos:
    the mask embeddings under the same dynamic weights; integrated gradients: the logit at the baseline) has of
    the logit, 0 without one; `bias_share` is what the biases of a B-cos model have that kept them, each times its own
    gradient, and the point around which a score is counted. `sum` is that total, `completeness_error` is |sum − logit|.
    For a method that promises no sum (`additive` false) the same two numbers are given for information.

    `task_type`, the name of a kind of answers (`answer_type`), says what the `logits` are: of a score, the score
    itself, without `probabilities`; of the next token those of a few (`prompt`, which classifiers have not). A
    stochastic method's `seeds` are those that it answered with; with several, `scores` are the mean over them and
    `seed_scores` (seeds, tokens) what each of them gave. Scores that are not finite numbers are kept as such: `failure`
    then says so.
    """

    text: str
    tokens: tuple[Token, ...]
    scores: tuple[float, ...]
    method: str
    parameters: dict[str, Any]
    target: Target
    logit: float
    reference_share: float
    additive: bool
    logits: tuple[float, ...]
    probabilities: tuple[float, ...]
    labels: tuple[str, ...]
    model: str
    weights_hash: str
    cost: Cost
    truncated_at: int | None = None
    seeds: tuple[int, ...] = ()
    seed_scores: tuple[tuple[float, ...], ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    version: int = RECORD_VERSION
    task_type: str = USUAL
    bias_share: float = 0.0
    prompt: ReadPrompt | None = None

    def __post_init__(self) -> None:
        if len(self.tokens) != len(self.scores):
            raise ValueError(f"{len(self.tokens)} tokens but {len(self.scores)} scores.")
        if self.seed_scores and not 1 < len(self.seeds) == len(self.seed_scores):
            raise ValueError(f"{len(self.seed_scores)} rows of scores for {len(self.seeds)} seeds.")
        if any(len(row) != len(self.tokens) for row in self.seed_scores):
            raise ValueError(f"{len(self.tokens)} tokens but another number of scores under a seed.")

    @property
    def failure(self) -> str | None:
        """Why there is nothing to draw or to rank, for a person; None where every number is one."""
        # Of a vocabulary a few logits are kept, and probabilities over the whole of it.
        if not _finite((*self.logits, *self.probabilities)):
            return "The model's logits for this text are not finite numbers."
        if broken := [token for token, score in zip(self.tokens, self.scores, strict=True) if not math.isfinite(score)]:
            seeds = [seed for seed, row in zip(self.seeds, self.seed_scores, strict=False) if not _finite(row)]
            every = len(seeds) == len(self.seeds)
            where = f" (under {'every seed' if every else 'seed ' + ', '.join(map(str, seeds))})" if seeds else ""
            return (
                f"The method gave scores that are not finite numbers for {len(broken)} of {len(self.tokens)} tokens"
                f"{where}, the first of them “{broken[0].text}”."
            )
        if not math.isfinite(self.reference_share):
            return "The method gave the reference a share that is not a finite number."
        if not math.isfinite(self.bias_share):
            return "The method gave the model's biases a share that is not a finite number."
        return None

    @property
    def failed(self) -> bool:
        return self.failure is not None

    @property
    def spread(self) -> tuple[float, ...] | None:
        """The standard deviation of each token's score over seeds; None unless there are several."""
        return tuple(map(deviation, zip(*self.seed_scores, strict=True))) if self.seed_scores else None

    @property
    def sum(self) -> float:
        return float(sum(self.scores)) + self.reference_share + self.bias_share

    @property
    def completeness_error(self) -> float:
        return abs(self.sum - self.logit)

    @property
    def prediction(self) -> Prediction:
        """What the model answers to the text."""
        kind = answer_type(self.task_type)
        if isinstance(kind, TaskType):
            return kind.prediction(self.logits, self.labels)
        return Prediction(self.logits, self.probabilities, self.predicted, self.labels[self.predicted])

    @property
    def place(self) -> int:
        """Where in `labels`, `logits` and `probabilities` the target is."""
        return self.target.index if self.prompt is None else self.prompt.outputs.index(self.target.index)

    @property
    def predicted(self) -> int:
        """The output with the largest logit: the predicted class, the likeliest label, the score."""
        return max(range(len(self.logits)), key=self.logits.__getitem__)

    @property
    def unread(self) -> tuple[Span, ...]:
        """The characters that the model did not see, since its limit left them out: the text's end, or the ends of a
        pair's texts."""
        return unread_spans(self.text, self.tokens, self.truncated_at)

    @property
    def positions_by_half(self) -> tuple[tuple[int, ...], ...]:
        """The positions of the ordinary tokens, of a pair those of each text by themselves."""
        return positions_by_half(self.text, self.tokens)

    @property
    def added_share(self) -> float:
        """The sum of the scores of the tokens that the tokenizer added."""
        return float(sum(s for t, s in zip(self.tokens, self.scores, strict=True) if t.added))

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, with what is computed from the rest written out for other programs."""
        computed = ("sum", "completeness_error", "spread", "failure")
        plain = {**asdict(self), **{name: getattr(self, name) for name in computed}}
        if self.prompt is None:  # as records of classifiers were before there were others
            del plain["prompt"]
        if self.version == BEFORE_TASK_TYPES:  # as it was: the hash of a locked study is over its records
            del plain["task_type"], plain["bias_share"]
        return plain

    def to_json(self) -> str:
        """JSON; a number that is not finite becomes null."""
        return json.dumps(to_plain(self.to_dict()), ensure_ascii=False, allow_nan=False)

    def to_frame(self) -> pd.DataFrame:
        """The record as a table: one row a token, in their order, then one for each share that no token has.

        Columns: `token`; `start` and `end`, its characters in `text` (missing for a token that the tokenizer added);
        `word`, the word that it is part of, and `word_index`, which word of the text that is, from 0 (both missing for
        an added token); `kind`: "token", "added", "reference" or "biases" (of a score "base score"); `score`. Of
        several seeds, `spread`, the standard deviation over them (missing for a share); of a pair, `part`, 1 or 2.
        Scores of one `word_index` add up to the word's, and those of an additive method, all rows together, to the
        logit. `frame.attrs` has `method`, `model`, `target` and `logit`.
        """
        return _token_frame(self)

    def _repr_html_(self) -> str:
        """What a notebook shows: the text on its colours (see `bcos_core.render.notebook`)."""
        return str(_record_html(self))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Attribution:
        """The record that `to_dict` wrote.

        Raises:
            InputError: it was written by another version, or is not such a record.
        """
        version = data.get("version")
        if isinstance(version, bool) or version not in (BEFORE_TASK_TYPES, RECORD_VERSION):
            raise InputError(
                f"This record has version {version!r}; this program reads version {RECORD_VERSION}. "
                "Explain the text again, or use the program that made the record."
            )
        if version == BEFORE_TASK_TYPES:
            data = {**data, "task_type": USUAL, "bias_share": 0.0}
        stored = from_plain(data, _Stored, error=InputError, what="This record", advice=_ADVICE)
        known = {f.name: getattr(stored, f.name) for f in fields(stored)} | {"version": version}
        for name in ("scores", "logits", "probabilities"):
            known[name] = _numbers(known[name])
        for name in ("logit", "reference_share", "bias_share"):
            (known[name],) = _numbers([known[name]])
        known["cost"] = Cost(stored.cost.forward, stored.cost.backward, stored.cost.seconds)
        known["seed_scores"] = tuple(map(_numbers, stored.seed_scores))
        try:
            return cls(**known)
        except ValueError as error:
            raise InputError(f"This record is not as it should be ({error}). {_ADVICE}") from error


_ADVICE = "Give a record as it was exported."
# JSON's null is what became of a number that was not finite. A whole number stays one: a locked study's hash is over
# its records as they are written.
_Whole = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
_Number = _Whole | float | None


@dataclass(frozen=True)
class _StoredCost:
    forward: _Whole | float
    backward: _Whole | float
    seconds: _Whole | float


@dataclass(frozen=True)
class _Stored:
    """A record as JSON holds it, and what its parts must have in common."""

    text: str
    tokens: tuple[Token, ...]
    scores: tuple[_Number, ...]
    method: str
    parameters: dict[str, bool | _Whole | float | str | None]
    target: Target
    logit: _Number
    reference_share: _Number
    additive: bool
    logits: Annotated[tuple[_Number, ...], Meta(min_length=1)]
    probabilities: tuple[_Number, ...]
    labels: tuple[str, ...]
    model: str
    weights_hash: str
    cost: _StoredCost
    truncated_at: Annotated[int, Meta(ge=0)] | None
    seeds: Annotated[tuple[int, ...], Meta(max_length=MOST_REPEATS)]
    seed_scores: tuple[tuple[_Number, ...], ...]
    versions: dict[str, str]
    task_type: str
    bias_share: _Number
    prompt: ReadPrompt | None = None

    def __post_init__(self) -> None:
        if not is_answer_type(self.task_type):
            raise ValueError(f"the task type {self.task_type!r} is none of {', '.join(TASK_TYPES)}, {NextToken.name}")
        probabilities = len(self.labels) if answer_type(self.task_type).has_probabilities else 0
        if len(self.labels) != len(self.logits) or len(self.probabilities) != probabilities:
            raise ValueError(
                f"{len(self.labels)} labels, {len(self.logits)} logits and {len(self.probabilities)} probabilities"
            )
        if (self.prompt is not None) != (self.task_type == NextToken.name):
            raise ValueError(f"of the type {self.task_type} {'it has a' if self.prompt else 'it lacks the'} prompt")
        outputs = range(len(self.labels)) if self.prompt is None else self.prompt.outputs
        for index in (self.target.index, self.target.index if self.target.minus is None else self.target.minus):
            if index not in outputs:
                raise ValueError(f"its target is number {index}, which is not one of its {len(self.labels)} labels")
        if self.prompt is not None and (
            len(self.prompt.ids) != len(self.tokens)
            or len(outputs) != len(self.labels)
            or len(set(outputs)) != len(outputs)
            or not all(0 <= number < self.prompt.vocabulary for number in (*self.prompt.ids, *outputs))
        ):
            raise ValueError("the numbers of its tokens do not fit")
        part = self.prompt.part if self.prompt is not None else None
        if part and (not 0 < part.start <= len(self.tokens) or self.target.minus is not None or self.seeds):
            raise ValueError(f"its part of an answer begins at {part.start} of {len(self.tokens)} tokens")
        for token in self.tokens:
            start, end = (0 if place is None else place for place in (token.start, token.end))
            if (token.start is None) != (token.end is None) or not 0 <= start <= end <= len(self.text):
                raise ValueError(f"the token {token.text!r} stands at {token.start} to {token.end}, outside the text")
        if self.seeds and self.seeds != tuple(range(self.seeds[0], self.seeds[0] + len(self.seeds))):
            raise ValueError("its seeds do not follow one another")


def deviation(values: Sequence[float]) -> float:
    """√(Σ (x − mean)² / (n − 1)), the standard deviation of two or more values; NaN where one is not finite."""
    return statistics.stdev(values) if _finite(values) else math.nan


def _finite(values: Sequence[float]) -> bool:
    return all(map(math.isfinite, values))


def _numbers(values: Sequence[float | None]) -> tuple[float, ...]:
    return tuple(math.nan if value is None else value for value in values)

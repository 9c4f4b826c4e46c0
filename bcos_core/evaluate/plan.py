"""What evaluations, audits and vocabularies consist of, and what each part costs by the sizes of models and texts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from bcos_core.attribution.references import REFERENCE_TOKENS
from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.case import TENTHS
from bcos_core.evaluate.orders import EXACT_UP_TO
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.jobs.part import START_SECONDS, Part, seconds_of
from bcos_core.model.info import CheckpointInfo, read_info, trained_on
from bcos_core.model.named_tokens import named_tokens
from bcos_core.model.size import model_size
from bcos_core.text.embedded import EMBEDDED_TASKS
from bcos_core.text.size import SPECIAL_TOKENS, task_size
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.plan import BCOS_STEP

LOADING, CURVES, SINGLES, SETS, LIMITS = "loading", "curves", "single tokens", "random tokens", "limits"
SOFT = {"soft": "parts of words", "soft_ranks": "parts of words by rank"}
"""By the evidence that it gathers."""
READING_SECONDS, LOADING_SECONDS, TABLE_SECONDS = 1.0, 0.5, 0.1
SECONDS_OF_A_TEXT, SECONDS_OF_A_PASS = 0.002, 0.0007
"""What comes with every explanation (its record, storing it) and with every text of a pass, beside its arithmetic: what
a small model spends its time on."""
SHORTEST_SECONDS = 0.01
"""Of a part, however little its work is."""
CURVE_PASSES = 2 * len(TENTHS) + 2
"""Over an explained text: without its top tokens and with these alone, at every share, whole, and empty."""
DIFFERENT = 0.65
"""Share of these passes that is made: where several methods remove the same tokens, the model is asked once."""
SORTED, UNSORTED = 1.35, 1.8
"""The longest text of a batch, in mean lengths: of texts that are worked on in order of their lengths, or in any."""
# Tokens of each half of a pointing-game pair, where the task does not say: what fits twice into a short text's limit.
SHORT_HALF = 20
TYPICAL_OF_LONGEST = 0.75
"""Mean length of the texts that are short enough for limits, of the longest one that is."""
SETS_OF_A_TEXT = 32
SOFT_DRAWS = len(TENTHS)
"""Of what is left of the words, with the important ones and without: as many as there are shares that curves take."""
SOFT_PASSES = 2 * SOFT_DRAWS + 2
MOVES = 10
"""How often the words of a text move, as often as in captum."""
RADIUS = 0.1
"""How far they move, at most: a share of the root mean square of a coordinate of their vectors."""
SEARCHES = 3.0
"""Searches of a text whose sets are tried: four, less what they share (measured)."""
JUDGED_SHARE = 1.0  # of the test set, from which pairs are made


def part_of(method: str) -> str:
    """What explaining by a method is called as a part of the work."""
    return f"explain {method}"


def pointing_part_of(method: str) -> str:
    return f"point {method}"


def moving_part_of(method: str) -> str:
    return f"move {method}"


class Folder(Protocol):
    """A model's folder, whichever kind of model is in it."""

    @property
    def path(self) -> Path: ...

    @property
    def kind(self) -> str: ...

    @property
    def max_length(self) -> int: ...


def pass_seconds(model: Folder, tokens: float) -> float:
    """Of one text in a forward pass, on the reference machine."""
    seconds = SECONDS_OF_A_PASS + seconds_of(model_size(model.path).forward(tokens))
    return seconds * (BCOS_STEP if model.kind == "bcos" else 1.0)


def curve_seconds(model: CheckpointInfo, tokens: float) -> float:
    """Of what one explanation of a text adds to the curves, on the reference machine."""
    return DIFFERENT * CURVE_PASSES * pass_seconds(model, tokens)


def explanation_seconds(model: Folder, method: str, tokens: float, longest: float) -> float:
    """Of one text explained by a method, on the reference machine, in a batch whose longest has so many tokens."""
    cost = METHODS[method].cost
    width = longest if cost.together else tokens
    passes = max(1.0, cost.forward_equivalents(width))  # chance, too, asks for the model's answer
    return SECONDS_OF_A_TEXT + passes * pass_seconds(model, width)


def explaining(
    stage: int,
    model: Folder,
    method: str,
    *,
    texts: float,
    tokens: float,
    longest: float = UNSORTED,
    name: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> Part:
    """So many texts of so many tokens explained by a method; `longest` of a batch, in mean lengths."""
    width, widest = (min(tokens * times, model.max_length) for times in (1.0, longest))
    seconds = texts * explanation_seconds(model, method, width, widest)
    chosen = f" {json.dumps(dict(options), sort_keys=True)}" if options else ""
    pace = f"{part_of(method)} {model.kind}{chosen}"
    return Part(stage, part_of(method) if name is None else name, pace[:255], max(SHORTEST_SECONDS, seconds))


def predicting(
    stage: int, model: Folder, *, texts: float, tokens: float, name: str = "", pace: str = "predict"
) -> Part:
    """So many forward passes."""
    seconds = texts * pass_seconds(model, min(tokens, model.max_length))
    return Part(stage, name, pace, max(SHORTEST_SECONDS, seconds))


def curves(stage: int, model: CheckpointInfo, *, explanations: float, tokens: float, name: str = CURVES) -> Part:
    """Of so many explanations of texts of so many tokens."""
    seconds = explanations * curve_seconds(model, min(tokens, model.max_length))
    return Part(stage, name, CURVES, max(SHORTEST_SECONDS, seconds))


class Asked(Protocol):
    """What names methods, chance among them, and options of these."""

    @property
    def contenders(self) -> tuple[str, ...]: ...

    @property
    def options(self) -> Mapping[str, Mapping[str, Any]]: ...


def not_measured(
    spec: Asked, *, is_bcos: bool, family: str, answers: str, tokens: Sequence[str] = REFERENCE_TOKENS
) -> dict[str, str]:
    """The methods that are left out on such a model, each with the reason; `family`, `answers` and
    `tokens` as in `Method.unsupported`."""
    found: dict[str, str] = {}
    for method in (METHODS[name] for name in spec.contenders):
        if reason := method.unsupported(is_bcos=is_bcos, family=family, answers=answers, tokens=tokens):
            found[method.name] = reason
        elif is_bcos and method.on_bcos in spec.contenders:
            same = METHODS[method.on_bcos]
            asked, other = (one.checked_options(spec.options.get(one.name, {})) for one in (method, same))
            if asked == other:
                found[method.name] = f"On a B-cos model it is the same as {same.title}, which is measured."
    return found


def methods_on(spec: EvaluationSpec, model: CheckpointInfo) -> list[str]:
    """Those that are measured on a model, and chance."""
    without = not_measured(
        spec,
        is_bcos=model.kind == "bcos",
        family=model.family,
        answers=model.task_type,
        tokens=named_tokens(model.path),
    )
    return [name for name in spec.contenders if name not in without]


def evaluation_plan(spec: EvaluationSpec) -> list[Part]:
    """
    Raises:
        CheckpointError: a model is not there any more.
        DataError: the task cannot be used.
    """
    models = [read_info(path) for path in spec.checkpoints]
    return evaluation_parts(spec, models, spec.task or trained_on(models[0]))


def evaluation_parts(spec: EvaluationSpec, models: Sequence[CheckpointInfo], choice: TaskChoice) -> list[Part]:
    """Those of an evaluation of `models` on a task, whether they are there or not.

    Raises:
        DataError: the task cannot be used.
    """
    size = task_size(choice)
    texts = min(spec.limit, size.test)
    parts = [Part(0, "", "read", START_SECONDS + READING_SECONDS)]
    if spec.needs("pointing"):  # a judge answers the test set
        parts = [
            Part(
                0,
                "",
                "read and pair",
                START_SECONDS
                + READING_SECONDS
                + LOADING_SECONDS
                + seconds_of(size.test * model_size(models[0].path).forward(pointing_length(spec, choice))),
            )
        ]
    for stage, model in enumerate(models, start=1):
        methods = methods_on(spec, model)
        parts.append(Part(stage, LOADING, "load", LOADING_SECONDS))
        parts += [
            explaining(
                stage, model, name, texts=texts, tokens=size.tokens, longest=SORTED, options=spec.options.get(name)
            )
            for name in methods
        ]
        if spec.needs("sensitivity"):
            parts += [
                explaining(
                    stage,
                    model,
                    name,
                    texts=texts * MOVES,
                    tokens=size.tokens,
                    name=moving_part_of(name),
                    options=spec.options.get(name),
                )
                for name in methods
            ]
        if spec.needs("curves"):
            parts.append(curves(stage, model, explanations=texts * len(methods), tokens=size.tokens))
        for evidence, part in SOFT.items():
            if spec.needs(evidence):
                passes = texts * len(methods) * SOFT_PASSES
                parts.append(predicting(stage, model, texts=passes, tokens=size.tokens, name=part, pace=CURVES))
        if spec.needs("limits"):
            parts.append(_limits(stage, model, spec, methods=len(methods), texts=texts, tokens=size.tokens))
        if spec.needs("sets"):
            passes = texts * (SETS_OF_A_TEXT + 1)
            parts.append(predicting(stage, model, texts=passes, tokens=size.tokens, name=SETS, pace=SETS))
        if spec.needs("leave_one_out"):
            parts.append(
                predicting(stage, model, texts=texts * size.tokens, tokens=size.tokens, name=SINGLES, pace=SINGLES)
            )
        if spec.needs("pointing"):
            pairs = min(spec.pairs, size.test // 2)  # a text is in one of them
            parts += [_pointing(stage, model, name, spec, choice, pairs) for name in methods]
    return [*parts, Part(len(models) + 1, "", "table", TABLE_SECONDS)]


def _limits(
    stage: int, model: CheckpointInfo, spec: EvaluationSpec, *, methods: int, texts: int, tokens: float
) -> Part:
    length = min(tokens - SPECIAL_TOKENS, TYPICAL_OF_LONGEST * spec.bounded_length)
    passes = min(spec.bounded_texts, texts) * search_passes(length, width=spec.beam_width, methods=methods)
    return predicting(stage, model, texts=passes, tokens=length + SPECIAL_TOKENS, name=LIMITS, pace=LIMITS)


def search_passes(length: float, *, width: int, methods: int) -> float:
    """The limits of a text of so many ordinary tokens, n, and every single removal of each method's order. There are
    sizes 1 … n − 1, at each of which every set of the beam is enlarged by each token that is left: n² · width / 2 sets,
    for the highest, the lowest and, with what they leave, the difference."""
    searched = 2**length if length <= EXACT_UP_TO else SEARCHES * length**2 * width / 2
    return searched + methods * 2 * length


def _pointing(
    stage: int, model: CheckpointInfo, method: str, spec: EvaluationSpec, choice: TaskChoice, pairs: int
) -> Part:
    """Either class of each pair is explained; all are of about the same length."""
    tokens, name = 2.0 * pointing_length(spec, choice), pointing_part_of(method)
    options = {**spec.options.get(method, {}), "pair": True}
    return explaining(stage, model, method, texts=2 * pairs, tokens=tokens, longest=1.0, name=name, options=options)


def pointing_length(spec: EvaluationSpec, choice: TaskChoice) -> int:
    """Tokens that are wanted of each half of a pair."""
    return spec.pointing_length or usual_half(choice)


def usual_half(choice: TaskChoice) -> int:
    """Tokens of each half of a pair that suit a task."""
    return EMBEDDED_TASKS[choice.name].pointing_length if choice.kind == "embedded" else SHORT_HALF


def audit_plan(models: Sequence[CheckpointInfo]) -> list[Part]:
    """
    Raises:
        DataError: the task cannot be used.
    """
    size = task_size(trained_on(models[0]))
    texts = size.validation + size.test
    asked = [predicting(stage, model, texts=texts, tokens=size.tokens) for stage, model in enumerate(models, start=1)]
    return [Part(0, "", "read", START_SECONDS + READING_SECONDS), *asked]


HAVING = 0.2
"""Share of texts that have a word which somebody asks about: how many it really is, the texts say."""


def retest_plan(model: CheckpointInfo, method: str, limit: int) -> list[Part]:
    """
    Raises:
        DataError: the task cannot be used.
    """
    size = task_size(trained_on(model))
    texts = round(1 + HAVING * min(limit, size.test))
    return [
        Part(0, "", "read", START_SECONDS + READING_SECONDS),
        explaining(1, model, method, texts=texts, tokens=size.tokens, name=""),
        predicting(2, model, texts=3 * texts, tokens=size.tokens),
    ]


def vocabulary_plan(model: CheckpointInfo, method: str, limit: int) -> list[Part]:
    """
    Raises:
        DataError: the task cannot be used.
    """
    size = task_size(trained_on(model))
    texts = min(limit, size.test) * len(model.labels)
    return [
        Part(0, "", "read", START_SECONDS + READING_SECONDS),
        explaining(1, model, method, texts=texts, tokens=size.tokens, name=""),
        Part(2, "", "count words", 0.2 + 7e-5 * size.train),
    ]

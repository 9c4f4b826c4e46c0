"""A record as the plain data that the browser's heatmap draws: texts, numbers already written, colours."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from bcos_core.attribution.aggregation import summed
from bcos_core.attribution.record import Attribution, Token
from bcos_core.attribution.registry import is_signed
from bcos_core.numbers import count, elapsed, number, probability
from bcos_core.render.band import band_note, band_of, score_in_words
from bcos_core.render.palette import Palette
from bcos_core.render.pieces import Granularity, Piece, pieces, runs
from bcos_core.render.scale import Scale
from bcos_core.tasks.answer_type import AnswerType
from bcos_core.tasks.prediction import Prediction
from bcos_core.tasks.registry import answer_type
from bcos_core.text.pair import HEADINGS, halves, one_line
from bcos_core.text.token_names import readable, with_signs

if TYPE_CHECKING:
    from bcos_core.attribution.strike import StrikeResult

Presentation = Literal["background", "bars"]
PRESENTATIONS: tuple[Presentation, ...] = ("background", "bars")
Span = tuple[int, int]


@dataclass(frozen=True)
class Style:
    """How records are drawn; the same for all panels of a screen."""

    palette: Palette
    granularity: Granularity = "word"
    presentation: Presentation = "background"


def drawn_runs(record: Attribution, style: Style, scale: Scale, struck: Sequence[Span] = ()) -> list[dict[str, Any]]:
    """The record's text as runs in reading order.

    A run of units is {"kind": "unit", "units": [...], "breaks"}: it `breaks` over lines inside a unit, or only
    between them. Others are {"kind": "gap" | "added" | "cut", "text", "tip"}, and the headings of a pair's texts:
    {"kind": "heading", "text", "share", "tip"}, of which `share` is what the text adds to the sum.

    A unit has its `text`, `start`, `end`, `score`, its colours `light` and `dark`, its `strength` (−1 to 1),
    whether it is `struck` out, a `tip` for the pointer and a `label` for a screen reader. Under several seeds it has
    a `band`: its ends `low` and `high`, their colours by mode, and whether its sign is `unsettled`.

    A record that failed has nothing to draw: its text is one gap.
    """
    if record.failed:
        return [{"kind": "gap", "text": one_line(record.text), "tip": ""}]
    drawn: list[dict[str, Any]] = []
    for run in runs(pieces(record, style.granularity)):
        first = run[0]
        if first.kind == "unit":
            units = [_unit(piece, record, style.palette, scale, struck) for piece in run]
            drawn.append({"kind": "unit", "units": units, "breaks": style.granularity == "sentence"})
        elif first.kind == "added":
            tip = f"{first.text}, added by the tokenizer: {score_in_words(first, record, signed=True)}"
            drawn.append({"kind": "added", "text": first.text, "tip": tip})
        elif first.kind == "heading":
            share = score_in_words(first, record, signed=is_signed(record.method))
            tip = f"{first.text}: its words add up to {share}"
            drawn.append({"kind": "heading", "text": first.text, "share": share, "tip": tip})
        else:
            drawn.append({"kind": first.kind, "text": first.text, "tip": "Not seen by the model"})
    return drawn


def pending_runs(text: str, tokens: Sequence[Token]) -> list[dict[str, Any]]:
    """The text as `drawn_runs` has it, before there are scores: it takes the same room, without colours and without
    words to click."""
    position = 0
    added: list[tuple[int, str]] = []  # each after the last token of the text that precedes it
    for token in tokens:
        if token.end is None:
            added.append((position, readable(token.text)))
        position = max(position, token.end or 0)
    drawn: list[tuple[str, str]] = []
    parts = halves(text)
    for place, (start, end) in enumerate(parts):
        drawn += [("heading", HEADINGS[place])] if len(parts) > 1 else []
        drawn += [("added", shown) for at, shown in added if at == start]
        drawn.append(("gap", text[start:end]))
        drawn += [("added", shown) for at, shown in added if start < at <= end]
    return [{"kind": kind, "text": shown, "share": "", "tip": ""} for kind, shown in drawn]


def prediction_bars(record: Attribution) -> list[dict[str, Any]]:
    """The bars of a record's answer, those explained that its target names."""
    answer = Prediction(record.logits, record.probabilities, record.place, "")
    explained = (record.target.label, record.target.minus_label)
    return answer_bars(answer, record.labels, answer_type(record.task_type), explained)


def answer_bars(
    answer: Prediction, labels: Sequence[str], kind: AnswerType, explained: tuple[str, str | None]
) -> list[dict[str, Any]]:
    """One bar per output, in the model's order: `label`, `value` (probability, or the score), `share`, whether it is
    what the model `answers`, its part in what is `explained` (a class, perhaps rather than another) in words, `help`;
    none where the model gave no numbers."""
    if not all(map(math.isfinite, answer.logits)):
        return []
    if not answer.probabilities:  # a score has no share of anything
        label, value = labels[0], answer.logits[0]
        only = {"label": label, "value": number(value), "share": 0.0, "answers": True, "explained": ""}
        return [{**only, "help": f"{label} {value:g}"}]
    parts = dict(zip(explained, ("explained", "rather than"), strict=True))
    (named,) = kind.named(kind.answers(np.array([answer.logits])), len(labels)).tolist()
    return [
        {
            "label": label,
            "value": probability(share),
            "share": share,
            "answers": answers,
            "explained": parts.get(label, ""),
            "help": f"{kind.measures[0]} probability {probability(share)}, logit {number(logit)}",
        }
        for label, share, logit, answers in zip(labels, answer.probabilities, answer.logits, named, strict=True)
    ]


def legend(record: Attribution, style: Style, scale: Scale) -> dict[str, Any] | None:
    """The scale's numbers, both ends in words, the colour strips, the rule, and what the band means (if there is
    one); None where nothing is drawn."""
    if record.failed:
        return None
    signed = is_signed(record.method)
    target = record.target.title
    numbers = scale.ends if signed else scale.ends[1:]
    return {
        "numbers": [number.removeprefix("+") for number in numbers] if not signed else list(numbers),
        "ends": _ends(target, answer_type(record.task_type), signed=signed),
        "rule": scale.rule,
        "band": band_note(record, bars=style.presentation == "bars"),
        "light": style.palette.css_gradient("light", signed=signed),
        "dark": style.palette.css_gradient("dark", signed=signed),
    }


def shared_legend(target: str, kind: AnswerType, style: Style, scale: Scale | None, *, signed: bool) -> dict[str, Any]:
    """The colours of several panels at once: the strips, and both ends in words, as models of a `kind` of task have
    them; with the numbers at the ends where the panels share a `scale`."""
    ends = _ends(target, kind, signed=signed)
    if scale is not None:
        low, _, high = scale.ends if signed else ("0", "", scale.ends[2].removeprefix("+"))
        ends = [f"{ends[0]} {low}", f"{ends[1]} {high}"]
    return {
        "ends": ends,
        "light": style.palette.css_gradient("light", signed=signed),
        "dark": style.palette.css_gradient("dark", signed=signed),
    }


def _ends(target: str, kind: AnswerType, *, signed: bool) -> list[str]:
    """What the left and the right end of a scale do."""
    positive, negative = kind.verbs
    return [f"{negative} {target}", f"{positive} {target}"] if signed else ["no weight", "most weight"]


# Of the logit, or of the largest contribution: what is below it cannot be seen in three digits.
ADDS_UP = 1e-3


def sum_mark(record: Attribution) -> dict[str, Any] | None:
    """Whether the contributions add up, in two or three words, with the numbers as its `tip`; None where no sum is
    promised or the record failed."""
    if not record.additive or record.failed:
        return None
    exact = record.completeness_error <= ADDS_UP * max(abs(record.logit), *map(abs, record.scores), 0.0)
    numbers = f"{number(record.sum)} of {number(record.logit)}"
    return {
        "exact": exact,
        "text": "✓ adds up" if exact else f"adds to {numbers}",
        "tip": f"The contributions add to {numbers}, the {quantity(record)}. "
        f"Difference {number(record.completeness_error)}.",
    }


def quantity(record: Attribution) -> str:
    """What the contributions add up to: of a contrast it is a difference."""
    if record.prompt is not None and record.prompt.part is not None:
        return record.prompt.part.title
    explained = answer_type(record.task_type).explained
    return explained if record.target.minus is None else f"difference of {explained}s"


def completeness_meter(record: Attribution) -> dict[str, Any] | None:
    """What the contributions add to beside the logit, and the sum's parts; None where no sum is promised or the
    record failed."""
    if not record.additive or record.failed:
        return None
    return {
        "kind": "meter",
        "title": f"Adds to {number(record.sum)} of {number(record.logit)}",
        "bars": signed_bars([("contributions", record.sum), (quantity(record), record.logit)]),
        "note": f"Difference {number(record.completeness_error)}. The sum: {', '.join(sum_parts(record))}.",
    }


def sum_parts(record: Attribution) -> list[str]:
    """What the sum is made of: the text (of a pair each text), and what no word has."""
    shares = [summed(record, positions)[0] for positions in record.positions_by_half]
    names = [heading.lower() for heading in HEADINGS] if len(shares) > 1 else ["text"]
    parts = [f"{name} {number(share, signed=True)}" for name, share in zip(names, shares, strict=True)]
    parts.append(f"added tokens {number(record.added_share, signed=True)}")
    if record.reference_share:
        parts.append(f"reference {number(record.reference_share, signed=True)}")
    if record.bias_share:
        part = record.prompt and record.prompt.part
        whose = part.tokenless if part else answer_type(record.task_type).tokenless
        parts.append(f"{whose} {number(record.bias_share, signed=True)}")
    return parts


def strike_comparison(record: Attribution, change: StrikeResult) -> dict[str, Any]:
    """The change that a heatmap predicts for struck words beside the change that really happens, in logits or in the
    score's unit."""
    return {
        "kind": "strike",
        "title": f"Words struck out: change of the {quantity(record)}",
        "bars": signed_bars(
            [
                (name, value)
                for name, value in (("predicted", change.predicted_change), ("real", change.actual_change))
                if value is not None
            ],
            signed=True,
        ),
        "note": before_and_after(record, change),
    }


def real_change(record: Attribution, change: StrikeResult) -> str:
    """What striking words out really does to a model's answer, in a sentence or two."""
    return f"Real change: {number(change.actual_change, signed=True)}. {before_and_after(record, change)}"


def before_and_after(record: Attribution, change: StrikeResult) -> str:
    """What is explained, before and after words were struck out, and the probability."""
    note = f"{quantity(record).capitalize()} {number(record.logit)} → {number(change.logit)}"
    if change.probabilities:
        before, after = (one[record.place] for one in (record.probabilities, change.probabilities))
        note += f", probability of {with_signs(record.target.label)} {probability(before)} → {probability(after)}"
    return f"{note}."


def predicted_change(change: StrikeResult, *, apart: bool = False) -> dict[str, Any]:
    """What a heatmap predicts for struck words, for a row: the number, and both changes for a bar with a mark. How long
    a bar is depends on the other rows of the model. With `apart` the real change is said too: it is not that of the
    other rows. Scores without a direction predict nothing."""
    predicted, actual = change.predicted_change, change.actual_change
    really = number(actual, signed=True)
    if predicted is None:
        return {
            "text": "has no direction" + (f", really {really}" if apart else ""),
            "predicted": None,
            "real": actual,
            "tip": f"How much a word matters, not in which direction: no change is predicted, {really} is real.",
        }
    said = number(predicted, signed=True)
    return {
        "text": f"predicts {said}" + (f", really {really}" if apart else ""),
        "predicted": predicted,
        "real": actual,
        "tip": f"Change without the struck words: {said} is predicted, {really} is real (the mark on the bar).",
    }


def signed_bars(values: Iterable[tuple[str, float]], *, signed: bool = False) -> list[dict[str, Any]]:
    """Bars from a common zero: `label`, `value`, `share` of the longest one, and the number as `shown`."""
    listed = list(values)
    longest = max((abs(value) for _, value in listed), default=0.0)
    return [
        {
            "label": label,
            "value": value,
            "share": abs(value) / longest if longest else 0.0,
            "shown": number(value, signed=signed),
        }
        for label, value in listed
    ]


def cost_line(record: Attribution) -> str:
    """What the record cost: "1 forward, 1 backward · 18 ms"."""
    cost = record.cost
    passes = [f"{cost.forward:,g} forward"] if cost.forward else []
    passes += [f"{cost.backward:,g} backward"] if cost.backward else []
    return f"{', '.join(passes) or 'no pass'} · {elapsed(cost.seconds)}"


def truncation_note(record: Attribution) -> str | None:
    """What of the text the model did not see, and where it was cut; None when it saw all."""
    return cut_note(record.text, record.unread)


def cut_note(text: str, unread: Sequence[Span]) -> str | None:
    """The same of any text of which a model does not see the characters `unread`."""
    if not unread:
        return None
    parts = halves(text)
    said = []
    for start, end in unread:
        half = next(place for place, (first, last) in enumerate(parts) if first <= start <= last)
        first = parts[half][0]
        of = f" of the {HEADINGS[half].lower()}" if len(parts) > 1 else ""
        kept = text[first:start].rstrip()
        said.append(f"the first {start - first:,} of {end - first:,} characters{of}, up to “…{kept[-24:]}”")
    missing = count(sum(end - start for start, end in unread), "character")
    return (
        f"Longer than this model reads: it saw {' and '.join(said)}. The last {missing} had no part in the prediction."
    )


def _unit(piece: Piece, record: Attribution, palette: Palette, scale: Scale, struck: Sequence[Span]) -> dict[str, Any]:
    score = piece.score or 0.0
    strength = scale.strength(score)
    signed = is_signed(record.method)
    band = band_of(piece, scale, signed=signed)
    written = score_in_words(piece, record, signed=signed)
    if signed:
        positive, negative = answer_type(record.task_type).verbs
        side = positive if score > 0 else negative if score < 0 else f"neither {positive} nor {negative}"
        meaning = f"{side} {record.target.title}" + (", sign not settled" if band and band.unsettled else "")
    else:
        meaning = "weight without a direction"
    return {
        "text": piece.shown,
        "start": piece.start,
        "end": piece.end,
        "score": score,
        "light": palette.shade(strength, "light").background,
        "dark": palette.shade(strength, "dark").background,
        "strength": strength,
        "struck": any(start < piece.end and piece.start < end for start, end in struck),
        "tip": f"{written} · {meaning}",
        "label": f"{with_signs(piece.text)}, {written}, {meaning}",
        "band": None
        if band is None
        else {
            "low": band.low,
            "high": band.high,
            "unsettled": band.unsettled,
            "light": band.colours(palette, "light"),
            "dark": band.colours(palette, "dark"),
        },
    }

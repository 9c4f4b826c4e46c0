"""What minimal pairs have shown, in sentences: of each model what is better than its own sum, which word it prefers,
and which methods find why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.figures import interval_in_words
from bcos_core.evaluate.statistics import FEWEST_TO_DIFFER
from bcos_core.minimal_pairs.measures import MEASURES
from bcos_core.minimal_pairs.result import Contender, PairsResult, Speaker
from bcos_core.numbers import count, number, percent
from bcos_core.tasks.estimates import Estimate

FIRST = "mrr"
"""The measure that the sentences are about."""
_NAMED = 2  # so many scores are named; more are counted

Names = Mapping[str, str]
"""What models are called, by their folder's name."""


def pairs_sentences(result: PairsResult, names: Names) -> list[str]:
    """All of `pairs_paragraphs`."""
    return [sentence for paragraph in pairs_paragraphs(result, names) for sentence in paragraph]


def pairs_paragraphs(result: PairsResult, names: Names) -> list[list[str]]:
    """Of each model: what is better than its own sum, how often it prefers the right word, the method that finds the
    evidence best and what that is better than, and the methods that are not shown to beat a random ranking; then
    between models, where there are several."""
    found = [
        [
            *_better_than_ours(result, speaker, names),
            _prefers(result, speaker, names),
            *_methods(result, speaker, names),
        ]
        for speaker in result.speakers
    ]
    return [*found, *filter(None, [_between(result, names)])]


def protocol_in_words(result: PairsResult) -> str:
    """How every value came about: what is explained, what is ranked and how, and which pairs were drawn."""
    limit, unit, seed = (result.spec[name] for name in ("limit", "unit", "seed"))
    several = "of an evidence word of several tokens the best one counts; " if unit == "token" else ""
    return (
        "Explained: the logit of the right word minus that of the wrong one, at the first token in which they differ. "
        f"Ranked: the {unit}s of the prompt without added tokens, signed, the highest first; {several}ties at their "
        f"expectation. At most {count(limit, 'pair')} of each file or paradigm, seed {seed}."
    )


def written(value: float, measure: str) -> str:
    """A value of a measure for a person: shares in per cent, ranks as numbers."""
    return number(value) if measure == FIRST else percent(value)


def _better_than_ours(result: PairsResult, speaker: Speaker, names: Names) -> list[str]:
    """Nothing of a model whose own sum was not measured."""
    name = names.get(speaker.checkpoint, speaker.checkpoint)
    found = {one.method: one for one in _of(result, speaker) if not METHODS[one.method].chance}
    ours = found.pop(speaker.own, None)
    if ours is None or not found:
        return []
    measures = [measure for measure in MEASURES if ours.values[measure]]
    pairs = max((len(ours.values[measure]) for measure in measures), default=0)
    if pairs < FEWEST_TO_DIFFER:
        few = f"{count(pairs, 'pair')} with evidence cannot show that any method on {name} is better than another"
        return [f"{few}; that takes {FEWEST_TO_DIFFER} or more."] if pairs else []
    beating = [
        f"{_title(one)} in {_scores(better, measures)}"
        for one in found.values()
        if (better := [measure for measure in measures if result.is_better(one, ours, measure)])
    ]
    if not beating:
        return [f"On {name}, no other method is shown to be better than {_title(ours)} in any score."]
    return [f"Better than {_title(ours)} on {name}: {'; '.join(beating)}."]


def _scores(found: Sequence[str], measures: Sequence[str]) -> str:
    """ "evidence first and share of the positive sum", "all 4 scores", "3 of 4 scores"."""
    if len(found) == len(measures) > 1:
        return f"all {len(found)} scores"
    if len(found) > _NAMED:
        return f"{len(found)} of {count(len(measures), 'score')}"
    titles = [MEASURES[measure].title for measure in found]
    return _listed([title[0].lower() + title[1:] for title in titles])


def _prefers(result: PairsResult, speaker: Speaker, names: Names) -> str:
    row = next(one for one in result.preferences() if one["checkpoint"] == speaker.checkpoint)  # of all pairs
    name, share = names.get(speaker.checkpoint, speaker.checkpoint), _estimate(row)
    if not share.n:
        return f"{name} was asked about no pair."
    interval = interval_in_words(share, percent)
    return f"{name} prefers the right word in {percent(share.mean)} of {count(share.n, 'pair')} ({interval})."


def _methods(result: PairsResult, speaker: Speaker, names: Names) -> list[str]:
    name = names.get(speaker.checkpoint, speaker.checkpoint)
    able = [one for one in _of(result, speaker) if one.values[FIRST] and not METHODS[one.method].chance]
    if not able:
        return []
    chance = result.chance_of(able[0])
    means = {one.id: MEASURES[FIRST].estimate(list(one.values[FIRST].values())) for one in (*able, chance)}
    best = max(able, key=lambda one: means[one.id].mean)
    said = [
        f"On {name}, the highest mean reciprocal rank of the evidence is {number(means[best.id].mean)}, by "
        f"{_title(best)}; a random ranking is expected to reach {number(means[chance.id].mean)}."
    ]
    others = [one for one in able if one is not best]
    if others:
        behind = [_title(one) for one in others if result.is_better(best, one, FIRST)]
        said.append(f"It is shown to be better than {_listed(behind) if behind else 'none of the other methods'}.")
    if poor := [_title(one) for one in able if not result.is_better(one, chance, FIRST)]:
        said.append(f"Not shown to beat a random ranking on {name}: {_listed(poor)}.")
    return said


def _between(result: PairsResult, names: Names) -> list[str]:
    """The best method of the first model against that of each other, on the pairs that both have."""
    best: list[Contender] = []
    for speaker in result.speakers:
        able = [one for one in _of(result, speaker) if one.values[FIRST] and not METHODS[one.method].chance]
        if able:
            best.append(max(able, key=lambda one: MEASURES[FIRST].estimate(list(one.values[FIRST].values())).mean))
    said = []
    for other in best[1:]:
        gap = result.difference(best[0], other, FIRST)
        if gap.n:
            ours, theirs = (f"{_title(one)} on {names.get(one.checkpoint, one.checkpoint)}" for one in (best[0], other))
            interval = interval_in_words(gap, lambda value: number(value, signed=True)).replace("text", "pair")
            said.append(
                f"{ours} minus {theirs}: {number(gap.mean, signed=True)} in mean reciprocal rank on "
                f"{count(gap.n, 'pair')} ({interval})."
            )
    return said


def _of(result: PairsResult, speaker: Speaker) -> list[Contender]:
    return [one for one in result.contenders if one.checkpoint == speaker.checkpoint]


def _estimate(row: Mapping[str, Any]) -> Estimate:
    return Estimate(row["mean"], row["low"], row["high"], row["n"])


def _title(one: Contender) -> str:
    return METHODS[one.method].title


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last

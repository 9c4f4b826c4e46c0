"""What minimal pairs have shown, in sentences: of each model what is better than its own sum, which word it prefers,
which methods find why, and which foresee what striking a token does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bcos_core.attribution.references import REFERENCES
from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.figures import interval_in_words
from bcos_core.evaluate.removal import REMOVALS
from bcos_core.evaluate.statistics import FEWEST_TO_DIFFER
from bcos_core.minimal_pairs.measures import MEASURES, Measure
from bcos_core.minimal_pairs.result import Contender, PairsResult, Speaker
from bcos_core.numbers import count, number, percent
from bcos_core.tasks.estimates import Estimate

FIRST = "mrr"
"""The measure that says whether the evidence is found."""
TOLD = (FIRST, "strike")
"""The measures that the sentences are about, where they were measured."""
_NAMED = 2  # so many scores are named; more are counted

Names = Mapping[str, str]
"""What models are called, by their folder's name."""


def pairs_sentences(result: PairsResult, names: Names) -> list[str]:
    """All of `pairs_paragraphs`."""
    return [sentence for paragraph in pairs_paragraphs(result, names) for sentence in paragraph]


def pairs_paragraphs(result: PairsResult, names: Names) -> list[list[str]]:
    """Of each model: what is better than its own sum, how often it prefers the right word; then, of finding the
    evidence and of foreseeing strikes, the best method and what that is better than, and the methods that are not shown
    to beat a random ranking; then between models, where there are several."""
    told = [MEASURES[name] for name in TOLD if name in result.measures]
    found = [
        [
            *_better_than_ours(result, speaker, names),
            _prefers(result, speaker, names),
            *_trained_towards(result, speaker, names),
            *[one for measure in told for one in _methods(result, speaker, names, measure)],
        ]
        for speaker in result.speakers
    ]
    return [*found, *filter(None, [[one for measure in told for one in _between(result, names, measure)]])]


def protocol_in_words(result: PairsResult) -> str:
    """How every value came about: what is explained, what is ranked and how, what is removed, and which pairs were
    drawn."""
    limit, unit, seed = (result.spec[name] for name in ("limit", "unit", "seed"))
    several = "of an evidence word of several tokens the best one counts; " if unit == "token" else ""
    return (
        "Explained: the logit of the right word minus that of the wrong one, at the first token in which they differ. "
        f"Ranked: the {unit}s of the prompt without added tokens, signed, the highest first; {several}ties at their "
        f"expectation.{_removed(result)} At most {count(limit, 'pair')} of each file or paradigm, seed {seed}."
    )


def _removed(result: PairsResult) -> str:
    """What became of removed tokens; nothing where none were."""
    if not any(MEASURES[name].asks for name in result.measures):
        return ""
    reference, unit = result.spec["reference"], result.spec["unit"]
    return (
        f" Struck or removed {unit}s: {REMOVALS[result.spec['removal']].title}. Scores compare with "
        f"{REFERENCES[reference]} where a method offers that."
    )


def _better_than_ours(result: PairsResult, speaker: Speaker, names: Names) -> list[str]:
    """Nothing of a model whose own sum was not measured."""
    name = names.get(speaker.checkpoint, speaker.checkpoint)
    found = {one.method: one for one in _of(result, speaker) if not METHODS[one.method].chance}
    ours = found.pop(speaker.own, None)
    if ours is None or not found:
        return []
    measures = [measure for measure in result.measures if ours.values[measure]]
    pairs = max((len(ours.values[measure]) for measure in measures), default=0)
    if pairs < FEWEST_TO_DIFFER:
        few = f"{count(pairs, 'pair')} cannot show that any method on {name} is better than another"
        return [f"{few}; that takes {FEWEST_TO_DIFFER} or more."] if pairs else []
    beating = [
        f"{_title(one)} in {_scores(better, measures)}"
        for one in found.values()
        if (better := [name for name in measures if _rivals(one, name) and result.is_better(one, ours, name)])
    ]
    if not beating:
        return [f"On {name}, no other method is shown to be better than {_title(ours)} in any score."]
    return [f"Better than {_title(ours)} on {name}: {'; '.join(beating)}."]


def _rivals(one: Contender, measure: str) -> bool:
    """Whether a method can be set against others by a measure: not one that the measure itself is made of."""
    return one.method not in MEASURES[measure].settled_by


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


def _trained_towards(result: PairsResult, speaker: Speaker, names: Names) -> list[str]:
    """A measure that was an objective is no test of it."""
    removing = [MEASURES[name].title for name in result.measures if MEASURES[name].asks]
    if not speaker.consistency or not removing:
        return []
    return [
        f"{names.get(speaker.checkpoint, speaker.checkpoint)} was trained towards what its own sum says of struck "
        f"tokens (deletion consistency, weight {speaker.consistency:g}): {_listed(removing)} are no test of that alone."
    ]


def _methods(result: PairsResult, speaker: Speaker, names: Names, measure: Measure) -> list[str]:
    name, key = names.get(speaker.checkpoint, speaker.checkpoint), measure.name
    able = _able(result, speaker, measure)
    if not able:
        return []
    chance = result.chance_of(able[0])
    means = {one.id: measure.estimate(list(one.values[key].values())) for one in (*able, chance)}
    best = max(able, key=lambda one: means[one.id].mean)
    said = [
        f"On {name}, the highest {measure.phrase} is {number(means[best.id].mean)}, by {_title(best)}; a random "
        f"ranking is expected to reach {number(means[chance.id].mean)}."
    ]
    others = [one for one in able if one is not best]
    if others:
        behind = [_title(one) for one in others if result.is_better(best, one, key)]
        said.append(f"It is shown to be better than {_listed(behind) if behind else 'none of the other methods'}.")
    if poor := [_title(one) for one in able if not result.is_better(one, chance, key)]:
        said.append(f"Not shown to beat a random ranking on {name}: {_listed(poor)}.")
    return said


def _able(result: PairsResult, speaker: Speaker, measure: Measure) -> list[Contender]:
    """The methods on a model that have a value, without chance and those that are what they are measured by."""
    return [
        one
        for one in _of(result, speaker)
        if one.values[measure.name] and not METHODS[one.method].chance and _rivals(one, measure.name)
    ]


def _between(result: PairsResult, names: Names, measure: Measure) -> list[str]:
    """The best method of the first model against that of each other, on the pairs that both have."""
    best = [
        max(able, key=lambda one: measure.estimate(list(one.values[measure.name].values())).mean)
        for speaker in result.speakers
        if (able := _able(result, speaker, measure))
    ]
    said = []
    for other in best[1:]:
        gap = result.difference(best[0], other, measure.name)
        if gap.n:
            ours, theirs = (f"{_title(one)} on {names.get(one.checkpoint, one.checkpoint)}" for one in (best[0], other))
            interval = interval_in_words(gap, lambda value: number(value, signed=True)).replace("text", "pair")
            said.append(
                f"{ours} minus {theirs}: {number(gap.mean, signed=True)} in {measure.phrase} on "
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

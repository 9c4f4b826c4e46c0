"""From evidence to values: every score of one explainer on every text, with its protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bcos_core.evaluate.case import TENTHS, Case, Curves, Named, Sets, Soft, Steps
from bcos_core.evaluate.explainer import Explainer
from bcos_core.evaluate.gather import Bounded
from bcos_core.evaluate.limits import Limits
from bcos_core.evaluate.objective import SENTENCES, Objective
from bcos_core.evaluate.orders import EXACT_UP_TO
from bcos_core.evaluate.people import RATIONALE, agreed, among_themselves
from bcos_core.evaluate.plan import MOVES, RADIUS, SOFT, SOFT_DRAWS
from bcos_core.evaluate.plausibility import rated_positions, rationale_positions
from bcos_core.evaluate.pointing import Pairs
from bcos_core.evaluate.probability import PROBABILITIES, what_is_measured
from bcos_core.evaluate.removal import REMOVALS
from bcos_core.evaluate.result import Contender
from bcos_core.evaluate.scores import SCORES, Score
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.evaluate.subjects import (
    EXPLANATION,
    POINTING,
    curves_kind,
    limits_item,
    limits_kind,
    moves_kind,
    sets_kind,
    singles_kind,
    soft_kind,
    steps_kind,
)
from bcos_core.model.identity import model_subject
from bcos_core.model.info import CheckpointInfo
from bcos_core.numbers import count
from bcos_core.storage.content import name_of
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.tasks.estimates import Estimate, bootstrap
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.text.encoding import Encoded, encode
from bcos_core.text.rationales import Rationales

_SOFTLY = {
    "soft": f"in proportion to the scores, from the lowest of a text to its highest; mean of {SOFT_DRAWS} draws",
    "soft_ranks": "by the rank of the scores, so that every method keeps the same share of a text, from "
    f"{TENTHS[0]}0 to {TENTHS[-1]}0 %; mean over {SOFT_DRAWS} shares",
}


@dataclass(frozen=True)
class ScoringProtocol:
    """How the numbers of one model came about; it goes with every one of them."""

    spec: EvaluationSpec
    task: str
    texts: int
    pairs: Pairs
    info: CheckpointInfo

    def of(self, score: Score, explainer: Explainer) -> dict[str, Any]:
        """The protocol of one score of one explainer, as plain data with one sentence for a person."""
        spec, data, kind = self.spec, self._common(explainer), TASK_TYPES[self.info.task_type]
        removal, texts = spec.removal, count(self.texts, f"{spec.side} text")
        if score.evidence == "pointing":
            pairs = self.pairs
            data |= {"pairs": len(pairs.pairs), "pairs_from": pairs.judge, "tokens_per_half": pairs.length}
            data["target"] = f"each {kind.output} of a pair"
            sentence = (
                f"{len(pairs.pairs)} pairs of texts cut to {pairs.length} tokens that {pairs.judge} gets right "
                f"with p > 0.75; each {kind.output} of a pair explained."
            )
        elif score.evidence == RATIONALE:
            data |= {"rationales": "column of the task", "target": "the predicted class, where it is the text's label"}
            sentence = (
                f"What people named in the text as the reason for its label (of several people, at least half of "
                f"them); of {texts} those that have a rationale and whose predicted class, "
                "which is explained, is their label."
            )
        elif score.evidence == "ratings":
            data |= {"rationales": "VADER lexicon", "target": "the predicted class"}
            sentence = f"Words rated by people (VADER lexicon); {texts}; the predicted class explained."
        elif score.evidence == "sensitivity":
            data |= {"target": kind.predicted, "radius": RADIUS, "moves": MOVES}
            sentence = (
                f"Uniform noise of at most {RADIUS:g} of the root mean square on the vectors of a text's words, "
                f"{MOVES} times; {kind.predicted} explained; {texts}."
            )
        elif score.evidence in SOFT:
            removal = "parts of the words' vectors"
            data |= {"removal": removal, "probability": spec.probability, "target": kind.predicted, "draws": SOFT_DRAWS}
            sentence = (
                f"Random elements of the words' vectors set to 0, {_SOFTLY[score.evidence]}; p is "
                f"{what_is_measured(spec.probability, kind.predicted)}; {texts}, those left "
                "out for which p does not fall when all elements are 0. No draw counts less than 0 or more than 1."
            )
        else:
            data |= {"removal": removal, "probability": spec.probability, "target": kind.predicted}
            if score.evidence == "curves":
                data["fractions"] = [tenth / 10 for tenth in TENTHS]
            sentence = (
                f"Tokens {REMOVALS[spec.removal].title}, highest score first; p is "
                f"{what_is_measured(spec.probability, kind.predicted)}; {texts}."
            )
            if score.evidence == "sets":
                sentence = (
                    f"Random sets of tokens, the same for every method, {REMOVALS[spec.removal].title}; the logit of "
                    f"{kind.predicted}; {texts}."
                )
            if score.evidence == "limits":
                data |= {name: getattr(spec, name) for name in ("bounded_texts", "bounded_length", "beam_width")}
                sentence += (
                    f" Of them at most {spec.bounded_texts}, of at most {spec.bounded_length} tokens: longer ones are "
                    f"left out. Limits over every order up to {EXACT_UP_TO} tokens, above that by a beam of "
                    f"{spec.beam_width}, which may miss the best one."
                )
        objective = Objective.of(self.info.recipe)
        bearing = objective.bears_on(score, removal)
        said = [SENTENCES[name] for name, holds in bearing.items() if holds]
        return {**data, **bearing, "objective": objective.in_words, "summary": " ".join([sentence, *said])}

    def _common(self, explainer: Explainer) -> dict[str, Any]:
        return {
            "task": self.task,
            "texts": self.texts,
            "seed": self.spec.seed,
            "max_length": explainer.classifier.max_length,
            "ranking": "signed, descending",
            "reference": explainer.reference,
            "options": dict(explainer.options),
            "version": 1,
        }


def bounded_by(spec: EvaluationSpec) -> Bounded | None:
    """Of which texts limits are searched; None where no score asks for them."""
    if not spec.needs("limits"):
        return None
    return Bounded(spec.bounded_texts, spec.bounded_length, spec.beam_width, spec.probability)


@dataclass(frozen=True)
class Rationale:
    """What each person named in a text as the reason for its label, the name of a class."""

    label: str
    people: Rationales


def values_of(
    explainer: Explainer,
    texts: Sequence[str],
    rationales: Mapping[str, Rationale],
    protocol: ScoringProtocol,
    store: EvidenceStore,
) -> Contender:
    """One explainer's values of every score, by item; a text where a score is not defined is left out.

    `rationales` are those of the texts that have one, by text.
    """
    spec = protocol.spec
    known = store.find(explainer.name, EXPLANATION, map(name_of, texts))
    cases = _cases(explainer, texts, rationales, known, spec, store)
    curves_of = _mean_curves(cases.values())
    pointing = store.find(explainer.unlimited.name, POINTING, map(name_of, protocol.pairs.pairs))
    values: dict[str, dict[str, float]] = {}
    for name in spec.scores:
        score = SCORES[name]
        if score.evidence == "pointing":
            values[name] = {item: _mean(shares) for item, found in pointing.items() if (shares := _numbers(found))}
        else:
            computed = {
                item: score.compute(case)
                for item, case in cases.items()
                if score.evidence != "limits" or case.limits is not None
            }
            values[name] = {item: value for item, value in computed.items() if value is not None}
    return Contender(
        checkpoint=protocol.info.path.name,
        path=str(protocol.info.path),
        kind=protocol.info.kind,
        method=explainer.method.name,
        values=values,
        protocols={name: protocol.of(SCORES[name], explainer) for name in spec.scores},
        failed=sum(found["failed"] for found in known.values()),
        forward_passes=_mean([found["forward"] for found in known.values()]),
        backward_passes=_mean([found["backward"] for found in known.values()]),
        seconds=_mean([found["seconds"] for found in known.values()]),
        curves={name: [one.mean for one in points] for name, points in curves_of.items()},
        bands={
            name: [(one.low, one.high) if one.has_interval else None for one in points]
            for name, points in curves_of.items()
        },
        identity=explainer.classifier.identity,
    )


def people_of(
    explainer: Explainer,
    texts: Sequence[str],
    rationales: Mapping[str, Rationale],
    protocol: ScoringProtocol,
    store: EvidenceStore,
) -> dict[str, dict[str, float]]:
    """What people reach among themselves, each against the others, by score and item: the same for every explainer of
    a model. Nothing where no text has several people's rationales."""
    scores = [SCORES[name] for name in protocol.spec.scores if SCORES[name].evidence == RATIONALE]
    if not scores or all(len(one.people) < 2 for one in rationales.values()):
        return {}
    known = store.find(explainer.name, EXPLANATION, map(name_of, texts))
    cases = _cases(explainer, texts, rationales, known, protocol.spec, store)
    found: dict[str, dict[str, float]] = {}
    for score in scores:
        values = {item: among_themselves(case, score.compute) for item, case in cases.items()}
        found[score.name] = {item: value for item, value in values.items() if value is not None}
    return {name: values for name, values in found.items() if values}


def _cases(
    explainer: Explainer,
    texts: Sequence[str],
    rationales: Mapping[str, Rationale],
    known: dict[str, Any],
    spec: EvaluationSpec,
    store: EvidenceStore,
) -> dict[str, Case]:
    """What is known of each text whose explanation has not failed."""
    classifier = explainer.classifier
    items = [name_of(text) for text in texts]
    curves = store.find(explainer.name, curves_kind(spec.removal), items) if spec.needs("curves") else {}
    subject = model_subject(classifier.identity, classifier.max_length)
    singles = store.find(subject, singles_kind(spec.removal), items) if spec.needs("leave_one_out") else {}
    moves = store.find(explainer.name, moves_kind(explainer.seed), items) if spec.needs("sensitivity") else {}
    soft = {
        evidence: store.find(explainer.name, soft_kind(evidence, spec.seed), items)
        for evidence in SOFT
        if spec.needs(evidence)
    }
    sets = store.find(subject, sets_kind(spec.removal, spec.seed), items) if spec.needs("sets") else {}
    encoded = dict(zip(items, encode(classifier.tokenizer, list(texts), classifier.max_length), strict=True))
    steps = store.find(explainer.name, steps_kind(spec.removal), items) if spec.needs("limits") else {}
    limits = _limits_of(explainer, encoded, known, spec, store)
    usable = [item for item in encoded if not known[item]["failed"]]
    explained = {item: (encoded[item], classifier.labels[known[item]["target"]]) for item in usable}
    named: dict[str, dict[str, Named]] = {item: {} for item in usable}
    for evidence, named_by in (("ratings", _rated), (RATIONALE, partial(_reasons, rationales))):
        if spec.needs(evidence):
            people = {item: named_by(text, label) for item, (text, label) in explained.items()}
            positions = {item: agreed(each) for item, each in people.items()}
            share = _mean([len(found) / _ordinary(encoded[item]) for item, found in positions.items() if found])
            for item, found in positions.items():
                named[item][evidence] = Named(found, share, people[item])
    return {
        item: Case(
            text=encoded[item],
            scores=tuple(known[item]["scores"]),
            target=known[item]["target"],
            probability=PROBABILITIES[spec.probability],
            curves=Curves.from_dict(curves[item]) if item in curves else None,
            leave_one_out=singles.get(item, ()),
            named=named[item],
            steps=Steps.from_dict(steps[item]) if item in steps else None,
            limits=limits.get(item),
            sets=Sets.from_dict(sets[item]) if item in sets else None,
            sensitivity=moves.get(item),
            soft={evidence: Soft.from_dict(found[item]) for evidence, found in soft.items() if item in found},
        )
        for item in usable
    }


def _limits_of(
    explainer: Explainer,
    encoded: Mapping[str, Encoded],
    known: Mapping[str, Any],
    spec: EvaluationSpec,
    store: EvidenceStore,
) -> dict[str, Limits]:
    """The limits of the texts that have them, by item."""
    bounded = bounded_by(spec)
    if bounded is None:
        return {}
    classifier = explainer.classifier
    chosen = {text.text for text in bounded.chosen(list(encoded.values()))}
    names = {
        item: limits_item(text.text, known[item]["target"]) for item, text in encoded.items() if text.text in chosen
    }
    subject = model_subject(classifier.identity, classifier.max_length)
    found = store.find(subject, limits_kind(spec.removal, bounded.probability, bounded.width), names.values())
    return {item: Limits(**found[name]) for item, name in names.items() if name in found}


def _rated(text: Encoded, label: str) -> tuple[frozenset[int], ...]:
    """Of the people who rated words there is one mean."""
    return (rated_positions(text, label),)


def _reasons(rationales: Mapping[str, Rationale], text: Encoded, label: str) -> tuple[frozenset[int], ...]:
    """What each person named for the explained class: nobody anything where another one is the text's label (as in
    ferret)."""
    rationale = rationales.get(text.text)
    if rationale is None or rationale.label != label:
        return ()
    return tuple(rationale_positions(text, spans) for spans in rationale.people)


def _ordinary(text: Encoded) -> int:
    return sum(not token.added for token in text.tokens)


def _mean_curves(cases: Iterable[Case]) -> dict[str, list[Estimate]]:
    """Mean probability along the deletion and the insertion curve, from no token to all of them, each point with its
    interval over the texts."""
    found: dict[str, list[list[float]]] = {"deletion": [], "insertion": []}  # a row for each text
    for case in cases:
        if (curves := case.curves) is not None:
            found["deletion"].append([case.p(logits) for logits in (curves.whole, *curves.without, curves.empty)])
            found["insertion"].append([case.p(logits) for logits in (curves.empty, *curves.only, curves.whole)])
    return {name: [bootstrap(points) for points in zip(*rows, strict=True)] for name, rows in found.items() if rows}


def _numbers(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0

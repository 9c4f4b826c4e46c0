"""From evidence to values: every score of one explainer on every text, with its protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bcos_core.evaluate.case import TENTHS, Case, Curves, Named
from bcos_core.evaluate.explainer import Explainer
from bcos_core.evaluate.plausibility import rated_positions, rationale_positions
from bcos_core.evaluate.pointing import Pairs
from bcos_core.evaluate.probability import PROBABILITIES, what_is_measured
from bcos_core.evaluate.removal import REMOVALS
from bcos_core.evaluate.result import Contender
from bcos_core.evaluate.scores import SCORES, Score
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.evaluate.subjects import EXPLANATION, POINTING, curves_kind, singles_kind
from bcos_core.model.identity import model_subject
from bcos_core.model.info import CheckpointInfo
from bcos_core.storage.content import name_of
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.tasks.estimates import Estimate, bootstrap
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.text.encoding import Encoded, encode
from bcos_core.text.rationales import Spans


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
        if score.evidence == "pointing":
            pairs = self.pairs
            data |= {"pairs": len(pairs.pairs), "pairs_from": pairs.judge, "tokens_per_half": pairs.length}
            data["target"] = f"each {kind.output} of a pair"
            sentence = (
                f"{len(pairs.pairs)} pairs of texts cut to {pairs.length} tokens that {pairs.judge} gets right "
                f"with p > 0.75; each {kind.output} of a pair explained."
            )
        elif score.evidence == "rationale":
            data |= {"rationales": "column of the task", "target": "the predicted class, where it is the text's label"}
            sentence = (
                f"What people named in the text as the reason for its label; of {self.texts} test texts those that "
                "have a rationale and whose predicted class, which is explained, is their label."
            )
        elif score.evidence == "ratings":
            data |= {"rationales": "VADER lexicon", "target": "the predicted class"}
            sentence = f"Words rated by people (VADER lexicon); {self.texts} test texts; the predicted class explained."
        else:
            data |= {"removal": spec.removal, "probability": spec.probability, "target": kind.predicted}
            if score.evidence == "curves":
                data["fractions"] = [tenth / 10 for tenth in TENTHS]
            sentence = (
                f"Tokens {REMOVALS[spec.removal].title}, highest score first; p is "
                f"{what_is_measured(spec.probability, kind.predicted)}; {self.texts} test texts."
            )
        data["trained_towards"] = self.trained_towards(score)
        if data["trained_towards"]:
            sentence += " This model was trained towards this removal."
        data["trained_towards_ranking"] = self.trained_towards_ranking(score)
        if data["trained_towards_ranking"]:
            sentence += " Its training removed what B-cos contributions rank first."
        data["trained_with_masked_texts"] = self.trained_with_masked_texts(score)
        if data["trained_with_masked_texts"]:
            sentence += " This model was trained with masked texts."
        return {**data, "summary": sentence}

    def trained_towards(self, score: Score) -> bool:
        """Whether the model's training asked for what the score measures: deletion consistency masks tokens."""
        return self._masks(score) and (self.info.recipe or {}).get("consistency", 0) > 0

    def trained_towards_ranking(self, score: Score) -> bool:
        """Whether training removed tokens in the order of their B-cos contributions, as the score does for these."""
        return self.trained_towards(score) and (self.info.recipe or {}).get("consistency_ranked", 0) > 0

    def trained_with_masked_texts(self, score: Score) -> bool:
        """Whether texts as the score makes them were among those that the model was trained on."""
        return self._masks(score) and (self.info.recipe or {}).get("masking", 0) > 0

    def _masks(self, score: Score) -> bool:
        return score.removes and self.spec.removal == "mask"

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


@dataclass(frozen=True)
class Rationale:
    """What people named in a text as the reason for its label, the name of a class."""

    label: str
    spans: Spans


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
            computed = {item: score.compute(case) for item, case in cases.items()}
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
    singles = (
        store.find(model_subject(classifier.identity, classifier.max_length), singles_kind(spec.removal), items)
        if spec.needs("leave_one_out")
        else {}
    )
    encoded = dict(zip(items, encode(classifier.tokenizer, list(texts), classifier.max_length), strict=True))
    usable = [item for item in encoded if not known[item]["failed"]]
    explained = {item: (encoded[item], classifier.labels[known[item]["target"]]) for item in usable}
    named: dict[str, dict[str, Named]] = {item: {} for item in usable}
    for people, positions_of in (("ratings", rated_positions), ("rationale", partial(_rationale, rationales))):
        if spec.needs(people):
            positions = {item: positions_of(text, label) for item, (text, label) in explained.items()}
            share = _mean([len(found) / _ordinary(encoded[item]) for item, found in positions.items() if found])
            for item, found in positions.items():
                named[item][people] = Named(found, share)
    return {
        item: Case(
            text=encoded[item],
            scores=tuple(known[item]["scores"]),
            target=known[item]["target"],
            probability=PROBABILITIES[spec.probability],
            curves=Curves.from_dict(curves[item]) if item in curves else None,
            leave_one_out=singles.get(item, ()),
            named=named[item],
        )
        for item in usable
    }


def _rationale(rationales: Mapping[str, Rationale], text: Encoded, label: str) -> frozenset[int]:
    """What people named for the explained class: nothing where another one is the text's label (as in ferret)."""
    rationale = rationales.get(text.text)
    if rationale is None or rationale.label != label:
        return frozenset()
    return rationale_positions(text, rationale.spans)


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

"""Automatic scores of the very explanations that people see, so that the two can be held against each other."""

from __future__ import annotations

from collections.abc import Sequence

from bcos_core.attribution.record import Attribution
from bcos_core.evaluate.answers import Answers
from bcos_core.evaluate.case import Case, Named
from bcos_core.evaluate.curves import removal_curves
from bcos_core.evaluate.plausibility import rated_positions
from bcos_core.evaluate.probability import PROBABILITIES
from bcos_core.evaluate.removal import REMOVALS
from bcos_core.evaluate.scores import SCORES
from bcos_core.model.classifier import Classifier
from bcos_core.text.encoding import encode
from bcos_core.text.pair import is_pair

# Those that one explanation has. The pointing game is about pairs of texts, which no rater sees.
LOOP_SCORES = ("comprehensiveness", "sufficiency", "comp_minus_suff", "auprc_plau", "token_f1_plau")
REMOVAL = "mask"


def explanation_scores(classifier: Classifier, records: Sequence[Attribution]) -> list[dict[str, float]]:
    """For each record its scores by name, those left out that are not defined for it: tokens are replaced by the mask
    token, the probability is the one that is usual for the task, and people's ratings of words are those of the VADER
    lexicon."""
    texts = encode(classifier.tokenizer, [record.text for record in records], classifier.max_length)
    curves = removal_curves(Answers(classifier, REMOVALS[REMOVAL]), texts, [record.scores for record in records])
    kind = classifier.task_type
    has = {"rationales": False, "pairs": any(is_pair(record.text) for record in records)}
    names = [name for name in LOOP_SCORES if SCORES[name].unsupported(kind, **has) is None]
    rated = [
        rated_positions(text, record.labels[record.target.index]) for text, record in zip(texts, records, strict=True)
    ]
    tokens = sum(not token.added for text in texts for token in text.tokens)
    share = sum(map(len, rated)) / tokens if tokens else 0.0
    found = []
    for text, record, curve, positions in zip(texts, records, curves, rated, strict=True):
        case = Case(
            text=text,
            scores=record.scores,
            target=record.target.index,
            probability=PROBABILITIES[kind.measures[0]],
            curves=curve,
            named={"ratings": Named(positions, share)},
        )
        values = {name: SCORES[name].compute(case) for name in names}
        found.append({name: value for name, value in values.items() if value is not None})
    return found

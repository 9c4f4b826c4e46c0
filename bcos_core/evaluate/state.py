"""What is kept of one state of a model in training: how it explains a few texts, how faithfully, how right it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from copy import deepcopy

from torch import nn
from transformers import PreTrainedModel

from bcos_core.attribution.record import Attribution
from bcos_core.attribution.references import tokens_of
from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.answers import Answers
from bcos_core.evaluate.case import Case
from bcos_core.evaluate.curves import removal_curves
from bcos_core.evaluate.explainer import make_explainer
from bcos_core.evaluate.faithfulness import comprehensiveness, sufficiency
from bcos_core.evaluate.probability import PROBABILITIES
from bcos_core.evaluate.removal import Removal, usual_removal
from bcos_core.model.anatomy import family_of
from bcos_core.model.classifier import Classifier, predict
from bcos_core.model.shared_copy import shared_copy
from bcos_core.tasks.task_type import Gold, Scale
from bcos_core.text.encoding import encode
from bcos_core.text.examples import Examples
from bcos_core.train.course import State

Beat = Callable[[], None]
"""Is called between the parts of the work, and may raise `JobCancelled`."""


def explained_labels(golds: Sequence[Gold]) -> list[int]:
    """Which output is explained of texts with these labels, at every state the same one: the label, of several the
    first, a score; the first output for a text without a label."""
    first = [next(iter(gold), 0) if isinstance(gold, tuple) else gold for gold in golds]
    return [one if isinstance(one, int) else 0 for one in first]


def observe(
    classifier: Classifier, texts: Examples, validation: Examples, *, method: str, step: int, beat: Beat
) -> State:
    """The state of a model after `step` steps.

    Raises:
        NotFiniteError: an answer is not finite.
    """
    started = time.monotonic()
    targets = explained_labels(texts.labels)
    tokens = tokens_of(classifier.tokenizer)
    removal = usual_removal(tokens)
    explainer = make_explainer(
        classifier, METHODS[method], reference=removal.reference_with(tokens), options={}, seed=0
    )
    records: dict[int, Attribution] = {}
    for target in sorted(set(targets)):
        places = [place for place, one in enumerate(targets) if one == target]
        found = explainer([texts.texts[place] for place in places], target=target)
        records.update(zip(places, found, strict=True))
        beat()
    rows = [records[place] for place in range(len(texts))]
    scores = _faithfulness(classifier, rows, removal)
    beat()
    kind = classifier.task_type
    logits = [prediction.logits for prediction in predict(classifier, validation.texts, batch_size=64)]
    return State(
        step=step,
        b=classifier.b,
        value=kind.measure(logits, validation.labels)[kind.main_metric.name],
        removal=removal.name,
        comprehensiveness=tuple(one for one, _ in scores),
        sufficiency=tuple(one for _, one in scores),
        seconds=time.monotonic() - started,
        records=tuple(record.to_dict() for record in rows),
    )


def _faithfulness(
    classifier: Classifier, records: Sequence[Attribution], removal: Removal
) -> list[tuple[float | None, float | None]]:
    """Raw comprehensiveness and sufficiency of each record, of what it explains."""
    scores: list[tuple[float | None, float | None]] = [(None, None)] * len(records)
    usable = [place for place, record in enumerate(records) if not record.failed]
    if not usable:
        return scores
    texts = encode(classifier.tokenizer, [records[place].text for place in usable], classifier.max_length)
    curves = removal_curves(Answers(classifier, removal), texts, [records[place].scores for place in usable])
    probability = PROBABILITIES[classifier.task_type.measures[0]]
    for place, text, found in zip(usable, texts, curves, strict=True):
        case = Case(text, records[place].scores, records[place].target.index, probability, curves=found)
        scores[place] = comprehensiveness(case), sufficiency(case)
    return scores


def in_unit(model: PreTrainedModel, scale: Scale) -> PreTrainedModel:
    """A model in training as it will answer when it is saved (`answer_in_unit`): itself, or, of a score, a copy that
    shares all other weights. The model stays as it is."""
    if scale == Scale():
        return model
    config = deepcopy(model.config)
    config.score_centre = scale.centre
    copied = shared_copy(model, {"config": config})
    for module in copied.get_submodule(family_of(model).output).modules():
        for name, weight in module._parameters.items():
            if weight is not None:
                module._parameters[name] = nn.Parameter(weight.detach() * scale.size, requires_grad=False)
    return copied

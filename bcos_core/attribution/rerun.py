"""A record computed again: does the model still say the same?"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from bcos_core.attribution.answer_part import part_again
from bcos_core.attribution.api import explain
from bcos_core.attribution.limit import limit_of, read_again
from bcos_core.attribution.record import Attribution
from bcos_core.attribution.registry import METHODS
from bcos_core.attribution.same_model import require_kind
from bcos_core.errors import InputError
from bcos_core.model.classifier import Classifier
from bcos_core.model.language_model import LanguageModel
from bcos_core.model.text_model import TextModel

# Sums in another order, on another machine, differ by this much of the largest score.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Rerun:
    """`matches`: the scores, under each seed too, agree to `TOLERANCE` of the largest, and are finite at the same
    places. `largest_difference` is that of scores, NaN where they cannot be compared. `differences` says, in words,
    what else is not as it was."""

    record: Attribution
    matches: bool
    largest_difference: float
    differences: tuple[str, ...]


def rerun(record: Attribution, model: TextModel) -> Rerun:
    """Ask the record's question again.

    Raises:
        InputError: the method or the class is not there any more, or the model cannot answer.
    """
    method = METHODS[record.method]
    given = dict(record.parameters)
    reference = given.pop("reference", None)
    options = method.checked_options(given)
    require_kind(record, model)
    classes = model.labels if isinstance(model, Classifier) else None
    if classes is not None and record.target.index >= len(classes):
        raise InputError(
            f"The record explains class {record.target.index} (“{record.target.label}”), but {model.name} has the "
            f"classes {', '.join(classes)}. Choose the model that made the record."
        )
    if record.prompt is not None and record.prompt.part is not None:
        assert isinstance(model, LanguageModel)  # `require_kind`
        again = part_again(record, model)
    else:
        again = explain(
            replace(model, max_length=limit_of(record, model)),
            record.text if record.prompt is None else read_again(record, model),
            method=method.name,
            target=record.target,
            reference=None if reference is None else str(reference),
            seed=record.seeds[0] if record.seeds else 0,
            repeats=max(1, len(record.seeds)),
            **options,
        )
    same = again.weights_hash == record.weights_hash  # however the model is called by now
    differences = [
        f"{name} was {before}, and is {now}"
        for name, before, now in (
            ("The model", again.model if same else record.model, again.model),
            ("The weights' hash", record.weights_hash, again.weights_hash),
            ("The method", record.method, again.method),
            *([] if classes is None else [("The classes", ", ".join(record.labels), ", ".join(again.labels))]),
            ("The failure", *((one.failure or "none").rstrip(".") for one in (record, again))),
            *((package, was, again.versions.get(package, "none")) for package, was in record.versions.items()),
        )
        if before != now
    ]
    if again.tokens != record.tokens:
        differences.append(f"The text had {len(record.tokens)} tokens, and now has {len(again.tokens)} or other ones")
        return Rerun(again, False, float("nan"), tuple(differences))
    before, now = _all_scores(record), _all_scores(again)
    if [math.isfinite(score) for score in now] != [math.isfinite(score) for score in before]:
        return Rerun(again, False, float("nan"), tuple(differences))
    size = max((abs(score) for score in record.scores if math.isfinite(score)), default=0.0)
    largest = max((abs(a - b) for a, b in zip(now, before, strict=True) if math.isfinite(a)), default=0.0)
    return Rerun(again, largest <= TOLERANCE * max(size, 1e-6), largest, tuple(differences))


def _all_scores(record: Attribution) -> list[float]:
    return [score for row in (record.scores, *record.seed_scores) for score in row]

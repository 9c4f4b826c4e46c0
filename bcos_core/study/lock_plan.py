"""What locking a study consists of, and what each part costs."""

from __future__ import annotations

from bcos_core.attribution.registry import CHANCE
from bcos_core.evaluate.plan import curves, explaining, predicting
from bcos_core.jobs.part import START_SECONDS, Part
from bcos_core.model.info import read_info, trained_on
from bcos_core.study.design import StudyDesign
from bcos_core.text.size import task_size

STAGES = ("Asking the model about the texts", "Explaining the texts")
SCORING = "automatic scores"


def lock_plan(design: StudyDesign, *, only: int | None = None) -> list[Part]:
    """For a look at a draft, `only` so many items are explained, and none is scored.

    Raises:
        CheckpointError: a model is not there any more.
        DataError: the task of the first one cannot be used.
    """
    models = {path: read_info(path) for path in design.checkpoints}
    first = models[design.checkpoints[0]]
    size = task_size(trained_on(first))
    count = design.source.count
    texts = (count if only is None else min(only, count)) + design.practice + design.random
    asked = count + design.practice + design.random if design.source.collection else size.test
    parts = [
        Part(0, "", "start", START_SECONDS + predicting(0, first, texts=asked, tokens=size.tokens).seconds),
        *(
            explaining(1, models[one.checkpoint], one.method or CHANCE, texts=texts, tokens=size.tokens, name=one.id)
            for one in design.conditions
        ),
    ]
    if only is not None:
        return parts
    explanations = texts * len(design.conditions)
    return [*parts, curves(1, first, explanations=explanations, tokens=size.tokens, name=SCORING)]

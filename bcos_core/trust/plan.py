"""What the trust tests consist of, and what each part costs by the sizes of model and texts."""

from __future__ import annotations

from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.plan import LOADING_SECONDS, READING_SECONDS, SORTED, explaining, predicting
from bcos_core.jobs.part import START_SECONDS, Part
from bcos_core.model.info import trained_on
from bcos_core.text.size import SPECIAL_TOKENS, TOKENS_PER_WORD, task_size
from bcos_core.trust.spec import TrustSpec
from bcos_core.trust.tests import ENOUGH_TEXTS

MOST_WORDS = 40
"""Of a text, that the model's answer is asked about without; of longer texts, this many spread evenly."""
EDITS = 6
USED_EDITS = 2.0
"""Of the edits of a text, how many are explained: the others do not apply, or do not do to the answer what they are
for."""
CONDITIONS = 19
"""Under which the first texts are explained: 15 with shuffled weights (of a model of six blocks or more), again, alone,
padded, in float64. A method that draws at random has two more seeds in place of the last."""
JUDGING_SECONDS = 3.0


def asked_about(tokens: float) -> int:
    """How many texts the model answers for one of so many tokens: itself, its edits, and without each word."""
    return 1 + EDITS + round(min((tokens - SPECIAL_TOKENS) / TOKENS_PER_WORD, MOST_WORDS))


def trust_plan(spec: TrustSpec) -> list[Part]:
    """
    Raises:
        CheckpointError: the model is not there any more.
        DataError: the task cannot be used.
    """
    model = spec.model
    size = task_size(trained_on(model))
    texts = min(spec.limit, size.test)
    parts = [Part(0, "", "read", START_SECONDS + READING_SECONDS + LOADING_SECONDS)]
    parts.append(predicting(1, model, texts=texts * asked_about(size.tokens), tokens=size.tokens))
    for name in spec.contenders:
        method = METHODS[name]
        if not method.unsupported(is_bcos=model.kind == "bcos", family=model.family, answers=model.task_type):
            heatmaps = texts * (1 + USED_EDITS) + min(texts, ENOUGH_TEXTS) * (CONDITIONS + method.stochastic)
            parts.append(explaining(2, model, name, texts=heatmaps, tokens=size.tokens, longest=SORTED))
    return [*parts, Part(3, "", "judge heatmaps", JUDGING_SECONDS)]

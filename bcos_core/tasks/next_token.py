"""The next token: one out of the vocabulary, which no data need be labelled for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bcos_core.numbers import probability
from bcos_core.tasks.answer_type import AnswerType, Array
from bcos_core.tasks.prediction import Prediction
from bcos_core.tasks.task_type import Metric

PERPLEXITY = Metric("perplexity", "Perplexity", higher_is_better=False, share=False, of="sequence")
RATIO = Metric("perplexity_ratio", "Perplexity ÷ original’s", higher_is_better=False, share=False, of="sequence")


class NextToken(AnswerType):
    """`metrics` are the figures of a language model on test texts, the main one first."""

    metrics = (PERPLEXITY, RATIO)
    name = "next-token"
    title = "Next token"
    exclusive = True
    measures = ("softmax",)
    output, outputs = "token", "tokens"
    predicted = "the likeliest token"

    def answer(self, prediction: Prediction) -> str:
        return f"{prediction.label!r} ({probability(prediction.probabilities[prediction.index])})"

    def answers(self, logits: Array) -> Array:
        return logits.argmax(1)

    def named(self, answers: Array, outputs: int) -> NDArray[np.bool_]:
        return answers[:, None] == np.arange(outputs)

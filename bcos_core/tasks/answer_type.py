"""What a model's answers are, whatever it was trained on: one of several classes, a score, the next token.

`TaskType` adds what labelled data are, which a model of the next token needs none of.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bcos_core.tasks.prediction import Prediction

Array = NDArray[Any]


class AnswerType(ABC):
    """One kind of answer. Stateless. `name` is that of the command line and of records."""

    name: ClassVar[str]
    title: ClassVar[str]
    exclusive: ClassVar[bool] = False
    """Whether exactly one output is right, so that its probability, confusion and flips can be spoken of."""
    has_probabilities: ClassVar[bool] = True
    measures: ClassVar[tuple[str, ...]]
    """What scores may look at when words are removed (names in `PROBABILITIES`); the first unless another is chosen."""
    output: ClassVar[str] = "class"
    outputs: ClassVar[str] = "classes"
    """What a model's outputs are called, one and all of them."""
    predicted: ClassVar[str] = "the predicted class"
    """The output that is explained unless another one is asked for."""
    verbs: ClassVar[tuple[str, str]] = ("supports", "speaks against")
    """What a word does to an output whose contribution to it is positive, and negative."""
    explained: ClassVar[str] = "logit"
    """What contributions add up to."""
    tokenless: ClassVar[str] = "biases"
    """The share of it that belongs to no token (`Attribution.bias_share`)."""

    def answer(self, prediction: Prediction) -> str:
        """A prediction in words, with how sure the model is where that is one number."""
        return prediction.label

    @abstractmethod
    def answers(self, logits: Array) -> Array:
        """What logits (texts, outputs) answer: an output's number, of which outputs it is said, or a score."""

    @abstractmethod
    def named(self, answers: Array, outputs: int) -> NDArray[np.bool_]:
        """(texts, outputs): which outputs each answer names, none for a score."""

"""What a model answers to one text, whatever the kind of its task."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Prediction:
    """A model's answer to one text.

    `logits` are its outputs, one for each of the task's labels. `probabilities` belong to them: of classes that exclude
    each other (they add up to 1), of labels that do not (each from 0 to 1), or none for a score. `index` is the output
    that is explained unless another one is asked for. `label` is the answer in words.
    """

    logits: tuple[float, ...]
    probabilities: tuple[float, ...]
    index: int
    label: str


@dataclass(frozen=True)
class Statement:
    """What an answer says about one output of the model: in `words`; as what a person who guesses could say (None where
    it is not one of a few); and with which `probability` (None where it has none)."""

    words: str
    guess: str | None = None
    probability: float | None = None

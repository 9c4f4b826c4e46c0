"""A method with everything settled that its scores depend on, on one model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from bcos_core.attribution.api import explain
from bcos_core.attribution.method import Method
from bcos_core.attribution.question import TargetLike
from bcos_core.attribution.record import Attribution
from bcos_core.attribution.references import tokens_of
from bcos_core.evaluate.settled import explainer_subject, settled
from bcos_core.model.classifier import Classifier
from bcos_core.model.text_model import TextModel, position_limit

Model = TypeVar("Model", bound=TextModel)


@dataclass(frozen=True)
class Explainer(Generic[Model]):
    """`classifier` is the model that is explained, a language model too: to methods its vocabulary are classes.
    `reference` is the one that matches how the scores remove tokens, where the method offers it."""

    classifier: Model
    method: Method
    reference: str | None
    options: Mapping[str, Any]
    seed: int

    @property
    def name(self) -> str:
        """The subject of its evidence."""
        return explainer_subject(
            self.classifier.identity,
            self.classifier.max_length,
            self.method,
            reference=self.reference,
            options=self.options,
            seed=self.seed,
        )

    @property
    def unlimited(self) -> Explainer[Model]:
        """The same, reading texts up to what the model can read instead of what it was trained with."""
        return replace(self, classifier=replace(self.classifier, max_length=position_limit(self.classifier.model)))

    def __call__(self, texts: Sequence[str], target: TargetLike = None) -> list[Attribution]:
        return explain(
            self.classifier,
            texts,
            method=self.method.name,
            target=target,
            reference=self.reference,
            seed=self.seed,
            **self.options,
        )


def make_explainer(
    classifier: Classifier, method: Method, *, reference: str | None, options: Mapping[str, Any], seed: int
) -> Explainer[Classifier]:
    """The explainer whose reference and options are `settled`; without a `reference` it takes the first that the
    tokenizer has a token for, or that needs none.

    Raises:
        InputError: an option that the method does not have, or a value that it does not take.
    """
    tokens = tokens_of(classifier.tokenizer)
    return Explainer(classifier, method, *settled(method, reference=reference, options=options, tokens=tokens), seed)

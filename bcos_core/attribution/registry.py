"""Methods and what they declare. Pages and scores read the declaration; they never know a method by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bcos_core.attribution.bcos import bcos
from bcos_core.attribution.gradients import input_x_gradient, integrated_gradients
from bcos_core.attribution.occlusion import occlusion
from bcos_core.attribution.question import Answer, Question
from bcos_core.registry import Registry


@dataclass(frozen=True)
class Method:
    """An attribution method.

    `additive`: scores plus the reference's share add up to the logit. `signed`: negative scores mean that a
    token speaks against the target. `references`: named choices of what a token is compared with, the first
    the default; empty if the method has no choice. `parameters`: its options and their defaults.
    """

    name: str
    title: str
    description: str
    cost: str
    answer: Callable[[Question], Answer]
    needs_bcos: bool = False
    additive: bool = False
    signed: bool = True
    needs_gradients: bool = True
    stochastic: bool = False
    references: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)


METHODS: Registry[Method] = Registry("method")

for _method in (
    Method(
        name="bcos",
        title="B-cos contributions",
        description="What each token adds to the logit. Exact: the contributions are the model's own computation.",
        cost="1 forward, 1 backward",
        answer=bcos,
        needs_bcos=True,
        additive=True,
        references=("mask", "none"),
    ),
    Method(
        name="integrated_gradients",
        title="Integrated gradients",
        description="Gradients averaged on the straight way from the masked text to the text (arXiv 1703.01365).",
        cost="50 forward, 50 backward",
        answer=integrated_gradients,
        additive=True,
        parameters={"steps": 50},
    ),
    Method(
        name="occlusion",
        title="Occlusion",
        description="How much the logit falls when one token is replaced by the mask token.",
        cost="1 forward per token",
        answer=occlusion,
        needs_gradients=False,
    ),
    Method(
        name="input_x_gradient",
        title="Gradient × input",
        description="The plain gradient times the embedding, summed over the hidden dimension (arXiv 1605.01713).",
        cost="1 forward, 1 backward",
        answer=input_x_gradient,
    ),
):
    METHODS.register(_method.name, _method)

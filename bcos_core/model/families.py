"""Model families: one table row each. Adding a family is adding a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from bcos_core.errors import UnsupportedModelError
from bcos_core.registry import Registry


@dataclass(frozen=True)
class ResidualLinear:
    """A linear inside a block whose output feeds a residual sum, and the module whose *input* is that sum."""

    linear: str
    sum_input_of: str


@dataclass(frozen=True)
class Family:
    """Where the parts of a family's sequence classifier are; paths as in `nn.Module.get_submodule`.

    `embedding` is the module whose output is E, (batch, tokens, hidden): words, positions and types together.
    `blocks` is the list of transformer blocks. `bcos` and `linear` are endings of the paths of linear layers:
    every linear outside the embedding module must match exactly one of them. `stages` are the linears of one
    block in execution order, those of one stage sharing their input; it is what calibration walks along.
    `edits` replaces modules that have no dynamic-linear form, such as a tanh in the head.
    """

    model_type: str
    title: str
    embedding: str
    blocks: str
    bcos: tuple[str, ...]
    linear: tuple[str, ...]
    stages: tuple[tuple[str | ResidualLinear, ...], ...]
    edits: dict[str, Callable[[nn.Module], nn.Module]] = field(default_factory=dict)


class LinearHead(nn.Module):
    """RoBERTa's classification head without its inline tanh; parameter names as in the original."""

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.dense: nn.Module = head.get_submodule("dense")
        self.dropout: nn.Module = head.get_submodule("dropout")
        self.out_proj: nn.Module = head.get_submodule("out_proj")

    def forward(self, features: Tensor, **_: object) -> Tensor:
        """(batch, tokens, hidden) → (batch, classes), from the first token."""
        pooled = self.dropout(self.dense(self.dropout(features[:, 0])))
        return self.out_proj(pooled)


FAMILIES: Registry[Family] = Registry("model family")

_BERT_STAGES = (
    ("attention.self.query", "attention.self.key", "attention.self.value"),
    (ResidualLinear("attention.output.dense", sum_input_of="attention.output.LayerNorm"),),
    ("intermediate.dense",),
    (ResidualLinear("output.dense", sum_input_of="output.LayerNorm"),),
)

FAMILIES.register(
    "bert",
    Family(
        model_type="bert",
        title="BERT",
        embedding="bert.embeddings",
        blocks="bert.encoder.layer",
        bcos=("attention.output.dense", "intermediate.dense", "output.dense", "pooler.dense", "classifier"),
        linear=("self.query", "self.key", "self.value"),
        stages=_BERT_STAGES,
        edits={"bert.pooler.activation": lambda _: nn.Identity()},
    ),
)
FAMILIES.register(
    "roberta",
    Family(
        model_type="roberta",
        title="RoBERTa",
        embedding="roberta.embeddings",
        blocks="roberta.encoder.layer",
        bcos=(
            "attention.output.dense",
            "intermediate.dense",
            "output.dense",
            "classifier.dense",
            "classifier.out_proj",
        ),
        linear=("self.query", "self.key", "self.value"),
        stages=_BERT_STAGES,
        edits={"classifier": LinearHead},
    ),
)
FAMILIES.register(
    "distilbert",
    Family(
        model_type="distilbert",
        title="DistilBERT",
        embedding="distilbert.embeddings",
        blocks="distilbert.transformer.layer",
        bcos=("attention.out_lin", "ffn.lin1", "ffn.lin2", "pre_classifier", "classifier"),
        linear=("attention.q_lin", "attention.k_lin", "attention.v_lin"),
        stages=(
            ("attention.q_lin", "attention.k_lin", "attention.v_lin"),
            (ResidualLinear("attention.out_lin", sum_input_of="sa_layer_norm"),),
            ("ffn.lin1",),
            (ResidualLinear("ffn.lin2", sum_input_of="output_layer_norm"),),
        ),
    ),
)


def family_of(model: nn.Module) -> Family:
    """The row of a loaded sequence classifier.

    Raises:
        UnsupportedModelError: there is none; the message lists the supported families.
    """
    return family_named(getattr(getattr(model, "config", None), "model_type", type(model).__name__))


def family_named(model_type: str) -> Family:
    """The row of a `config.model_type`.

    Raises:
        UnsupportedModelError: there is none; the message lists the supported families.
    """
    if model_type not in FAMILIES:
        supported = ", ".join(family.title for family in FAMILIES.values())
        raise UnsupportedModelError(
            f"Models of type {model_type!r} cannot be converted yet. Supported: {supported} (sequence classification)."
        )
    return FAMILIES[model_type]


def is_within(path: str, ancestor: str) -> bool:
    return path == ancestor or path.startswith(ancestor + ".")


def ends_with(path: str, endings: tuple[str, ...]) -> bool:
    return any(path == ending or path.endswith("." + ending) for ending in endings)


def device_of(model: nn.Module) -> torch.device:
    return next(model.parameters()).device

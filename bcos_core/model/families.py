"""Model families: one table row each. Adding a family is adding a row.

What is known of a model without loading it is read here too, so PyTorch is loaded only by what uses it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bcos_core.errors import UnsupportedModelError
from bcos_core.registry import Registry

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


@dataclass(frozen=True)
class FittedLinear:
    """A linear that calibration fits, and what it is fitted to.

    The target is the original's output of the same linear or, with `target_input_of`, the original's input of
    another module: past an activation that conversion removes, or a `residual` sum that the linear feeds.
    """

    path: str
    target_input_of: str | None = None
    residual: bool = False


Stage = tuple[FittedLinear, ...]


def _in_order(embedding: nn.Module, input_ids: Tensor) -> Tensor:
    """0, 1, 2, … in every row."""
    return input_ids.new_ones(input_ids.shape).cumsum(1) - 1


def _over_what_is_not_padding(embedding: nn.Module, input_ids: Tensor) -> Tensor:
    """padding index + 1, + 2, … over the ids that are not the padding id; that one stays at the padding index."""
    return embedding.create_position_ids_from_input_ids(input_ids, embedding.padding_idx)  # type: ignore[operator]


@dataclass(frozen=True)
class Family:
    """Where the parts of a family's sequence classifier are; paths as in `nn.Module.get_submodule`.

    `embedding` is the module whose output is E, (batch, tokens, hidden): words, positions and types together.
    `blocks` is the list of transformer blocks. `bcos` and `linear` are endings of the paths of linear layers:
    every linear outside the embedding module must match exactly one of them. `edits` replaces modules that have
    no dynamic-linear form, such as a tanh in the head. `positions` is how the embedding module counts the positions
    of ids (batch, tokens).

    Calibration walks along `stages`, the linears of one block in execution order, those of one stage sharing
    their input, with paths inside the block; then along `head`, those after the blocks, with paths inside the
    model.
    """

    model_type: str
    title: str
    embedding: str
    blocks: str
    bcos: tuple[str, ...]
    linear: tuple[str, ...]
    stages: tuple[Stage, ...]
    head: tuple[Stage, ...]
    edits: dict[str, Callable[[nn.Module], nn.Module]] = field(default_factory=dict)
    positions: Callable[[nn.Module, Tensor], Tensor] = _in_order

    @property
    def output(self) -> str:
        """The last linear, which gives the logits."""
        return self.head[-1][-1].path


def _nothing(_: nn.Module) -> nn.Module:
    from torch import nn

    return nn.Identity()


def _linear_head(head: nn.Module) -> nn.Module:
    from bcos_core.model.heads import LinearHead

    return LinearHead(head)


FAMILIES: Registry[Family] = Registry("model family")

_BERT_STAGES = (
    tuple(FittedLinear(f"attention.self.{name}") for name in ("query", "key", "value")),
    (FittedLinear("attention.output.dense", "attention.output.LayerNorm", residual=True),),
    (FittedLinear("intermediate.dense"),),
    (FittedLinear("output.dense", "output.LayerNorm", residual=True),),
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
        head=((FittedLinear("bert.pooler.dense", "classifier"),), (FittedLinear("classifier"),)),
        edits={"bert.pooler.activation": _nothing},
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
        head=((FittedLinear("classifier.dense", "classifier.out_proj"),), (FittedLinear("classifier.out_proj"),)),
        edits={"classifier": _linear_head},
        positions=_over_what_is_not_padding,
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
            tuple(FittedLinear(f"attention.{name}_lin") for name in ("q", "k", "v")),
            (FittedLinear("attention.out_lin", "sa_layer_norm", residual=True),),
            (FittedLinear("ffn.lin1"),),
            (FittedLinear("ffn.lin2", "output_layer_norm", residual=True),),
        ),
        head=((FittedLinear("pre_classifier"),), (FittedLinear("classifier"),)),
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


def positions_of(model: nn.Module, input_ids: Tensor) -> Tensor:
    """The positions (batch, tokens) that a classifier gives its tokens, so that they can be kept where some of the
    tokens are replaced: one family counts them over the ids themselves."""
    family = family_of(model)
    return family.positions(model.get_submodule(family.embedding), input_ids)


def position_limit(model_type: str, positions: int, pad_token_id: int | None) -> int:
    """The most tokens that a model with `positions` position embeddings reads."""
    # RoBERTa counts positions from pad_token_id + 1; its configuration's default is 1.
    first = (1 if pad_token_id is None else pad_token_id) + 1 if model_type == "roberta" else 0
    return positions - first


def is_within(path: str, ancestor: str) -> bool:
    return path == ancestor or path.startswith(ancestor + ".")


def ends_with(path: str, endings: tuple[str, ...]) -> bool:
    return any(path == ending or path.endswith("." + ending) for ending in endings)


def device_of(model: nn.Module) -> torch.device:
    return next(model.parameters()).device

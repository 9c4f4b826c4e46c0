"""Copies of a classifier with shuffled weights, or with more digits. The loaded model is never touched.

A copy shares every tensor with the model (`shared_copy`) but those that are exchanged, which are new. Shuffling a
tensor keeps its values and puts them in random order (the permutation of the Quantus toolkit, Hedström et al. 2023): so
it needs no rule for how a family, or a converted model, is initialised, and activations keep the sizes that norms and
B-cos transforms were made for. Buffers stay.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

import torch
from torch import Tensor, nn

from bcos_core.families.family import is_within
from bcos_core.model.anatomy import blocks_of, family_of
from bcos_core.model.classifier import Classifier
from bcos_core.model.view import shared_copy
from bcos_core.storage.content import name_of

MOST_GROUPS = 6
"""Of blocks: those of deeper models are shuffled several at a time."""
LARGEST_IN_DOUBLE = 2_000_000_000
"""Parameters of a model that is copied in float64; larger ones would take more memory than most machines have."""


@dataclass(frozen=True)
class ModelPart:
    """What is shuffled at once: the names of its parameters."""

    title: str
    parameters: tuple[str, ...]


def parts_of(model: nn.Module) -> tuple[ModelPart, ...]:
    """All parameters, in parts from the output layer to the embeddings."""
    family = family_of(model)
    count = len(blocks_of(model, family))
    size = ceil(count / MOST_GROUPS)
    groups = [range(start, min(start + size, count)) for start in range(0, count, size)]
    head: list[str] = []
    first: list[str] = []
    blocks: dict[int, list[str]] = {index: [] for index in range(count)}
    for name, _ in model.named_parameters():
        if is_within(name, family.blocks):
            blocks[int(name[len(family.blocks) + 1 :].split(".")[0])].append(name)
        elif any(is_within(name, path) for path in (*family.embeddings, *family.kept)):
            first.append(name)
        else:
            head.append(name)
    found = [ModelPart("output layer", tuple(head))]
    for group in reversed(groups):
        title = f"block {group[0] + 1}" if len(group) == 1 else f"blocks {group[0] + 1}–{group[-1] + 1}"
        found.append(ModelPart(title, tuple(name for index in group for name in blocks[index])))
    return tuple(part for part in (*found, ModelPart("embeddings", tuple(first))) if part.parameters)


def shuffled(classifier: Classifier, parts: Sequence[ModelPart], seed: int) -> Classifier:
    """The classifier with the weights of `parts` shuffled. A tensor is shuffled in the same way by the same `seed`,
    whatever else is."""
    wanted = {name for part in parts for name in part.parameters}
    known = {name: tensor for name, tensor in classifier.model.named_parameters() if name in wanted}
    exchanged = {id(tensor): _permuted(tensor, name, seed) for name, tensor in known.items()}
    return _with(classifier, exchanged, f"shuffled {seed}: {sorted(wanted)}")


def in_double(classifier: Classifier) -> Classifier:
    """The classifier in float64."""
    tensors = (*classifier.model.parameters(), *classifier.model.buffers())
    exchanged = {id(tensor): tensor.detach().double() for tensor in tensors if tensor.is_floating_point()}
    return _with(classifier, exchanged, "float64")


def why_not_in_double(classifier: Classifier) -> str | None:
    """Why there is no copy in float64, for a person; None where there is."""
    if classifier.device.type == "mps":
        return "This device does not compute in float64."
    if sum(parameter.numel() for parameter in classifier.model.parameters()) > LARGEST_IN_DOUBLE:
        return "The model is too large for a copy in float64."
    return None


def _permuted(tensor: Tensor, name: str, seed: int) -> Tensor:
    """The values of a tensor in random order, drawn on the CPU so that every device has the same."""
    generator = torch.Generator().manual_seed(zlib.crc32(f"{seed}\0{name}".encode()))
    order = torch.randperm(tensor.numel(), generator=generator).to(tensor.device)
    return tensor.detach().flatten()[order].view(tensor.shape)


def _with(classifier: Classifier, exchanged: Mapping[int, Tensor], what: str) -> Classifier:
    """A classifier around a copy in which the tensors of these ids are others; what it computes is known under a name
    of its own."""
    model = shared_copy(classifier.model, {})
    _exchange(model, classifier.model, exchanged)
    return replace(classifier, model=model, identity=name_of([classifier.identity, what]), weights_hash="")


def _exchange(copy: nn.Module, original: nn.Module, exchanged: Mapping[int, Tensor]) -> None:
    for kept, given in ((copy._parameters, original._parameters), (copy._buffers, original._buffers)):
        for name, tensor in given.items():
            if tensor is not None and id(tensor) in exchanged:
                kept[name] = exchanged[id(tensor)]  # type: ignore[assignment]  # of a view, plain tensors
    for name, child in original._modules.items():
        if child is not None:
            inside = copy._modules[name]
            assert inside is not None
            _exchange(inside, child, exchanged)

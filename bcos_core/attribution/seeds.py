"""Stochastic methods: the same seed and text give the same scores, whatever else is in the batch.

captum draws by PyTorch's functions, which take the process's global generators unless they are handed another. Each
text is therefore asked about alone, under `OwnDraws`, which hands them generators of this text, set from the seed and
the text itself. It holds for the thread that is inside alone, so that threads do not wait for each other.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from bcos_core.attribution.interface import MethodInput, MethodOutput

_DRAWING = frozenset(
    (
        *(torch.rand, torch.randn, torch.randint, torch.randperm, torch.normal, torch.bernoulli, torch.multinomial),
        *(torch.Tensor.random_, torch.Tensor.uniform_, torch.Tensor.normal_, torch.Tensor.bernoulli_),
        *(torch.nn.init.uniform_, torch.nn.init.kaiming_uniform_),  # of a linear model that is fitted
    )
)
"""The functions of PyTorch that draw, and can be handed a generator."""


def seed_of(seed: int, ids: Sequence[int]) -> int:
    """A seed of its own for each text, the same on every machine."""
    return zlib.crc32(np.asarray([seed, *ids], dtype="<i8").tobytes())


class OwnDraws(TorchFunctionMode):
    """Inside, what PyTorch draws in this thread comes from generators of its own, one a device, all set to `seed`: the
    same numbers as the global ones give after `torch.manual_seed(seed)`, which are left alone."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._seed = seed
        self._generators: dict[torch.device, torch.Generator] = {}

    def __torch_function__(
        self, function: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if function in _DRAWING and kwargs.get("generator") is None:
            kwargs = {**kwargs, "generator": self._of(args, kwargs)}
        return function(*args, **kwargs)

    def _of(self, args: Sequence[Any], kwargs: dict[str, Any]) -> torch.Generator:
        """The generator of the device that a call draws on."""
        given = next((one.device for one in (*args, *kwargs.values()) if isinstance(one, torch.Tensor)), None)
        device = given or torch.device(kwargs.get("device") or "cpu")
        if device not in self._generators:
            self._generators[device] = torch.Generator(device).manual_seed(self._seed)
        return self._generators[device]


def text_by_text(attribute: Callable[[MethodInput], MethodOutput]) -> Callable[[MethodInput], MethodOutput]:
    """The method that runs `attribute` on each text alone, seeded, and puts the outputs together."""

    def attribute_all(inputs: MethodInput) -> MethodOutput:
        outputs = []
        for alone in inputs.each_text():
            with OwnDraws(seed_of(inputs.seed, alone.batch.texts[0].ids)):
                outputs.append(attribute(alone))
        return put_together(inputs, outputs)

    attribute_all.__doc__ = attribute.__doc__
    return attribute_all


def put_together(inputs: MethodInput, outputs: Sequence[MethodOutput]) -> MethodOutput:
    """The output for a batch from those for each of its texts alone; passes are their mean."""
    scores = torch.zeros(inputs.batch.input_ids.shape, dtype=torch.float64, device=inputs.text_model.device)
    for row, found in enumerate(outputs):
        scores[row, : found.scores.shape[1]] = found.scores[0]
    biases = [found.bias_share for found in outputs if found.bias_share is not None]
    return MethodOutput(
        scores,
        torch.cat([found.reference_share.double() for found in outputs]),
        torch.cat([found.logits for found in outputs]),
        _mean(found.forward_passes for found in outputs),
        _mean(found.backward_passes for found in outputs),
        outputs[0].parameters,
        torch.cat(biases) if biases else None,
    )


def _mean(values: Iterator[float] | Sequence[float]) -> float:
    known = list(values)
    return sum(known) / len(known)

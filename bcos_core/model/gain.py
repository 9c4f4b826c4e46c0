"""Keeping the size of a layer's outputs while B rises.

|cos|^(B−1) is well below 1 (cosines in high dimensions are small), so going from B = 1 to B = 1.5 shrinks what
every layer adds to its residual stream, and shrinks the logits, until the pretrained function is lost. Dividing
by a constant per layer, the cosine that is typical for it, keeps the mean square of the outputs:

    c^(2(B−1)) = E[z² |cos|^(2(B−1))] / E[z²]        over the texts of calibration, z = w·x

so that (|cos| / c)^(B−1) is 1 on average. The constant is folded into the weights after training.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from bcos_core.model.layers import BcosLinear
from bcos_core.model.view import shared_copy
from bcos_core.text.encoding import Batch

CONFIG_KEY = "typical_cosines"


@torch.no_grad()
def measure_typical_cosines(model: PreTrainedModel, batches: Sequence[Batch], b: float) -> None:
    """Set `typical_cosine` of every B-cos layer that does not normalise its rows, from a run at B = 1."""
    twin = shared_copy(model, {"training": False, "b": 1.0, "typical_cosine": 1.0})
    meters = {path: _Meter(layer, b) for path, layer in bcos_layers(twin) if not layer.normalize}
    for path, meter in meters.items():
        twin.set_submodule(path, meter)
    for batch in batches:
        for meter in meters.values():
            meter.real = batch.attention_mask.bool()
        twin(input_ids=batch.input_ids, attention_mask=batch.attention_mask)
    set_typical_cosines(model, {path: meter.typical_cosine() for path, meter in meters.items()})


def set_typical_cosines(model: PreTrainedModel, cosines: dict[str, float]) -> None:
    """Set them, and keep them in the config, so that a saved model has them."""
    for path, layer in bcos_layers(model):
        layer.typical_cosine = cosines.get(path, 1.0)
    model.config.bcos[CONFIG_KEY] = cosines


def fold_gains(model: PreTrainedModel) -> None:
    """Fold every layer's gain into its weight; the function stays the same."""
    for _, layer in bcos_layers(model):
        layer.fold_gain()
    model.config.bcos.pop(CONFIG_KEY, None)


def bcos_layers(model: nn.Module) -> list[tuple[str, BcosLinear]]:
    return [(path, module) for path, module in model.named_modules() if isinstance(module, BcosLinear)]


class _Meter(nn.Module):
    """Does what a B-cos layer does at B = 1, and adds up z² and z² |cos|^(2(B−1)) over real tokens."""

    def __init__(self, layer: BcosLinear, b: float) -> None:
        super().__init__()
        self.layer, self.b = layer, b
        self.real: Tensor | None = None
        self.plain = self.scaled = 0.0

    def forward(self, x: Tensor) -> Tensor:
        z = self.layer(x)
        # The head sees one vector a text; blocks see one a token, of which padding does not count.
        inputs, outputs = (x[self.real], z[self.real]) if x.dim() == 3 else (x, z)
        lengths = inputs.norm(dim=-1, keepdim=True) * self.layer.weight.norm(dim=-1)
        squares = outputs.square()
        factor = (outputs.abs() / lengths.clamp_min(1e-12)).pow(2 * (self.b - 1))
        self.plain += squares.sum(dtype=torch.float64).item()
        self.scaled += (squares * factor).sum(dtype=torch.float64).item()
        return z

    def typical_cosine(self) -> float:
        if self.b == 1.0 or not self.plain or not self.scaled:
            return 1.0
        return float((self.scaled / self.plain) ** (0.5 / (self.b - 1)))

"""Steps that suit the size of the weights."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn


def stretch_steps(optimizer: torch.optim.Optimizer, stretch: Mapping[nn.Parameter, float]) -> None:
    """Make AdamW treat a weight w = k v, for the given k, as if it trained v and k were a constant of the model.

    Adam's steps have the length of the learning rate whatever the gradient's, so a weight that was made k times
    as long would change k times as slowly, measured by its own length. With Δv = −η (m̂ + λ v), m̂ being Adam's
    normalised gradient and λ the weight decay,

        Δw = k Δv = −(k η) m̂ − η λ w,   so its own learning rate is k η and its own decay λ / k.
    """
    groups = []
    for group in optimizer.param_groups:
        options = {name: value for name, value in group.items() if name != "params"}
        by_factor: dict[float, list[nn.Parameter]] = {}
        for parameter in group["params"]:
            by_factor.setdefault(stretch.get(parameter, 1.0), []).append(parameter)
        for factor, parameters in by_factor.items():
            scaled = {"lr": options["lr"] * factor, "weight_decay": options["weight_decay"] / factor}
            groups.append({**options, **scaled, "params": parameters})
    optimizer.param_groups.clear()
    for group in groups:
        optimizer.add_param_group(group)

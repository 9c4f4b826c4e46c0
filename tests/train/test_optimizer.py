"""Stretched steps against the same training written with the factor as a constant of the model."""

from __future__ import annotations

import torch
from torch import nn

from bcos_core.train.optimizer import stretch_steps


def test_a_stretched_weight_moves_as_if_its_factor_were_outside() -> None:
    start, x, y = torch.randn(3, 5), torch.randn(40, 5), torch.randn(40, 3)
    other = torch.randn(3)
    k = 4.0
    options = {"lr": 0.05, "weight_decay": 0.1, "eps": 1e-30}

    inner, bias = nn.Parameter(start.clone()), nn.Parameter(other.clone())
    reference = torch.optim.AdamW([inner, bias], **options)
    stretched, same = nn.Parameter(k * start), nn.Parameter(other.clone())
    optimizer = torch.optim.AdamW([stretched, same], **options)
    stretch_steps(optimizer, {stretched: k})
    schedules = [torch.optim.lr_scheduler.LinearLR(o, 0.1, 1.0, 10) for o in (reference, optimizer)]
    for _ in range(20):
        for weight, shift, o, schedule in (
            (k * inner, bias, reference, schedules[0]),
            (stretched, same, optimizer, schedules[1]),
        ):
            o.zero_grad()
            (x @ weight.t() + shift - y).square().mean().backward()
            o.step()
            schedule.step()
    torch.testing.assert_close(stretched.detach(), k * inner.detach())
    torch.testing.assert_close(same.detach(), bias.detach())


def test_groups_keep_their_options() -> None:
    parameters = [nn.Parameter(torch.ones(2)) for _ in range(4)]
    optimizer = torch.optim.AdamW(
        [{"params": parameters[:2], "weight_decay": 0.01}, {"params": parameters[2:], "weight_decay": 0.0}], lr=1e-3
    )
    stretch_steps(optimizer, {parameters[0]: 2.0, parameters[3]: 2.0})
    found = {id(p): (g["lr"], g["weight_decay"]) for g in optimizer.param_groups for p in g["params"]}
    assert [found[id(p)] for p in parameters] == [(2e-3, 0.005), (1e-3, 0.01), (1e-3, 0.0), (2e-3, 0.0)]

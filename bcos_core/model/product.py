"""x wᵀ + b outside of a graph, by the quicker of the kernels that PyTorch brings.

PyTorch multiplies float32 matrices on a CPU by MKL, which on processors that are not Intel's leaves out the wider half
of the vector unit: 110 of 250 GFLOP/s on a core with AVX-512 (measured on an AMD EPYC). oneDNN, which `torch.compile`
uses for frozen weights on every x86 processor, reaches them. Both round alike, in another order.
"""

from __future__ import annotations

from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

_FEWEST_ROWS, _FEWEST_OUT = 16, 64
"""Smaller products are over before oneDNN has begun."""


def product(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`F.linear`, outside of a graph: not differentiable.

    Shape:
        x (…, in), weight (out, in), bias (out,) → (…, out).
    """
    large = weight.shape[0] >= _FEWEST_OUT and x.numel() >= _FEWEST_ROWS * x.shape[-1]
    known = x.device.type == "cpu" and x.dtype == weight.dtype == torch.float32 and _dense(x) and _dense(weight)
    if large and known and _has_onednn():
        return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return F.linear(x, weight, bias)


def _dense(matrix: Tensor) -> bool:
    """Of a part of the columns of a matrix oneDNN makes the product number by number, in seconds."""
    return matrix.is_contiguous() or (matrix.dim() == 2 and matrix.t().is_contiguous())


@cache
def _has_onednn() -> bool:
    return (
        torch.backends.mkldnn.is_available()
        and torch.backends.cpu.get_cpu_capability().startswith("AVX")
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    )

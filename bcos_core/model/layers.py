"""The dynamic-linear parts of a B-cos network: for one input, each is a matrix W(x) applied to x.

Notation of *B-cos LM* (arXiv 2502.12992 §3) and *B-cos networks* (arXiv 2205.10268 §3). Every part here has
no bias and, with `explanation_mode` true, treats its dynamic factor as a constant, so that the gradient of
the network is W(x) itself. `explanation_mode` is never switched on a shared model: `ModelView` makes copies
of the modules (sharing the weights) that have it on.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# A row shorter than this counts as this long: a row of zeros has no direction.
MIN_NORM = 1e-6


class DynamicLinear(nn.Module):
    """Base of the parts whose output is W(x) x."""

    explanation_mode = False


class BcosLinear(DynamicLinear):
    """B-cos(x; w) = |cos(x, w)|^(B−1) · (w·x), for every row w of the weight (arXiv 2205.10268 eq. 3).

    With B = 1 this is a plain linear layer without bias. It is homogeneous in its rows,
    B-cos(x; γw) = γ B-cos(x; w), so their length sets the size of its outputs.

    Args:
        weight: (out, in), copied.
        b: the exponent B ≥ 1.
        normalize: divide each row by its length on every forward, as the B-cos LM authors do.

    Shape:
        input (…, in) → output (…, out).
    """

    def __init__(self, weight: Tensor, *, b: float = 1.0, normalize: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.detach().clone())
        self.b = b
        self.normalize = normalize

    def forward(self, x: Tensor) -> Tensor:
        weight = F.normalize(self.weight, dim=-1) if self.normalize else self.weight
        if self.b == 1.0:
            return F.linear(x, weight)
        if torch.is_autocast_enabled(x.device.type):  # an autograd.Function sees no autocast: cast as F.linear would
            dtype = torch.get_autocast_dtype(x.device.type)
            x, weight = x.to(dtype), weight.to(dtype)
        if self.explanation_mode:
            return _ScaledLinear.apply(x, weight, self.dynamic_factor(x, weight))
        return _BcosProduct.apply(x, weight, self.b)

    def dynamic_factor(self, x: Tensor, weight: Tensor) -> Callable[[Tensor], Tensor]:
        """z ↦ |cos(x, w)|^(B−1), (…, out), for z = x wᵀ (…, out), which the caller has at hand."""
        x_norm, weight_norm = _norm(x.detach()), _norm(weight.detach())
        return lambda z: _cosine_power(z, x_norm, weight_norm.squeeze(-1), self.b)

    def extra_repr(self) -> str:
        out_features, in_features = self.weight.shape
        return f"in_features={in_features}, out_features={out_features}, b={self.b}, normalize={self.normalize}"


class BiasFreeLayerNorm(DynamicLinear):
    """LayerNorm without its bias: γ (x − mean(x)) / std(x). The dynamic factor is 1/std(x).

    Shape:
        (…, hidden) → (…, hidden).
    """

    def __init__(self, weight: Tensor, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.detach().clone())
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        if not self.explanation_mode:
            return F.layer_norm(x, x.shape[-1:], self.weight, None, self.eps)
        centred = x - x.mean(-1, keepdim=True)
        return centred * (self.dynamic_factor(centred) * self.weight)

    @torch.no_grad()
    def dynamic_factor(self, centred: Tensor) -> Tensor:
        """1/std, (…, 1)."""
        return (centred.square().mean(-1, keepdim=True) + self.eps).rsqrt()

    def extra_repr(self) -> str:
        return f"{self.weight.numel()}, eps={self.eps}"


class GatedActivation(DynamicLinear):
    """An activation of the form x · g(x) with g(0) = ½ (GELU, SiLU and their kin). The factor is the gate g(x)."""

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        if not self.explanation_mode:
            return self.activation(x)
        return _Scaled.apply(x, self.dynamic_factor(x))

    @torch.no_grad()
    def dynamic_factor(self, x: Tensor) -> Tensor:
        """g(x) = act(x) / x, the same shape as x, with the limit ½ at x = 0."""
        return (self.activation(x) / x).nan_to_num_(nan=0.5)


class _ScaledLinear(torch.autograd.Function):
    """(x wᵀ) · factor with the factor a constant; differentiable with respect to x alone.

    Many rows of the upstream gradient are exactly zero (padding; after the last attention, every token but
    the one that is pooled). The product for those rows is zero too, and is not computed.
    """

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, factor: Callable[[Tensor], Tensor]) -> Tensor:  # type: ignore[no-untyped-def]
        z = F.linear(x, weight)
        scale = factor(z)
        ctx.save_for_backward(weight, scale)
        return z.mul_(scale)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[no-untyped-def]
        weight, scale = ctx.saved_tensors
        rows = gradient.flatten(0, -2)
        used = torch.linalg.vector_norm(rows, ord=torch.inf, dim=-1).nonzero().squeeze(-1)
        if len(used) > len(rows) // 2:
            return (gradient * scale) @ weight, None, None
        product = rows.new_zeros(len(rows), weight.shape[1])
        product[used] = (rows[used] * scale.flatten(0, -2)[used]) @ weight
        return product.view(*gradient.shape[:-1], -1), None, None


class _Scaled(torch.autograd.Function):
    """x · factor with the factor a constant; saves the factor alone (a product in autograd would save x too)."""

    @staticmethod
    def forward(ctx, x: Tensor, factor: Tensor) -> Tensor:  # type: ignore[no-untyped-def]
        ctx.save_for_backward(factor)
        return x * factor

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:  # type: ignore[no-untyped-def]
        (factor,) = ctx.saved_tensors
        return gradient * factor, None


class _BcosProduct(torch.autograd.Function):
    """y = z s with z = x wᵀ, s = |cos|^(B−1) = (|z| / ‖x‖‖w‖)^(B−1), and its gradient in closed form.

    With the upstream gradient g:

        ∂L/∂z       = g s B                         (z's own path and the one through |z|)
        ∂L/∂x gains   −(B−1) (Σ_out g y) x / ‖x‖²     (the path through ‖x‖)
        ∂L/∂w gains   −(B−1) (Σ_rows g y) w / ‖w‖²    (the path through ‖w‖)

    Autograd through the power costs a third of the training speed; this form does not.
    """

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, b: float) -> Tensor:  # type: ignore[no-untyped-def]
        z = F.linear(x, weight)
        x_norm, weight_norm = _norm(x), _norm(weight)
        scale = _cosine_power(z, x_norm, weight_norm.squeeze(-1), b)
        y = z.mul_(scale)
        ctx.save_for_backward(x, weight, scale, y, x_norm, weight_norm)
        ctx.b = b
        return y

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:  # type: ignore[no-untyped-def]
        x, weight, scale, y, x_norm, weight_norm = ctx.saved_tensors
        b = ctx.b
        # Every pass over a (rows, out) tensor costs as much as a tenth of the product: as few as possible, in place.
        buffer = gradient * y
        through_x_norm = buffer.sum(-1, keepdim=True, dtype=x_norm.dtype).div_(x_norm.square()).to(x.dtype)
        through_weight_norm = buffer.flatten(0, -2).sum(0, dtype=x_norm.dtype).unsqueeze(-1).div_(weight_norm.square())
        gradient_z = torch.mul(gradient, scale, out=buffer).mul_(b)
        gradient_x = gradient_weight = None
        if ctx.needs_input_grad[0]:
            gradient_x = (gradient_z @ weight).addcmul_(through_x_norm, x, value=1 - b)
        if ctx.needs_input_grad[1]:
            gradient_weight = gradient_z.flatten(0, -2).t() @ x.flatten(0, -2)
            gradient_weight.addcmul_(through_weight_norm.to(weight.dtype), weight, value=1 - b)
        return gradient_x, gradient_weight, None


def _norm(rows: Tensor) -> Tensor:
    """‖·‖ over the last dimension, kept, (…, 1); in float32 at least, since a bf16 sum of squares is coarse."""
    dtype = torch.float32 if rows.dtype in (torch.bfloat16, torch.float16) else rows.dtype
    return torch.linalg.vector_norm(rows, dim=-1, keepdim=True, dtype=dtype).clamp_min_(MIN_NORM)


def _cosine_power(z: Tensor, x_norm: Tensor, weight_norm: Tensor, b: float) -> Tensor:
    """|z / (‖x‖ ‖w‖)|^(B−1), in one buffer; z (…, out), x_norm (…, 1), weight_norm (out,)."""
    power = z.to(x_norm.dtype).abs().mul_(x_norm.reciprocal()).mul_(weight_norm.reciprocal())
    power = power.sqrt_() if b == 1.5 else power if b == 2.0 else power.pow_(b - 1.0)  # √ is several times cheaper
    return power.to(z.dtype)

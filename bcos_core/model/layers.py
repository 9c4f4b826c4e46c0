"""The dynamic-linear parts of a B-cos network: for one input, each is a matrix W(x) applied to x.

Notation of *B-cos LM* (arXiv 2502.12992 §3) and *B-cos networks* (arXiv 2205.10268 §3). Every part here, with
`explanation_mode` true, treats its dynamic factor as a constant, so that the gradient of the network is W(x) itself.
`explanation_mode` is never switched on a shared model: `ModelView` makes copies of the modules (sharing the weights)
that have it on.

A part may keep its bias. The frozen network is then linear in E and in all biases together, and `BiasShare` says how
much of an output is theirs.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bcos_core.model.product import product

# A row shorter than this counts as this long: a row of zeros has no direction.
MIN_NORM = 1e-6


class BiasShare:
    """How far the biases of a view are switched on, for each text: `scale` (batch,), or None for fully.

    The frozen network is linear in E and the biases, so the derivative of an output with respect to a text's scale is
    the sum of all biases times their own gradients: the share of that output which is theirs.
    """

    scale: Tensor | None = None

    def of(self, bias: Tensor, rows: Tensor) -> Tensor:
        """The bias (out,) as it is added to `rows`, (batch, …, out) or (batch · tokens, out)."""
        if self.scale is None:
            return bias
        places = rows.shape[:-1].numel() // len(self.scale)
        return bias * self.scale.repeat_interleave(places).view(*rows.shape[:-1], 1)


class DynamicLinear(nn.Module):
    """Base of the parts whose output is W(x) x, plus a bias where one is kept."""

    explanation_mode = False
    bias_share: BiasShare | None = None
    bias: nn.Parameter | None

    def keep(self, bias: Tensor | None) -> None:
        """Take over a bias, sharing its memory; none for None."""
        self.register_parameter("bias", None if bias is None else nn.Parameter(bias.detach()))

    def plus_bias(self, y: Tensor) -> Tensor:
        """y + bias, for y (…, out)."""
        if self.bias is None:
            return y
        return y + (self.bias if self.bias_share is None else self.bias_share.of(self.bias, y))


class Linear(DynamicLinear):
    """A linear layer, weight (out, in).

    Args:
        weight: shared, not copied; (out, in), or (in, out) if `transposed`, as `Conv1D` of transformers has it.
        bias: (out,), shared; None for none.

    Shape:
        input (…, in) → output (…, out).
    """

    def __init__(self, weight: Tensor, bias: Tensor | None = None, *, transposed: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.detach())
        self.transposed = transposed
        self.keep(bias)

    @property
    def rows(self) -> Tensor:
        """The weight as (out, in), sharing its memory."""
        return self.weight.t() if self.transposed else self.weight

    def forward(self, x: Tensor) -> Tensor:
        if self.bias_share is None or self.bias is None:
            return linear(x, self.rows, self.bias)
        return self.plus_bias(linear(x, self.rows))

    def extra_repr(self) -> str:
        out_features, in_features = self.rows.shape
        return f"in_features={in_features}, out_features={out_features}, bias={self.bias is not None}"


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`F.linear`; quicker where nothing is trained, and quicker to differentiate with respect to x alone, in a view,
    whose parameters are detached."""
    if torch.is_autocast_enabled(x.device.type):
        return F.linear(x, weight, bias)
    if not torch.is_grad_enabled():
        return product(x, weight, bias)
    if weight.requires_grad or (bias is not None and bias.requires_grad):
        return F.linear(x, weight, bias)
    return _RowsLinear.apply(x, weight, bias) if x.requires_grad else product(x, weight, bias)


class ViewedLinear(nn.Linear):
    """A linear layer of PyTorch in a view."""

    def forward(self, x: Tensor) -> Tensor:
        return linear(x, self.weight, self.bias)


class ConstantLinear(Linear):
    """Queries or keys of an attention that is computed inside a model's own code: all of the output is the factor, the
    bias too, which therefore has no share of anything."""

    def forward(self, x: Tensor) -> Tensor:
        y = linear(x.detach() if self.explanation_mode else x, self.rows, self.bias)
        return y.detach() if self.explanation_mode else y


class BcosLinear(Linear):
    """B-cos(x; w) = |cos(x, w)|^(B−1) · (w·x), for every row w of the weight (arXiv 2205.10268 eq. 3).

    With B = 1 this is a plain linear layer. It is homogeneous in its rows, B-cos(x; γw) = γ B-cos(x; w), so their
    length sets the size of its outputs.

    Args:
        b: the exponent B ≥ 1.
        normalize: divide each row by its length on every forward, as the B-cos LM authors do.
    """

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None = None,
        *,
        b: float = 1.0,
        normalize: bool = False,
        transposed: bool = False,
    ) -> None:
        super().__init__(weight, bias, transposed=transposed)
        self.b = b
        self.normalize = normalize

    def forward(self, x: Tensor) -> Tensor:
        weight = F.normalize(self.rows, dim=-1) if self.normalize else self.rows
        if self.b == 1.0:
            return self.plus_bias(linear(x, weight))
        if torch.is_autocast_enabled(x.device.type):  # an autograd.Function sees no autocast: cast as F.linear would
            dtype = torch.get_autocast_dtype(x.device.type)
            x, weight = x.to(dtype), weight.to(dtype)
        if self.explanation_mode:
            return self.plus_bias(_ScaledLinear.apply(x, weight, self.dynamic_factor(x, weight)))
        return self.plus_bias(_BcosProduct.apply(x, weight, self.b))

    def dynamic_factor(self, x: Tensor, weight: Tensor) -> Callable[[Tensor], Tensor]:
        """z ↦ |cos(x, w)|^(B−1), (…, out), for z = x wᵀ (…, out), which the caller has at hand."""
        x_norm, weight_norm = _norm(x.detach()), _norm(weight.detach())
        return lambda z: _cosine_power(z, x_norm, weight_norm.squeeze(-1), self.b)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, b={self.b}, normalize={self.normalize}"


class Norm(DynamicLinear):
    """γ (x − mean(x)) / std(x), LayerNorm, if `centred`, else γ x / rms(x), RMSNorm; γ = weight + `offset`. The
    dynamic factor is 1/std(x) or 1/rms(x).

    Shape:
        (…, hidden) → (…, hidden).
    """

    def __init__(
        self, weight: Tensor, eps: float, bias: Tensor | None = None, *, centred: bool = True, offset: float = 0.0
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.detach())
        self.eps, self.centred, self.offset = eps, centred, offset
        self.keep(bias)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight + self.offset if self.offset else self.weight
        if self.centred and not self.explanation_mode:
            return F.layer_norm(x, x.shape[-1:], weight, self.bias, self.eps)
        # Times the factor first: a graph then keeps a number of each row for its gradient, not the whole product.
        if self.centred:
            x = x - x.mean(-1, keepdim=True)
            return self.plus_bias(x * self.dynamic_factor(x) * weight)
        # A bf16 sum of squares is coarse, so that these models compute their norms in float32.
        precise = x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
        factor = self.dynamic_factor(precise) if self.explanation_mode else self._inverse(precise)
        return self.plus_bias((precise * factor * weight).to(x.dtype))

    @torch.no_grad()
    def dynamic_factor(self, x: Tensor) -> Tensor:
        """1/std or 1/rms, (…, 1), of x that has been centred already where that is done."""
        return self._inverse(x)

    def _inverse(self, x: Tensor) -> Tensor:
        return (x.square().mean(-1, keepdim=True) + self.eps).rsqrt()

    def extra_repr(self) -> str:
        return f"{self.weight.numel()}, eps={self.eps}, centred={self.centred}, offset={self.offset}"


class GatedActivation(DynamicLinear):
    """An activation of the form x · g(x), such as GELU and SiLU, whose g(0) is ½, and tanh, whose g(0) is 1. The factor
    is the gate g(x)."""

    def __init__(self, activation: nn.Module, *, gate_at_zero: float = 0.5) -> None:
        super().__init__()
        self.activation, self.gate_at_zero = activation, gate_at_zero
        self.keep(None)

    def forward(self, x: Tensor) -> Tensor:
        if not self.explanation_mode:
            return self.activation(x)
        return _Scaled.apply(x, self.dynamic_factor(x))

    @torch.no_grad()
    def dynamic_factor(self, x: Tensor) -> Tensor:
        """g(x) = act(x) / x, the same shape as x, with its limit at x = 0."""
        return (self.activation(x) / x).nan_to_num_(nan=self.gate_at_zero)


class ConstantActivation(DynamicLinear):
    """act(a) of a gated product act(a) · b, which is linear in b: all of act(a) is the factor, not its gate alone, or
    the product would count twice."""

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.activation = activation
        self.keep(None)

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(x.detach() if self.explanation_mode else x)


def skips_zero_rows(device: torch.device) -> bool:
    """Whether it pays to look which rows of a gradient are zero. A CPU is at that very place; whoever asks a GPU waits
    until it has come there, in every layer."""
    return device.type == "cpu"


def _used(gradient: Tensor) -> Tensor | None:
    """The rows of an upstream gradient (…, out) that are not exactly zero; None if that is most of them, or nobody
    looked.

    Zero are those of padding and, after the last attention, of every token but the one that is pooled. What they are
    multiplied by is zero too, and need not be computed.
    """
    if not skips_zero_rows(gradient.device):
        return None
    rows = gradient.flatten(0, -2)
    if 2 * torch.count_nonzero(rows[:, 0]) > len(rows):  # one column says so mostly, at no cost
        return None
    used = rows.abs().amax(-1).nonzero().squeeze(-1)  # on a CPU 20 times as quick as the norm of the same name
    return None if len(used) > len(rows) // 2 else used


class _RowsLinear(torch.autograd.Function):
    """x wᵀ + b, differentiable with respect to x alone."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:  # type: ignore[no-untyped-def]
        ctx.save_for_backward(weight)
        return product(x, weight, bias)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[no-untyped-def]
        (weight,) = ctx.saved_tensors
        used = _used(gradient)
        if used is None:
            return product(gradient, weight.t()), None, None
        rows = gradient.flatten(0, -2)
        through = rows.new_zeros(len(rows), weight.shape[1])
        through[used] = product(rows[used], weight.t())
        return through.view(*gradient.shape[:-1], -1), None, None


class _ScaledLinear(torch.autograd.Function):
    """(x wᵀ) · factor with the factor a constant; differentiable with respect to x alone."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, factor: Callable[[Tensor], Tensor]) -> Tensor:  # type: ignore[no-untyped-def]
        z = product(x, weight)
        scale = factor(z)
        ctx.save_for_backward(weight, scale)
        return z.mul_(scale)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[no-untyped-def]
        weight, scale = ctx.saved_tensors
        used = _used(gradient)
        if used is None:
            return product(gradient * scale, weight.t()), None, None
        rows = gradient.flatten(0, -2)
        through = rows.new_zeros(len(rows), weight.shape[1])
        through[used] = product(rows[used] * scale.flatten(0, -2)[used], weight.t())
        return through.view(*gradient.shape[:-1], -1), None, None


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
        z = product(x, weight)
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
        if ctx.needs_input_grad[1]:  # before the buffer is used again
            through_weight_norm = buffer.flatten(0, -2).sum(0, dtype=x_norm.dtype).unsqueeze(-1)
            through_weight_norm.div_(weight_norm.square())
        gradient_z = torch.mul(gradient, scale, out=buffer).mul_(b)
        gradient_x = gradient_weight = None
        if ctx.needs_input_grad[0]:
            gradient_x = product(gradient_z, weight.t()).addcmul_(through_x_norm, x, value=1 - b)
        if ctx.needs_input_grad[1]:
            gradient_weight = product(gradient_z.flatten(0, -2).t(), x.flatten(0, -2).t())
            gradient_weight.addcmul_(through_weight_norm.to(weight.dtype), weight, value=1 - b)
        return gradient_x, gradient_weight, None


def _norm(rows: Tensor) -> Tensor:
    """‖·‖ over the last dimension, kept, (…, 1); in float32 at least, since a bf16 sum of squares is coarse.

    A norm that is too large for its type is no number, not infinite: the cosine with it would be 0, and look right.
    """
    dtype = torch.float32 if rows.dtype in (torch.bfloat16, torch.float16) else rows.dtype
    norm = torch.linalg.vector_norm(rows, dim=-1, keepdim=True, dtype=dtype).clamp_min_(MIN_NORM)
    return norm.add_(norm - norm)  # ∞ − ∞ is NaN


def _cosine_power(z: Tensor, x_norm: Tensor, weight_norm: Tensor, b: float) -> Tensor:
    """|z / (‖x‖ ‖w‖)|^(B−1), in one buffer; z (…, out), x_norm (…, 1), weight_norm (out,)."""
    power = z.to(x_norm.dtype).abs().mul_(x_norm.reciprocal()).mul_(weight_norm.reciprocal())
    if b == 1.5:
        power.sqrt_()  # several times cheaper than any power
    elif b != 2.0:
        # A CPU has vector instructions for log₂ and 2ˣ, which take half of a power's time; a GPU does all in one.
        power = power.log2_().mul_(b - 1.0).exp2_() if power.device.type == "cpu" else power.pow_(b - 1.0)
    return power.to(z.dtype)

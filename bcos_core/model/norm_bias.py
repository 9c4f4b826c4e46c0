"""What takes the place of the bias of a LayerNorm that conversion drops.

Where a residual sum goes into a norm and nowhere else (post-norm blocks), the linear that feeds the sum can bring what
the norm's bias brought. After the last block nothing else could.
"""

from __future__ import annotations

from torch import Tensor

# Of the mean of γ²: a channel whose γ is near 0 cannot carry its bias, and must not take up the sum for it.
DAMPING = 1e-3


def bias_before(weight: Tensor, bias: Tensor) -> Tensor:
    """d (hidden,), by which normed inputs n must differ if a norm of this weight γ (hidden,) is to give γ n + β still,
    without its bias β (hidden,).

    The norm centres what it is given, so d has mean 0; its size does not matter to what follows. d is the minimum of

        Σ (γ d − β)² + ε Σ d²,   Σ d = 0,   ε = DAMPING · mean(γ²),

    which is d = (γ β − μ) / (γ² + ε), with the multiplier μ = Σ γ β / (γ² + ε) ÷ Σ 1 / (γ² + ε).
    """
    gamma, beta = weight.double(), bias.double()
    share = 1 / (gamma.square() + DAMPING * gamma.square().mean())
    multiplier = (gamma * beta * share).sum() / share.sum()
    return ((gamma * beta - multiplier) * share).to(weight.dtype)

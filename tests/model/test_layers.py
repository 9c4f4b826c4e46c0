"""The B-cos layers against values worked out by hand, and their closed-form gradient against autograd."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from bcos_core.model.layers import BcosLinear, GatedActivation, Norm


def test_bcos_value_by_hand() -> None:
    # x = (3, 4), ‖x‖ = 5; w₁ = (1, 0): w·x = 3, cos = 3/5; w₂ = (0, −2): w·x = −8, ‖w‖ = 2, cos = −4/5.
    x, weight = torch.tensor([[3.0, 4.0]]), torch.tensor([[1.0, 0.0], [0.0, -2.0]])
    assert torch.equal(BcosLinear(weight, b=1.0)(x), torch.tensor([[3.0, -8.0]]))
    torch.testing.assert_close(BcosLinear(weight, b=2.0)(x), torch.tensor([[3 * 0.6, -8 * 0.8]]))
    expected = torch.tensor([[3 * math.sqrt(0.6), -8 * math.sqrt(0.8)]])
    torch.testing.assert_close(BcosLinear(weight, b=1.5)(x), expected)


@pytest.mark.parametrize(("x", "weight"), [(1e30, 1.0), (1.0, 1e30)])
def test_a_norm_that_is_too_large_makes_no_answer_of_zero(x: float, weight: float) -> None:
    """‖(1e30, 1e30)‖ is 1.4e30, and its square more than float32 holds: the cosine would be 0."""
    layer = BcosLinear(torch.full((2, 2), weight), b=1.5)
    for mode in (False, True):
        layer.explanation_mode = mode
        answer = layer(torch.full((1, 2), x))
        assert not answer.eq(0).any()
        assert not bool(answer.isfinite().any()) or bool(answer.abs().gt(1e29).all())


def test_normalised_rows_have_length_one() -> None:
    # With ‖w‖ = 1 the second row gives w·x = −4 instead of −8; the cosine is the same.
    layer = BcosLinear(torch.tensor([[1.0, 0.0], [0.0, -2.0]]), b=2.0, normalize=True)
    torch.testing.assert_close(layer(torch.tensor([[3.0, 4.0]])), torch.tensor([[3 * 0.6, -4 * 0.8]]))


@pytest.mark.parametrize("b", [1.25, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("normalize", [False, True])
def test_closed_form_gradient_equals_autograd(b: float, normalize: bool) -> None:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(3, 4, 8, generator=generator, dtype=torch.double, requires_grad=True)
    layer = BcosLinear(torch.randn(5, 8, generator=generator, dtype=torch.double), b=b, normalize=normalize)
    upstream = torch.randn(3, 4, 5, generator=generator, dtype=torch.double)

    def written_out(x: Tensor, weight: Tensor) -> Tensor:
        if normalize:
            weight = weight / weight.norm(dim=-1, keepdim=True)
        z = x @ weight.t()
        return z * (z / (x.norm(dim=-1, keepdim=True) * weight.norm(dim=-1))).abs() ** (b - 1)

    torch.testing.assert_close(layer(x), written_out(x, layer.weight))
    ours = torch.autograd.grad((layer(x) * upstream).sum(), (x, layer.weight))
    reference = torch.autograd.grad((written_out(x, layer.weight) * upstream).sum(), (x, layer.weight))
    for got, expected in zip(ours, reference, strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("b", [1.001, 1.1, 1.3, 1.7, 3.0])
def test_powers_are_rounded_as_float32_is(b: float) -> None:
    """Cosines from one to less than any that counts, and of no row at all."""
    weight = torch.eye(2)
    x = torch.stack([torch.logspace(0, -12, 200), torch.ones(200)], dim=1)
    x[-1] = 0.0
    found, wide = BcosLinear(weight, b=b)(x), x.double()
    scale = (wide.abs() / wide.norm(dim=1, keepdim=True).clamp_min(1e-6)) ** (b - 1)
    torch.testing.assert_close(found.double(), wide * scale, rtol=4e-6, atol=0.0)


def test_zero_input_gives_zero_and_finite_gradients() -> None:
    x = torch.zeros(2, 3, requires_grad=True)
    layer = BcosLinear(torch.ones(4, 3), b=1.5)
    output = layer(x)
    output.sum().backward()
    assert torch.equal(output, torch.zeros(2, 4))
    assert x.grad is not None and x.grad.isfinite().all()


@pytest.mark.parametrize("used", [1, 5])  # few rows take the sparse way, most rows the dense one
def test_explanation_gradient_is_the_dynamic_matrix(used: int) -> None:
    # In explanation mode dy_o/dx is |cos|^(B−1) w_o, with the factor held constant.
    layer = BcosLinear(torch.tensor([[1.0, 0.0], [0.0, -2.0]]), b=2.0)
    layer.explanation_mode = True
    x = torch.tensor([[3.0, 4.0]] * 6, requires_grad=True)
    (gradient,) = torch.autograd.grad(layer(x)[:used].sum(), x)
    expected = torch.zeros(6, 2)
    expected[:used] = torch.tensor([0.6 * 1.0, 0.8 * -2.0])
    torch.testing.assert_close(gradient, expected)


def test_layer_norm_by_hand() -> None:
    # (1, 3): mean 2, centred (−1, 1), std 1; weights (2, 5) → (−2, 5).
    layer = Norm(torch.tensor([2.0, 5.0]), eps=0.0)
    x = torch.tensor([[1.0, 3.0]], requires_grad=True)
    torch.testing.assert_close(layer(x), torch.tensor([[-2.0, 5.0]]))
    layer.explanation_mode = True
    torch.testing.assert_close(layer(x), torch.tensor([[-2.0, 5.0]]))
    # With 1/std constant the derivative of output 1 is γ₁ (δ − 1/2) / std = 2 · (½, −½).
    (gradient,) = torch.autograd.grad(layer(x)[0, 0], x)
    torch.testing.assert_close(gradient, torch.tensor([[1.0, -1.0]]))


@pytest.mark.parametrize("activation", [nn.GELU(), nn.SiLU(), nn.GELU(approximate="tanh")])
def test_gate_times_input_is_the_activation(activation: nn.Module) -> None:
    x = torch.tensor([-30.0, -2.0, -1e-8, 0.0, 1e-30, 0.5, 4.0], requires_grad=True)
    layer = GatedActivation(activation)
    layer.explanation_mode = True
    torch.testing.assert_close(layer(x), activation(x))
    (gate,) = torch.autograd.grad(layer(x).sum(), x)
    torch.testing.assert_close(gate * x, activation(x))
    assert gate[3].item() == 0.5  # the limit at 0, not 0/0

"""Products of views against the same in float64, in every layout that layers and their gradients use."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from bcos_core.model.layers import linear
from bcos_core.model.product import _has_onednn, product

SHAPES = [(1,), (15,), (16,), (3, 7), (2, 40), (0,)]


@pytest.mark.parametrize("rows", SHAPES)
@pytest.mark.parametrize(("inside", "out"), [(96, 128), (128, 2), (1, 64)])
@pytest.mark.parametrize("transposed", [False, True])
def test_it_is_the_product(rows: tuple[int, ...], inside: int, out: int, transposed: bool) -> None:
    torch.manual_seed(0)
    x, bias = torch.randn(*rows, inside), torch.randn(out)
    weight = torch.randn(inside, out).t() if transposed else torch.randn(out, inside)
    for given in (None, bias):
        expected = F.linear(x.double(), weight.double(), None if given is None else given.double())
        found = product(x, weight, given)
        assert found.dtype == torch.float32 and found.shape == (*rows, out)
        assert torch.allclose(found.double(), expected, atol=1e-4)


def test_of_columns_that_lie_apart() -> None:
    x = torch.randn(4, 64, 32).transpose(1, 2)
    weight = torch.randn(200, 256)[:128, ::4]
    assert torch.allclose(product(x, weight).double(), F.linear(x.double(), weight.double()), atol=1e-4)


class _Ops(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        self.names.add(str(func))
        return func(*args, **(kwargs or {}))


@pytest.mark.skipif(not _has_onednn(), reason="this processor has one kernel")
def test_columns_that_lie_apart_are_not_given_to_onednn() -> None:
    # It takes seconds for them, ten thousand times as long.
    whole, part, x = torch.randn(200, 256), torch.randn(200, 256)[:, :64], torch.randn(64, 64)
    for given, weight in [(x, whole[:, :64]), (part, x), (part.t(), whole[:, :200])]:
        with _Ops() as ops:
            product(given, weight)
        assert not any("mkldnn" in name for name in ops.names)
    for given, weight in [(x, whole[:64].t()[:64].contiguous()), (x.t(), x), (x, x.t()), (x, torch.randn(90, 64)[10:])]:
        with _Ops() as ops:
            product(given, weight)
        assert any("mkldnn" in name for name in ops.names)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_types_stay_what_they_are(dtype: torch.dtype) -> None:
    x, weight = torch.randn(32, 64, dtype=dtype), torch.randn(64, 64, dtype=dtype)
    assert torch.equal(product(x, weight), F.linear(x, weight))


def test_a_view_differentiates_with_respect_to_x_and_training_to_both() -> None:
    x, weight, bias = torch.randn(5, 20, 96), torch.randn(128, 96), torch.randn(128)
    upstream = torch.randn(5, 20, 128)
    given = x.clone().requires_grad_()
    linear(given, weight, bias).backward(upstream)
    assert given.grad is not None
    assert torch.allclose(given.grad.double(), upstream.double() @ weight.double(), atol=1e-4)
    trained = weight.clone().requires_grad_()
    linear(x, trained, bias).backward(upstream)
    assert trained.grad is not None
    assert torch.allclose(trained.grad, upstream.flatten(0, 1).t() @ x.flatten(0, 1), atol=1e-4)

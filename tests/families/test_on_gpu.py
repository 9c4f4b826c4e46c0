"""What holds on the CPU holds on a GPU: every family adds up there, and says what it says on the CPU."""

from __future__ import annotations

import pytest
import torch
from tiny_families import TINY, ids_of, tiny_model

from bcos_core import convert
from bcos_core.model.contributions import Contributions, contributions
from bcos_core.model.view import ModelView

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU that PyTorch can use"),
]
REFERENCE = 4


def explained(name: str, device: str, length: int) -> Contributions:
    model = convert(tiny_model(name), b=1.5).to(device)
    ids, mask = (rows.to(device) for rows in ids_of(length, rows=2))
    mask[1, length // 2 + 1 :] = 0
    view = ModelView(model, explanation_mode=True)
    return contributions(view, ids, mask, lambda logits: logits[:, 1], reference_id=REFERENCE)


@pytest.mark.parametrize("length", [1, 64])
@pytest.mark.parametrize("name", list(TINY))
def test_contributions_add_up_and_are_those_of_the_cpu(name: str, length: int) -> None:
    here, there = explained(name, "cuda", length), explained(name, "cpu", length)
    assert here.scores.is_cuda
    total = (here.scores.sum(1) + here.reference_share + here.bias_share).cpu()
    torch.testing.assert_close(total, here.logits[:, 1].double().cpu(), rtol=1e-4, atol=1e-4)
    scale = there.scores.abs().max().item()
    torch.testing.assert_close(here.scores.cpu(), there.scores, rtol=1e-3, atol=1e-3 * scale)

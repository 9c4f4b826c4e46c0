"""Ridge regression against NumPy, and where there is no solution."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bcos_core.errors import NotFiniteError
from bcos_core.model.normal_equations import NormalEquations


def test_the_solution_is_the_minimum() -> None:
    generator = torch.Generator().manual_seed(0)
    x, y, prior = (torch.randn(*shape, generator=generator) for shape in ((50, 6), (50, 3), (3, 6)))
    equations = NormalEquations()
    for rows in (slice(0, 20), slice(20, 50)):
        equations.add(x[rows], y[rows])
    a, b, w = (part.double().numpy() for part in (x, y, prior))
    strength = 0.1 * np.mean(np.diag(a.T @ a))
    # min ‖A Wᵀ − B‖² + λ ‖W − W₀‖² as one least-squares problem
    stacked = np.vstack([a, np.sqrt(strength) * np.eye(6)])
    expected = np.linalg.lstsq(stacked, np.vstack([b, np.sqrt(strength) * w.T]), rcond=None)[0].T
    assert equations.solve(0.1, prior).numpy() == pytest.approx(expected, abs=1e-5)


def test_inputs_without_any_size_have_no_solution() -> None:
    equations = NormalEquations()
    equations.add(torch.zeros(4, 3), torch.ones(4, 2))
    with pytest.raises(NotFiniteError, match="Calibration finds no weights"):
        equations.solve(0.1, torch.ones(2, 3))

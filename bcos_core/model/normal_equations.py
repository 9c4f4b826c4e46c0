"""Ridge regression of one layer, from Gram matrices added up batch by batch."""

from __future__ import annotations

import torch
from torch import Tensor

from bcos_core.errors import NotFiniteError
from bcos_core.model.product import product

# From this width on, a Gram matrix is made in panels, and those below the diagonal are mirrored.
PANEL = 384


class NormalEquations:
    """The minimum over W of ‖XWᵀ − Y‖² + λ‖W − W₀‖², λ = ridge · mean(diag(XᵀX)), for X (rows, in), Y (rows, out).

    Products are made in the precision of X, sums and the solution in float64; memory does not grow with rows.
    """

    def __init__(self) -> None:
        self._gram: Tensor | None = None
        self._cross: Tensor | None = None

    def add(self, x: Tensor, y: Tensor) -> None:
        """Add some rows."""
        columns = x.t().contiguous()  # a part of them is in one piece, then
        cross = product(columns, y.t()).double()
        if self._gram is None or self._cross is None:
            self._gram, self._cross = x.new_zeros(x.shape[1], x.shape[1], dtype=torch.float64), cross
        else:
            self._cross += cross
        for left in range(0, x.shape[1], PANEL):  # the upper triangle alone
            self._gram[left : left + PANEL, left:] += product(columns[left : left + PANEL], columns[left:])

    @property
    def finite(self) -> bool:
        """Whether every number that was added up is finite."""
        sums = [part for part in (self._gram, self._cross) if part is not None]
        return all(bool(part.isfinite().all()) for part in sums)

    def solve(self, ridge: float, prior: Tensor) -> Tensor:
        """W, (out, in), as `prior` W₀ (out, in) is, in its precision.

        Raises:
            NotFiniteError: the inputs are so large, or so alike, that float64 knows no solution.
        """
        assert self._gram is not None and self._cross is not None
        gram = self._gram.triu() + self._gram.triu(1).t()
        strength = ridge * gram.diagonal().mean()
        gram.diagonal().add_(strength)
        try:
            solution = torch.linalg.solve(gram, self._cross + strength * prior.t().double())
        except torch.linalg.LinAlgError as error:
            size = float(gram.diagonal().mean())
            raise NotFiniteError(
                f"Calibration finds no weights for a layer whose inputs have a mean square of {size:.3g}: no number "
                "holds what they add up to. The weights of the model may be damaged: copy it anew."
            ) from error
        return solution.t().to(prior.dtype)

"""The method that reads a model's own sum: the exact one, which needs no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcos_core.attribution.method import Method
from bcos_core.attribution.registry import METHODS

if TYPE_CHECKING:
    from bcos_core.model.text_model import TextModel


def own_method(model: TextModel) -> Method:
    """Contributions of a B-cos model, the frozen-linear pullback of any other."""
    return METHODS[own_name(is_bcos=model.is_bcos)]


def own_name(*, is_bcos: bool) -> str:
    """The name of that method, of a model that is not there."""
    return "bcos" if is_bcos else "pullback"

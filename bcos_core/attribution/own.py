"""The method that reads a model's own sum: the exact one, which needs no other."""

from __future__ import annotations

from bcos_core.attribution.method import Method
from bcos_core.attribution.registry import METHODS
from bcos_core.model.text_model import TextModel


def own_method(model: TextModel) -> Method:
    """Contributions of a B-cos model, the frozen-linear pullback of any other."""
    return METHODS["bcos" if model.is_bcos else "pullback"]

"""Under which versions of the libraries, and on what, a record was made."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

from bcos_core.device import circumstances
from bcos_core.model.text_model import TextModel


def versions(model: TextModel) -> dict[str, str]:
    """Those of the libraries, and the device, the precision and the determinism (`bcos_core.device`) of the model's
    answers."""
    return _libraries() | circumstances(model.model)


@cache
def _libraries() -> dict[str, str]:
    return {package: version(package) for package in ("torch", "transformers", "captum")}

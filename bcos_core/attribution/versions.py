"""Which versions of the libraries a record was made under."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version


@cache
def versions() -> dict[str, str]:
    return {package: version(package) for package in ("torch", "transformers", "captum")}

"""Functions of modules that take seconds to import: named where they are declared, imported when they are called."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from typing import Any

IMPORTING = threading.RLock()
"""Held by whoever imports PyTorch and its like for the first time. Two threads that begin at once from different ends
each wait for a module that the other one has begun, and Python then hands out one that is not whole."""


class Later:
    """The function `name` of a module, which is imported at the first call."""

    def __init__(self, module: str, name: str) -> None:
        self.module = module
        self.name = name
        self._function: Callable[..., Any] | None = None

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self.load()(*args, **options)

    def __repr__(self) -> str:
        return f"{self.module}.{self.name}"

    def load(self) -> Callable[..., Any]:
        """The function itself.

        Raises:
            ImportError: the module cannot be imported.
        """
        if self._function is None:
            with IMPORTING:
                self._function = getattr(importlib.import_module(self.module), self.name)
        return self._function

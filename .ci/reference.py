"""The API reference: one page a module of the library, from its docstrings, in build/reference.

python .ci/reference.py [FOLDER]
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import warnings
from pathlib import Path
from types import ModuleType

import pdoc

import bcos_core

ROOT = Path(__file__).resolve().parents[1]


def build(folder: Path) -> None:
    """Write the reference to a folder.

    Raises:
        UserWarning: a module that cannot be imported, or a name that is not there.
    """
    for name in bcos_core.__all__:  # imported when they are first used; pdoc looks for what is bound
        setattr(bcos_core, name, getattr(bcos_core, name))
    for module in pkgutil.walk_packages(bcos_core.__path__, "bcos_core."):
        if module.ispkg:
            _show_modules(importlib.import_module(module.name))
    _show_modules(bcos_core)
    pdoc.render.configure(docformat="google", show_source=False, footer_text=f"bcos_core {bcos_core.__version__}")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", category=UserWarning, module="pdoc")
        warnings.filterwarnings("ignore", "Error parsing type annotation")  # which is then shown as it is written
        pdoc.pdoc("bcos_core", output_directory=folder)


def _show_modules(package: ModuleType) -> None:
    """Of a package that says what it exports, pdoc would show nothing else: its modules are added."""
    if hasattr(package, "__all__"):
        inside = (module.name for module in pkgutil.iter_modules(package.__path__))
        package.__all__ = [*package.__all__, *(name for name in inside if name != "__main__")]


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "reference"
    build(target)
    print(target / "index.html")

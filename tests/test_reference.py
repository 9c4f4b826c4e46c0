"""The API reference that `make docs` builds: every module of the library, with what its docstrings say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bcos_core.home import CHECKOUT


def test_the_reference_has_every_module(tmp_path: Path) -> None:
    # In a process of its own: all of the library is imported for it.
    subprocess.run(
        [sys.executable, ".ci/reference.py", str(tmp_path)],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": "."},
        check=True,
        capture_output=True,
    )
    library = {
        file.relative_to(CHECKOUT).with_suffix("")
        for file in (CHECKOUT / "bcos_core").rglob("*.py")
        if "migrations" not in file.parts and file.name != "__main__.py"
    }
    modules = {path.parent if path.name == "__init__" else path for path in library}
    pages = {page.relative_to(tmp_path).with_suffix("") for page in tmp_path.rglob("*.html")}
    assert pages == {*modules, Path("index")}
    front = (tmp_path / "bcos_core.html").read_text(encoding="utf-8")
    for name in ("calibrate", "convert", "explain", "load"):
        assert f'id="{name}"' in front
    assert "a sequence classifier or language model of a family in" in front  # an argument of `convert`
    assert 'href="bcos_core/attribution.html"' in front

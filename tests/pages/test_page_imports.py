"""Who imports PyTorch does so alone, and no page brings it before its head is drawn."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import pytest

from bcos_core.home import CHECKOUT
from bcos_core.later import IMPORTING
from pages.widgets.frame import loading

FILES = sorted((CHECKOUT / "pages").rglob("*.py"))


def test_one_session_imports_at_a_time() -> None:
    taken: list[bool] = []
    with loading():
        other = threading.Thread(target=lambda: taken.append(IMPORTING.acquire(blocking=False)))
        other.start()
        other.join()
    assert taken == [False]
    assert IMPORTING.acquire(blocking=False)  # and lets the next one in
    IMPORTING.release()


def test_late_imports_are_one_session_at_a_time() -> None:
    for path in FILES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        guarded = {
            id(node)
            for block in ast.walk(tree)
            if isinstance(block, ast.With) and re.match(r"loading\(|IMPORTING$", ast.unparse(block.items[0]))
            for node in ast.walk(block)
        }
        late = [
            ast.unparse(node)
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom) and node not in tree.body and id(node) not in guarded
        ]
        assert late == [], path


@pytest.mark.parametrize("path", sorted((CHECKOUT / "pages").glob("*/page.py")), ids=lambda path: path.parent.name)
def test_the_head_of_a_page_needs_no_pytorch(path: Path) -> None:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    imports = "\n".join(ast.unparse(node) for node in body if isinstance(node, ast.Import | ast.ImportFrom))
    code = f"{imports}\nimport sys\nassert 'torch' not in sys.modules and 'transformers' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_room_is_in_the_contract_of_rooms() -> None:
    """What the import contract does not name, it does not keep apart."""
    contracts = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (kept_apart,) = (one["modules"] for one in contracts["contracts"] if one["type"] == "independence")
    assert set(kept_apart) == {f"pages.{page.parent.name}" for page in (CHECKOUT / "pages").glob("*/page.py")}

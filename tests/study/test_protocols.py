"""Protocols: each is the file of its name, and no other file knows one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bcos_core import study
from bcos_core.home import CHECKOUT
from bcos_core.study import protocols
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.question import Question

STUDY = Path(study.__path__[0])
FOLDER = Path(protocols.__path__[0])
FILES = [
    *(file for file in STUDY.rglob("*.py") if FOLDER not in file.parents),
    *(file for room in ("rate", "studies", "widgets") for file in (CHECKOUT / "pages" / room).rglob("*.py")),
    *(CHECKOUT / "bcos_core").glob("*/study*.py"),
]


def test_every_file_of_the_folder_is_a_protocol_of_its_name() -> None:
    files = {file.stem for file in FOLDER.glob("*.py")} - {"__init__"}
    assert files == set(PROTOCOLS) == {protocol.name for protocol in PROTOCOLS.values()}


@pytest.mark.parametrize(
    "changes",
    [
        {"heatmaps": 5},
        {"picks": True, "heatmaps": 3},  # among heatmaps, by questions on scales
        {"questions": (Question("edit", "Change it.", "edit"),)},  # whose text cannot say what to answer
        {"questions": (Question("class", "Which class?", "class"),)},  # while they may be changed, on scales
    ],
)
def test_a_protocol_whose_parts_do_not_fit(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="rating"):
        replace(PROTOCOLS["rating"], **changes)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(CHECKOUT)))
def test_nothing_else_asks_for_a_protocol_by_its_name(file: Path) -> None:
    """Neither compared, nor looked up, nor the key of a table."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        for part in asked(node):
            assert not (isinstance(part, ast.Constant) and part.value in set(PROTOCOLS)), f"line {part.lineno}"


def asked(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Compare):
        yield from (node.left, *node.comparators)
    if isinstance(node, ast.Dict):
        yield from (key for key in node.keys if key is not None)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id.isupper():
        yield node.slice

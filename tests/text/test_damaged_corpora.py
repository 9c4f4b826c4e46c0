"""Published data sets with any kind of value in any place: read, or refused in words."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from corpus_files import divisions, hatexplain, movies, write

from bcos_core.errors import DataError
from bcos_core.text.files import load_file

VALUES: list[Any] = [None, 5, 1.5, True, "x", [], {}, [None], [[None]], [{}], ["x"], {"a": 1}]


def places(data: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Of everything in it; of lists the first item stands for all."""
    yield place
    if isinstance(data, dict):
        for key, value in data.items():
            yield from places(value, (*place, key))
    elif isinstance(data, list) and data:
        yield from places(data[0], (*place, 0))


def damaged(data: Any) -> Iterator[Any]:
    for *way, last in filter(None, places(data)):
        for value in VALUES:
            whole = copy.deepcopy(data)
            inner = whole
            for step in way:
                inner = inner[step]
            inner[last] = value
            yield whole


def read(path: Path) -> None:
    with suppress(DataError):
        load_file(path)


def test_posts_of_hatexplain(tmp_path: Path) -> None:
    posts = hatexplain()
    for post in damaged(posts["1_gab"]):
        write(tmp_path, {"dataset.json": posts | {"1_gab": post}})
        read(tmp_path / "dataset.json")


def test_sides_of_hatexplain(tmp_path: Path) -> None:
    write(tmp_path, {"dataset.json": hatexplain()})
    for sides in damaged(divisions()):
        write(tmp_path, {"post_id_divisions.json": sides})
        read(tmp_path)


def test_rows_of_eraser(tmp_path: Path) -> None:
    files = movies()
    write(tmp_path, files)
    first, *others = files["movies/train.jsonl"].splitlines()
    for row in damaged(json.loads(others[0])):
        write(tmp_path, {"movies/train.jsonl": "\n".join([first, json.dumps(row), *others[1:]])})
        read(tmp_path)


def test_documents_of_eraser(tmp_path: Path) -> None:
    files = movies()
    sides = {name: content for name, content in files.items() if "/docs/" not in name}
    documents = [{"docid": name.split("/")[-1], "document": text} for name, text in files.items() if "/docs/" in name]
    for document in damaged(documents[0]):
        write(tmp_path, sides | {"movies/docs.jsonl": "\n".join(map(json.dumps, [document, *documents[1:]]))})
        read(tmp_path)


@pytest.mark.parametrize("spans", [*VALUES, "[1,", "[true]", "{}"])
def test_spans_of_toxic_posts(tmp_path: Path, spans: Any) -> None:
    rows = [{"spans": [0, 1] if n % 2 else [], "text": f"you there {n}"} for n in range(40)]
    for text in (*VALUES, "  you  "):
        path = tmp_path / "toxic.jsonl"
        path.write_text("\n".join(map(json.dumps, [{"spans": spans, "text": text}, *rows])))
        read(path)

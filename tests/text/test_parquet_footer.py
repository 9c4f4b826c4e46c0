"""The sizes of columns, read from a Parquet file's end: as pyarrow has them, where that does not end the process."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bcos_core.errors import DataError
from bcos_core.text.files import load_file, open_table
from bcos_core.text.parquet_footer import chunk_sizes

ROWS: list[dict[str, Any]] = [
    {"text": f"Text {n}." * (n % 7), "label": "ab"[n % 2], "spans": [[n, n + 1]] * (n % 3), "more": {"a": n, "b": None}}
    for n in range(1_000)
]


def told_by_pyarrow(path: Path) -> list[list[tuple[int, int]]]:
    metadata = pq.read_metadata(path)
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    chunks = [[group.column(leaf) for leaf in range(metadata.num_columns)] for group in groups]
    return [[(chunk.num_values, chunk.total_uncompressed_size) for chunk in group] for group in chunks]


@pytest.mark.parametrize(
    "options",
    [{}, {"row_group_size": 7}, {"compression": "none", "use_dictionary": False}, {"write_page_index": True}],
    ids=range(4),
)
def test_as_pyarrow_has_them(tmp_path: Path, options: dict[str, Any]) -> None:
    path = tmp_path / "a.parquet"
    table = pa.Table.from_pylist(ROWS).replace_schema_metadata({"a": "b" * 500})
    pq.write_table(table, path, **options)
    found = [[(chunk.values, chunk.unpacked) for chunk in group] for group in chunk_sizes(path)]
    assert found == told_by_pyarrow(path) and len(found[0]) == 5


def contradicting(path: Path) -> Path:
    """A column that cannot be empty, in which some values are: its statistics have a count for these."""
    pq.write_table(pa.table({"text": ["One text.", "Another."] * 20, "label": ["a", "b"] * 20}), path)
    content = path.read_bytes()
    optional, required = b"\x02\x18\x04text", b"\x00\x18\x04text"
    assert content.count(optional) == 1
    path.write_bytes(content.replace(optional, required))
    return path


def test_a_file_that_would_end_the_process_is_refused_in_words(tmp_path: Path) -> None:
    path = contradicting(tmp_path / "a.parquet")
    asked = "import pyarrow.parquet, sys; pyarrow.parquet.read_metadata(sys.argv[1]).row_group(0).column(0)"
    ended = subprocess.run([sys.executable, "-c", asked, str(path)], capture_output=True)
    assert ended.returncode < 0, "pyarrow has been mended: its own figures can be used again"
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        load_file(path)


def test_a_damaged_end_is_refused_in_words(tmp_path: Path) -> None:
    whole = tmp_path / "whole.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS[:20]), whole)
    content, draw = whole.read_bytes(), random.Random(0)
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    path = tmp_path / "a.parquet"
    refused = 0
    for _ in range(300):
        changed = bytearray(content)
        changed[draw.randrange(footer, len(content) - 8)] ^= 1 << draw.randrange(8)
        path.write_bytes(changed)
        try:
            list(open_table(path).rows(("text",)))
        except DataError:
            refused += 1
    assert refused > 50


@pytest.mark.parametrize("content", [b"", b"\x00", b"\xff" * 40, b"\x49\xfc\xff\xff\xff\x0f", b"\x4c" * 2_000])
def test_what_is_no_description(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(content + len(content).to_bytes(4, "little") + b"PAR1")
    try:
        assert chunk_sizes(path) == []
    except ValueError as error:
        assert "description" in str(error)

"""Tables and texts that a person uploads: CSV, TSV, JSON, JSON lines, Parquet, plain text."""

from __future__ import annotations

import csv
import io
import json
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from bcos_core.errors import BcosError, DataError
from bcos_core.minimal_pairs.reading import read_pairs
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.text.files import load_file
from bcos_core.text.preview import preview_columns, preview_file
from bcos_core.text.row_source import RowSource, open_rows
from bcos_core.text.running import TextSource, load_texts
from bcos_core.text.upload import save_upload
from tests.hostile import damage, values
from tests.hostile.surface import Ground, Surface
from tests.text.corpus_files import hatexplain

ROWS = [
    {"text": f"The film number {n} was {'good' if n % 2 else 'bad'}, and long.", "label": "ab"[n % 2], "why": [[4, 8]]}
    for n in range(24)
]
PAIRS = [
    {"sentence_good": f"The cat {n} sleeps here.", "sentence_bad": f"The cat {n} sleep here.", "evidence": "cat"}
    for n in range(6)
]


@dataclass(frozen=True)
class Sent:
    """A file as a browser sends it; `columns` are those that a person may have chosen from what was seen of it."""

    name: str
    content: bytes
    how: str
    task_type: str | None = None


def parquet(rows: list[dict[str, Any]], **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), file, **options)
    return file.getvalue()


def delimited(rows: list[dict[str, Any]], delimiter: str) -> bytes:
    file = io.StringIO()
    writer = csv.DictWriter(file, rows[0], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def lines(rows: list[Any]) -> bytes:
    return b"\n".join(map(values.written, rows))


def bases() -> list[tuple[str, bytes]]:
    """A whole file of each kind."""
    return [
        *((f"a{ending}", delimited(ROWS, mark)) for ending, mark in ((".csv", ","), (".tsv", "\t"), (".csv", ";"))),
        ("pairs.csv", delimited(PAIRS, ",")),
        ("latin.csv", delimited(ROWS, ",").replace(b"film", b"caf\xe9")),
        ("wide.csv", delimited(ROWS, ",").decode().encode("utf-16")),
        ("a.jsonl", lines(ROWS)),
        ("pairs.jsonl", lines(PAIRS)),
        ("a.json", values.written(ROWS)),
        ("object.json", values.written({"data": ROWS})),
        ("columns.json", values.written({name: [row[name] for row in ROWS] for name in ROWS[0]})),
        ("posts.json", json.dumps(dict(list(hatexplain().items())[:6])).encode()),
        ("a.parquet", parquet(ROWS)),
        ("small.parquet", parquet(ROWS, row_group_size=5, compression="zstd")),
        ("plain.parquet", parquet([{"text": row["text"], "label": 1} for row in ROWS], compression="none")),
        ("a.txt", "\n\n".join(str(row["text"]) for row in ROWS).encode()),
    ]


def make(ground: Ground) -> tuple[st.SearchStrategy[Sent], Callable[[Sent], object]]:
    whole = bases()
    of_json = {"a.json": ROWS, "object.json": {"data": ROWS}, "posts.json": dict(list(hatexplain().items())[:6])}
    endings = sorted({Path(name).suffix for name, _ in whole} | {".ndjson", ".JSON", ".pkl", ".xlsx", ""})
    hows = st.sampled_from(("preview", "task", "task", "columns", "texts", "pairs", "rows", "rows"))
    types = st.sampled_from((None, *TASK_TYPES))

    @st.composite
    def broken_bytes(draw: st.DrawFn) -> Sent:
        name, content = draw(st.sampled_from(whole))
        return Sent(name, damage.damaged(content, draw(damage.damages)), draw(hows), draw(types))

    @st.composite
    def broken_json(draw: st.DrawFn) -> Sent:
        name = draw(st.sampled_from(sorted(of_json)))
        return Sent(name, values.written(values.changed(of_json[name], draw(values.changes))), draw(hows), draw(types))

    @st.composite
    def broken_lines(draw: st.DrawFn) -> Sent:
        rows = [values.changed(row, draw(values.changes)) if n < 3 else row for n, row in enumerate(ROWS[:8])]
        return Sent("a.jsonl", lines(rows), draw(hows), draw(types))

    @st.composite
    def strange_cells(draw: st.DrawFn) -> Sent:
        """Rows of a CSV or Parquet file whose cells are what nobody expects; names of columns, too."""
        cells = st.one_of(values.texts, values.values.map(lambda value: repr(value)[:5000]))
        names = [*draw(st.lists(values.texts, min_size=1, max_size=3, unique=True)), "text", "label"]
        rows = [{name: draw(cells) for name in names} for _ in range(3)] + ROWS
        rows = [{name: row.get(name, "x") for name in names} for row in rows]
        if draw(st.booleans()):
            with suppress(ValueError, pa.ArrowException, UnicodeEncodeError):
                return Sent("a.parquet", parquet(rows), draw(hows), draw(types))
        text = io.StringIO()
        writer = csv.writer(text, delimiter=draw(st.sampled_from(",\t;|")), quoting=csv.QUOTE_ALL)
        writer.writerows([names, *(row.values() for row in rows)])
        return Sent("a.csv", text.getvalue().encode("utf-8", "surrogatepass"), draw(hows), draw(types))

    @st.composite
    def strange_types(draw: st.DrawFn) -> Sent:
        """Parquet columns of every type of Arrow's that may stand there."""
        kinds = (
            *(pa.bool_(), pa.int8(), pa.uint64(), pa.float16(), pa.float64(), pa.decimal128(10, 2), pa.date32()),
            *(pa.timestamp("ns"), pa.duration("s"), pa.time64("us"), pa.binary(), pa.large_string(), pa.null()),
            *(pa.list_(pa.string()), pa.struct([("a", pa.int64())]), pa.map_(pa.string(), pa.int32()), pa.string()),
            pa.dictionary(pa.int8(), pa.string()),
        )
        columns = {}
        for name in ("text", "label", *draw(st.lists(st.sampled_from("abc"), max_size=2, unique=True))):
            kind = draw(st.sampled_from(kinds))
            array = pa.nulls(20, kind)
            with suppress(pa.ArrowException, ValueError, TypeError, OverflowError):
                array = pa.array([1, 2] * 10).cast(kind)
            columns[name] = array
        file = io.BytesIO()
        try:
            pq.write_table(pa.table(columns), file)
        except (pa.ArrowException, ValueError):
            return Sent("a.parquet", b"PAR1", "task")
        return Sent("a.parquet", damage.damaged(file.getvalue(), draw(damage.damages)[:1]), draw(hows), draw(types))

    @st.composite
    def other_endings(draw: st.DrawFn) -> Sent:
        _, content = draw(st.sampled_from(whole))
        return Sent(f"a{draw(st.sampled_from(endings))}", content, draw(hows), draw(types))

    def send(sent: Sent) -> object:
        path = save_upload(ground.home, sent.name, sent.content)
        try:
            return _read(path, sent)
        finally:
            path.unlink(missing_ok=True)
            path.parent.rmdir()

    cases = st.one_of(
        broken_bytes(), broken_bytes(), broken_json(), broken_lines(), strange_cells(), strange_types(), other_endings()
    )
    return cases, send


def _read(path: Path, sent: Sent) -> object:
    if sent.how == "texts" or path.suffix == ".txt":
        return load_texts(TextSource("file", str(path))).notes
    if sent.how == "rows":
        rows = open_rows(RowSource("file", str(path)))
        last = deque(rows.cells(rows.columns, 3), maxlen=2)
        return rows.count, rows.fingerprint, last
    if sent.how == "pairs":
        return [one.sentence for one in read_pairs(path).left_out[:3]]
    if sent.how == "preview":
        return preview_file(path).rows
    if sent.how == "columns":
        columns = preview_file(path).columns
        if len(columns) < 2:
            raise DataError(f"The file has {len(columns)} columns; two are chosen.")
        return preview_columns(path, columns[0], columns[-1]).notes
    kind = None if sent.task_type is None else TASK_TYPES[sent.task_type]
    with suppress(BcosError):
        preview_file(path)
    return load_file(path, rationale_column="why" if "why" in _columns(path) else None, task_type=kind).notes


def _columns(path: Path) -> tuple[str, ...]:
    try:
        return preview_file(path).columns
    except BcosError:
        return ()


SURFACE = Surface("tables", "uploaded CSV, TSV, JSON, JSON lines, Parquet and plain text", make)

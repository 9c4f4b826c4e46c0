"""Attribution records from a file, as `rerun` reads them, and in results of `explain-dataset`, as the Batch page does;
and every kind of file that is made of one."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from bcos_core.attribution.record import Attribution
from bcos_core.batch.manifest import MANIFEST_FILE
from bcos_core.batch.query import ORDERS, Query, Result
from bcos_core.batch.run import run_batch
from bcos_core.batch.schema import SCHEMA
from bcos_core.batch.shards import shard_name
from bcos_core.batch.spec import BatchSpec
from bcos_core.batch.summary import SUMMARY_FILE
from bcos_core.cli.rerun import _records
from bcos_core.home import Home
from bcos_core.progress import SilentReporter
from bcos_core.render.drawing import Style
from bcos_core.render.formats import FORMATS
from bcos_core.render.palette import PALETTES
from bcos_core.render.sheet import sheet_of
from bcos_core.text.row_source import RowSource
from tests.hostile import damage, values
from tests.hostile.surface import Ground, Surface
from tests.render.records import RECORD, SEEDED
from tests.tiny_language_model import language_model
from tests.tiny_pair import save_pair

RECORDS = "records.json"
SHARD = shard_name(0)
DRAWN = ("html", "latex", "markdown", "csv", "json", "bibtex", "svg")


@dataclass(frozen=True)
class Stored:
    """`content` in a file, of records or that of a result named `how`; `drawn` is the format that a record which was
    read is made into."""

    content: bytes
    how: str
    drawn: str
    granularity: str


def make(ground: Ground) -> tuple[st.SearchStrategy[Stored], Callable[[Stored], object]]:
    from bcos_core.attribution.api import explain

    spoken = explain(language_model(), "The keys to the old", method="input_x_gradient")
    pair = replace(RECORD, text="Not\nbad.")
    whole = [json.loads(one.to_json()) for one in (RECORD, SEEDED, pair, spoken)]
    shapes: tuple[Callable[[Any], Any], ...] = (lambda one: one, lambda one: [one], lambda one: {"records": [one]})
    result = _result(ground.root / "results")
    tails = st.tuples(st.just(RECORDS), st.sampled_from(DRAWN), st.sampled_from(("word", "token", "sentence")))

    @st.composite
    def trees(draw: st.DrawFn) -> Stored:
        record = values.changed(draw(st.sampled_from(whole)), draw(values.changes))
        return Stored(values.written(draw(st.sampled_from(shapes))(record)), *draw(tails))

    @st.composite
    def bytes_(draw: st.DrawFn) -> Stored:
        content = values.written([draw(st.sampled_from(whole))])
        return Stored(damage.damaged(content, draw(damage.damages)), *draw(tails))

    @st.composite
    def results(draw: st.DrawFn) -> Stored:
        name = draw(st.sampled_from((MANIFEST_FILE, SUMMARY_FILE, SHARD)))
        content = result[name]
        if name != SHARD and draw(st.booleans()):
            content = values.written(values.changed(json.loads(content), draw(values.changes)))
        else:
            content = damage.damaged(content, draw(damage.damages))
        return Stored(content, name, *draw(tails)[1:])

    shard = pq.read_table(pa.BufferReader(result[SHARD]))
    cells: dict[str, st.SearchStrategy[Any]] = {
        "string": values.texts.map(lambda text: text.encode("utf-8", "replace").decode()),
        "double": st.one_of(st.floats(), st.sampled_from((1e308, -1e308, 5e-324))),
        "float": st.floats(width=32),
        "bool": st.booleans(),
        "int64": st.one_of(st.integers(-3, 9), st.sampled_from((2**63 - 1, -(2**63)))),
        "int32": st.one_of(st.integers(-3, 9), st.sampled_from((2**31 - 1, -(2**31)))),
    }
    marks = st.one_of(
        st.sampled_from((b"[" * 100_000, b"null", b"{}", b"\xff", b'{"run": 1}', b'{"run":' * 9_000)),
        st.binary(max_size=9),
    )

    @st.composite
    def rows(draw: st.DrawFn) -> Stored:
        """The same table with other cells, and lists of other lengths than they have beside them."""
        table = shard.to_pylist()
        for _ in range(draw(st.integers(1, 3))):
            kind = draw(st.sampled_from(list(SCHEMA)))
            of_list = pa.types.is_list(kind.type)
            cell = cells[str(kind.type.value_type if of_list else kind.type)]
            some = draw(st.lists(st.one_of(cell, st.none()), max_size=5) if of_list else cell)
            table[draw(st.integers(0, len(table) - 1))][kind.name] = (
                some if draw(st.integers(0, 4)) or not kind.nullable else None
            )
        metadata = dict(shard.schema.metadata)
        if draw(st.integers(0, 5)) == 0:
            metadata = {name: draw(marks) for name in metadata}
        file = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(table, schema=SCHEMA.with_metadata(metadata)), file)
        return Stored(file.getvalue(), SHARD, *draw(tails)[1:])

    def send(case: Stored) -> object:
        with ground.folder() as folder:
            if case.how == RECORDS:
                (folder / RECORDS).write_bytes(case.content)
                records = _records(folder / RECORDS)
            else:
                for name, content in {**result, case.how: case.content}.items():
                    (folder / name).write_bytes(content)
                looked = Result(folder)
                queries = [Query(words="film"), *(Query(order=name) for name in ORDERS), Query()]
                pages = [(looked.count(query), looked.page(query, 0, 3)) for query in queries]
                records = [record for _, page in pages for found in page for record in found.records][-2:]
        return "".join(_drawn(record, case) for record in records[:2])

    return st.one_of(trees(), trees(), bytes_(), results(), rows(), rows()), send


def _result(root: Path) -> dict[str, bytes]:
    """The files of one of three rows, one of which is left out."""
    model, _ = save_pair(Home(root).create())
    (root / "texts.csv").write_text('text\n"a good film"\n""\n"a <b>dull</b> one"\n')
    spec = BatchSpec(str(model), ("bcos",), RowSource("file", str(root / "texts.csv")), "text")
    run_batch(spec, root / "result", SilentReporter())
    return {name: (root / "result" / name).read_bytes() for name in (MANIFEST_FILE, SUMMARY_FILE, SHARD)}


def _drawn(record: Attribution, case: Stored) -> str:
    style = Style(next(iter(PALETTES.values())), case.granularity)  # type: ignore[arg-type]
    file = FORMATS[case.drawn].file([sheet_of(record, style=style)])
    record.to_frame()
    assert Attribution.from_dict(json.loads(record.to_json())).tokens == record.tokens
    return record._repr_html_()[:1000] + file[:1000].decode("utf-8", "replace")


SURFACE = Surface("records", "records in files, and what is drawn of them", make)

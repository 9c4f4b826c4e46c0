"""Attribution records from a file, as `rerun` and the pages read them, and every kind of file that is made of one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from bcos_core.attribution.record import Attribution
from bcos_core.batch.result import RECORDS_FILE, load_batch
from bcos_core.cli.rerun import _records
from bcos_core.render.drawing import Style
from bcos_core.render.formats import FORMATS
from bcos_core.render.palette import PALETTES
from bcos_core.render.sheet import sheet_of
from tests.hostile import damage, values
from tests.hostile.surface import Ground, Surface
from tests.render.records import RECORD, SEEDED
from tests.tiny_language_model import language_model

DRAWN = ("html", "latex", "markdown", "csv", "json", "bibtex", "svg")


@dataclass(frozen=True)
class Stored:
    """`content` in a file, read as `how` does; `drawn` is the format that a record which was read is made into."""

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
    hows = st.sampled_from(("rerun", "rerun", "batch"))
    tails = st.tuples(hows, st.sampled_from(DRAWN), st.sampled_from(("word", "token", "sentence")))

    @st.composite
    def trees(draw: st.DrawFn) -> Stored:
        record = values.changed(draw(st.sampled_from(whole)), draw(values.changes))
        return Stored(values.written(draw(st.sampled_from(shapes))(record)), *draw(tails))

    @st.composite
    def bytes_(draw: st.DrawFn) -> Stored:
        content = values.written([draw(st.sampled_from(whole))])
        return Stored(damage.damaged(content, draw(damage.damages)), *draw(tails))

    def send(case: Stored) -> object:
        with ground.folder() as folder:
            if case.how == "batch":
                (folder / RECORDS_FILE).write_bytes(case.content.replace(b"\n", b" "))
                records = [record for row in load_batch(folder) for record in row]
            else:
                (folder / "records.json").write_bytes(case.content)
                records = _records(folder / "records.json")
        return "".join(_drawn(record, case) for record in records[:2])

    return st.one_of(trees(), trees(), bytes_()), send


def _drawn(record: Attribution, case: Stored) -> str:
    style = Style(next(iter(PALETTES.values())), case.granularity)  # type: ignore[arg-type]
    file = FORMATS[case.drawn].file([sheet_of(record, style=style)])
    record.to_frame()
    assert Attribution.from_dict(json.loads(record.to_json())).tokens == record.tokens
    return record._repr_html_()[:1000] + file[:1000].decode("utf-8", "replace")


SURFACE = Surface("records", "records in files, and what is drawn of them", make)

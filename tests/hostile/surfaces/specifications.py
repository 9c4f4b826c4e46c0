"""What jobs are asked, as their rows have it: every kind of job, and every column of a row."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import text

from bcos_core.errors import BcosError
from bcos_core.jobs.kinds import NAMES, command_of, kind_of
from bcos_core.jobs.store import JobStore
from bcos_core.storage.plain import to_plain
from bcos_core.text.running import TextSource
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.quickstart import quickstart_spec
from tests.hostile import values
from tests.hostile.surface import Ground, Surface

GIVEN: dict[str, Any] = {
    **{"checkpoints": ("a", "b"), "checkpoint": "a", "methods": ("bcos", "lime"), "method": "bcos", "model": "minilm"},
    **{"sources": ("agreement",), "word": "great", "label": 1, "study": "0" * 16, "text_column": "text"},
    **{"texts": TextSource("embedded", "short-reviews"), "task": TaskChoice("embedded", "short-reviews")},
}
COLUMNS = ("spec", "result", "state", "artefacts", "created_at", "progress", "kind", "title", "key", "lane", "message")


@dataclass(frozen=True)
class Row:
    """A specification of a kind, or with `column` a row that has something else in that column."""

    kind: str
    content: bytes
    column: str = ""


def example(name: str, ground: Ground) -> Any:
    """A whole specification of a kind, as it is stored."""
    kind = kind_of(name).specification
    given = GIVEN | {"file": str(ground.home.uploads / "a.csv")}
    needed = {
        one.name: given[one.name]
        for one in dataclasses.fields(kind)
        if one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING and one.name in given
    }
    if name in ("train", "quickstart"):
        return to_plain(replace(quickstart_spec(), name="A name", notes="Notes"))
    if name == "language-model":
        from bcos_core.train.language.recipe import LANGUAGE_RECIPES

        needed |= {"recipe": next(iter(LANGUAGE_RECIPES.values()))}
    if name == "batch":
        from bcos_core.text.row_source import RowSource

        needed |= {"data": RowSource("file", given["file"])}
    if name == "rehearse":
        from bcos_core.study.crowd import Crowd

        needed |= {"crowd": Crowd()}
    return to_plain(kind(**needed))


def make(ground: Ground) -> tuple[st.SearchStrategy[Row], Callable[[Row], object]]:
    wholes = {}
    for name in NAMES:
        if name != "reproduce":
            wholes[name] = json.loads(json.dumps(example(name, ground)))
    store = JobStore.open(ground.home)
    job, _ = store.submit("train", "A job", wholes["train"], "key")

    @st.composite
    def cases(draw: st.DrawFn) -> Row:
        name = draw(st.sampled_from(sorted(wholes)))
        content = values.written(values.changed(wholes[name], draw(values.changes)))
        if draw(st.integers(0, 5)):
            return Row(name, content)
        column = draw(st.sampled_from(COLUMNS))
        other = draw(
            st.one_of(values.texts, values.values.map(lambda one: values.written(one).decode("utf-8", "replace")))
        )
        return Row(name, content if column == "spec" else other.encode("utf-8", "replace"), column)

    def send(case: Row) -> object:
        if case.column:
            return _row(store, job.id, case)
        kind = kind_of(case.kind)
        spec = kind.read(_plain(case.content))
        said = []
        for ask in (kind.describe, kind.key, kind.line, kind.reserves):
            try:
                said.append(ask(spec))
            except BcosError as error:
                said.append(str(error))
        kind.parts(spec)
        return said

    return cases(), send


def _plain(content: bytes) -> Any:
    try:
        return json.loads(content.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        return None


def _row(store: JobStore, id: str, case: Row) -> object:
    with store.database.write() as connection:
        before = connection.execute(text("SELECT * FROM jobs WHERE id = :id"), {"id": id}).mappings().one()
        connection.execute(
            text(f"UPDATE jobs SET {case.column} = :value WHERE id = :id"),
            {"value": case.content.decode("utf-8", "replace"), "id": id},
        )
    try:
        said: list[object] = [[one.title for one in store.list()], store.log_tail(id)]
        found = store.get(id)
        said += [found.to_dict(), store.removable(found), command_of(found)]
        return said
    finally:
        with store.database.write() as connection:
            connection.execute(
                text(f"UPDATE jobs SET {case.column} = :value WHERE id = :id"),
                {"value": before[case.column], "id": id},
            )


SURFACE = Surface("specifications", "what jobs were asked, and the rows of jobs", make)

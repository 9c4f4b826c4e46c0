"""The store that hosts share: rows, manifests, objects and marks that are not what was put there.

Whoever can write to the store, or has given a backup of the database, must reach nothing but the folders of artefacts
under the home.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import text

from bcos_core.storage.artefacts.copies import STORED
from bcos_core.storage.artefacts.manifest import NAME
from bcos_core.storage.artefacts.mirror import Mirror
from bcos_core.storage.artefacts.objects import PROBE, STORE
from bcos_core.storage.artefacts.shared import shared
from bcos_core.storage.upgrade import open_database
from tests.hostile import damage, values
from tests.hostile.surface import Ground, Surface

PATH = "models/one"
FILES = {"config.json": '{"a": 1}', "checkpoint.json": '{"twin": "two"}', "deep/weights": "1234" * 500}
COLUMNS = ("path", "content", "objects", "about", "moved_to", "bytes", "gone")
PATHS = (
    *("models", "models/", "models/one/deep", "models/..", "models/../uploads", "../outside", "models/../../outside"),
    *("jobs/one", "bcos.db", ".", "", "/", "models/one\x00", "models/.hidden", "models//one", "uploads/one"),
    *("trash/one", "trash/one/two", "cells/one", "nothing/one", "models/" + "n" * 400, "models\\one", "models/ one"),
)
CHANGED = ("manifest", "manifest", "row", "row", "object", "probe", "mark", "folder")


@dataclass(frozen=True)
class Lie:
    """`manifest` is the object with that name, whose hash the row has where it `agrees`; `row` are columns; `here` is
    what lies in the folder of this host already: None for nothing."""

    manifest: bytes | None = None
    agrees: bool = True
    row: tuple[tuple[str, Any], ...] = ()
    objects: tuple[tuple[str, bytes], ...] = ()
    here: tuple[tuple[str, bytes], ...] | None = None
    mark: bytes | None = None
    step: str = "mirror"


def make(ground: Ground) -> tuple[st.SearchStrategy[Lie], Callable[[Lie], object]]:
    os.environ[STORE] = f"file://{ground.temporary}/store"
    store = ground.temporary / "store"
    database = open_database(ground.home)
    of = shared(ground.home, database)
    assert of is not None
    folder = ground.home.root / PATH
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    (whole,) = of.put_now([folder])
    shutil.rmtree(folder)
    manifest = json.loads((store / whole.objects / NAME).read_bytes())
    outside = str(ground.outside)
    kept = {str(one.relative_to(store)): one.read_bytes() for one in store.rglob("*") if one.is_file()}

    paths = st.one_of(st.sampled_from((*PATHS, outside, f"models/{outside}")), values.texts)
    names = st.one_of(
        values.texts, st.sampled_from((*PATHS, STORED, NAME, "about.json", f"{outside}/a", "deep", "x/y"))
    )
    sizes = st.one_of(st.integers(-3, 3), st.sampled_from((2**40, 2**63, -(2**63), 10**30)))

    @st.composite
    def manifests(draw: st.DrawFn) -> bytes:
        if draw(st.booleans()):
            return values.written(values.changed(manifest, draw(values.changes)))
        if draw(st.integers(0, 3)) == 0:
            return damage.damaged(values.written(manifest), draw(damage.damages))
        files: dict[str, Any] = dict(manifest["files"])
        for _ in range(draw(st.integers(1, 3))):
            files[draw(names)] = [draw(sizes), draw(st.sampled_from(("0" * 64, *(one[1] for one in files.values()))))]
        return values.written({"files": files})

    columns: dict[str, st.SearchStrategy[Any]] = {
        "path": paths,
        "moved_to": paths,
        "content": st.one_of(st.sampled_from(("", "0" * 64, "../" * 20)), values.texts),
        "objects": st.one_of(paths, st.sampled_from(("..", "../..", outside, "*", "**", ""))),
        "about": values.texts,
        "bytes": sizes.filter(lambda one: abs(one) < 2**63),
        "gone": st.booleans(),
    }
    contents = st.one_of(st.sampled_from((b"", b"\x00" * 9, b"[" * 5000)), st.binary(max_size=40))

    @st.composite
    def cases(draw: st.DrawFn) -> Lie:
        given: dict[str, Any] = {"step": draw(st.sampled_from(("mirror", "bring", "named", "put", "conflict")))}
        for what in draw(st.sets(st.sampled_from(CHANGED), min_size=1, max_size=3)):
            if what == "manifest":
                given |= {"manifest": draw(manifests()), "agrees": draw(st.integers(0, 4)) > 0}
            elif what == "row":
                some = draw(st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=3, unique=True))
                given["row"] = tuple((name, draw(columns[name])) for name in some)
            elif what == "object":
                given["objects"] = ((f"{whole.objects}/{draw(st.sampled_from(sorted(FILES)))}", draw(contents)),)
            elif what == "probe":
                given["objects"] = ((PROBE, draw(contents)),)
            elif what == "mark":
                given["mark"] = draw(st.one_of(contents, st.just(whole.content.encode())))
            else:
                lain = draw(st.lists(st.tuples(st.sampled_from(sorted(FILES)), contents), max_size=2))
                trees = values.changes.map(lambda one: values.written(values.changed({"twin": f"{folder}"}, one)))
                given["here"] = (*lain, ("checkpoint.json", draw(trees)))
        return Lie(**given)

    def send(case: Lie) -> object:
        for place in (store, ground.home.models, ground.home.uploads, ground.home.trash):
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
        for name, was in {**kept, **dict(case.objects)}.items():
            (store / name).parent.mkdir(parents=True, exist_ok=True)
            (store / name).write_bytes(was)
        row = {**whole.__dict__, "change": 1}
        if case.manifest is not None:
            (store / whole.objects / NAME).write_bytes(case.manifest)
            row["content"] = hashlib.sha256(case.manifest).hexdigest() if case.agrees else row["content"]
        row |= {name: _storable(value) for name, value in case.row}
        row["made_at"] = "2026-01-01 00:00:00.000000"
        with database.write() as connection:
            connection.execute(text("DELETE FROM artefacts"))
            named = ", ".join(row)
            connection.execute(
                text(f"INSERT INTO artefacts ({named}) VALUES ({', '.join(f':{one}' for one in row)})"), row
            )
        if case.here is not None or case.mark is not None:
            folder.mkdir(parents=True, exist_ok=True)
            for name, content in case.here or ():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)
            if case.mark is not None:
                (folder / STORED).write_bytes(case.mark)
        neighbour = ground.home.uploads / "mine"
        neighbour.mkdir()
        (neighbour / "a.csv").write_text("text,label\n")
        try:
            return _step(case)
        finally:
            assert ground.home.database.exists(), "the database is gone"
            if ("path", "uploads/mine") not in case.row:
                assert (neighbour / "a.csv").read_text() == "text,label\n", "somebody's upload is gone"

    def _step(case: Lie) -> object:
        if case.step == "mirror":
            mirror = Mirror(of)
            mirror.step()
            assert all(len(reason) < 5000 for reason in mirror.reasons.values())
            return list(mirror.reasons.values())
        if case.step == "bring":
            return of.bring(folder / "config.json")
        if case.step == "named":
            of.bring_named({"model": str(folder), "of": "\ud800"})
            return folder.is_dir()
        if case.step == "put":
            return len(of.put_now([folder], again=True)) if folder.is_dir() else None
        found = of.row(PATH)
        return found and of.conflict(found)

    return cases(), send


def _storable(value: Any) -> Any:
    """As a database has it: without halves of characters."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


SURFACE = Surface("artefacts", "rows, manifests, objects and marks of the store that hosts share", make)

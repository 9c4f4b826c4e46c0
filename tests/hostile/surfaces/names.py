"""Names: of files, models, tags, collections, studies, hub ids, folders, tasks; and what is looked up by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from hypothesis import strategies as st

from bcos_core.cli.checkpoints import find_checkpoint
from bcos_core.home import require_allowed
from bcos_core.jobs.store import JobStore
from bcos_core.model.about import About, change_about, clean, clean_tags, read_about
from bcos_core.model.embedded import LANGUAGE_MODEL
from bcos_core.model.naming import folder_stem, name_of_twin, require_free_name
from bcos_core.model.sources import resolve_model
from bcos_core.render.csv_file import csv_file
from bcos_core.render.file_name import file_name
from bcos_core.shelf.trash import take_back
from bcos_core.storage.collections import Collections
from bcos_core.storage.upgrade import open_database
from bcos_core.study.studies import Studies
from bcos_core.text.running import TextSource
from bcos_core.text.tasks import TaskChoice
from bcos_core.text.upload import safe_name, save_upload
from tests.hostile import values
from tests.hostile.surface import Ground, Surface
from tests.model.folders import save_folder

HOWS = (
    *("upload", "allowed", "model", "named", "about", "collection", "study", "trash", "job", "task", "texts", "file"),
    *("stem", "checkpoint", "twin", "free"),
)


@dataclass(frozen=True)
class Named:
    name: str
    how: str
    tags: tuple[str, ...] = ()


def make(ground: Ground) -> tuple[st.SearchStrategy[Named], Callable[[Named], object]]:
    model = save_folder(ground.home.models / "a-model", "bert")
    database, store = open_database(ground.home), JobStore.open(ground.home)
    collections, studies = Collections(database), Studies(database)
    pieces = st.one_of(
        values.texts,
        st.sampled_from(("a-model", "models", "..", str(ground.outside), "secret.csv", "x.csv", "a.parquet", ".", "/")),
    )
    names = st.one_of(
        pieces,
        st.lists(pieces, min_size=1, max_size=4).map("/".join),
        st.lists(pieces, min_size=1, max_size=3).map("".join),
        st.tuples(st.sampled_from(("hub:", "file:", "~/", "file://", "hub:a/")), pieces).map("".join),
        pieces.map(lambda one: f"{one}.csv"),
    ).filter(lambda one: one != LANGUAGE_MODEL)  # the name of a real model, which would be made into a folder
    cases = st.builds(
        Named,
        names,
        st.sampled_from(HOWS),
        st.lists(values.texts, max_size=3).map(tuple),
    )

    def about(case: Named) -> object:
        change_about(
            model,
            read_about(model),
            About(case.name, clean_tags(case.tags), "".join(case.tags)[:20_000]),
            locks=ground.home.locks,
        )
        return read_about(model)

    def collection(case: Named) -> object:
        pinned = collections.pin(case.name, "".join(case.tags) or "A text.", case.name, screen=case.name)
        try:
            return collections.names(), collections.texts(case.name.strip())
        finally:
            collections.unpin(case.name.strip(), pinned.item)

    def study(case: Named) -> object:
        made = studies.create(case.name, {"title": case.name})
        try:
            return studies.get(made.id).title
        finally:
            studies.delete(made.id)

    def job(case: Named) -> object:
        store.find(case.name)
        store.log_tail(case.name)
        return store.get(case.name)

    def upload(case: Named) -> object:
        path = save_upload(ground.home, case.name, b"text,label\na,b\n")
        assert path.resolve().is_relative_to(ground.home.uploads) and path.parent.parent == ground.home.uploads
        path.unlink()
        path.parent.rmdir()
        return path.name

    def file(case: Named) -> object:
        made = file_name(case.name, *case.tags)
        assert "/" not in made and "\x00" not in made and len(made.encode()) < 250
        (ground.temporary / f"{made}.csv").write_bytes(
            csv_file(pd.DataFrame({"name": pd.Series([case.name, *case.tags], dtype=object)}))
        )
        (ground.temporary / f"{made}.csv").unlink()
        return made

    sends: dict[str, Callable[[Named], object]] = {
        "upload": upload,
        "allowed": lambda case: require_allowed(case.name).relative_to(ground.home.root),
        "model": lambda case: resolve_model(case.name, restrict=True).location,
        "named": lambda case: (safe_name(case.name), clean(case.name)),
        "about": about,
        "collection": collection,
        "study": study,
        "trash": lambda case: take_back(store, case.name),
        "job": job,
        "task": lambda case: TaskChoice.parse(case.name).argument,
        "texts": lambda case: TextSource.parse(case.name).argument,
        "file": file,
        "stem": lambda case: folder_stem(case.name, "model"),
        "checkpoint": lambda case: find_checkpoint(case.name),
        "twin": lambda case: About(name_of_twin(clean(case.name) or "x")) if About(clean(case.name)) else None,
        "free": lambda case: require_free_name([], case.name),
    }

    def send(case: Named) -> object:
        return sends[case.how](case)

    return cases, send


SURFACE = Surface("names", "names of files, models, collections, studies and what is found by one", make)

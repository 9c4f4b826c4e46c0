"""Whole pages at hostile addresses, by Streamlit's own test of pages, on a home that has something to show on each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest, app_test

from bcos_core.cli.main import main
from bcos_core.home import CHECKOUT, Home
from bcos_core.jobs.store import JobStore
from bcos_core.storage.collections import Collections
from bcos_core.storage.upgrade import open_database
from bcos_core.text.tasks import TaskChoice
from pages.server.rooms import ROOMS
from tests.hostile import values
from tests.hostile.surface import Ground, Surface
from tests.study.world import make_world
from tests.tiny_language_model import save_language_model
from tests.tiny_pair import save_pair

PATIENCE = 100.0


@dataclass(frozen=True)
class Visit:
    page: str
    parameters: tuple[tuple[str, tuple[str, ...]], ...]


def parameters_of_pages() -> dict[str, list[str]]:
    """The names of parameters in the source of each page and of what pages share."""
    named = r"url\.(?:read|read_all|bound|bound_list|number)\(\s*\"([\w.-]+)\""
    shared = set(re.findall(named, "".join(file.read_text() for file in (CHECKOUT / "pages" / "widgets").glob("*.py"))))
    return {
        room: sorted(
            shared
            | {"model", "method", "file", "study", "job", "evaluation", "experiment", "invite", "rater"}
            | set(re.findall(named, "".join(file.read_text() for file in (CHECKOUT / "pages" / room).glob("*.py"))))
        )
        for room in (*ROOMS, "rate")
    }


class NavigatedPages(PagesManager):
    """Pages are those of `st.navigation`, not of the folder."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        PagesManager.uses_pages_directory = False


def furnish(home: Home) -> list[str]:
    """Something for every page, and the names by which it is found."""
    file = home.uploads / "0123" / "reviews.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("text,label\n" + "".join(f"the film no. {n} is good,{'pn'[n % 2]}\n" for n in range(40)))
    world = make_world(home)
    choice = TaskChoice("file", str(file), "text", "label")
    bcos, twin = save_pair(home, task=choice.to_dict(), metrics={"accuracy": 0.5}, test_size=9)
    save_language_model(home, "tiny-speaker")
    assert main(["explain-dataset", str(bcos), "--data", str(file), "--column", "text", "--methods", "bcos"]) == 0
    batch, *_ = JobStore.open(home).list(kind="batch")  # another surface may have furnished the home before
    job, _ = JobStore.open(home).submit("train", "A job", {}, "key")
    Collections(open_database(home)).pin("Mine", "A text.")
    return [
        bcos.name,
        twin.name,
        "tiny-speaker",
        job.id,
        batch.id,
        world.study.id,
        world.token,
        "0123/reviews.csv",
        "Mine",
        "bcos",
    ]


def make(ground: Ground) -> tuple[st.SearchStrategy[Visit], Callable[[Visit], object]]:
    app_test.PagesManager = NavigatedPages  # type: ignore[misc]
    known = furnish(ground.home)
    names = parameters_of_pages()
    options = _options()
    pieces = st.one_of(
        st.sampled_from(known),
        st.sampled_from(options),
        values.texts.map(lambda text: text.encode("utf-8", "replace").decode()),  # as a browser's message has it
        st.sampled_from(("1", "0", "-1", "2-5", "9" * 20, "nan", "²", f"{ground.outside}/secret.csv", "hub:../..")),
    )

    @st.composite
    def visits(draw: st.DrawFn) -> Visit:
        page = draw(st.sampled_from(sorted(names)))
        given = draw(
            st.dictionaries(
                st.sampled_from(names[page]), st.lists(pieces, min_size=1, max_size=2), min_size=1, max_size=5
            )
        )
        return Visit(page, tuple((name, tuple(some)) for name, some in given.items()))

    def send(visit: Visit) -> object:
        at = AppTest.from_file(str(CHECKOUT / "pages" / "navigation.py"), default_timeout=PATIENCE).run()
        if visit.page != "home":
            page = ROOMS[visit.page].page if visit.page in ROOMS else Path(f"{visit.page}/page.py")
            at.switch_page(str(page))
        for name, some in visit.parameters:
            at.query_params[name] = list(some)
        at.run()
        assert not at.exception, [str(one.message)[:200] for one in at.exception]
        return "".join(_words(at))

    return visits(), send


def _words(at: AppTest) -> Iterator[str]:
    for kind in (at.title, at.header, at.markdown, at.caption, at.error, at.warning):
        yield from (str(one.value) for one in kind)


def _options() -> list[str]:
    """What fields offer: the names in the registries."""
    from bcos_core.attribution.registry import METHODS
    from bcos_core.evaluate.scores import SCORES
    from bcos_core.text.embedded import EMBEDDED_TASKS

    fields = (
        "scores",
        "pairs",
        "trust",
        "slices",
        "file",
        "hub",
        "folder",
        "language-model",
        "multi-label",
        "regression",
    )
    return sorted({*METHODS, *SCORES, *EMBEDDED_TASKS, *fields, json.dumps({"kind": "file"})})


SURFACE = Surface("pages", "whole pages at hostile addresses", make)

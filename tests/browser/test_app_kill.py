"""The app is killed while people rate in real browsers and simulated raters write to the same database.

`BCOS_APP_KILLS=20` kills it so many times instead of three.
"""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from bcos_core.home import Home
from bcos_core.storage.database import Database
from bcos_core.storage.upgrade import open_database
from bcos_core.study.crowd import Crowd
from bcos_core.study.events import EventKind, events_of
from bcos_core.study.schema import STUDY_ANSWERS, STUDY_SLOTS
from bcos_core.study.selection import Source
from bcos_core.study.simulate import open_simulation
from bcos_core.study.simulated_load import duplicated_answers, lost_answers, start_writer
from bcos_core.study.simulated_writer import Acknowledgement, read_acknowledgements
from bcos_core.study.synthetic import load_design, synthetic_study
from tests.browser.conftest import CHROMIUM
from tests.browser.rater import BrowserRater
from tests.browser.serving import Server, kill
from tests.study.kill_harness import Kill, kill_repeatedly
from tests.study.world import World, make_world

KILLS = int(os.environ.get("BCOS_APP_KILLS", "3"))
PATIENCE_SECONDS = 240.0
# With 20 kills all the load that a study must bear; in the suite a part, which leaves some of the machine to browsers.
RATERS, ITEMS, WRITERS = (100, 40, 8) if KILLS >= 20 else (20, 40, 2)
LOAD = synthetic_study(load_design(RATERS, ITEMS))
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(300 + 120 * KILLS),
]


class Load:
    """Simulated raters who write without a pause, and others when all are done."""

    def __init__(self, home: Home, database: Database, folder: Path) -> None:
        self.home, self.database, self.folder = home, database, folder
        self.studies: dict[str, list[Path]] = {}
        self.writers: list[subprocess.Popen[str]] = []

    def keep_up(self) -> None:
        if any(writer.poll() is None for writer in self.writers):
            return
        self.end()
        simulation = open_simulation(self.database, LOAD, Crowd())
        study = simulation.study.id
        files = [self.folder / f"{study}-{number}.jsonl" for number in range(WRITERS)]
        shares = [len(range(number, RATERS, WRITERS)) for number in range(WRITERS)]
        self.studies[study] = files
        self.writers = [
            start_writer(self.home, simulation.work(share, file)) for share, file in zip(shares, files, strict=True)
        ]

    def end(self) -> None:
        for writer in self.writers:
            if writer.poll() is None:
                writer.kill()
                writer.communicate()
            else:
                assert (writer.communicate()[1], writer.returncode) == ("", 0)
        self.writers = []

    def acknowledged(self, study: str) -> list[Acknowledgement]:
        return [one for file in self.studies[study] for one in read_acknowledgements(file)]

    def lost(self) -> list[Acknowledgement]:
        return [
            one for study in list(self.studies) for one in lost_answers(self.database, study, self.acknowledged(study))
        ]


def _held(database: Database, world: World) -> dict[tuple[str, int], int]:
    """What the database holds of the people's answers, as `BrowserRater.acknowledged` has it."""
    places = {question.name: place for place, question in enumerate(world.locked.design.questions)}
    answer, slot = STUDY_ANSWERS.c, STUDY_SLOTS.c
    query = select(slot.id, answer.dimension, answer.value).join_from(
        STUDY_ANSWERS, STUDY_SLOTS, (slot.rater == answer.rater) & (slot.position == answer.position)
    )
    with database.read() as connection:
        rows = connection.execute(query.where(answer.study == world.study.id)).all()
    return {(row.id, places[row.dimension]): row.value for row in rows}


def _until(
    done: Callable[[], bool], raters: list[BrowserRater], meanwhile: Callable[[], None], *, act: bool = True
) -> None:
    """Let everybody go on, or only look, until `done`; or fail."""
    deadline = time.monotonic() + PATIENCE_SECONDS * (1 + KILLS)
    while not done():
        assert time.monotonic() < deadline, [rater.look() for rater in raters]
        meanwhile()
        for rater in raters if act else ():
            rater.step()
        raters[0].page.wait_for_timeout(20)


def test_what_the_page_showed_as_saved_survives_kills_of_the_app(
    home: Home, browser: Browser, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    world = make_world(home, source=Source(count=10), items_per_rater=10, raters_per_item=100)
    database = open_database(home)
    server = Server.at_free_port(home, "--raters")
    load = Load(home, database, tmp_path)
    starts: list[float] = []
    over = Event()

    def start() -> Kill:
        app = server.start()
        starts.append(time.monotonic())
        return lambda: kill(app)

    def people() -> dict[tuple[str, int], int]:
        return {what: value for rater in list(raters) for what, value in list(rater.acknowledged.items())}

    def acknowledged() -> int:
        assert not over.is_set()  # nobody is there to wait for, after a failure
        return len(people())

    def nothing_is_lost() -> None:
        seen = people()
        held = _held(database, world)
        assert {what: held.get(what) for what in seen} == seen
        assert load.lost() == []

    raters: list[BrowserRater] = []
    options = {"times": KILLS, "longest_run": 6, "spread_seconds": 1.0, "patience_seconds": PATIENCE_SECONDS}
    chance = random.Random(0)
    link = f"{server.url}/rate?invite={world.token}"
    with ThreadPoolExecutor(1) as beside:
        killing = beside.submit(kill_repeatedly, start, acknowledged, nothing_is_lost, **options)
        try:
            for _ in range(3):
                raters.append(BrowserRater(browser, link, random.Random(chance.random())))
            reloaded = 0

            def impatient() -> None:
                nonlocal reloaded
                load.keep_up()
                if len(starts) > 1 + reloaded:  # this one does not wait for the page to find the server again
                    reloaded = len(starts) - 1
                    raters[0].reload()

            _until(killing.done, raters, impatient)
            killing.result()
            again = start()  # and everybody goes on
            try:
                before = [len(rater.acknowledged) for rater in raters]
                _until(
                    lambda: all(len(rater.acknowledged) >= n + 4 for rater, n in zip(raters, before, strict=True)),
                    raters,
                    load.keep_up,
                )
                _until(lambda: not any(rater.is_waiting() for rater in raters), raters, lambda: None, act=False)
                assert _held(database, world) == people()  # nothing is saved that was not shown either
            finally:
                again()
        finally:
            over.set()
            load.end()
    nothing_is_lost()
    answered = Counter(
        (one.rater, one.payload["slot"], question)
        for one in events_of(database, world.study.id)
        if one.kind in (EventKind.ANSWERED, EventKind.CHANGED)
        for question in one.payload["values"]
    )
    assert set(answered.values()) == {1}  # nobody answered anything twice
    assert [duplicated_answers(database, study) for study in load.studies] == [0] * len(load.studies)
    with database.read() as connection:
        if connection.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    record_property("kills", KILLS)
    record_property("shown as saved to people", len(people()))
    record_property("saved by simulated raters", sum(len(load.acknowledged(study)) for study in load.studies))
    record_property("times a page said not saved yet", sum(rater.unsaved_shown for rater in raters))

"""What pages ask of a database with 10,000 jobs and 1,000,000 answers, on SQLite and on PostgreSQL, in milliseconds."""

from __future__ import annotations

import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, text

from bcos_core.home import Home
from bcos_core.jobs import news
from bcos_core.jobs.claims import active_jobs
from bcos_core.jobs.kinds import NAMES
from bcos_core.jobs.queue import in_order
from bcos_core.jobs.schema import JOB_METRICS, JOBS
from bcos_core.jobs.store import JobState, JobStore
from bcos_core.storage.database import URL_VARIABLE
from bcos_core.storage.types import utc_now
from bcos_core.study.assignment import SlotKind
from bcos_core.study.events import EventKind
from bcos_core.study.invites import Invitations, InviteKind
from bcos_core.study.locked import LockedStudy
from bcos_core.study.monitor import study_progress
from bcos_core.study.plan import Plan
from bcos_core.study.raters import Raters
from bcos_core.study.schema import STUDY_ANSWERS, STUDY_EVENTS, STUDY_RATERS, STUDY_SLOTS
from bcos_core.study.slots import Slots
from bcos_core.study.studies import Studies
from bcos_core.study.synthetic import load_design, synthetic_study
from tests.cluster import Cluster, running_cluster

JOBS_STORED = 10_000
STUDIES_STORED, RATERS, ITEMS, QUESTIONS = 25, 1000, 20, 2
"""25 studies × 1,000 raters × 20 items × 2 questions: 1,000,000 answers."""
REPEATS = 5
AT_ONCE = 1000
WANTED_MS = 200.0

Queries = dict[str, Callable[[], object]]


def pages_queries(*, jobs: int = JOBS_STORED, studies: int = STUDIES_STORED) -> Iterator[dict[str, float]]:
    """The median time of what each page asks, by database and page."""
    for name, opened in (("sqlite", _on_sqlite), ("postgresql", _on_postgresql)):
        with opened() as store:
            began = time.perf_counter()
            locked, ids = fill(store, jobs=jobs, studies=studies)
            yield {f"storage_{name}_fill_seconds": time.perf_counter() - began}
            found = {}
            for page, ask in queries(store, locked, ids[0]).items():
                ask()  # the first one reads from the disk, and prepares its statements
                found[f"storage_{name}_{page}_ms"] = 1000 * statistics.median(_seconds(ask) for _ in range(REPEATS))
            yield found
            yield {f"storage_{name}_slowest_ms": max(found.values()), f"storage_{name}_writes_a_second": _writes(store)}


@contextmanager
def _on_sqlite() -> Iterator[JobStore]:
    with tempfile.TemporaryDirectory() as folder, _address(None):
        store = JobStore.open(Home(Path(folder) / "home"))
        yield store
        store.database.engine.dispose()


@contextmanager
def _on_postgresql() -> Iterator[JobStore]:
    with running_cluster() as cluster, tempfile.TemporaryDirectory() as folder, _address(cluster):
        store = JobStore.open(Home(Path(folder) / "home"))
        yield store
        store.database.engine.dispose()


@contextmanager
def _address(cluster: Cluster | None) -> Iterator[None]:
    before = os.environ.pop(URL_VARIABLE, None)
    if cluster is not None:
        os.environ[URL_VARIABLE] = cluster.address(cluster.make_database(empty=True)).render_as_string()
    try:
        yield
    finally:
        os.environ.pop(URL_VARIABLE, None)
        if before is not None:
            os.environ[URL_VARIABLE] = before


def queries(store: JobStore, locked: LockedStudy, study: str) -> Queries:
    """What each page asks of the database when it is drawn, and a rater's next item."""
    database, kind = store.database, NAMES[0]
    plan = Plan.from_dict({**_plan(study), "raters_per_item": 2 * RATERS})
    token = Invitations(database).create(study, InviteKind.OPEN)[1]
    rater = Raters(database).consent(Raters(database).join(token, simulated=True).rater.id).id
    newest = store.list(limit=1)[0]

    def jobs_page() -> None:
        store.list(limit=1)
        store.list(active=True, limit=1)
        store.look()
        in_order(store, 30)
        store.count()
        store.metrics(newest.id)
        news.count_unseen(store, "")

    return {
        "every_page": lambda: (news.unseen(store, ""), store.look()),
        "jobs": jobs_page,
        "home": lambda: (store.list(limit=5), [store.list(kind=name, limit=20) for name in NAMES[:4]]),
        "a_kind": lambda: (store.list(kind=kind, limit=50), store.count(kind)),
        "asked_before": lambda: store.list(key=newest.key),
        "supervisor": lambda: active_jobs(store),
        "studies": lambda: (Studies(database).list(), Studies(database).get(study)),
        "study_progress": lambda: study_progress(database, study, locked),
        "raters": lambda: Raters(database).of(study),
        "rate": lambda: Slots(database, plan).next(rater),
        "study_full": lambda: Slots(database, plan).is_full(),
    }


def _plan(study: str) -> dict[str, Any]:
    items = tuple(f"item-{number}" for number in range(1, ITEMS + 1))
    return {**vars(Plan(study, items, ("a", "b"), items_per_rater=ITEMS, raters_per_item=2 * RATERS))}


def fill(store: JobStore, *, jobs: int, studies: int) -> tuple[LockedStudy, list[str]]:
    """Jobs of every kind, most of which have ended, and studies that everybody has answered; what is locked in each
    study, and their ids."""
    with store.database.write() as connection:
        _fill_jobs(connection, jobs)
    locked = synthetic_study(load_design(RATERS, ITEMS))
    return locked, [_fill_study(store, locked, number) for number in range(studies)]


def _fill_jobs(connection: Connection, number: int) -> None:
    now = utc_now()
    spec = {"checkpoints": [f"/home/models/model-{n}" for n in range(4)], "methods": ["bcos"] * 12, "limit": 500}
    result = {"rows": [{"method": f"m{n}", "score": n / 7} for n in range(30)], "seconds": 12.5}
    usual = {"title": "Evaluation · 4 models, 12 methods", "spec": spec, "lane": "long", "foreground": False}
    usual |= {
        "message": "",
        "cancel_requested": False,
        "attempt": 1,
        "crashes": 0,
        "device": "",
        "host": "",
        "stage": "",
    }
    usual |= {"stage_index": 0, "stage_count": 0, "late": False, "result": result, "artefacts": ["/home/evaluations/x"]}
    usual |= {"supervisor": "", "executor": "", "handle": ""}
    rows = []
    for n in range(number):
        at = now - timedelta(minutes=number - n)
        state = JobState.QUEUED if n >= number - 5 else JobState.FAILED if n % 9 == 0 else JobState.SUCCEEDED
        ended = None if state == JobState.QUEUED else at + timedelta(seconds=50)
        own = {
            "id": f"{at:%Y%m%d-%H%M%S}-{n % 65536:04x}",
            "key": f"work {n} {'x' * 300}",
            "kind": NAMES[n % len(NAMES)],
        }
        rows.append({**usual, **own, "state": state, "created_at": at, "ended_at": ended})
    _insert(connection, JOBS, rows)
    points = [
        {"job_id": row["id"], "series": "loss", "step": n, "value": 1 / (n + 1)} for row in rows for n in range(20)
    ]
    _insert(connection, JOB_METRICS, points)


def _fill_study(store: JobStore, locked: LockedStudy, number: int) -> str:
    studies, now = Studies(store.database), utc_now()
    study = studies.create(f"Study {number}", locked.design.to_dict(), simulated=True)
    studies.lock(study, locked.to_dict(), locked.hash)
    studies.open(study.id)
    invite = Invitations(store.database).create(study.id, InviteKind.OPEN)[0].id
    raters = [f"{number:04x}{n:012x}" for n in range(RATERS)]
    usual = {"study": study.id, "simulated": True, "invite": invite, "exclusion": "", "joined_at": now}
    came = [{**usual, "id": id, "arrival": n, "resume_hash": id, "consented_at": now} for n, id in enumerate(raters)]
    slots, answers, events = [], [], []
    for rater in raters:
        for n in range(ITEMS):
            place = {"study": study.id, "rater": rater, "item": f"item-{n + 1}", "position": n}
            times = {"opened_at": now, "answered_at": now + timedelta(seconds=9 + n)}
            slot = f"{rater}-{n}"
            slots.append({**place, **times, "id": slot, "kind": SlotKind.ITEM.value, "cell": "ab"[n % 2]})
            answers += [{**place, "dimension": f"question {q}", "value": 4, "at": now} for q in range(QUESTIONS)]
            told = {"study": study.id, "rater": rater, "at": now, "kind": EventKind.ANSWERED.value, "key": slot}
            events.append({**told, "payload": {"slot": slot, "position": n, "values": {"question 0": 4}}})
    tables = {STUDY_RATERS: came, STUDY_SLOTS: slots, STUDY_ANSWERS: answers, STUDY_EVENTS: events}
    with store.database.write() as connection:
        for table, rows in tables.items():
            _insert(connection, table, rows)
    return study.id


def _insert(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    for begin in range(0, len(rows), AT_ONCE):
        connection.execute(insert(table), rows[begin : begin + AT_ONCE])


def _seconds(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began


def _writes(store: JobStore, *, threads: int = 4, each: int = 100) -> float:
    """Transactions a second of several threads at once, each of which reads a row and changes it."""
    id = store.list(limit=1)[0].id

    def write() -> None:
        for _ in range(each):
            with store.database.write() as connection:
                connection.execute(text("SELECT message FROM jobs WHERE id = :id"), {"id": id}).scalar_one()
                connection.execute(text("UPDATE jobs SET message = 'x' WHERE id = :id"), {"id": id})

    at_work = [threading.Thread(target=write) for _ in range(threads)]
    began = time.perf_counter()
    for thread in at_work:
        thread.start()
    for thread in at_work:
        thread.join()
    return threads * each / (time.perf_counter() - began)

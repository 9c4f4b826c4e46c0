"""A damaged row of a job is named, hides no other job, and can be deleted."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select, text

from bcos_core.errors import DamagedJobError
from bcos_core.home import Home
from bcos_core.jobs.claims import active_jobs, claim
from bcos_core.jobs.job import JobState
from bcos_core.jobs.schema import JOBS
from bcos_core.jobs.store import JobStore

DAMAGE = {
    "spec": ("{", "[]", "[" * 100_000, '{"a":' * 40 + "1" + "}" * 40),
    "result": ("[1]", "3"),
    "state": ("sleeping",),
    "artefacts": ('{"a": 1}', "null"),
    "created_at": ("yesterday",),
    "progress": ("much",),
}


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return JobStore.open(Home(tmp_path / "home").create())


def damage(store: JobStore, id: str, column: str, value: str) -> None:
    with store.database.write() as connection:
        connection.execute(text(f"UPDATE jobs SET {column} = :value WHERE id = :id"), {"value": value, "id": id})


@pytest.mark.parametrize(("column", "value"), [(name, value) for name, values in DAMAGE.items() for value in values])
def test_the_others_are_listed_and_it_is_named(column: str, value: str, store: JobStore) -> None:
    first, broken, last = (store.submit("train", name, {}, name)[0] for name in "abc")
    damage(store, broken.id, column, value)
    listing = store.list()
    assert {job.id for job in listing} == {first.id, last.id}
    assert [one.name for one in listing.left_out] == [broken.id] and "Delete it" in listing.left_out[0].reason
    assert {job.id for job in active_jobs(store)} == {first.id, last.id}
    with pytest.raises(DamagedJobError, match=broken.id):
        store.get(broken.id)
    store.delete(broken.id)
    assert store.list().left_out == ()


def test_it_does_not_stop_the_queue(store: JobStore) -> None:
    broken, good = (store.submit("train", name, {}, name)[0] for name in "ab")
    damage(store, broken.id, "spec", "{")
    started = [claim(store, "cpu"), claim(store, "cpu")]
    assert good.id in [job.id for job in started if job is not None]
    with store.database.read() as connection:
        assert connection.scalar(select(JOBS.c.state).where(JOBS.c.id == broken.id)) == JobState.FAILED


def test_only_what_jobs_make_is_removed_with_them(store: JobStore, tmp_path: Path) -> None:
    elsewhere, made = tmp_path / "elsewhere", store.home.batches / "tiny"
    for folder in (elsewhere, made):
        folder.mkdir()
    job, _ = store.submit("train", "a", {}, "a")
    named = [elsewhere, made, store.home.models, store.home.models / ".." / "jobs", store.home.database, "\0"]
    with store.database.write() as connection:
        store._set(connection, job.id, state=JobState.SUCCEEDED, artefacts=[str(one) for one in named])
    assert store.removable(store.get(job.id)) == [str(made)]
    store.delete(job.id, artefacts=True)
    assert elsewhere.is_dir() and store.home.models.is_dir() and not made.exists()

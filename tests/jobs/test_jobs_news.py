"""What has ended and nobody has looked at."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from bcos_core.jobs.claims import claim
from bcos_core.jobs.lease import Lease
from bcos_core.jobs.news import FORGOTTEN_AFTER, look_at, unseen
from bcos_core.jobs.process import ProcessId
from bcos_core.jobs.schema import JOBS
from bcos_core.jobs.store import JobStore
from bcos_core.storage.types import utc_now


def ended(store: JobStore, title: str, *, fails: bool = False) -> str:
    job, _ = store.submit("train", title, {}, title)
    claim(store, "cpu")
    lease = Lease(store, job.id, store.get(job.id).attempt)
    assert lease.fail("No.") if fails else lease.succeed({}, [])
    return job.id


def titles(store: JobStore, researcher: str = "") -> list[str]:
    return [job.title for job in unseen(store, researcher)]


def test_what_has_ended_is_news_until_it_was_looked_at(store: JobStore) -> None:
    done = ended(store, "done")
    ended(store, "failed", fails=True)
    assert titles(store) == ["failed", "done"]
    look_at(store, "", [store.get(done)])
    look_at(store, "", [store.get(done)])  # twice is once
    assert titles(store) == ["failed"]


def test_each_researcher_looks_for_themselves(store: JobStore) -> None:
    done = ended(store, "done")
    look_at(store, "https://issuer 1", [store.get(done)])
    assert titles(store, "https://issuer 1") == [] and titles(store, "https://issuer 2") == ["done"]


def test_a_job_that_ends_again_is_news_again(store: JobStore) -> None:
    id = ended(store, "failed", fails=True)
    look_at(store, "", [store.get(id)])
    store.resume(id)
    assert titles(store) == []
    claim(store, "cpu")
    assert Lease(store, id, 2).succeed({}, [])
    assert titles(store) == ["failed"]


def test_what_is_active_was_cancelled_was_typed_or_is_long_past_is_no_news(store: JobStore) -> None:
    store.submit("train", "waits", {}, "waits")
    store.cancel(store.submit("train", "cancelled", {}, "cancelled")[0].id)
    typed, _ = store.begin("train", "typed", {}, "typed", ProcessId.current())
    assert Lease(store, typed.id, 1).succeed({}, [])
    store.cancel(next(job.id for job in store.list() if job.title == "waits"))
    old = ended(store, "old")
    with store.database.write() as connection:
        long_ago = utc_now() - FORGOTTEN_AFTER - timedelta(minutes=1)
        connection.execute(update(JOBS).where(JOBS.c.id == old).values(ended_at=long_ago))
    assert titles(store) == []


def test_a_look_goes_with_its_job(store: JobStore) -> None:
    id = ended(store, "done")
    look_at(store, "", [store.get(id)])
    store.delete(id)
    with store.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM job_looks").scalar() == 0

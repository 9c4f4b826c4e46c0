"""What Prometheus is told: numbers of a database made by hand, read back by Prometheus's own parser."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event, insert, select, text, update

from bcos_core import measured
from bcos_core.errors import InputError
from bcos_core.home import Home
from bcos_core.jobs.claims import claim
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.schema import JOBS
from bcos_core.jobs.store import JobStore
from bcos_core.operations.metrics import StoredMetrics
from bcos_core.operations.signals import Place, application, read_place
from bcos_core.storage.types import utc_now


def asked(home: Home, path: str, method: str = "GET") -> tuple[str, str]:
    registry = CollectorRegistry()
    registry.register(StoredMetrics(home))
    environ: dict[str, Any] = {"PATH_INFO": path, "REQUEST_METHOD": method}
    setup_testing_defaults(environ)
    status: list[str] = []

    def start(said: str, headers: Any, error: Any = None) -> Any:
        status.append(said)

    body = b"".join(application(home, registry)(environ, start))
    return status[0], body.decode()


def samples(home: Home) -> dict[tuple[str, tuple[str, ...]], float]:
    status, body = asked(home, "/metrics")
    assert status == "200 OK"
    families = text_string_to_metric_families(body)
    return {(one.name, tuple(one.labels.values())): one.value for family in families for one in family.samples}


def test_jobs_by_kind_and_state_and_what_they_waited(store: JobStore) -> None:
    for number in range(3):
        store.submit("evaluate", "An evaluation", {"number": number}, f"evaluate {number}")
    store.submit("audit", "An audit", {}, "audit", lane=Lane.SHORT)
    store.submit("of a later version", "?", {}, "later")
    first = claim(store, "cpu")
    assert first is not None
    asked_at = utc_now() - timedelta(seconds=100)
    times = {"created_at": asked_at, "started_at": asked_at + timedelta(seconds=30)}
    ended = {"ended_at": asked_at + timedelta(seconds=75), "state": "succeeded"}
    with store.database.write() as connection:
        connection.execute(update(JOBS).where(JOBS.c.id == first.id).values(**times, **ended))
        connection.execute(update(JOBS).where(JOBS.c.state == "queued").values(created_at=asked_at))
    found = samples(store.home)
    assert found["bcos_jobs", ("evaluate", "succeeded")] == 1
    assert found["bcos_jobs", ("evaluate", "queued")] == 2
    assert found["bcos_jobs", ("audit", "queued")] == 1
    assert found["bcos_jobs", ("train", "running")] == 0  # a series that is always there can be watched
    assert found["bcos_jobs", ("other", "queued")] == 1
    assert found["bcos_job_wait_seconds_sum", ("long",)] == pytest.approx(30, abs=0.01)
    assert found["bcos_job_wait_seconds_count", ("long",)] == 1
    assert found["bcos_job_wait_seconds_count", ("short",)] == 0
    assert found["bcos_job_run_seconds_sum", ("evaluate",)] == pytest.approx(45, abs=0.01)
    assert 100 <= found["bcos_queue_oldest_seconds", ("short",)] < 160
    assert found["bcos_answers", ()] == 0


def test_however_many_jobs_there_are_few_rows_are_read(store: JobStore) -> None:
    one = store.submit("evaluate", "An evaluation", {}, "evaluate")[0]
    asked_at = utc_now() - timedelta(days=3)
    with store.database.write() as connection:
        row = dict(connection.execute(select(JOBS).where(JOBS.c.id == one.id)).mappings().one())
        row |= {"created_at": asked_at, "state": "succeeded", "attempt": 1}
        ran = [asked_at + timedelta(seconds=n + 0.25) for n in range(300)]
        ended = [{"started_at": at, "ended_at": at + timedelta(seconds=0.5)} for at in ran]
        connection.execute(insert(JOBS), [{**row, **at, "id": f"j{n}", "key": f"k{n}"} for n, at in enumerate(ended)])
    asked_for: list[tuple[str, Any]] = []
    engine = store.database.engine

    def heard(connection: Any, cursor: Any, statement: str, parameters: Any, *others: Any) -> None:
        asked_for.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", heard)
    try:
        found = samples(store.home)
    finally:
        event.remove(engine, "before_cursor_execute", heard)
    lane = one.lane.value
    assert found["bcos_job_wait_seconds_count", (lane,)] == found["bcos_job_run_seconds_count", ("evaluate",)] == 300
    assert found["bcos_job_wait_seconds_sum", (lane,)] == pytest.approx(299 * 300 / 2 + 300 / 4, abs=0.1)
    assert found["bcos_job_run_seconds_sum", ("evaluate",)] == pytest.approx(150, abs=0.1)
    with store.database.read() as connection:
        rows = [len(connection.exec_driver_sql(*one).all()) for one in asked_for if one[0].startswith("SELECT")]
    assert rows and max(rows) < 20


def test_a_job_that_was_started_again_says_nothing_of_the_queue(store: JobStore) -> None:
    store.submit("evaluate", "An evaluation", {}, "evaluate")
    job = claim(store, "cpu")
    assert job is not None
    assert samples(store.home)["bcos_job_wait_seconds_count", ("long",)] == 1
    with store.database.write() as connection:
        connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(attempt=2))
    assert samples(store.home)["bcos_job_wait_seconds_count", ("long",)] == 0


def test_a_database_that_cannot_be_read_is_said_and_ends_no_scrape(store: JobStore) -> None:
    assert samples(store.home)["bcos_ready", ("database",)] == 1
    with store.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999_future'"))
    found = samples(store.home)
    assert found["bcos_ready", ("database",)] == 0 and found["bcos_disk_free_bytes", ()] > 0
    assert not [name for name, _ in found if name.startswith("bcos_jobs")]


def test_health_readiness_and_nothing_else(store: JobStore) -> None:
    assert asked(store.home, "/health") == ("200 OK", '{"ok": true}')
    status, body = asked(store.home, "/ready")
    said = json.loads(body)
    assert status.startswith("503") and said["ok"] is False
    assert [check["name"] for check in said["checks"] if not check["ok"]] == ["supervisor"]
    assert asked(store.home, "/")[0].startswith("404") and asked(store.home, "/ready", "POST")[0].startswith("405")


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("9464", Place("127.0.0.1", 9464)),
        ("0.0.0.0:9464", Place("0.0.0.0", 9464)),
        ("localhost:9464", Place("localhost", 9464)),
    ],
)
def test_a_place_is_a_port_or_an_address_and_a_port(given: str, place: Place) -> None:
    assert read_place(given) == place


@pytest.mark.parametrize("given", ["", "nine", "0", "65536", "http://127.0.0.1:9464", "127.0.0.1:", "²"])
def test_what_is_no_place_is_refused(given: str) -> None:
    with pytest.raises(InputError, match="no place for health and metrics"):
        read_place(given)


class Model:
    """Anything that is held."""


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_a_process_counts_what_no_database_knows(store: JobStore) -> None:
    loads, held = counted("bcos_model_loads_total"), counted("bcos_models_in_memory")
    first, second = Model(), Model()
    measured.model_loaded(first)
    measured.model_loaded(second)
    assert (counted("bcos_model_loads_total"), counted("bcos_models_in_memory")) == (loads + 2, held + 2)
    del first
    assert (counted("bcos_model_loads_total"), counted("bcos_models_in_memory")) == (loads + 2, held + 1)
    del second

    explained = counted("bcos_explanation_seconds_count", method="bcos")
    with measured.explaining("bcos"):
        pass
    with pytest.raises(ValueError, match="no text"), measured.explaining("bcos"):
        raise ValueError("no text")
    assert counted("bcos_explanation_seconds_count", method="bcos") == explained + 1

    saved, failures = counted("bcos_save_seconds_count"), counted("bcos_save_failures_total")
    with store.database.write():
        pass
    with pytest.raises(ValueError, match="taken back"), store.database.write():
        raise ValueError("taken back")
    assert counted("bcos_save_seconds_count") == saved + 1 and counted("bcos_save_failures_total") == failures + 1

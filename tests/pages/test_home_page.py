"""Home, from nothing to the finished quick start."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import insert, select

from bcos_core.home import Home
from bcos_core.jobs.lease import Point
from bcos_core.jobs.schema import JOBS
from bcos_core.jobs.store import JobState, JobStore
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.job import QUICKSTART
from bcos_core.train.quickstart import quickstart_spec
from tests.pages.conftest import OpenPage, RunningJob, button, words
from tests.tiny_pair import save_pair


def test_an_empty_home_offers_the_quick_start_and_starts_it_once(open_page: OpenPage, store: JobStore) -> None:
    at = open_page("home")
    assert not at.error and not at.exception
    assert "min on this machine." in words(at)  # from what is declared: nothing was done here yet

    button(at, "Start the quick start").click().run()

    (job,) = store.list()
    assert (job.kind, job.state, job.title) == ("quickstart", JobState.QUEUED, "Quick start")
    assert QUICKSTART.read(job.spec) == quickstart_spec()
    assert "Next in line" in words(at)
    assert all(candidate.label != "Start the quick start" for candidate in at.button)


def test_without_a_supervisor_home_says_so_and_offers_to_start_one(open_page: OpenPage) -> None:
    at = open_page("home")
    assert "supervisor" in words(at)
    assert not button(at, "Start the supervisor").disabled


def test_a_running_quick_start_shows_stage_time_left_and_both_curves(
    open_page: OpenPage, running_job: RunningJob
) -> None:
    _, lease = running_job()
    columns = {"stage": "Fine-tuning the B-cos model", "stage_index": 2, "stage_count": 6}
    lease.beat(
        {**columns, "progress": 0.4, "eta_seconds": 42.0},
        [
            Point("bcos/loss: binary cross-entropy", 1, 0.7),
            Point("bcos/loss: binary cross-entropy", 2, 0.6),
            Point("bcos/accuracy", 2, 0.75),
            Point("conventional/loss: cross-entropy", 1, 0.5),
        ],
    )

    at = open_page("home")

    said = words(at)
    assert "Fine-tuning the B-cos model" in said and "3 of 6" in said and "40 s left" in said
    assert "which is what B-cos means" in said  # what happens in this stage
    assert len(at.get("plotly_chart")) == 3  # one for each loss
    assert not at.error


def test_cancelling_the_quick_start_asks_its_process_to_stop(
    open_page: OpenPage, running_job: RunningJob, store: JobStore
) -> None:
    job, lease = running_job()
    at = open_page("home")

    button(at, "Cancel").click().run()
    assert store.get(job.id).cancel_requested
    lease.give_up()

    at.run()
    button(at, "Go on").click().run()
    assert store.get(job.id).state == JobState.QUEUED


def test_a_finished_quick_start_gives_both_accuracies_and_the_way_to_compare(
    open_page: OpenPage, running_job: RunningJob, home: Home
) -> None:
    job, lease = running_job()
    task = TaskChoice("embedded", "short-reviews").to_dict()
    folders = dict(zip(("bcos", "conventional"), save_pair(home, task=task, job=job.id), strict=True))
    scores = {"bcos": 0.761, "conventional": 0.772}
    result = {kind: {"checkpoint": str(folders[kind]), "accuracy": scores[kind], "test_size": 965} for kind in scores}
    lease.succeed({**result, "calibration_cosine": 0.985, "seconds": 200.0}, [str(p) for p in folders.values()])

    at = open_page("home")

    shown = {metric.label: metric.value for metric in at.metric}
    assert shown["Test accuracy, B-cos"] == "76.1 %"
    assert shown["Test accuracy, conventional"] == "77.2 %"
    assert "Accuracy: B-cos 76.1 %, conventional 77.2 %" in words(at)  # the one line of a phone
    assert "B-cos 76.1 %, conventional 77.2 %" in "".join(candidate.label for candidate in at.button).replace("\\", "")

    button(at, "Compare all methods").click().run()
    assert at.query_params["model"] == ["tiny-bcos", "tiny-conventional"]
    assert at.title[0].value == "Compare"


def test_a_figure_has_its_measure_and_a_time_what_it_is_of(
    open_page: OpenPage, running_job: RunningJob, home: Home
) -> None:
    job, lease = running_job()
    task = TaskChoice("embedded", "short-reviews").to_dict()
    folders = save_pair(home, task=task, job=job.id)
    made = {"checkpoint": str(folders[0]), "metrics": {"mae": 0.834, "pearson": 0.5}, "test_size": 965}
    twin = {**made, "checkpoint": str(folders[1]), "metrics": {"mae": 0.85}}
    result = {"bcos": made, "conventional": twin, "seconds": 200.0}
    lease.succeed(result, [str(folder) for folder in folders])
    at = open_page("home")
    (line,) = [one.label.replace("\\", "") for one in at.button if one.key == f"open-{job.id}"]
    assert "mean absolute error: B-cos 0.834, conventional 0.850" in line
    assert "Mean absolute error: B-cos 0.834, conventional 0.850" in words(at)
    shown = {metric.label: metric.value for metric in at.metric}
    assert shown["Time to train"] == "3 min 20 s" and "Time" not in shown
    assert "Both models, from reading the data to the test" in words(at)


def test_a_failed_quick_start_shows_its_message_as_text(open_page: OpenPage, running_job: RunningJob) -> None:
    _, lease = running_job()
    lease.fail("The disk is full: <script>alert(1)</script> **free some space**.")

    at = open_page("home")

    assert "has failed" in words(at)
    (error,) = at.error
    assert "\\<script\\>" in error.value and "\\*\\*free" in error.value
    button(at, "Start anew")


def test_an_old_quick_start_is_found_behind_many_other_jobs(open_page: OpenPage, store: JobStore) -> None:
    job, _ = store.submit("quickstart", "Quick start", {}, "quickstart")
    store.cancel(job.id)
    with store.database.write() as connection:
        row = dict(connection.execute(select(JOBS).where(JOBS.c.id == job.id)).mappings().one())
        later = {"created_at": row["created_at"] + timedelta(seconds=1), "kind": "train"}
        connection.execute(insert(JOBS), [{**row, **later, "id": f"j{n}", "key": f"k{n}"} for n in range(250)])
    at = open_page("home")
    assert not at.exception, at.exception
    assert "The quick start was cancelled" in words(at)


def test_what_waits_says_so_on_home_and_can_be_cancelled_there(open_page: OpenPage, store: JobStore) -> None:
    first, _ = store.submit("train", "A", {}, "a", expected_seconds=120.0)
    second, _ = store.submit("train", "B", {}, "b")
    at = open_page("home")
    assert "2nd in line, after “A”, about 2 min" in next(b.label for b in at.button if b.key == f"open-{second.id}")
    at.button(key=f"cancel-{first.id}-True").click().run()
    assert store.get(first.id).state == JobState.CANCELLED

"""The Reproduce page: a run is asked for, its tables are shown, and what changed since another one."""

from __future__ import annotations

from dataclasses import replace

from bcos_core.home import Home
from bcos_core.jobs.kinds import command_of
from bcos_core.jobs.lease import Lease
from bcos_core.jobs.process import ProcessId
from bcos_core.jobs.store import JobStore
from bcos_core.reproduce.figure import Found, Place, Sample
from bcos_core.reproduce.job import REPRODUCE
from bcos_core.reproduce.report import Report, save_report
from bcos_core.reproduce.spec import ReproduceSpec
from bcos_core.reproduce.written import report_files
from bcos_core.storage.listing import LeftOut
from bcos_core.storage.plain import to_plain
from tests.pages.conftest import OpenPage, button, words

PLACE = Place("paper/x/bcos/naopc", "Explanations: <x>", "B-cos · faithful", "NAOPC", better="higher")


def finished(store: JobStore, home: Home, table: tuple[tuple[float, ...], ...], made_at: str) -> str:
    """A run that is done: its job's id."""
    spec = ReproduceSpec.of("paper", "quick", seeds=[len(made_at), int(made_at[8:10])])
    asked = ("reproduce", REPRODUCE.describe(spec), to_plain(spec), REPRODUCE.key(spec))
    job, _ = store.begin(*asked, ProcessId.current())
    found = PLACE.mean(Sample(("a", "b", "c"), table), "texts")
    assert found is not None
    alone = Found(replace(PLACE, name=f"only/{job.id}", column="Alone").alone(3.0).figure)
    report = Report(
        job.id,
        "paper",
        "quick",
        "python -m bcos_core reproduce paper",
        made_at,
        61.0,
        (found.figure, alone.figure),
        (LeftOut("IMDB", "It comes from the hub."),),
        ("How <it> was done.",),
        {"torch": "2.13.0"},
        {"cores": "2 cores"},
    )
    save_report(report, [found, alone], home.reproductions / job.id, report_files(report))

    assert Lease(store, job.id, 1).succeed({"reproduction": job.id, "seconds": 61.0}, [home.reproductions / job.id], [])
    return job.id


def test_a_run_is_asked_for(open_page: OpenPage, store: JobStore) -> None:
    at = open_page("reproduce", scale="small")
    assert not at.exception, at.exception
    assert "three seeds" in words(at) and "on this machine" in words(at)
    button(at, "Measure again").click().run()
    (job,) = store.list()
    assert command_of(job) == "python -m bcos_core reproduce paper --scale=small"
    assert at.query_params["reproduction"] == job.id


def test_the_tables_and_what_is_not_in_them(open_page: OpenPage, store: JobStore, home: Home) -> None:
    finished(store, home, ((0.5, 0.7, 0.9),), "2026-11-27T20:00:00+00:00")
    at = open_page("reproduce")
    assert not at.exception, at.exception
    (table,) = at.dataframe
    assert table.value.iloc[0].tolist()[0] == "B-cos · faithful" and "0.700 [" in table.value.iloc[0].tolist()[1]
    said = words(at)
    assert "IMDB is left out. It comes from the hub." in said and "How <it> was done." in said
    assert "2 cores" in said and "torch 2.13.0" in said and "What changed" not in said


def test_what_changed_between_two_runs(open_page: OpenPage, store: JobStore, home: Home) -> None:
    before = finished(store, home, ((0.1, 0.2, 0.3),), "2026-11-26T20:00:00+00:00")
    finished(store, home, ((0.6, 0.71, 0.82),), "2026-11-27T20:00:00+00:00")
    at = open_page("reproduce")
    assert not at.exception, at.exception
    assert "Of 1 figure in both, 1 is shown to differ: 1 better, 0 worse." in words(at)
    assert "1 figure only in this run, 1 only in the other." in words(at)
    changed = at.dataframe[1].value
    assert changed["Difference"].tolist()[0].startswith("0.510 [") and changed["Now"].tolist() == ["better"]
    at = open_page("reproduce", reproduction=before)
    assert "0 better, 1 worse" in words(at)

"""`study simulate` and `backup`: what each answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import text
from tiny_pair import save_pair

from bcos_core.cli.main import main
from bcos_core.home import Home
from bcos_core.jobs.store import JobState, JobStore
from bcos_core.storage.upgrade import open_database
from bcos_core.study.design import Exclusion
from bcos_core.study.invites import Invitations
from bcos_core.study.locked import LockedStudy
from bcos_core.study.raters import Raters
from bcos_core.study.rehearsal_job import REHEARSE
from bcos_core.study.results import read_answers_of
from bcos_core.study.selection import Source
from bcos_core.study.studies import Studies
from tests.study.world import make_world


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return dict(json.loads(capsys.readouterr().out.splitlines()[-1]))


def test_simulate_counts_what_the_database_holds(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "simulate", "--raters", "4", "--items", "3", "--writers", "2", "--json"]) == 0
    answer = said(capsys)
    assert (answer["saved"], answer["lost"], answer["duplicated"], answer["simulated"]) == (12, 0, 0, True)
    assert answer["p95_ms"] > 0
    with open_database(home).read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM study_answers").scalar() == 24  # two questions
        assert connection.exec_driver_sql("SELECT simulated, status FROM studies").all() == [(True, "closed")]
    study = Studies(open_database(home))
    locked = LockedStudy.from_dict(study.locked(answer["study"]))
    assert locked.hash == study.get(answer["study"]).lock_hash
    assert locked.design.title == answer["title"] == "Simulated: 4 raters × 3 items"


def test_simulate_in_words(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "simulate", "--raters", "1", "--items", "2", "--writers", "1"]) == 0
    told = capsys.readouterr().out
    assert "2 answers saved, 0 lost, 0 duplicated" in told and "1 rater, 2 items, 1 process" in told
    assert "Preference 0.5: points by which the last condition is rated above the first" in told
    assert main(["study", "simulate", "--raters", "0"]) == 2
    assert "0 raters are too few" in capsys.readouterr().err


def content(home: Home, study: str) -> dict[str, Sequence[Any]]:
    """Every row that a study has, by table."""
    tables = {"studies": "id", **dict.fromkeys(("study_raters", "study_slots", "study_answers"), "study")}
    tables |= dict.fromkeys(("study_events", "study_invites"), "study")
    with open_database(home).read() as connection:
        return {
            table: connection.execute(text(f"SELECT * FROM {table} WHERE {key} = :study"), {"study": study}).all()
            for table, key in tables.items()
        }


def test_a_rehearsal_fills_a_copy_and_leaves_the_study_alone(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # 3 items × 4 answers, 2 for each rater, none of whom sees an item twice.
    world = make_world(
        home, opened=False, source=Source(count=3), raters_per_item=4, exclusion=Exclusion(1, fastest=600)
    )
    before = content(home, world.study.id)
    assert main(["study", "simulate", world.study.id, "--preference", "-1", "--seed", "3", "--json"]) == 0
    result = said(capsys)
    assert content(home, world.study.id) == before and not before["study_raters"]
    database = open_database(home)
    study = Studies(database).get(result["study"])
    assert study.simulated and study.status == "closed" and study.title == "Simulated: What readers see"
    locked = LockedStudy.from_dict(Studies(database).locked(study.id))
    assert locked.items == world.locked.items and locked.weights == world.locked.weights
    assert locked.design.exclusion == Exclusion(1, fastest=0)
    answered = read_answers_of(database, study.id, locked)
    raters = Raters(database).of(study.id)
    assert len(raters) == result["raters"] >= 6 and all(rater.simulated and rater.finished_at for rater in raters)
    for item in locked.of_kind("item"):
        full = answered.answers[answered.answers["item"] == item.id]
        assert full.groupby("question").size().to_dict() == {"interpretability": 4, "agreement": 4}
    checks = answered.answers[answered.answers["kind"] == "check"]
    assert checks["rater"].nunique() == len(raters)
    (job,) = JobStore.open(home).list()
    assert job.state == JobState.SUCCEEDED and job.result == result
    assert result["truth"] in Invitations(database).list(study.id)[0].note
    # The same for the same seed, and the command that the job names is the one that made it.
    assert main([*REHEARSE.command(REHEARSE.read(job.spec)), "--json"]) == 0
    again = said(capsys)["study"]
    assert again != study.id
    columns = ["arrival", "item", "cell", "position", "question", "value"]
    other = read_answers_of(database, again, locked).answers
    assert other[columns].values.tolist() == answered.answers[columns].values.tolist()
    assert main(["study", "export", study.id, "--to", str(tmp_path / "out")]) == 0
    exported = pd.read_csv(tmp_path / "out" / "answers.csv")
    assert exported["simulated"].all() and len(exported) == len(answered.answers)
    assert "Simulated raters, not people." in (tmp_path / "out" / "report.html").read_text()


def test_a_rehearsal_wants_a_locked_study_and_its_own_flags(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "simulate", "nothing"]) == 2
    assert "There is no study" in capsys.readouterr().err
    draft = Studies(open_database(home)).create("A draft", {})
    assert main(["study", "simulate", draft.id]) == 2
    assert "not locked yet" in capsys.readouterr().err
    assert main(["study", "simulate", draft.id, "--items", "3"]) == 2
    assert "for a load test" in capsys.readouterr().err


def test_a_demo_that_cannot_be_locked_leaves_nothing(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    save_pair(home.create())  # a model that does not say what it was trained on: there is no test set to draw from
    assert main(["study", "demo"]) == 2
    assert "no test set to draw texts from" in capsys.readouterr().err
    assert not Studies(open_database(home)).list().any
    assert [job.state for job in JobStore.open(home).list()] == [JobState.FAILED]


def test_the_list_tells_drafts_from_locked_studies(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    locked = make_world(home, opened=False).study
    studies = Studies(open_database(home))
    draft = studies.create("A draft", {})
    assert main(["study", "list", "--json"]) == 0
    expected = {draft.id: "draft", locked.id: "locked"}
    assert {one["id"]: one["status"] for one in said(capsys)["studies"]} == expected
    studies.open(locked.id)
    assert main(["study", "list"]) == 0
    assert f"{locked.id}  open    What readers see" in capsys.readouterr().out


@pytest.mark.sqlite_file
def test_backup(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["backup", "--json"]) == 0
    made = Path(json.loads(capsys.readouterr().out.splitlines()[-1])["path"])
    assert made.parent == tmp_path and made.name.startswith("bcos-") and made.suffix == ".sqlite3"
    assert main(["backup", str(made)]) == 2
    assert "--force" in capsys.readouterr().err
    assert main(["backup", str(made), "--force"]) == 0
    assert "Copied and checked" in capsys.readouterr().out

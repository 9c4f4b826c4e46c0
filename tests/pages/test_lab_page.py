"""The Lab page: an experiment is asked for, and a finished one is shown."""

from __future__ import annotations

from sqlalchemy import text
from tiny_pair import save_pair

from bcos_core.cli.main import main
from bcos_core.home import Home
from bcos_core.jobs.kinds import command_of
from bcos_core.jobs.store import JobStore
from tests.pages.conftest import OpenPage, button, words


def test_an_experiment_is_asked_for(open_page: OpenPage, store: JobStore) -> None:
    at = open_page("lab", plant="negation", share="30")
    assert not at.exception, at.exception
    assert "the same word after “not” means the first" in words(at)
    button(at, "Plant and train").click().run()
    (job,) = store.list()
    command = command_of(job)
    assert job.kind == "lab" and "--plant=negation" in command and "--share=0.3" in command
    assert at.query_params["experiment"] == job.id


def test_without_methods_nothing_starts(open_page: OpenPage) -> None:
    assert button(open_page("lab", method=""), "Plant and train").disabled


def test_a_finished_experiment(home: Home, open_page: OpenPage) -> None:
    _, model = save_pair(home)
    asked = ["lab", "--model", str(model), "--examples", "100", "--limit", "10", "--max-length", "32"]
    assert main([*asked, "--calibration-texts", "16", "--methods", "bcos", "saliency", "--json"]) == 0
    at = open_page("lab", measure="rank")
    assert not at.exception, at.exception
    assert [metric.label for metric in at.metric][:2] == [
        "B-cos: flips with the plant",
        "conventional: flips with the plant",
    ]
    said = words(at)
    assert "Planted: " in said and "did not learn the shortcut well" in said  # a tiny random model does not
    assert not at.error


def test_a_damaged_experiment_is_said_in_words(open_page: OpenPage, store: JobStore) -> None:
    job, _ = store.submit("lab", "Planted truth", {}, "one")
    with store.database.write() as connection:
        damage = text("UPDATE jobs SET state = 'succeeded', result = :result")
        connection.execute(damage, {"result": '{"plant": "weed", "words": []}'})
    at = open_page("lab", experiment=job.id)
    assert not at.exception, at.exception
    assert "is not as it should be" in at.error[0].value and "“Retry”" in at.error[0].value
    assert button(at, "Plant and train")  # the rest of the page is there

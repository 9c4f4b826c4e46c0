"""Train: bad input is explained in its place, and one click makes exactly one job."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from bcos_core.errors import StorageError
from bcos_core.home import Home
from bcos_core.jobs.kinds import command_of
from bcos_core.jobs.store import JobStore
from bcos_core.text.upload import save_upload
from bcos_core.train.job import TRAIN
from tests.pages.conftest import OpenPage, button, words

START = "Start training"


def uploaded(home: Home, name: str, text: str) -> str:
    """The name under which the address holds an uploaded file."""
    path = save_upload(home, name, text.encode())
    return f"{path.parent.name}/{path.name}"


def reviews(rows: int, labels: tuple[str, ...] = ("good", "bad")) -> str:
    lines = [f"text number {row} of them,{labels[row % len(labels)]},{row}" for row in range(rows)]
    return "\n".join(["review,verdict,id", *lines])


def number(at: AppTest, label: str) -> float | None:
    return next(field.value for field in at.number_input if field.label == label)


def test_start_makes_one_job_that_the_command_line_describes(open_page: OpenPage, store: JobStore) -> None:
    at = open_page("train", epochs="0.5", examples="400")
    assert "on this machine" in words(at)  # the estimate

    button(at, START).click().run()

    (job,) = store.list()
    spec = TRAIN.read(job.spec)
    assert (spec.model, spec.task.name, spec.recipe.epochs, spec.recipe.examples) == (
        "minilm",
        "short-reviews",
        0.5,
        400,
    )
    assert at.title[0].value == "Jobs" and at.query_params["job"] == job.id

    again = open_page("train", epochs="0.5", examples="400")
    assert "active already" in words(again)
    assert all(candidate.label != START for candidate in again.button)
    button(again, "Show it").click().run()
    assert again.query_params["job"] == job.id
    assert len(store.list()) == 1


def test_a_folder_outside_the_allowed_roots_is_refused_in_place(open_page: OpenPage, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    at = open_page("train", **{"from": "folder", "folder": str(tmp_path / "elsewhere")})
    assert "outside the folders" in words(at)
    assert button(at, START).disabled
    assert at.text_input[0].value == str(tmp_path / "elsewhere")


def test_a_folder_that_is_no_model_is_told_so(open_page: OpenPage, home: Home) -> None:
    at = open_page("train", **{"from": "folder", "folder": str(home.uploads)})
    assert "config.json" in words(at) and button(at, START).disabled


def test_an_adapter_is_told_what_to_do_with(open_page: OpenPage, home: Home) -> None:
    (home.uploads / "adapter_config.json").write_text('{"peft_type": "LORA"}')
    at = open_page("train", **{"from": "folder", "folder": str(home.uploads)})
    assert "has an adapter in it" in words(at) and "merge_and_unload()" in words(at) and button(at, START).disabled


@pytest.mark.parametrize("given", ["/etc", "../models", "not an id"])
def test_a_path_is_not_taken_for_a_hub_id(open_page: OpenPage, given: str) -> None:
    at = open_page("train", **{"from": "hub", "hub-model": given})
    assert "not the id of a hub model" in words(at) and button(at, START).disabled


def test_a_hub_model_without_a_hub_says_what_to_use_instead(open_page: OpenPage) -> None:
    at = open_page("train", **{"from": "hub", "hub-model": "someone/nothing"})
    assert "Cannot get the model" in words(at) and "minilm" in words(at)


def test_a_file_with_one_class_is_refused_and_stays(open_page: OpenPage, home: Home) -> None:
    file = uploaded(home, "reviews.csv", reviews(60, ("good",)))
    at = open_page("train", **{"task": "file", "file": file, "text-column": "review", "label-column": "verdict"})
    (error,) = at.error
    assert "class" in error.value and not at.exception
    assert button(at, START).disabled
    assert at.query_params["file"] == file
    assert [box.value for box in at.selectbox] == ["review", "", "verdict", ""]


def test_a_good_file_is_previewed_and_can_be_started(open_page: OpenPage, home: Home, store: JobStore) -> None:
    file = uploaded(home, "reviews.csv", reviews(200))
    at = open_page("train", **{"task": "file", "file": file, "text-column": "review", "label-column": "verdict"})
    assert not at.error
    assert len(at.get("plotly_chart")) == 2
    assert len(at.dataframe[0].value) == 20

    button(at, START).click().run()
    (job,) = store.list()
    assert job.spec["task"]["label_column"] == "verdict"


def test_a_rationale_column_may_be_chosen(open_page: OpenPage, home: Home, store: JobStore) -> None:
    lines = [f"text number {row} of them,{'good' if row % 2 else 'bad'},number" for row in range(200)]
    file = uploaded(home, "reviews.csv", "\n".join(["review,verdict,why", *lines]))
    at = open_page("train", **{"task": "file", "file": file, "text-column": "review", "label-column": "verdict"})
    at.selectbox[3].set_value("verdict").run()
    assert "both the label and the rationale" in at.error[0].value and button(at, START).disabled
    at.selectbox[3].set_value("why").run()
    assert not at.error and at.query_params["rationale-column"] == "why"
    assert "Texts with a rationale: 200" in words(at)
    button(at, START).click().run()
    (job,) = store.list()
    assert job.spec["task"]["rationale_column"] == "why" and "--rationale-column=why" in command_of(job)


def test_an_upload_is_kept_in_the_address_and_its_columns_are_guessed(open_page: OpenPage, home: Home) -> None:
    at = open_page("train", task="file")
    rows = [f"text number {row} of them,{'good' if row % 2 else 'bad'}" for row in range(200)]
    table = "\n".join(["text,label", *rows])

    at.file_uploader[0].set_value(("mine.csv", table.encode(), "text/csv")).run()

    assert not at.error
    assert [box.value for box in at.selectbox][:3] == ["text", "", "label"]
    assert (home.uploads / at.query_params["file"]).read_text(encoding="utf-8") == table
    assert not button(at, START).disabled


def test_an_address_cannot_name_a_file_outside_the_uploads(open_page: OpenPage, home: Home) -> None:
    (home.root / "secret.csv").write_text(reviews(60), encoding="utf-8")
    at = open_page("train", task="file", file="../secret.csv")
    assert "not here any more" in words(at)


def test_options_that_do_not_fit_are_explained_and_keep_their_values(open_page: OpenPage) -> None:
    at = open_page("train")
    at.query_params["normalize_weights"] = "1"
    at.run()
    (error,) = at.error
    assert "Turn one of the two off" in error.value
    assert button(at, START).disabled

    at.query_params["calibrate"] = "0"
    at.run()
    assert not at.error and not button(at, START).disabled


def test_a_length_over_the_models_limit_is_explained(open_page: OpenPage) -> None:
    at = open_page("train")
    at.query_params["max_length"] = "4096"
    at.run()
    assert "at most 512 tokens" in at.error[0].value
    assert number(at, "Maximum length") == 4096


def test_another_recipe_or_task_takes_the_options_back_to_its_own(open_page: OpenPage) -> None:
    at = open_page("train")
    field = next(field for field in at.number_input if field.label == "Learning rate")
    field.set_value(0.001).run()
    assert at.query_params["learning_rate"] == "0.001"

    at.button_group[2].set_value("paper").run()
    assert number(at, "Learning rate") == 2e-5 and "learning_rate" not in at.query_params

    at.button_group[2].set_value("calibrated").run()
    at.button_group[1].set_value("tweets").run()
    assert number(at, "Learning rate") == 1e-4 and number(at, "Maximum length") == 64


def test_a_full_disk_is_told_in_place(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, store: JobStore) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise StorageError("The disk is full. Free some space.")

    at = open_page("train")
    monkeypatch.setattr(JobStore, "submit", full)
    button(at, START).click().run()
    assert "The disk is full" in words(at) and not at.exception
    assert not store.list()

"""Train: bad input is explained in its place, and one click makes exactly one job."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tiny_language_model
from streamlit.testing.v1 import AppTest
from tiny_language_model import save_language_model
from tiny_pair import save_pair

from bcos_core.errors import StorageError
from bcos_core.home import Home
from bcos_core.jobs.kinds import command_of
from bcos_core.jobs.store import JobStore
from bcos_core.text.upload import save_upload
from bcos_core.train.job import TRAIN
from pages.train import training
from tests.pages.conftest import OpenPage, Team, button, words
from tests.text.corpus_files import hatexplain, movies, zipped
from tests.train.small_task import write_inputs

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


def choices(at: AppTest, label: str) -> Any:
    return next(group for group in at.button_group if group.label == label)


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


def test_several_gpus_are_offered_where_there_are_some(
    open_page: OpenPage, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not [field for field in open_page("train").number_input if field.label == "Processes"]
    monkeypatch.setattr(training, "visible_devices", lambda: ("cuda:0", "cuda:1", "cuda:2"))
    training.count_gpus.clear()
    at = open_page("train", epochs="0.5", examples="400")
    (field,) = (field for field in at.number_input if field.label == "Processes")
    assert (field.value, field.max) == (1, 3)
    field.set_value(2).run()
    button(at, START).click().run()
    (job,) = store.list()
    assert TRAIN.read(job.spec).processes == 2 and "--processes=2" in command_of(job)
    training.count_gpus.clear()


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
    assert [box.value for box in at.selectbox] == ["review", "", "verdict", "", "dropped", "auto", "log", "usual"]


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


def test_a_published_data_set_brings_its_columns_and_its_sides(
    open_page: OpenPage, home: Home, store: JobStore, tmp_path: Path
) -> None:
    archive = zipped(tmp_path / "movies.zip", movies())
    path = save_upload(home, archive.name, archive.read_bytes())
    at = open_page("train", **{"task": "file", "file": f"{path.parent.name}/{path.name}"})
    assert not at.error and not at.exception, at.exception
    assert [box.value for box in at.selectbox[:4]] == ["text", "", "label", "evidence"]
    assert "Texts with a rationale: 30" in words(at) and "40 rows" in words(at)
    button(at, START).click().run()
    (job,) = store.list()
    assert job.spec["task"]["rationale_column"] == "evidence"
    file = save_upload(home, "dataset.json", json.dumps(hatexplain()).encode())
    at = open_page("train", **{"task": "file", "file": f"{file.parent.name}/{file.name}"})
    assert not at.error and [box.value for box in at.selectbox[:4]] == ["text", "", "label", "rationales"]
    assert "post_id_divisions.json was not given" in words(at)


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


def test_the_recipe_to_begin_with_suits_the_tokenizer(open_page: OpenPage, home: Home) -> None:
    assert choices(open_page("train"), "Recipe").value == "faithful"
    masked, _ = write_inputs(home.uploads / "one")
    assert choices(open_page("train", **{"from": "folder", "folder": str(masked)}), "Recipe").value == "faithful"
    folder, _ = write_inputs(home.uploads / "other")
    for file in ("tokenizer.json", "tokenizer_config.json"):
        (folder / file).unlink()
    tiny_language_model.tokenizer().save_pretrained(folder)
    asked = {"from": "folder", "folder": str(folder)}
    at = open_page("train", **asked)
    assert choices(at, "Recipe").value == "calibrated" and not at.exception
    assert choices(open_page("train", **asked, recipe="paper"), "Recipe").value == "paper"


def test_another_recipe_or_task_takes_the_options_back_to_its_own(open_page: OpenPage) -> None:
    at = open_page("train")
    field = next(field for field in at.number_input if field.label == "Learning rate")
    field.set_value(0.001).run()
    assert at.query_params["learning_rate"] == "0.001"

    choices(at, "Recipe").set_value("paper").run()
    assert number(at, "Learning rate") == 2e-5 and "learning_rate" not in at.query_params

    choices(at, "Recipe").set_value("calibrated").run()
    choices(at, "Task").set_value("tweets").run()
    assert number(at, "Learning rate") == 1e-4 and number(at, "Maximum length") == 64


def test_a_full_disk_is_told_in_place(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, store: JobStore) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise StorageError("The disk is full. Free some space.")

    at = open_page("train")
    monkeypatch.setattr(JobStore, "submit", full)
    button(at, START).click().run()
    assert "The disk is full" in words(at) and not at.exception
    assert not store.list()


def field(at: AppTest, label: str) -> Any:
    return next(one for one in (*at.text_input, *at.text_area) if one.label == label)


@pytest.mark.parametrize(
    "wrong",
    [{"task": "file", "file": "gone/reviews.csv"}, {"from": "hub", "hub-model": "someone/nothing"}],
    ids=["no such file", "no such model"],
)
def test_an_error_in_one_card_leaves_the_others(open_page: OpenPage, wrong: dict[str, str]) -> None:
    at = open_page("train", **wrong, epochs="0.5")
    at.query_params["name"] = "My model"
    at.run()
    assert at.error and not at.exception
    assert number(at, "Epochs") == 0.5 and field(at, "Name").value == "My model"
    assert {one.label for one in at.button_group} >= {"Model", "Task", "Recipe"}
    assert button(at, START).disabled


def test_an_unexpected_error_in_one_card_leaves_the_others(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = open_page("train")
    monkeypatch.setattr("pages.train.task_form._file_task", lambda: 1 / 0)
    at.query_params["task"] = "file"
    at.run()
    assert "Something went wrong" in words(at) and button(at, START).disabled
    assert number(at, "Epochs") is not None and field(at, "Name") is not None


@pytest.mark.parametrize(
    "asked",
    [
        {"from": "hub", "hub-model": "someone/something"},
        {"task": "hub", "hub-data": "someone/something"},
        {"kind": "language-model", "task": "hub", "hub-data": "someone/something"},
        {"from": "folder", "folder": "/etc"},
        {"task": "file", "file": "0123456789abcdef/reviews.csv"},
    ],
)
def test_nothing_is_read_for_a_viewer(
    open_page: OpenPage, team: Team, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str]
) -> None:
    """Neither the hub is asked, nor a folder or file looked for, by what stands in a viewer's address."""
    begun: list[str] = []
    for name in ("model_form.resolve_model", "task_form.resources.task_data", "task_form.uploaded"):
        monkeypatch.setattr(f"pages.train.{name}", lambda *_, name=name, **__: begun.append(name))
    monkeypatch.setattr("pages.train.texts_form._out_of_reach", lambda _: begun.append("out of reach"))
    for name, reads in (("Vic", False), ("Ann", True)):
        team(name)
        at = open_page("train", **asked)
        assert bool(begun) is reads, begun
        assert button(at, START).disabled
        if not reads:
            assert not at.error and "takes the role of researcher or admin" in button(at, START).help


def test_a_training_has_a_name_and_notes_before_it_starts(open_page: OpenPage, store: JobStore) -> None:
    at = open_page("train")
    field(at, "Name").set_value("  Glad   one ").run()
    field(at, "Notes").set_value("What *this* is to show").run()
    button(at, START).click().run()
    (job,) = store.list()
    spec = TRAIN.read(job.spec)
    assert (spec.name, spec.notes) == ("Glad one", "What *this* is to show")
    assert job.title.startswith("Glad one · ") and "'--name=Glad one'" in command_of(job)
    at.switch_page("train/page.py").run()
    assert field(at, "Name").value == "" and field(at, "Notes").value == ""


@pytest.mark.parametrize("name", ["tiny-bcos", "TINY-conventional", "a/b", "\u200b\u202e"])
def test_a_name_that_is_taken_or_none_is_refused_in_its_place(open_page: OpenPage, home: Home, name: str) -> None:
    save_pair(home)
    at = open_page("train")
    at.query_params["name"] = name
    at.run()
    assert len(at.error) == 1 and button(at, START).disabled
    assert number(at, "Epochs") is not None


@pytest.mark.parametrize("kind", ["classifier", "language-model"])
def test_a_name_is_free_of_classifiers_and_of_language_models(open_page: OpenPage, home: Home, kind: str) -> None:
    save_pair(home)
    save_language_model(home, "speaks")
    for name in ("tiny-bcos", "Speaks"):
        at = open_page("train", kind=kind)
        field(at, "Name").set_value(name).run()
        assert "There is a model called" in words(at) and button(at, START).disabled
    field(at, "Name").set_value("Another").run()
    assert not button(at, START).disabled


def test_a_form_that_was_left_half_filled_is_still_there(open_page: OpenPage) -> None:
    at = open_page("train")
    field(at, "Name").set_value("Half filled").run()
    next(one for one in at.number_input if one.label == "Epochs").set_value(1.5).run()
    at.switch_page("jobs/page.py")
    at.query_params.clear()
    at.run()
    assert at.title[0].value == "Jobs"
    at.switch_page("train/page.py").run()
    assert field(at, "Name").value == "Half filled" and number(at, "Epochs") == 1.5
    button(at, "Start over").click().run()
    assert field(at, "Name").value == "" and number(at, "Epochs") == 3.0


def test_two_sessions_do_not_fill_each_other_s_forms(open_page: OpenPage) -> None:
    first, second = open_page("train"), open_page("train")
    field(first, "Name").set_value("First").run()
    assert field(second.run(), "Name").value == ""


def test_a_small_file_is_not_of_no_size(open_page: OpenPage, home: Home) -> None:
    file = uploaded(home, "reviews.csv", reviews(20))
    at = open_page("train", task="file", file=file)
    assert "0.0 MB" not in words(at) and "bytes" in words(at)


def test_all_bad_numbers_are_named_at_once_as_the_form_calls_them(open_page: OpenPage) -> None:
    at = open_page("train", b="9", warmup="2", epochs="1")
    said = [error.value.replace("\\", "") for error in at.error]
    assert said == [
        "B is 9; expected a number from 1 to 4.",
        "Warm-up is 2; expected a number from 0 to below 1.",
    ]
    assert any("Correct among all options: B, Warm-up." in one.value for one in at.warning)
    (options,) = (one for one in at.expander if one.label == "All options")
    assert options.proto.expanded and button(at, START).disabled
    next(one for one in at.number_input if one.label == "B").set_value(1.5).run()
    next(one for one in at.number_input if one.label == "Warm-up").set_value(0.1).run()
    assert not at.error and not button(at, START).disabled
    assert next(one for one in at.expander if one.label == "All options").proto.expanded  # not under one's hands


def test_a_name_or_notes_that_are_too_long_say_the_limit(open_page: OpenPage, store: JobStore) -> None:
    at = open_page("train", notes="x" * 2_001)
    field(at, "Name").set_value("n" * 81).run()
    assert "has 81 characters; it can have 80" in words(at) and button(at, START).disabled
    field(at, "Name").set_value("n" * 80).run()
    assert "have 2,001 characters" in words(at) and "2,000" in words(at) and button(at, START).disabled


def test_the_name_of_a_training_that_waits_is_refused(open_page: OpenPage, store: JobStore) -> None:
    first = open_page("train")
    field(first, "Name").set_value("Mine").run()
    button(first, START).click().run()
    (job,) = store.list()
    at = open_page("train", epochs="0.5")
    field(at, "Name").set_value("mine").run()
    assert job.id in words(at) and "too. Choose another name" in words(at) and button(at, START).disabled

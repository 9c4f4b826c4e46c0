"""Train, of a language model: texts without labels, its own recipe, time and memory, and the job of the command."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from bcos_core.home import Home
from bcos_core.jobs.kinds import command_of
from bcos_core.jobs.store import JobStore
from bcos_core.numbers import number
from bcos_core.text.running import TextSource
from bcos_core.text.upload import save_upload
from bcos_core.train.language.job import LANGUAGE_MODEL
from tests.pages.conftest import OpenPage, button, words
from tests.train.small_language_task import language_spec, sentences, write_language_inputs

START = "Start training"


@pytest.fixture
def model(home: Home) -> Path:
    """A folder that may be read."""
    return write_language_inputs(home.create().uploads / "models")[0]


def opened(open_page: OpenPage, model: Path, **parameters: str):  # type: ignore[no-untyped-def]
    return open_page("train", kind="language-model", **{"from": "folder", "folder": str(model), **parameters})


def test_start_makes_one_job_that_the_command_line_describes(open_page: OpenPage, store: JobStore, model: Path) -> None:
    at = opened(open_page, model, epochs="0.5", max_length="32", b="1.2")
    assert not at.exception and not at.error
    assert "on this machine" in words(at) and "of memory" in words(at)
    assert "training texts" in words(at) and "Changed: B, Epochs, Maximum length." in words(at)
    button(at, START).click().run()
    (job,) = store.list()
    spec = LANGUAGE_MODEL.read(job.spec)
    assert (spec.model, spec.texts) == (str(model), TextSource("embedded", "short-reviews"))
    assert (spec.recipe.b, spec.recipe.epochs, spec.recipe.max_length) == (1.2, 0.5, 32)
    assert "--task-type language-model" in command_of(job)
    assert at.title[0].value == "Jobs" and at.query_params["job"] == job.id
    assert "active already" in words(opened(open_page, model, epochs="0.5", max_length="32", b="1.2"))


def test_a_text_file_needs_no_column_and_a_table_no_label(open_page: OpenPage, home: Home, model: Path) -> None:
    plain = save_upload(home, "novel.txt", "\n".join(sentences()).encode())
    at = opened(open_page, model, task="file", file=f"{plain.parent.name}/{plain.name}", max_length="32")
    assert not at.error and not button(at, START).disabled and "of plain text" in words(at)
    table = save_upload(home, "lines.csv", ("line,number\n" + "\n".join(f'"{s}",1' for s in sentences())).encode())
    named = {"task": "file", "file": f"{table.parent.name}/{table.name}", "max_length": "32"}
    assert "Choose the column that holds the texts" in words(opened(open_page, model, **named))
    at = opened(open_page, model, **named, **{"text-column": "line"})
    assert not at.error and not button(at, START).disabled


def test_what_does_not_fit_is_said_in_its_place(open_page: OpenPage, home: Home, model: Path) -> None:
    at = opened(open_page, model, max_length="65")
    assert "reads at most 64 tokens" in words(at) and button(at, START).disabled
    at = opened(open_page, model, max_length="32", loss="cross-entropy", hidden_weight="1.0")
    assert "in distillation alone" in words(at) and button(at, START).disabled
    at = open_page("train", kind="language-model", **{"from": "folder", "folder": str(home.uploads)})
    assert "config.json" in words(at) and button(at, START).disabled
    short = save_upload(home, "short.txt", b"Only one line.")
    at = opened(open_page, model, task="file", file=f"{short.parent.name}/{short.name}", max_length="32")
    assert "too few different texts" in words(at) and button(at, START).disabled


def write_texts(folder: Path, count: int = 30) -> int:
    """Files in a folder and in one in it; how many characters they have."""
    (folder / "inner").mkdir(parents=True)
    texts = [f"{sentence} Ünd so on." for sentence in sentences()[:count]]
    for place, text in enumerate(texts):
        (folder / ("inner" if place % 2 else ".") / f"{place}.txt").write_text(text, encoding="utf-8")
    return sum(map(len, texts))


def test_a_folder_of_text_files_is_counted_and_trained_on(
    open_page: OpenPage, home: Home, store: JobStore, model: Path
) -> None:
    folder = home.uploads / "novels"
    characters = write_texts(folder)
    (folder / "empty.txt").write_text(" \n")
    (folder / "elsewhere.txt").symlink_to("/etc/hostname")
    at = opened(open_page, model, task="folder", max_length="32", **{"texts-folder": f" {folder} "})
    said = words(at)
    assert not at.error and f"31 .txt files, {characters + 2:,} characters." in said
    assert "Symbolic links left out, which may lead anywhere: 1." in said and "because they are empty: 1." in said
    button(at, START).click().run()
    (job,) = store.list()
    assert LANGUAGE_MODEL.read(job.spec).texts == TextSource("file", str(folder))
    assert f"--task file:{folder}" in command_of(job)


def test_a_folder_that_cannot_be_trained_on_says_why(
    open_page: OpenPage, home: Home, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside"
    write_texts(outside)
    (home.uploads / "link").symlink_to(outside)
    (home.uploads / "bare").mkdir()
    (home.uploads / "other").mkdir()
    (home.uploads / "other" / "notes.md").write_text("No text file.")
    (home.uploads / "linked").mkdir()
    (home.uploads / "linked" / "a.txt").symlink_to(outside / "0.txt")
    (home.uploads / "latin").mkdir()
    (home.uploads / "latin" / "café.txt").write_bytes(b"caf\xe9")
    (home.uploads / "blank").mkdir()
    (home.uploads / "blank" / "a.txt").write_text("  ")
    for name, why in {
        "gone": "There is no folder",
        "bare": "bare has no .txt file in it, nor in the folders in it; other files: 0.",
        "other": "other files: 1. Give a folder of .txt files.",
        "linked": "Symbolic links, which are not followed: 1.",
        "latin": "café.txt is not UTF-8 text: the byte 0xE9 at position 3",
        "blank": "blank has no text in it: 1 file, all empty.",
        "link": "BCOS_ROOTS",
        "../../outside": "BCOS_ROOTS",
    }.items():
        at = opened(open_page, model, task="folder", max_length="32", **{"texts-folder": str(home.uploads / name)})
        assert why in words(at) and button(at, START).disabled, name
        assert not at.exception
    monkeypatch.setenv("BCOS_ROOTS", str(outside))
    at = opened(open_page, model, task="folder", max_length="32", **{"texts-folder": str(home.uploads / "link")})
    assert "30 .txt files" in words(at) and not button(at, START).disabled


def test_without_a_hub_a_data_set_of_it_is_refused_at_once(open_page: OpenPage, model: Path) -> None:
    at = opened(open_page, model, task="hub", max_length="32", **{"hub-data": "some/texts"})
    assert "offline mode is on" in words(at) and button(at, START).disabled


def test_an_encoder_does_not_speak(open_page: OpenPage, home: Home) -> None:
    from tests.train.small_task import write_inputs

    bert, _ = write_inputs(home.create().uploads / "models")
    at = opened(open_page, bert)
    assert "is no language model" in words(at) and button(at, START).disabled


def test_what_was_trained_is_on_models_and_jobs(open_page: OpenPage, home: Home, store: JobStore, model: Path) -> None:
    spec = language_spec((model, model.parent / "lines.csv"), epochs=0.0, calibrate=False)
    result, job = LANGUAGE_MODEL.run_here(spec)
    assert result.bcos is not None
    at = open_page("models")
    assert not at.exception and "left out" not in words(at)
    name = Path(result.bcos.checkpoint).name
    assert "Language models" in words(at) and any(f"explain {name} --next-token" in code.value for code in at.code)
    assert f"B-cos, B = 1.1 · Llama · perplexity {number(result.bcos.metrics['perplexity'])}" in words(at)
    at = open_page("jobs", job=job)
    assert not at.exception and "Test perplexity, B-cos" in [metric.label for metric in at.metric]
    assert all(candidate.label != "Compare" for candidate in at.button)  # which is for classifiers
    shown = {metric.label: metric.value for metric in at.metric}
    assert shown["Test perplexity, original"] == number(result.original)
    ratio = number(result.bcos.metrics["perplexity_ratio"])
    assert f"{ratio} × the original’s (95 % interval" in words(at)
    assert f"{result.test_sequences} test sequences" in words(at) and "test texts" not in words(at)
    assert not open_page("home").exception
    button(at, "Generate").click().run()
    assert not at.exception and at.title[0].value == "Generate" and at.query_params["model"] == name


def test_the_very_job_that_gives_the_name_is_shown_not_its_name_refused(
    open_page: OpenPage, store: JobStore, model: Path
) -> None:
    """What a second click, or a second tab, finds."""
    asked = {"epochs": "0.5", "max_length": "32", "name": "Speaker"}
    button(opened(open_page, model, **asked), START).click().run()
    again = opened(open_page, model, **asked)
    assert "This very job is active already." in words(again) and not again.error
    other = opened(open_page, model, **{**asked, "epochs": "1.0"})
    assert "will call its model 'Speaker' too" in words(other) and button(other, START).disabled
    assert len(store.list()) == 1


def test_more_memory_than_is_free_is_said_before_the_start(
    open_page: OpenPage, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "are free" not in words(opened(open_page, model, max_length="32"))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=1000))
    at = opened(open_page, model, max_length="32")
    assert not at.exception and "Training llama takes about" in words(at) and "1 kB are free" in words(at)

"""Train, of a language model: texts without labels, its own recipe, time and memory, and the job of the command."""

from __future__ import annotations

from pathlib import Path

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
    assert not open_page("home").exception

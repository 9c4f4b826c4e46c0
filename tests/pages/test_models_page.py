"""The Models page: what is known of a model, and the audit of its conversion."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from tiny_pair import save_pair

from bcos_core.cli.main import main
from bcos_core.home import Home
from bcos_core.jobs.kinds import command_of
from bcos_core.jobs.store import JobStore
from bcos_core.model import content
from tests.pages.conftest import OpenPage, button, words

TASK = {"kind": "embedded", "name": "short-reviews", "text_column": None, "label_column": None, "hub_config": None}


@pytest.fixture
def pair(home: Home) -> tuple[Path, Path]:
    return save_pair(home, task=TASK, recipe={"b": 1.5, "seed": 42})


def test_without_a_model_it_leads_to_one(open_page: OpenPage) -> None:
    at = open_page("models")
    assert "no trained model" in words(at) and not at.exception


@pytest.mark.parametrize("page", ["models", "compare"])
def test_an_adapter_among_the_models_is_named(page: str, home: Home, open_page: OpenPage) -> None:
    (home.models / "mine").mkdir()
    (home.models / "mine" / "adapter_config.json").write_text('{"peft_type": "LORA"}')
    at = open_page(page)
    assert not at.exception and "mine is left out. The folder mine has an adapter in it" in words(at)
    assert "merge_and_unload()" in words(at)


def test_an_audit_is_a_job_that_is_asked_for_once(
    pair: tuple[Path, Path], open_page: OpenPage, store: JobStore
) -> None:
    at = open_page("models")
    assert not at.exception, at.exception
    assert "B-cos, B = 1.5" in words(at)
    button(at, "Run the audit").click().run()
    (job,) = store.list()
    assert job.kind == "audit" and job.spec == {"checkpoints": [str(path) for path in pair]}
    at = open_page("models", model="tiny-conventional")  # the same pair
    assert not any(one.label == "Run the audit" for one in at.button)


def test_a_finished_audit(pair: tuple[Path, Path], open_page: OpenPage) -> None:
    assert main(["audit", "tiny-bcos", "--json"]) == 0
    at = open_page("models")
    assert not at.exception, at.exception
    said = words(at)
    assert "McNemar" in said and "with different answers" in said
    assert [metric.label for metric in at.metric] == ["Accuracy", "Macro F1", "Brier score"] * 2
    assert button(at, "Open in Compare").disabled
    assert set(at.dataframe[0].value["label"]) <= {"negative", "positive"}


def test_a_model_without_a_twin(home: Home, open_page: OpenPage) -> None:
    save_pair(home, task=TASK)
    shutil.rmtree(home.models / "tiny-conventional")
    at = open_page("models")
    assert "has no twin here" in words(at) and not at.exception


def test_the_words_of_a_model(pair: tuple[Path, Path], open_page: OpenPage, store: JobStore) -> None:
    at = open_page("models")
    button(at, "Gather the words").click().run()
    (job,) = store.list()
    assert job.kind == "words" and command_of(job).endswith("--method=bcos --limit=300 --seed=0")
    store.cancel(job.id)
    assert main(["words", "tiny-bcos", "--json"]) == 0
    at = open_page("models", **{"words-of": "negative"})
    assert not at.exception, at.exception
    assert "Mean contribution to “negative”" in words(at) and "linear model of word counts (accuracy " in words(at)
    speak_for = at.dataframe[0].value
    assert list(speak_for["mean contribution"]) == sorted(speak_for["mean contribution"], reverse=True)


def test_weights_and_data_are_read_once_while_the_audit_is_not_known(
    pair: tuple[Path, Path], open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    real = content.weights_hash

    def counting(path: Path) -> str:
        hashed.append(path.name)
        return real(path)

    monkeypatch.setattr(content, "weights_hash", counting)
    at = open_page("models").run()
    assert any(one.label == "Run the audit" for one in at.button)
    assert sorted(set(hashed)) == sorted(hashed)  # each at most once, over several runs of the page
    assert "tiny-bcos" in hashed
    weights = pair[0] / "model.safetensors"
    os.utime(weights, ns=(weights.stat().st_atime_ns, weights.stat().st_mtime_ns + 10**9))
    hashed.clear()
    at.run()
    assert hashed == ["tiny-bcos"]


def test_a_damaged_folder_is_named_and_hides_nothing(pair: tuple[Path, Path], home: Home, open_page: OpenPage) -> None:
    bad = home.models / "bad-folder"
    shutil.copytree(pair[0], bad)
    (bad / "checkpoint.json").write_text('{"accuracy": "high"}')
    for page in ("models", "compare", "evaluate", "studies"):
        at = open_page(page)
        assert not at.exception, at.exception
        assert "Something went wrong" not in words(at)
    at = open_page("models")
    assert "B-cos, B = 1.5" in words(at)
    assert [one.label for one in at.expander if "left out" in one.label] == ["1 folder left out"]
    assert "bad-folder is left out." in words(at) and "`accuracy`: expected `float | null`, got `str`" in words(at)


def test_only_damaged_folders(home: Home, open_page: OpenPage) -> None:
    (home.models / "half-copied").mkdir()
    at = open_page("models")
    assert "no trained model" in words(at) and "half-copied is left out." in words(at)


def test_models_names_what_it_leaves_out(
    pair: tuple[Path, Path], home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    (home.models / "half-copied").mkdir()
    assert main(["models"]) == 0
    said = capsys.readouterr().out
    assert "tiny-bcos" in said and "Left out: half-copied." in said and "it has no config.json" in said


def test_the_families_that_can_be_converted_are_listed(open_page: OpenPage) -> None:
    at = open_page("models")
    assert not at.exception, at.exception
    table = at.dataframe[0].value
    assert {"BERT", "Llama", "ModernBERT"} <= set(table["Family"])
    assert "conv_kernel_size" in table.set_index("Family")["Only with"]["DeBERTa v2 / v3"]
    assert "gemma2" in words(at)

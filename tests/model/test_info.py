"""What a model folder says of itself: read as it is, or refused in words; a list shows the others."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bcos_core.errors import BcosError, CheckpointError, DataError, PathNotAllowedError
from bcos_core.home import Home
from bcos_core.model.info import list_checkpoints, read_info, trained_on
from bcos_core.model.named_tokens import named_tokens

CONFIG: dict[str, Any] = {
    "model_type": "bert",
    "max_position_embeddings": 64,
    "id2label": {"0": "bad", "1": "good"},
    "bcos": {"format_version": 1, "family": "bert", "b": 1.5, "normalize_weights": False},
}
DETAILS: dict[str, Any] = {
    "name": "a model",
    "max_length": 32,
    "task": {"kind": "embedded", "name": "short-reviews"},
    "recipe": {"name": "calibrated", "consistency": 0.0},
    "accuracy": 0.75,
    "test_size": 100,
    "created_at": "2026-11-24T15:30:12+00:00",
    "job": "20261124-153012-ab12",
    "twin": "a-model-conventional",
    "format_version": 1,
}


def folder(parent: Path, name: str = "one", *, config: object = CONFIG, details: object = DETAILS) -> Path:
    made = parent / name
    made.mkdir(parents=True)
    for file, content in (("config.json", config), ("checkpoint.json", details)):
        if content is not None:
            text = content if isinstance(content, str) else json.dumps(content)
            (made / file).write_text(text, encoding="utf-8")
    return made


def test_a_whole_folder(tmp_path: Path) -> None:
    info = read_info(folder(tmp_path))
    assert (info.name, info.kind, info.family, info.labels) == ("a model", "bcos", "BERT", ("bad", "good"))
    assert (info.b, info.max_length, info.metrics, info.test_size) == (1.5, 32, {"accuracy": 0.75}, 100)
    assert info.twin == "a-model-conventional" and trained_on(info).name == "short-reviews"


@pytest.mark.parametrize(
    ("config", "labels"),
    [
        ({}, ("0", "1")),  # two outputs, as transformers has it
        ({"id2label": None, "num_labels": 3}, ("0", "1", "2")),
        ({"id2label": {}, "num_labels": 3}, ("0", "1", "2")),
        ({"id2label": {"1": "b", "0": "a"}}, ("a", "b")),
        ({"id2label": {str(i): f"c{i}" for i in range(12)}}, tuple(f"c{i}" for i in range(12))),
        ({"id2label": {"0": 7, "1": None, "2": " ", "3": "\u200b"}}, ("7", "1", "2", "3")),
    ],
)
def test_class_names(config: dict[str, Any], labels: tuple[str, ...], tmp_path: Path) -> None:
    assert read_info(folder(tmp_path, config={"model_type": "bert", **config}, details=None)).labels == labels


@pytest.mark.parametrize(
    "config",
    [
        {"id2label": ["bad", "good"]},
        {"id2label": "bad, good"},
        {"id2label": {"zero": "bad", "one": "good"}},
        {"id2label": {"1": "bad", "2": "good"}},
        {"id2label": {"00": "bad", "1": "good"}},
        {"id2label": {"0": "bad"}, "num_labels": 2},
        {"id2label": {"0": "bad", "1": "good"}, "num_labels": 3},
        {"id2label": {"0": "same", "1": "same"}},
        {"id2label": {"0": ["bad"], "1": "good"}},
        {"id2label": None, "num_labels": 10**9},
        {"model_type": None},
        {"model_type": ["bert"]},
        {"model_type": "roberta"},  # its bcos section says BERT
        {"bcos": True},
        {"bcos": {}},
        {"bcos": []},
        {"bcos": {"b": "1.5"}},
        {"bcos": {"b": 0.5}},
        {"bcos": {"b": None}},
        {"bcos": {"b": 1.5, "normalize_weights": "yes"}},
        {"bcos": {"b": 1.5, "format_version": "1"}},
        {"bcos": {"b": 1.5, "format_version": 0}},
        {"max_position_embeddings": "64"},
        {"max_position_embeddings": 0},
        {"max_position_embeddings": None},
    ],
    ids=json.dumps,
)
def test_a_damaged_config_is_left_out_with_its_reason(config: dict[str, Any], home: Home) -> None:
    folder(home.models, "damaged", config={**CONFIG, **config})
    left_out(home)


@pytest.mark.parametrize(
    "details",
    [
        [],
        None,
        "text",
        {"name": 3},
        {"name": ""},
        {"name": "long" * 1000},
        {"max_length": "32"},
        {"max_length": -1},
        {"max_length": 10**12},
        {"task": "short-reviews"},
        {"task": {"kind": ["embedded"], "name": "short-reviews"}},
        {"recipe": []},
        {"recipe": {"consistency": "much"}},
        {"recipe": {"masking": True}},
        {"accuracy": "0.75"},
        {"accuracy": 75},
        {"test_size": -5},
        {"created_at": 0},
        {"created_at": "yesterday"},
        {"job": {}},
        {"job": "../../etc"},
        {"twin": 1},
        {"twin": "../../elsewhere"},
        {"twin": ".."},
        {"twin": "/etc"},
        {"twin": "a\\b"},
        {"twin": "a\u0000b"},
        {"format_version": "2"},
        {"format_version": None},
        {"format_version": 2},
    ],
    ids=json.dumps,
)
def test_a_damaged_checkpoint_file_is_left_out_with_its_reason(details: object, home: Home) -> None:
    content = {**DETAILS, **details} if isinstance(details, dict) else json.dumps(details)
    folder(home.models, "damaged", details=content)
    left_out(home)


@pytest.mark.parametrize("file", ["config.json", "checkpoint.json"])
@pytest.mark.parametrize(
    "content", ["", "{", '{"a": NaN}', "[" * 100_000, '{"a": ' + "[" * 900 + "]" * 900 + "}", "\0"]
)
def test_what_is_not_json_is_left_out_with_its_reason(file: str, content: str, home: Home) -> None:
    made = folder(home.models, "damaged")
    (made / file).write_text(content)
    left_out(home)


def test_a_number_that_is_not_finite_is_refused_wherever_it_stands(home: Home) -> None:
    """transformers would read it, and compute with infinity."""
    made = folder(home.models, "damaged")
    (made / "config.json").write_text('{"model_type": "bert", "layer_norm_eps": 1e999}')
    left_out(home)


def left_out(home: Home) -> None:
    """Of a good folder and a damaged one, the good one is listed, and the damaged one named."""
    folder(home.models, "good")
    with pytest.raises(BcosError):
        read_info(home.models / "damaged")
    listing = list_checkpoints(home)
    assert [info.path.name for info in listing] == ["good"]
    (left,) = listing.left_out
    assert left.name == "damaged" and len(left.reason) < 600 and left.reason.rstrip().endswith(".")


def test_an_unsupported_family_is_left_out_by_name(home: Home) -> None:
    folder(home.models, "damaged", config={"model_type": "t5"}, details=None)
    assert "'t5' cannot be converted" in list_checkpoints(home).left_out[0].reason
    left_out(home)


def test_newest_first(home: Home) -> None:
    for name, day in (("old", 1), ("new", 3), ("middle", 2)):
        folder(home.models, name, details={**DETAILS, "created_at": f"2026-11-0{day}T00:00:00+00:00"})
    assert [info.path.name for info in list_checkpoints(home)] == ["new", "middle", "old"]


def test_a_task_file_of_a_checkpoint_lies_under_the_allowed_roots(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BCOS_ROOTS", raising=False)
    inside, outside = home.uploads / "mine.csv", tmp_path / "elsewhere" / "secret.csv"
    link = home.uploads / "link.csv"
    for file in (inside, outside):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("text,label\na,b\n")
    link.symlink_to(outside)
    info = read_info(folder(home.models, details={**DETAILS, "task": {"kind": "file", "name": str(inside)}}))
    assert trained_on(info).name == str(inside)
    for name in (str(outside), str(link), str(home.uploads / ".." / ".." / "elsewhere" / "secret.csv"), "/etc/passwd"):
        with pytest.raises(PathNotAllowedError, match=r"outside the folders.*BCOS_ROOTS"):
            trained_on(replace(info, task={"kind": "file", "name": name}))
    monkeypatch.setenv("BCOS_ROOTS", str(outside.parent))
    assert trained_on(replace(info, task={"kind": "file", "name": str(outside)})).name == str(outside)


@pytest.mark.parametrize(
    "task",
    [None, {}, {"kind": None, "name": None}, {"kind": "file", "name": "a\0b"}, {"kind": "file", "name": "a" * 9999}],
)
def test_what_is_no_task_is_refused_in_words(task: dict[str, str | None] | None, home: Home) -> None:
    info = read_info(folder(home.models))
    with pytest.raises((DataError, PathNotAllowedError)):
        trained_on(replace(info, task=task))


def test_reading_needs_no_pytorch() -> None:
    code = "import sys, bcos_core.model.info; print(sorted({'torch', 'transformers'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_name_is_not_a_folder(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="There is no folder"):
        read_info(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["x" * 5000, "nul\0"])
def test_what_no_folder_can_be_called_is_refused_in_words(name: str) -> None:
    with pytest.raises(PathNotAllowedError, match="is not a path"):
        read_info(name)


@pytest.mark.parametrize("name", ["config.json", "checkpoint.json", "vocab.txt", "about.json"])
def test_a_file_that_is_a_link_out_of_the_folder_is_not_read(
    name: str, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BCOS_ROOTS", raising=False)
    path, outside = folder(home.models), tmp_path / "elsewhere"
    outside.mkdir()
    target = outside / name
    target.write_bytes((path / name).read_bytes() if (path / name).exists() else b"{}")
    (path / name).unlink(missing_ok=True)
    (path / name).symlink_to(target)
    with pytest.raises(CheckpointError, match=rf"{name} is a link that leads out of the folder.*BCOS_ROOTS"):
        read_info(path)
    monkeypatch.setenv("BCOS_ROOTS", str(outside))
    assert read_info(path).name


def test_folders_that_are_links_and_those_of_the_hubs_cache_are_read(home: Home, tmp_path: Path) -> None:
    cached = tmp_path / "models--org--name" / "snapshots" / "0"
    blobs = tmp_path / "models--org--name" / "blobs"
    blobs.mkdir(parents=True)
    for file in folder(home.models).iterdir():
        cached.mkdir(parents=True, exist_ok=True)
        file.rename(blobs / file.name)
        (cached / file.name).symlink_to(Path("..") / ".." / "blobs" / file.name)
    (home.models / "linked").symlink_to(cached)
    assert read_info(cached).labels == read_info(home.models / "linked").labels


def test_files_without_an_end_say_nothing_of_a_tokenizer(tmp_path: Path) -> None:
    (tmp_path / "tokenizer_config.json").symlink_to("/dev/zero")
    (tmp_path / "tokenizer.json").write_text('{"added_tokens": [{"content": ["[MASK]"]}, {"content": "[PAD]"}]}')
    assert named_tokens(tmp_path) == ("pad",)


@pytest.mark.parametrize("field", ["metrics", "constant"])
def test_an_accuracy_that_is_none_is_refused_in_words(field: str, tmp_path: Path) -> None:
    """Its interval would be none, wherever it is drawn."""
    with pytest.raises(CheckpointError, match=r"accuracy is 7\.5; expected a share"):
        read_info(folder(tmp_path, details={**DETAILS, field: {"accuracy": 7.5}}))

"""What a model source names, and what it must not reach."""

from __future__ import annotations

from pathlib import Path

import pytest
from folders import save_folder
from tiny import tiny_model

from bcos_core import convert
from bcos_core.errors import BcosError, CheckpointError, HubUnavailableError, PathNotAllowedError, UnsupportedModelError
from bcos_core.model.sources import resolve_model


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BCOS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("BCOS_ROOTS", raising=False)


def test_the_embedded_model_and_a_folder(tmp_path: Path) -> None:
    assert resolve_model("minilm").family == "BERT"
    save_folder(tmp_path / "mine", "roberta")
    found = resolve_model(str(tmp_path / "mine"))
    assert (found.kind, found.family, found.location) == ("folder", "RoBERTa", str((tmp_path / "mine").resolve()))


def test_pages_reach_allowed_folders_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_folder(tmp_path / "mine", "bert")
    for source in (str(tmp_path / "mine"), f"{tmp_path}/home/../mine"):
        with pytest.raises(PathNotAllowedError, match="BCOS_ROOTS"):
            resolve_model(source, restrict=True)
    with pytest.raises(CheckpointError, match="nor a hub id"):
        resolve_model(f"hub:{tmp_path}/mine", restrict=True)
    monkeypatch.setenv("BCOS_ROOTS", str(tmp_path))
    assert resolve_model(str(tmp_path / "mine"), restrict=True).kind == "folder"


def test_of_a_folder_outside_a_page_learns_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether there is one: neither by the kind of error, nor by its words."""
    monkeypatch.chdir(tmp_path)
    save_folder(tmp_path / "mine" / "secret", "bert")
    (tmp_path / "mine" / "ring").symlink_to("ring")
    said = set()
    for name in ("secret", "none", "ring"):
        for written in ("mine/{}", f"{tmp_path}/mine/{{}}", "./mine/{}", "a/../mine/{}"):
            with pytest.raises(BcosError) as refused:
                resolve_model(written.format(name), restrict=True)
            said.add((written, type(refused.value), str(refused.value).replace(name, "NAME")))
    assert len(said) == 4
    assert resolve_model("mine/secret").kind == "folder"
    monkeypatch.setenv("BCOS_ROOTS", str(tmp_path))
    assert resolve_model("mine/secret", restrict=True).kind == "folder"


def test_a_hub_id_is_one_whatever_folder_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was fetched earlier is read, in the layout of the hub's library, and a folder of that name is not: neither
    when the model is chosen, nor by the job, which is given the argument."""
    monkeypatch.chdir(tmp_path)
    save_folder(tmp_path / "org" / "one", "bert")
    with pytest.raises(HubUnavailableError):
        resolve_model("hub:org/one")
    cache = tmp_path / "cache"
    snapshot = cache / "models--org--one" / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text('{"model_type": "gpt2"}', encoding="utf-8")
    (cache / "models--org--one" / "refs").mkdir()
    (cache / "models--org--one" / "refs" / "main").write_text("0" * 40, encoding="utf-8")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    found = resolve_model("hub:org/one", restrict=True)
    assert (found.kind, found.family, found.argument) == ("hub", "GPT-2", "hub:org/one")
    assert resolve_model(found.argument) == found == resolve_model("org/one", restrict=True)
    assert (resolve_model("org/one").kind, resolve_model("./org/one").family) == ("folder", "BERT")
    assert resolve_model("org/one").argument == str(tmp_path / "org" / "one")
    assert resolve_model("minilm").argument == "minilm"


def test_what_cannot_be_converted(tmp_path: Path) -> None:
    with pytest.raises(HubUnavailableError, match="minilm"):
        resolve_model("some-org/some-model")
    with pytest.raises(CheckpointError, match="no folder"):
        resolve_model("./missing")
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "config.json").write_text('{"model_type": "mamba"}')
    with pytest.raises(UnsupportedModelError, match="BERT, RoBERTa, DistilBERT"):
        resolve_model(str(tmp_path / "odd"))
    convert(tiny_model("bert")).save_pretrained(tmp_path / "done")
    with pytest.raises(UnsupportedModelError, match="already"):
        resolve_model(str(tmp_path / "done"))

"""What a model source names, and what it must not reach."""

from __future__ import annotations

from pathlib import Path

import pytest
from folders import save_folder
from tiny import tiny_model

from bcos_core import convert
from bcos_core.errors import CheckpointError, HubUnavailableError, PathNotAllowedError, UnsupportedModelError
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

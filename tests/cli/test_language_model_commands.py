"""`generate`, `explain --next-token` and `rerun`, on a folder of a tiny language model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bcos_core.cli.main import main
from bcos_core.home import Home
from bcos_core.model.about import About
from bcos_core.model.checkpoint import save_checkpoint
from bcos_core.model.convert import convert
from tests.tiny_language_model import network, save_language_model, tokenizer

PROMPT = "The keys to the old cabinet"


@pytest.fixture
def folder(home: Home) -> Path:
    return save_language_model(home)


def asked(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    assert main([*words, "--json"]) == code
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_what_it_writes_is_explained_and_asked_again(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = asked(capsys, "generate", "tiny", "--prompt", PROMPT, "--max-tokens", "3", "--top", "4")
    assert [len(step["alternatives"]) for step in written["tokens"]] == [4] * len(written["tokens"])
    first = written["tokens"][0]
    found = asked(capsys, "explain", "tiny", "--next-token", "--text", PROMPT)
    (record,) = found["records"]
    assert record["target"]["index"] == first["token"]
    assert record["logit"] == pytest.approx(first["logit"], abs=1e-5)
    (tmp_path / "records.json").write_text(json.dumps(found))
    assert asked(capsys, "rerun", str(tmp_path / "records.json"))["matches"]
    assert main(["generate", "tiny", "--prompt", PROMPT, "--max-tokens", "3"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(PROMPT + written["text"].split("\n")[0])


def test_one_word_rather_than_another(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["explain", str(folder), "--next-token", "--text", PROMPT, "--target", " Mary", "--minus", " John"]
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "pullback on tiny" in shown and "“ Mary” rather than “ John”" in shown
    assert "the logit is" in shown and "was not converted" in shown
    methods = asked(capsys, *words, "--methods", "occlusion", "input_x_gradient")["records"]
    assert [record["method"] for record in methods] == ["occlusion", "input_x_gradient"]
    (chat,) = asked(capsys, *words, "--chat")["records"]
    assert chat["text"] == PROMPT
    assert chat["tokens"][0]["start"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("explain", "tiny", "--text", PROMPT), "ask it for the next word"),
        (("explain", "tiny", "--text", PROMPT, "--chat"), "together with --next-token"),
        (("explain", "tiny", "--next-token", "--text", "a", "--second", "b"), "A prompt is one text"),
        (("explain", "tiny", "--next-token", "--text", PROMPT, "--target", " a", "--minus", " a"), "minus itself"),
        (("generate", "tiny", "--prompt", " "), "prompt is empty"),
        (("generate", "nowhere", "--prompt", PROMPT), "no checkpoint 'nowhere'"),
        (("generate", "tiny", "--prompt", PROMPT, "--max-tokens", "0"), "max_tokens is 0"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    words: tuple[str, ...], said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in asked(capsys, *words, code=2)["error"]["message"]


def test_a_converted_model_is_asked_and_listed_by_its_name(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    save_checkpoint(
        convert(network(), b=1.1),
        tokenizer(),
        home.create().models / "spoken-j1",
        about=About("Plain speaker"),
        metrics={"perplexity": 12.5},
    )
    written = asked(capsys, "generate", "plain speaker", "--prompt", PROMPT, "--max-tokens", "2")
    assert written["model"] == "Plain speaker"
    (record,) = asked(capsys, "explain", "Plain speaker", "--next-token", "--text", PROMPT)["records"]
    assert record["method"] == "bcos" and record["target"]["index"] == written["tokens"][0]["token"]
    total = sum(record["scores"]) + record["reference_share"]
    assert total == pytest.approx(record["logit"], abs=1e-4 * max(1.0, abs(record["logit"])))
    listed = asked(capsys, "models")
    (model,) = listed["language_models"]
    assert (model["b"], model["task_type"], listed["checkpoints"], listed["left_out"]) == (1.1, "next-token", [], [])
    assert main(["models"]) == 0
    assert "B-cos, B = 1.1 · Llama · language model · perplexity 12.5" in capsys.readouterr().out
    renamed = asked(capsys, "models", "rename", "spoken-j1", "Another name")
    assert renamed["name"] == "Another name"
    (gone,) = asked(capsys, "models", "delete", "Another name")["deleted"]
    assert gone == "Another name" and not asked(capsys, "models")["language_models"]
    (trashed,) = asked(capsys, "models", "trash")["trash"]
    assert trashed["models"] == ["Another name"]
    assert asked(capsys, "models", "restore", trashed["id"])["restored"] == ["Another name"]
    assert asked(capsys, "models")["language_models"][0]["name"] == "Another name"


def bare(folder: Path) -> Path:
    """The same model with a tokenizer that has no token to stand for a removed one."""
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({k: v for k, v in settings.items() if k != "pad_token"}))
    return folder


def test_all_methods_leave_out_what_the_tokenizer_cannot_serve(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare(folder)
    few = [word for name in ("steps", "samples") for word in ("--option", f"{name}=3")]
    assert main(["explain", "tiny", "--next-token", "--text", PROMPT, "--methods", "all", *few, "--json"]) == 0
    shown = capsys.readouterr()
    methods = [record["method"] for record in json.loads(shown.out)["records"]]
    assert {"pullback", "normxlogit", "reagent", "integrated_gradients"} <= set(methods)
    assert "occlusion" not in methods and "Left out, for the tokenizer of tiny has no token" in shown.err
    assert "occlusion" in shown.err
    words = ["explain", "tiny", "--next-token", "--text", PROMPT, "--methods", "occlusion"]
    assert "no mask token" in asked(capsys, *words, code=2)["error"]["message"]
    found = asked(capsys, "evaluate", "tiny", "--pairs", "agreement", "--limit", "2")
    assert {row["method"] for row in found["rows"]} >= {"pullback", "saliency", "random"}
    (left_out,) = found["skipped"]
    assert left_out["method"] == "occlusion" and "no token that stands for a removed one" in left_out["reason"]


def test_words_that_were_cut_off_are_no_zeros(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "tiny", "--next-token", "--text", "lost " * 300 + PROMPT]) == 0
    shown = capsys.readouterr().out
    assert shown.count("lost") < 60 and "  cabinet" in shown and "its front is cut off" in shown


def test_a_config_that_makes_no_model_is_refused_by_every_command(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"num_attention_heads": 3}))
    for words in (["generate", "tiny", "--prompt", PROMPT], ["evaluate", "tiny", "--pairs", "agreement"]):
        assert "describes no model" in asked(capsys, *words, code=2)["error"]["message"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: (folder / "config.json").unlink(), "has no config.json"),
        (lambda folder: (folder / "config.json").write_text("{"), "is not JSON"),
        (
            lambda folder: (
                (folder / "config.json").unlink(),
                (folder / "adapter_config.json").write_text('{"peft_type": "LORA"}'),
            ),
            "AutoPeftModelForCausalLM of a language model",
        ),
    ],
)
def test_a_folder_that_is_none_is_refused_alike_by_all_commands(
    change: Any, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(folder)
    for words in (
        ["generate", "tiny", "--prompt", PROMPT],
        ["explain", "tiny", "--next-token", "--text", PROMPT],
        ["evaluate", "tiny", "--pairs", "agreement"],
    ):
        assert said in asked(capsys, *words, code=2)["error"]["message"]


@pytest.mark.parametrize("word", ["\ud800", " a\udfff"])
def test_a_word_that_is_not_utf_8_is_refused(word: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--target", word], ["--target", " Mary", "--minus", word]):
        found = asked(capsys, "explain", "tiny", "--next-token", "--text", PROMPT, *words, code=2)
        assert "is not UTF-8" in found["error"]["message"]


def test_the_embedded_encoder_is_known_by_name(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, "generate", "minilm", "--prompt", PROMPT, code=2)
    assert "is no language model: it was saved as BertModel" in found["error"]["message"]
    assert (
        "embedded are minilm and smollm2"
        in asked(capsys, "generate", "x", "--prompt", PROMPT, code=2)["error"]["message"]
    )


def test_a_terminal_obeys_no_control_characters_of_a_text(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["explain", "tiny", "--next-token", "--text", "The \x1b[31mkeys\x9b"]
    assert main(words) == 0
    assert "\x1b" in capsys.readouterr().out  # a pipe gets what there is
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown and "\\x1b" in shown and shown.count("\n") > 3


def test_a_language_model_takes_no_name_that_another_has_and_gives_none_to_the_embedded(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = folder.parent / "other"
    network(seed=1).save_pretrained(other)
    tokenizer().save_pretrained(other)
    assert asked(capsys, "models", "rename", "tiny", "Mine")["name"] == "Mine"
    for name, said in (("mine", "called 'mine' already"), ("SmolLM2", "embedded model"), ("minilm", "embedded model")):
        assert said in asked(capsys, "models", "rename", "other", name, code=2)["error"]["message"]
    embedded = folder.parent.parent / "embedded" / "smollm2-1"
    embedded.parent.mkdir(exist_ok=True)
    other.rename(embedded)
    monkeypatch.setattr("bcos_core.model.embedded.embedded_folder", lambda name: embedded)
    monkeypatch.setattr("bcos_core.cli.checkpoints.embedded_folder", lambda name: embedded)
    for words in (["rename", "smollm2", "x"], ["tag", "smollm2", "x"], ["note", "smollm2", "x"]):
        assert "keeps its name" in asked(capsys, "models", *words, code=2)["error"]["message"]
    assert not list(embedded.glob("about*"))

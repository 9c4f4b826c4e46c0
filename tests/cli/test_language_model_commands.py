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
from tests.tiny_language_model import network, tokenizer

PROMPT = "The keys to the old cabinet"


@pytest.fixture
def folder(home: Home) -> Path:
    place = home.create().models / "tiny"
    network().save_pretrained(place)
    tokenizer().save_pretrained(place)
    return place


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

"""`generate`, `explain --next-token` and `rerun`, on a folder of a tiny language model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bcos_core.cli.main import main
from bcos_core.home import Home
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

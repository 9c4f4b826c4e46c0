"""Which texts `explain --file` reads from a file."""

from __future__ import annotations

import argparse
import codecs
import io
from pathlib import Path

import pytest

from bcos_core.cli import explain
from bcos_core.errors import InputError, TextError
from bcos_core.text.pair import pair

TEXTS = ["first", "a\u2028b\u0085c\x0bd\x0ce\x1cf", "bare\rreturn", " third"]


def texts(*argv: str) -> list[str]:
    parser = argparse.ArgumentParser()
    explain.add_parser(parser.add_subparsers())
    return explain._texts(parser.parse_args(["explain", "CHECKPOINT", *argv]))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_lines_end_at_line_feeds_and_the_mark_goes(tmp_path: Path, end: str, encoding: str) -> None:
    file = tmp_path / "texts.txt"
    file.write_bytes(end.join([*TEXTS[:1], "", "\u200b", *TEXTS[1:]]).encode(encoding))
    assert texts("--file", str(file)) == TEXTS
    assert texts("--text", "zero", "--file", str(file)) == ["zero", *TEXTS]


def test_standard_input_is_read_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    data = io.BytesIO(codecs.BOM_UTF8 + "\n".join(TEXTS).encode())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(data, encoding="latin-1"))
    assert texts("--file", "-") == TEXTS


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff\xfet", "not UTF-16"),
        (b"Gr\xf6", "not UTF-8"),
        (b"\n\n", "no text"),
        (b"one\rtwo\rthree", "carriage returns alone"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "texts.txt").write_bytes(data)
    with pytest.raises(InputError, match=said):
        texts("--file", str(tmp_path / "texts.txt"))
    with pytest.raises(InputError, match="cannot be read"):
        texts("--file", str(tmp_path / "nowhere.txt"))
    with pytest.raises(InputError, match="is empty"):
        texts("--text", "\u200b")


def test_bytes_of_the_command_line_that_are_no_text() -> None:
    with pytest.raises(InputError, match="not UTF-8"):
        texts("--text", "\udcff\udcfe red")  # as Python hands them on


def test_pairs_on_the_command_line(tmp_path: Path) -> None:
    assert texts("--text", "a", "--text", "b", "--second", "c", "--second", "d") == [pair("a", "c"), pair("b", "d")]
    assert texts("--text", "a\x1fb") == ["a b"]  # nobody types the separator on purpose
    with pytest.raises(TextError, match="2 texts of --text and 1 of --second"):
        texts("--text", "a", "--text", "b", "--second", "c")
    with pytest.raises(TextError, match="A text is empty"):
        texts("--text", "a", "--second", " ")


def test_pairs_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "pairs.txt"
    file.write_text("one\ttwo\n\nthree \t four\n", encoding="utf-8")
    assert texts("--file", str(file), "--pairs") == [pair("one", "two"), pair("three", "four")]
    assert texts("--file", str(file)) == ["one\ttwo", "three \t four"]
    file.write_text("one\ttwo\nthree\n", encoding="utf-8")
    with pytest.raises(TextError, match="Line 2 of --file has not two texts with a tab between them"):
        texts("--file", str(file), "--pairs")

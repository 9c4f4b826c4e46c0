"""`explain --format` and `--output`: heatmaps as files."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader
from tiny_pair import save_pair

from bcos_core.cli import explain
from bcos_core.cli.figure import FORMAT_NAMES, wanted_format
from bcos_core.cli.main import main
from bcos_core.errors import InputError
from bcos_core.home import Home
from bcos_core.render.formats import FORMATS


def arguments(*argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    explain.add_parser(parser.add_subparsers())
    return parser.parse_args(["explain", "CHECKPOINT", "--text", "good", *argv])


def test_the_command_offers_every_format() -> None:
    assert tuple(FORMATS) == FORMAT_NAMES


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        ([], None),
        (["--output", "a.tex"], "latex"),
        (["--output", "a.PDF"], "pdf"),
        (["--output", "a.png"], "png"),
        (["--output", "a.txt", "--format", "markdown"], "markdown"),
        (["--format", "svg"], "svg"),
    ],
)
def test_the_format_is_that_of_the_name_or_of_the_ending(argv: list[str], name: str | None) -> None:
    found = wanted_format(arguments(*argv))
    assert (found and found.name) == name


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--output", "a.doc"], "its ending says no format"),
        (["--format", "pdf"], "is no text"),
        (["--format", "png"], "is no text"),
    ],
)
def test_what_names_no_file_is_refused(argv: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        wanted_format(arguments(*argv))


def test_a_file_is_written_and_a_document_printed(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_pair(home.create())
    asked = ["explain", "tiny-bcos", "--text", "good film", "--text", "bad film", "--methods", "bcos", "occlusion"]
    file = tmp_path / "figure.pdf"
    assert main([*asked, "--output", str(file)]) == 0
    assert capsys.readouterr().out.strip() == f"Written to {file}"
    first, second = (page.extract_text() for page in PdfReader(io.BytesIO(file.read_bytes())).pages)
    assert "good" in first and "Occlusion" in first and "bad" in second

    picture = tmp_path / "figure.png"
    assert main([*asked[:4], "--output", str(picture)]) == 0
    assert Image.open(picture).format == "PNG"
    capsys.readouterr()

    assert main([*asked, "--format", "markdown", "--granularity", "token"]) == 0
    document = capsys.readouterr().out
    assert document.count("| B-cos contributions |") == 2 and "Occlusion" in document

    assert main([*asked, "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["records"]) == 4
    assert main([*asked, "--output", str(tmp_path / "figure.svg")]) == 2
    assert "shows one text; 2 were given" in capsys.readouterr().err
    assert main([*asked, "--output", str(tmp_path / "nowhere" / "figure.pdf")]) == 1

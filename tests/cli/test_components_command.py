"""`components`, on a tiny language model: the numbers of the library, and what a person reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bcos_core.attribution.api import explain
from bcos_core.attribution.components import components
from bcos_core.cli.main import main
from bcos_core.home import Home
from bcos_core.model.load import load
from tests.tiny_language_model import save_language_model

TEXT = "The keys to the old cabinet"


@pytest.fixture
def folder(home: Home) -> Path:
    return save_language_model(home)


def test_as_json_it_is_what_the_library_gives(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["components", str(folder), "--text", TEXT, "--target", " are", "--minus", " on", "--most", "3", "--json"]
    assert main(asked) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    model = load(folder)
    found = components(model, explain(model, TEXT, target=" are", minus=" on"))
    assert told["feed_forward"] == pytest.approx(list(found.feed_forward), abs=1e-5)
    assert told["hidden"][1] == pytest.approx(list(found.hidden[1]), abs=1e-5)
    assert [path["share"] for path in told["paths"]] == pytest.approx([p.share for p in found.strongest(3)], abs=1e-5)
    assert told["completeness_error"] < 1e-4


def test_for_a_person_it_names_layers_and_paths(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["components", str(folder), "--text", TEXT]) == 0
    said = capsys.readouterr().out
    assert "Adds to" in said
    assert "layer   2: attention" in said
    assert "Strongest paths:" in said
    assert main(["components", str(folder), "--text", " "]) == 2
    assert main(["components", str(folder), "--text", TEXT, "--most", "0"]) == 2
    assert "most" in capsys.readouterr().err

"""`rerun`: the same model gives the same record; another one is told apart in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file
from tiny_pair import save_pair

from bcos_core.cli.main import main
from bcos_core.home import Home

TEXT = "A good and honest film."


@pytest.fixture
def checkpoint(home: Home) -> Path:
    return save_pair(home.create())[0]


def exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    words = ["explain", "tiny-bcos", "--text", TEXT, "--methods", "bcos", "shapley", "--repeats", "2"]
    assert (
        main([*words, "--option", "samples=3", "--seed", "5", "--minus", "positive", "--target", "negative", "--json"])
        == 0
    )
    file = tmp_path / "records.json"
    file.write_text(capsys.readouterr().out.splitlines()[-1], encoding="utf-8")
    return file


def test_a_record_is_reproduced(checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = exported(tmp_path, capsys)
    assert main(["rerun", str(file), "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["matches"] and len(result["results"]) == 2
    before = json.loads(file.read_text(encoding="utf-8"))["records"]
    for one, record in zip(result["results"], before, strict=True):
        assert one["differences"] == [] and one["largest_difference"] < 1e-6
        assert one["record"]["scores"] == pytest.approx(record["scores"])
        assert one["record"]["seeds"] == record["seeds"]


def test_other_weights_are_told(checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = exported(tmp_path, capsys)
    weights = load_file(checkpoint / "model.safetensors")
    weights["classifier.weight"] *= 1.5
    save_file(weights, checkpoint / "model.safetensors", metadata={"format": "pt"})
    assert main(["rerun", str(file)]) == 2
    assert "No checkpoint here has the weights" in capsys.readouterr().err
    assert main(["rerun", str(file), "--checkpoint", "tiny-bcos", "--json"]) == 1
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert not result["matches"]
    assert any("weights' hash was" in line for line in result["results"][0]["differences"])


def test_a_changed_score_does_not_match(checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = json.loads(exported(tmp_path, capsys).read_text(encoding="utf-8"))["records"][0]
    record["scores"][2] += 0.01
    file = tmp_path / "one.json"
    file.write_text(json.dumps(record), encoding="utf-8")
    assert main(["rerun", str(file)]) == 1
    assert "DOES NOT MATCH" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", "[]", "3", '{"version": 1}', '{"version": 99}'])
def test_what_is_not_a_record(content: str, home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bad.json"
    file.write_text(content, encoding="utf-8")
    assert main(["rerun", str(file)]) == 2
    assert "Traceback" not in capsys.readouterr().err

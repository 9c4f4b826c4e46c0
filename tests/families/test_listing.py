"""The families, as the command line lists them."""

from __future__ import annotations

import json

import pytest

from bcos_core.cli.main import main
from bcos_core.families import FAMILIES
from bcos_core.families.refused import REFUSED


def test_the_command_lists_every_family_with_what_is_tested(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["families", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {one["name"]: one["model_types"] for one in listed["families"]} == {
        name: list(FAMILIES[name].model_types) for name in FAMILIES
    }
    kinds = {one["name"]: one["kind"] for one in listed["families"]}
    assert kinds["gpt2"] == kinds["llama"] == "decoder" and kinds["bert"] == kinds["modernbert"] == "encoder"
    assert listed["refused"].keys() == REFUSED.keys() and len(listed["checks"]) >= 6


def test_a_person_reads_what_is_required_and_what_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["families"]) == 0
    said = capsys.readouterr().out
    assert "BERT (encoder; bert) · tried on all-MiniLM-L6-v2, embedded" in said
    assert "only with conv_kernel_size None or 0: its convolution" in said
    assert "gemma2: its attention scores are capped" in said

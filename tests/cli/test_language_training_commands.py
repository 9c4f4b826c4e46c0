"""`train --task-type language-model` and `perplexity`, on a tiny model."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from bcos_core.cli.main import main
from bcos_core.home import Home
from bcos_core.jobs.kinds import command_of
from bcos_core.jobs.store import JobStore
from tests.train.small_language_task import write_language_inputs

# Not the precision that is quicker just now: on a busy machine that is not the same each time.
OPTIONS = (
    "--task-type language-model --text-column line --calibration-texts 16 --batch-size 8 --max-length 32 "
    "--precision fp32"
)


@pytest.fixture
def inputs(tmp_path: Path) -> tuple[Path, Path]:
    return write_language_inputs(tmp_path / "inputs")


def asked(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    assert main([*words, "--json"]) == code
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_a_model_is_trained_listed_measured_and_made_again_by_its_command(
    home: Home, inputs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    model, file = inputs
    words = [
        "train",
        "--model",
        str(model),
        "--task",
        str(file),
        *OPTIONS.split(),
        "--epochs",
        "1",
        "--name",
        "Speaker",
    ]
    result = asked(capsys, *words)
    made = result["bcos"]
    measured = asked(
        capsys, "perplexity", str(model), "Speaker", "--task", str(file), "--text-column", "line", "--max-length", "32"
    )
    original, trained = measured["models"]
    assert (measured["tokens"], measured["sequences"]) == (result["test_tokens"], result["test_sequences"])
    assert (original["perplexity"], original["ratio"]) == (pytest.approx(result["original"], rel=1e-5), 1.0)
    assert trained["perplexity"] == pytest.approx(made["metrics"]["perplexity"], rel=1e-5)
    assert trained["ratio"] == pytest.approx(made["metrics"]["perplexity_ratio"], rel=1e-5)
    assert trained["ratio_interval"][0] < trained["ratio"] < trained["ratio_interval"][1]
    job = JobStore.open(home).get(result["job"])
    assert job.kind == "language-model" and "Speaker · lines.csv" in job.title
    words_again = shlex.split(command_of(job))
    assert words_again[:3] == ["python", "-m", "bcos_core"]
    again = [word for word in words_again[3:] if not word.startswith("--name=")]
    assert asked(capsys, *again)["bcos"]["metrics"] == made["metrics"]
    assert main(["perplexity", "Speaker", "--task", str(file), "--text-column", "line"]) == 0
    assert "Speaker: perplexity" in capsys.readouterr().out
    assert main([*words[:-2], "--name", "Another", "--epochs", "0", "--no-calibrate"]) == 0
    shown = capsys.readouterr().out
    assert "original      perplexity" in shown and "B-cos         perplexity" in shown and "× the original's" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (f"{OPTIONS} --label-column number", "--label-column is for tasks with labels"),
        (f"{OPTIONS} --masking 0.5", "--masking is for tasks with labels"),
        (f"{OPTIONS} --recipe faithful", "Unknown recipe of language models 'faithful'"),
        (f"{OPTIONS} --loss hinge", "loss is 'hinge'"),
        (f"{OPTIONS} --hidden-weight 1 --loss cross-entropy", "Hidden states are learned in distillation alone"),
        (f"{OPTIONS} --max-length 65", "reads at most 64 tokens"),
        ("--task-type language-model --text-column nothing", "no column 'nothing'"),
        ("--text-column line --label-column number --packing", "--packing is for language models"),
    ],
)
def test_what_does_not_fit_is_refused(
    words: str, said: str, home: Home, inputs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    model, file = inputs
    given = ["train", "--model", str(model), "--task", str(file), *words.split()]
    assert said in asked(capsys, *given, code=2)["error"]["message"]


def test_a_model_that_does_not_speak_is_refused(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", "--model", "minilm", "--task-type", "language-model", "--task", "short-reviews"]
    assert "is no language model" in asked(capsys, *words, code=2)["error"]["message"]

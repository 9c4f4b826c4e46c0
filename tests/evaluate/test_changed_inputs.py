"""Labels, data and files that are not those of the training: refused, or said beside every number."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from tiny_pair import save_pair

from bcos_core.cli.main import main
from bcos_core.errors import InputError, PathNotAllowedError
from bcos_core.evaluate.audit_run import run_audit
from bcos_core.evaluate.result import load_evaluation
from bcos_core.evaluate.run import run_evaluation
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.home import Home
from bcos_core.model.identity import changed_data
from bcos_core.model.info import read_info
from bcos_core.progress import SilentReporter
from bcos_core.text.content import choice_hash
from bcos_core.text.tasks import TaskChoice

LABELS = ("blue", "green", "red")


def write(file: Path, labels: tuple[str, ...]) -> None:
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "label"])
        writer.writerows([f"the film no. {number}", labels[number % len(labels)]] for number in range(90))


@pytest.fixture
def file(home: Home) -> Path:
    path = home.create().root / "colours.csv"
    write(path, LABELS)
    return path


@pytest.fixture
def pair(home: Home, file: Path) -> tuple[Path, Path]:
    choice = TaskChoice("file", str(file), "text", "label")
    return save_pair(home, labels=LABELS, task=choice.to_dict(), data=choice_hash(choice))


def audit_of(pair: tuple[Path, Path], home: Home) -> Any:
    return run_audit(read_info(pair[0]), read_info(pair[1]), home=home, reporter=SilentReporter())


@pytest.mark.parametrize(
    "labels", [("aqua", "blue", "red"), ("blue", "green", "red", "white"), ("blue", "green")], ids=len
)
def test_an_audit_of_other_classes_is_refused(
    pair: tuple[Path, Path], home: Home, file: Path, labels: tuple[str, ...]
) -> None:
    assert audit_of(pair, home).labels == LABELS
    write(file, labels)
    with pytest.raises(InputError, match="has the classes blue, green, red, but colours.csv has"):
        audit_of(pair, home)
    assert main(["words", str(pair[0])]) == 2


def test_names_in_another_order_are_other_classes(pair: tuple[Path, Path], home: Home) -> None:
    config = json.loads((pair[0] / "config.json").read_text())
    config["id2label"] = {"0": "green", "1": "blue", "2": "red"}
    (pair[0] / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="has the classes green, blue, red"):
        audit_of(pair, home)


def test_data_that_have_changed_are_said(
    pair: tuple[Path, Path], home: Home, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    info = read_info(pair[0])
    assert changed_data(info) is None
    write(file, ("green", "red", "blue"))  # the same classes, of other texts
    assert "has changed since" in (changed_data(info) or "")
    spec = EvaluationSpec((str(pair[0]),), ("saliency",), limit=4)
    run_evaluation(spec, home=home, name="one", reporter=SilentReporter())
    kept = load_evaluation(home.evaluations / "one")
    assert [note for note in kept.notes if "has changed since" in note] == list(kept.notes)
    assert main(["audit", str(pair[0])]) == 0
    assert "has changed since" in capsys.readouterr().err


def test_a_file_that_a_person_names_may_lie_anywhere(home: Home, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("elsewhere") / "colours.csv"
    write(file, LABELS)
    choice = TaskChoice("file", str(file), "text", "label")
    path = str(save_pair(home, labels=LABELS, task=choice.to_dict(), data=choice_hash(choice))[0])
    with pytest.raises(PathNotAllowedError, match="name the file on the command line"):
        run_evaluation(EvaluationSpec((path,), ("saliency",)), home=home, name="one", reporter=SilentReporter())
    named = EvaluationSpec((path,), ("saliency",), limit=4, task=choice)
    assert run_evaluation(named, home=home, name="one", reporter=SilentReporter()).notes == ()
    write(file, ("green", "red", "blue"))
    (said,) = run_evaluation(named, home=home, name="two", reporter=SilentReporter()).notes
    assert "has changed since" in said


def test_files_that_were_exchanged_are_said(
    pair: tuple[Path, Path], home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = EvaluationSpec((str(pair[1]),), ("saliency",), limit=4)
    evaluation = run_evaluation(spec, home=home, name="one", reporter=SilentReporter())
    assert evaluation.notes == () and all(one.identity for one in evaluation.contenders)
    other = save_pair(Home(home.root / "other").create(), labels=LABELS)[1]
    weights = bytearray((other / "model.safetensors").read_bytes())
    weights[-1] ^= 1  # another mantissa
    (pair[1] / "model.safetensors").write_bytes(weights)
    again = run_evaluation(spec, home=home, name="two", reporter=SilentReporter())
    assert again.contenders[0].identity != evaluation.contenders[0].identity
    assert ["are not those that it was saved with" in note for note in again.notes] == [True]
    assert main(["models"]) == 0
    assert "are not those that it was saved with" in capsys.readouterr().out

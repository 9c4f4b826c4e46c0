"""Tasks of several labels and of a score, from a file to what explains an answer, by the commands that people type."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny_pair import save_pair

from bcos_core import explain
from bcos_core.attribution.record import Attribution
from bcos_core.attribution.strike import strike
from bcos_core.cli.main import main
from bcos_core.errors import DataError
from bcos_core.home import Home
from bcos_core.model.classifier import load, predict
from bcos_core.model.info import list_checkpoints, read_info
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.text.tasks import TaskChoice, load_task

TRAIN = ["--examples", "150", "--epochs", "3", "--max-length", "16", "--calibration-texts", "16"]
TRAIN += ["--learning-rate", "5e-3"]
FILLERS = ("the film", "a story", "one evening", "this cast", "some music", "that ending")

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(home: Home, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str) -> dict[str, Any]:
        assert main([*words, "--json"]) == 0, capsys.readouterr().err
        return dict(json.loads(capsys.readouterr().out.splitlines()[-1]))

    return call


def rows(count: int) -> list[dict[str, Any]]:
    """Texts whose labels and score follow from two words in them."""
    chance = random.Random(0)
    made = []
    for number in range(count):
        good, loud = chance.random() < 0.5, chance.random() < 0.5
        words = [*chance.sample(FILLERS, 3), f"no. {number}", *["good"] * good, *["loud"] * loud]
        chance.shuffle(words)
        labels = ["kind"] * good + ["noisy"] * loud
        made.append(
            {"text": " ".join(words), "tags": labels, "cell": "|".join(labels), "stars": 1 + 4 * good + 2 * loud}
        )
    return made


@pytest.fixture
def file(home: Home) -> Path:
    path = home.create().root / "reviews.jsonl"
    path.write_text("\n".join(map(json.dumps, rows(240))))
    return path


def trained(run: Run, home: Home, file: Path, column: str, kind: str, *more: str) -> dict[str, Any]:
    model = save_pair(home)[1]
    said = ["train", "--task", f"file:{file}", "--label-column", column, "--task-type", kind, "--model", str(model)]
    return run(*said, *TRAIN, *more)


def check_words(found: dict[str, Any], folder: Path, file: Path, column: str, separator: str | None = None) -> None:
    """The mean contribution of a word against explaining, one by one, the texts that have it."""
    info, classifier = read_info(folder), replace(load(folder), max_length=16)
    data = load_task(TaskChoice("file", str(file), label_column=column, type=info.task_type, separator=separator))
    for output, label in enumerate(info.labels):
        sums = []
        for text in data.test.texts[:20]:
            if "good" in text:
                record = explain(classifier, text, target=label)
                start, end = (text.index("good") + place for place in (0, len("good")))
                inside = [token.start is not None and start <= token.start < end for token in record.tokens]
                sums.append(sum(score for score, within in zip(record.scores, inside, strict=True) if within))
        (use,) = [use for use in found["uses"] if (use["label"], use["word"]) == (output, "good")]
        assert use["texts"] == len(sums) and use["mean"] == pytest.approx(sum(sums) / len(sums), abs=1e-5)
        assert use["weight"] is not None
    assert found["labels"] == list(info.labels) and TASK_TYPES[info.task_type].main_metric.name in found["counting"]


@pytest.mark.parametrize(("column", "more"), [("tags", ()), ("cell", ("--label-separator", "|"))])
def test_several_labels(run: Run, home: Home, file: Path, column: str, more: tuple[str, ...]) -> None:
    made = trained(run, home, file, column, "multi-label", *more)
    for kind in ("bcos", "conventional"):
        assert set(made[kind]["metrics"]) == {"micro_f1", "macro_f1", "exact"}
    folder = Path(made["bcos"]["checkpoint"])
    info = read_info(folder)
    assert (info.task_type, info.labels, info.metrics) == ("multi-label", ("kind", "noisy"), made["bcos"]["metrics"])
    classifier = load(folder)
    assert classifier.model.config.problem_type == "multi_label_classification"
    record = explain(classifier, "the film was good and loud", target="noisy")
    assert record.target.label == "noisy" and record.completeness_error < 1e-4
    (answer,) = predict(classifier, [record.text])
    assert record.prediction.label == answer.label
    assert record.probabilities == pytest.approx(answer.probabilities, abs=1e-5)
    assert Attribution.from_dict(json.loads(record.to_json())) == record
    check_words(run("words", str(folder), "--limit", "20"), folder, file, column, *more[1:])
    audit = run("audit", str(folder))
    assert audit["models"][0]["metrics"]["exact"]["mean"] == pytest.approx(made["bcos"]["metrics"]["exact"])
    assert [output["label"] for output in audit["outputs"]] == ["kind", "noisy"]
    assert main(["audit", str(folder)]) == 0
    found = run(
        "evaluate", str(folder), "--limit", "6", "--methods", "bcos", "--scores", "comp_minus_suff", "auprc_plau"
    )
    assert {row["score"] for row in found["rows"]} == {"comp_minus_suff"}
    assert any(one.get("score") == "auprc_plau" for one in found["skipped"])


def test_a_score(run: Run, home: Home, file: Path) -> None:
    made = trained(run, home, file, "stars", "regression")
    figures = made["bcos"]["metrics"]
    assert set(figures) == {"mae", "rmse", "pearson", "spearman", "kappa"} and figures["mae"] < 2.5
    folder = Path(made["bcos"]["checkpoint"])
    classifier = load(folder)
    data = load_task(TaskChoice("file", str(file), label_column="stars", type="regression"))
    answers = predict(classifier, data.test.texts, max_length=16)
    # The figure is of answers in the score's own unit.
    errors = [abs(answer.logits[0] - actual) for answer, actual in zip(answers, data.test.labels, strict=True)]
    assert sum(errors) / len(errors) == pytest.approx(figures["mae"], rel=1e-4)
    record = explain(classifier, "the film was good and loud")
    assert record.target.label == "stars" and record.probabilities == ()
    assert record.logit == pytest.approx(predict(classifier, [record.text])[0].logits[0], abs=1e-5)
    assert record.completeness_error < 1e-4 and record.logit == record.logits[0]
    struck = strike(classifier, record, [(13, 17)])
    masked = predict(classifier, ["the film was [MASK] and loud"])[0].logits[0]
    assert struck.actual_change == pytest.approx(masked - record.logit, abs=1e-4)
    assert Attribution.from_dict(json.loads(record.to_json())) == record
    check_words(run("words", str(folder), "--limit", "20"), folder, file, "stars")
    audit = run("audit", str(folder))
    assert audit["models"][0]["metrics"]["mae"]["mean"] == pytest.approx(figures["mae"], rel=1e-4)
    twin = predict(load(Path(made["conventional"]["checkpoint"])), data.test.texts, max_length=16)
    apart = [abs(one.logits[0] - other.logits[0]) for one, other in zip(answers, twin, strict=True)]
    assert audit["agreement"]["mae"]["mean"] == pytest.approx(sum(apart) / len(apart), abs=1e-4)
    assert audit["differences"][0]["apart"] == pytest.approx(max(apart), abs=1e-4)
    assert main(["audit", str(folder)]) == 0  # in words
    found = run("evaluate", str(folder), "--limit", "6", "--methods", "bcos", "occlusion")
    assert {row["method"] for row in found["rows"]} == {"bcos", "occlusion", "random"}
    assert "score" in json.dumps(found["rows"][0])


def test_the_type_is_part_of_a_checkpoint_and_its_task(run: Run, home: Home, file: Path) -> None:
    made = trained(run, home, file, "stars", "regression")
    (info,) = [info for info in list_checkpoints(home) if str(info.path) == made["bcos"]["checkpoint"]]
    assert info.task is not None and TaskChoice.from_dict(info.task).type == "regression"
    assert main(["evaluate", made["bcos"]["checkpoint"], "--task", "short-reviews"]) == 2


def test_bad_input(file: Path) -> None:
    def choice(column: str, kind: str, separator: str | None = None) -> TaskChoice:
        return TaskChoice("file", str(file), "text", column, type=kind, separator=separator)

    with pytest.raises(DataError, match="holds .*no number"):
        load_task(choice("tags", "regression"))
    with pytest.raises(DataError, match="lists"):
        load_task(choice("tags", "single-label"))
    with pytest.raises(DataError, match="separator"):
        choice("stars", "regression", "|")
    with pytest.raises(DataError, match="embedded task 'tweets' is of the type single-label"):
        TaskChoice("embedded", "tweets", type="regression")

"""How a model learns: states that are kept on the way are those of the model, and change nothing of it."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from transformers import PreTrainedModel

from bcos_core import explain, load
from bcos_core.cli.main import main
from bcos_core.errors import CheckpointError, JobCancelled
from bcos_core.evaluate.state import explained_labels
from bcos_core.home import Home
from bcos_core.model.checkpoint import state_hash
from bcos_core.model.classifier import Classifier, predict
from bcos_core.model.identity import folder_identity
from bcos_core.model.sources import load_pretrained, resolve_model
from bcos_core.progress import SilentReporter
from bcos_core.text.tasks import TaskChoice, load_task
from bcos_core.train.course import COURSE_FILE, Course, read_course, watched_steps
from bcos_core.train.pipeline import run_training
from bcos_core.train.plan import training_plan
from bcos_core.train.spec import TrainSpec
from tests.train.small_task import SUBJECTS, spec_of, write_inputs

KEPT = {"kept_texts": 4, "kept_states": 5}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_inputs(tmp_path_factory.mktemp("inputs"))


def trained(spec: TrainSpec, root: Path, reporter: SilentReporter | None = None) -> dict[str, Path]:
    result = run_training(
        spec, home=Home(root).create(), work=root / "w", job="j", reporter=reporter or SilentReporter()
    )
    return {kind: Path(getattr(result, kind).checkpoint) for kind in ("bcos", "conventional") if getattr(result, kind)}


@pytest.fixture(scope="module")
def kept(inputs: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return trained(spec_of(inputs, **KEPT), tmp_path_factory.mktemp("kept"))


def course_of(folder: Path) -> Course:
    course = read_course(folder)
    assert course is not None
    return course


def cut(classifier: Classifier, length: int = 16) -> Classifier:
    return replace(classifier, max_length=length)


@pytest.mark.parametrize(
    ("steps", "states", "spacing", "expected"),
    [
        (100, 5, "even", (0, 25, 50, 75, 100)),
        (64, 8, "log", (0, 1, 2, 4, 8, 16, 32, 64)),
        (100, 4, "log", (0, 1, 10, 100)),
        (100, 2, "log", (0, 100)),
        (100, 3, "log", (0, 1, 100)),
        (3, 10, "even", (0, 1, 2, 3)),  # no more states than there are
        (1, 10, "log", (0, 1)),
    ],
)
def test_the_steps_that_are_kept(steps: int, states: int, spacing: str, expected: tuple[int, ...]) -> None:
    assert watched_steps(steps, states=states, spacing=spacing) == expected


def test_a_text_is_explained_for_its_own_label_at_every_state() -> None:
    assert explained_labels([1, 0]) == [1, 0]
    assert explained_labels([(2, 1), ()]) == [2, 0] and explained_labels([3.5]) == [0]


def test_the_last_state_is_the_model_that_was_saved(inputs: tuple[Path, Path], kept: dict[str, Path]) -> None:
    spec = spec_of(inputs, **KEPT)
    data = load_task(spec.task)
    texts = data.validation.take(4, spec.recipe.seed)
    for kind, method in (("bcos", "bcos"), ("conventional", "pullback")):
        course, model = course_of(kept[kind]), cut(load(kept[kind]))
        assert course.texts == texts.texts and course.validation == len(data.validation)
        last = course.states[-1]
        assert last.step == 2 * math.ceil(len(data.train) / 8)  # two epochs of batches of eight
        for text, label in zip(texts.texts, texts.labels, strict=True):
            expected, found = explain(model, text, method=method, target=label, reference="mask"), last.record(text)
            assert found.scores == pytest.approx(expected.scores, abs=1e-5)
            assert (found.target, found.method) == (expected.target, method)
        logits = [one.logits for one in predict(model, data.validation.texts)]
        assert (course.metric, last.value) == (
            "accuracy",
            pytest.approx(data.task_type.measure(logits, data.validation.labels)["accuracy"]),
        )
        assert last.b == (1.5 if kind == "bcos" else None)


def test_the_first_state_is_the_model_before_its_first_step(inputs: tuple[Path, Path], kept: dict[str, Path]) -> None:
    first = course_of(kept["conventional"]).states[0]
    data = load_task(spec_of(inputs).task)
    pretrained = load_pretrained(resolve_model(str(inputs[0])), num_labels=2, seed=42, task_type=data.task_type)
    model: PreTrainedModel = pretrained.model
    record = first.record(first.texts[0])
    ids = pretrained.tokenizer(record.text, return_tensors="pt")
    assert first.step == 0
    assert record.logits == pytest.approx(model.eval()(**ids).logits[0].tolist(), abs=1e-5)


def test_faithfulness_is_that_of_texts_with_words_masked_one_after_another(kept: dict[str, Path]) -> None:
    last, model = course_of(kept["bcos"]).states[-1], cut(load(kept["bcos"]))
    for place, text in enumerate(last.texts):
        record = last.record(text)
        words = text.split()
        ordinary = [score for token, score in zip(record.tokens, record.scores, strict=True) if not token.added]
        assert len(words) == len(ordinary)  # one token each
        order = sorted(range(len(words)), key=lambda i: -ordinary[i])

        def p(gone: list[int], words: list[str] = words, target: int = record.target.index) -> float:
            shown = " ".join("[MASK]" if i in gone else word for i, word in enumerate(words))
            return predict(model, [shown])[0].probabilities[target]

        counts = [max(1, len(words) * tenth // 10) for tenth in range(1, 10)]
        falls = [p([]) - p(order[:count]) for count in counts]
        left = [p([]) - p(order[count:]) for count in counts]
        assert last.comprehensiveness[place] == pytest.approx(sum(falls) / 9, abs=1e-5)
        assert last.sufficiency[place] == pytest.approx(sum(left) / 9, abs=1e-5)


def test_keeping_changes_no_weight_and_no_identity(
    inputs: tuple[Path, Path], kept: dict[str, Path], tmp_path: Path
) -> None:
    plain = trained(spec_of(inputs), tmp_path)
    for kind, folder in plain.items():
        assert state_hash(load(folder).model) == state_hash(load(kept[kind]).model)
        assert folder_identity(folder) == folder_identity(kept[kind]) and read_course(folder) is None


class Stopping(SilentReporter):
    def metric(self, series: str, step: int, value: float) -> None:
        if series == "bcos/loss: binary cross-entropy" and step >= 14:
            raise JobCancelled("stop")


def test_a_stopped_run_has_the_same_course(inputs: tuple[Path, Path], kept: dict[str, Path], tmp_path: Path) -> None:
    spec = spec_of(inputs, **KEPT)
    with pytest.raises(JobCancelled):
        trained(spec, tmp_path, Stopping())
    before = sorted(path.name for path in (tmp_path / "w" / "bcos" / "course").iterdir())
    assert before and before[0] == "state-000000000.json"
    first = (tmp_path / "w" / "bcos" / "course" / before[0]).stat().st_mtime_ns
    resumed = trained(spec, tmp_path)
    assert (tmp_path / "w" / "bcos" / "course" / before[0]).stat().st_mtime_ns == first  # not explained again
    for kind, folder in resumed.items():
        ours, theirs = course_of(folder), course_of(kept[kind])
        assert [state.step for state in ours.states] == [state.step for state in theirs.states]
        for one, other in zip(ours.states, theirs.states, strict=True):
            assert one.value == pytest.approx(other.value)
            assert one.comprehensiveness == pytest.approx(other.comprehensiveness, abs=1e-4)
            for text in one.texts:
                assert one.record(text).scores == pytest.approx(other.record(text).scores, abs=1e-4)


def test_a_score_is_explained_in_its_unit(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    file = tmp_path / "stars.csv"
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["review", "stars"])
        for i, one in enumerate(SUBJECTS):
            for j, other in enumerate(SUBJECTS):
                writer.writerow(
                    [f"the {one} and the {other} are {('bad', 'good')[(i + j) % 2]}", 10 + 5 * ((i + j) % 2)]
                )
    task = TaskChoice("file", str(file), "review", "stars", type="regression")
    spec = TrainSpec(str(inputs[0]), task, spec_of(inputs, epochs=1.0, **KEPT).recipe)
    for kind, folder in trained(spec, tmp_path).items():
        last, model = course_of(folder).states[-1], cut(load(folder))
        for text in last.texts:
            expected = explain(model, text, method="bcos" if kind == "bcos" else "pullback", reference="mask")
            assert last.record(text).scores == pytest.approx(expected.scores, abs=1e-4)
            assert last.record(text).logit == pytest.approx(expected.logit, abs=1e-4)
        assert course_of(folder).metric == "mae" and all(map(math.isfinite, last.comprehensiveness))


def test_several_labels_and_pairs_of_texts(inputs: tuple[Path, Path], tmp_path: Path) -> None:
    file = tmp_path / "tags.csv"
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "tags"])
        for i in range(100):
            tags = [tag for tag, there in (("good", i % 2), ("long", i % 3)) if there]
            writer.writerow(
                [f"film {i} is {('bad', 'good')[i % 2]} and {'long' if i % 3 else 'short'}", ";".join(tags)]
            )
    recipe = spec_of(inputs, epochs=0.5, max_length=32, examples=64, kept_texts=3, kept_states=2, twin=False).recipe
    for task, metric in (
        (TaskChoice("embedded", "template-pairs"), "accuracy"),
        (TaskChoice("file", str(file), "text", "tags", type="multi-label", separator=";"), "micro_f1"),
    ):
        data = load_task(task)
        texts = data.validation.take(3, recipe.seed)
        course = course_of(trained(TrainSpec(str(inputs[0]), task, recipe), tmp_path / metric)["bcos"])
        assert course.metric == metric and [state.step for state in course.states] == [0, 4]
        for text, index in zip(texts.texts, explained_labels(texts.labels), strict=True):
            assert {record.target.label for record in course.records(text)} == {data.labels[index]}


def test_what_it_costs_is_in_the_plan(inputs: tuple[Path, Path]) -> None:
    seconds = [
        sum(part.seconds for part in training_plan(spec_of(inputs, **options)))
        for options in ({}, KEPT, {"kept_texts": 4, "kept_states": 10})
    ]
    assert seconds == sorted(seconds) and len(set(seconds)) == 3


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda lines: [], "not JSON"),
        (lambda lines: lines[:1], "not of the same texts"),
        (
            lambda lines: [lines[0].replace('"format_version": 1', '"format_version": 9'), *lines[1:]],
            "format version 9",
        ),
        (lambda lines: [lines[0], lines[1][:100]], "not JSON"),
        (lambda lines: [lines[0], json.dumps({**json.loads(lines[1]), "sufficiency": []})], "not as it should be"),
        (
            lambda lines: [
                *lines,
                json.dumps({**(last := json.loads(lines[-1])), "records": last["records"][::-1]}),
            ],
            "not of the same texts",
        ),
    ],
)
def test_a_damaged_file(damage: Any, said: str, kept: dict[str, Path], tmp_path: Path) -> None:
    lines = (kept["bcos"] / COURSE_FILE).read_text().splitlines()
    (tmp_path / COURSE_FILE).write_text("\n".join(damage(lines)))
    with pytest.raises(CheckpointError, match=said):
        read_course(tmp_path)


def test_the_command(
    kept: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BCOS_HOME", str(tmp_path))
    folder, course = str(kept["bcos"]), course_of(kept["bcos"])
    assert main(["course", folder, "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [dict(zip(result["columns"], row, strict=True))["accuracy"] for row in result["rows"]] == [
        state.value for state in course.states
    ]
    assert main(["course", folder, "--text", "2", "--format", "csv"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.startswith("word,start,appears at step,after 0 steps")
    last = course.states[-1].record(course.texts[1])
    ordinary = [score for token, score in zip(last.tokens, last.scores, strict=True) if not token.added]
    assert [float(row.split(",")[-1]) for row in rows] == pytest.approx(ordinary)  # a token is a word here
    assert main(["course", folder, "--text", "1"]) == 0 and "A word appears" in capsys.readouterr().out
    assert main(["course", folder, "--text", "9"]) == 2
    (kept["bcos"] / COURSE_FILE).rename(tmp_path / "away")
    try:
        assert main(["course", folder]) == 2 and "--kept-texts" in capsys.readouterr().err
    finally:
        (tmp_path / "away").rename(kept["bcos"] / COURSE_FILE)

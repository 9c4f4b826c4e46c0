"""Slices of an evaluation, by hand and from what a real one has kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_pair import save_pair

from bcos_core import explain, load
from bcos_core.attribution.agreement import rank_agreement
from bcos_core.cli.evaluate import show
from bcos_core.cli.main import main
from bcos_core.errors import InputError, UnknownNameError
from bcos_core.evaluate.result import Contender, Evaluation
from bcos_core.evaluate.run import run_evaluation
from bcos_core.evaluate.slices import Slicing, sliced_rows, slices_of, task_of, thirds
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.home import Home
from bcos_core.model.classifier import predict
from bcos_core.numbers import probability
from bcos_core.progress import SilentReporter
from bcos_core.render.slices import slices_figure, slices_html, slices_table
from bcos_core.storage.content import name_of
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.upgrade import open_database
from bcos_core.text.examples import Examples, TaskData
from bcos_core.text.tasks import load_task

TASK = {"kind": "embedded", "name": "short-reviews", "text_column": None, "label_column": None, "hub_config": None}
TEXTS = ("so dull", "Dull and long it is", "a fine film", "what a very fine film it is", "dullness", "fine, fine")
GOLDS = (0, 0, 1, 1, 0, 1)


def data(
    golds: tuple[object, ...] = GOLDS, labels: tuple[str, ...] = ("bad", "good"), kind: str = "single-label"
) -> TaskData:
    sides = Examples(TEXTS, golds)  # type: ignore[arg-type]
    return TaskData("task", labels, sides, sides, sides, type=kind)


def contender(method: str, values: tuple[float, ...], score: str = "comprehensiveness") -> Contender:
    known = {name_of(text): value for text, value in zip(TEXTS, values, strict=True)}
    return Contender("m", "/m", "bcos", method, {score: known}, {score: {"summary": ""}}, 0, 1, 1, 0.1, {})


def by_hand(score: str = "comprehensiveness") -> Evaluation:
    spec = {"scores": [score], "probability": "softmax", "removal": "mask", "task": TASK}
    both = (contender("bcos", (1, 2, 3, 4, 5, 6), score), contender("random", (0, 0, 0, 0, 1, 1), score))
    return Evaluation("one", "task", both, (), spec, 1.0)


def texts_of(evaluation: Evaluation, slicing: Slicing, task: TaskData, store: EvidenceStore) -> dict[str, set[str]]:
    names = {name_of(text): text for text in TEXTS}
    return {one.title: {names[item] for item in one.items["m"]} for one in slices_of(evaluation, slicing, task, store)}


@pytest.fixture
def store(home: Home) -> EvidenceStore:
    return EvidenceStore(open_database(home.create()))


def test_by_a_word_whole_and_in_any_case(store: EvidenceStore) -> None:
    found = texts_of(by_hand(), Slicing.parse("word:Dull"), data(), store)
    assert found["with “Dull”"] == {"so dull", "Dull and long it is"}  # not "dullness"
    assert found["without “Dull”"] == set(TEXTS) - found["with “Dull”"]
    assert list(texts_of(by_hand(), Slicing.parse("word:nowhere"), data(), store)) == ["without “nowhere”"]


def test_by_class_of_every_type_of_task(store: EvidenceStore) -> None:
    assert texts_of(by_hand(), Slicing("class"), data(), store) == {
        "bad": {"so dull", "Dull and long it is", "dullness"},
        "good": {"a fine film", "what a very fine film it is", "fine, fine"},
    }
    several = data(((0,), (0, 1), (), (1,), (0,), (1,)), kind="multi-label")
    found = texts_of(by_hand(), Slicing("class"), several, store)
    assert found["no label"] == {"a fine film"} and "Dull and long it is" in found["bad"] & found["good"]
    scores = texts_of(
        by_hand(), Slicing("class"), data((1.0, 2.0, 3.0, 4.0, 5.0, 6.0), ("score",), "regression"), store
    )
    assert list(scores) == ["score 1.00 to 2.00", "score 3.00 to 4.00", "score 5.00 to 6.00"]


def test_by_length_in_thirds(store: EvidenceStore) -> None:
    # Words: 2, 5, 3, 7, 1, 2.
    assert texts_of(by_hand(), Slicing("length"), data(), store) == {
        "1 to 2 words": {"so dull", "dullness", "fine, fine"},
        "3 words": {"a fine film"},
        "5 to 7 words": {"Dull and long it is", "what a very fine film it is"},
    }


def test_equal_values_are_never_parted() -> None:
    assert thirds({"a": 1.0, "b": 1.0, "c": 1.0}, "{}", written=str) == [("1.0", {"a", "b", "c"})]
    assert thirds({"a": 1.0, "b": 1.0, "c": 2.0}, "{}", written=str) == [("1.0", {"a", "b"}), ("2.0", {"c"})]
    assert thirds({}, "{}", written=str) == []


def test_ranges_that_read_alike_are_told_apart_by_rank() -> None:
    sure = {"a": 0.996, "b": 0.997, "c": 0.998}
    assert thirds(sure, "p {}", written=probability) == [
        ("lowest third: p > 0.99", {"a"}),
        ("middle third: p > 0.99", {"b"}),
        ("highest third: p > 0.99", {"c"}),
    ]


def test_a_score_has_no_confidence(store: EvidenceStore) -> None:
    scores = data((1.0, 2.0, 3.0, 4.0, 5.0, 6.0), ("score",), "regression")
    with pytest.raises(InputError, match="A score has no probability"):
        slices_of(by_hand(), Slicing("confidence"), scores, store)


def test_rows_are_means_of_the_texts_of_a_slice(store: EvidenceStore) -> None:
    evaluation = by_hand()
    slices = slices_of(evaluation, Slicing("class"), data(), store)
    rows = sliced_rows(evaluation, slices, "random@m")
    means = {(row["slice"], row["method"]): (row["mean"], row["n"]) for row in rows}
    assert means == {
        ("bad", "bcos"): (pytest.approx(8 / 3), 3),
        ("bad", "random"): (pytest.approx(1 / 3), 3),
        ("good", "bcos"): (pytest.approx(13 / 3), 3),
        ("good", "random"): (pytest.approx(1 / 3), 3),
    }
    gaps = {row["slice"]: row["difference"]["mean"] for row in rows if row["method"] == "bcos"}
    assert gaps == {"bad": pytest.approx(7 / 3), "good": pytest.approx(4.0)}
    for row in rows:
        assert row["low"] <= row["mean"] <= row["high"]
        assert row["method"] == "bcos" or row["difference"]["n"] == 0
    table = slices_table(rows, "Random")
    assert list(table["texts"]) == [3, 3, 3, 3] and table["minus Random"].iloc[0] == pytest.approx(7 / 3)
    page = slices_html(evaluation, "By <class>", rows, "Random")
    assert "By &lt;class&gt;" in page and "2.67 [1.00, 5.00]" in page and "+2.33 [" in page and "<script" not in page
    assert len(slices_figure(rows, "comprehensiveness").data) == 4
    assert sliced_rows(by_hand("seqpg"), slices) == []  # of pairs of texts


def test_texts_that_are_gone_are_said_to_be(store: EvidenceStore) -> None:
    other = TaskData("task", ("a", "b"), *[Examples(("new",), (0,))] * 3)
    with pytest.raises(InputError, match="None of the texts of this evaluation is in the data any more"):
        slices_of(by_hand(), Slicing("length"), other, store)
    for kind in ("confidence", "disagreement:bcos,random"):
        with pytest.raises(InputError, match="does not say which files it was of. Evaluate again"):
            slices_of(by_hand(), Slicing.parse(kind), data(), store)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("size", "There is no slice 'size'. Known: length, class, confidence, word, disagreement"),
        ("word", "name one: word:great"),
        ("length:3", "name nothing more; '3' was given"),
        ("disagreement:bcos", "name two methods"),
        ("disagreement:bcos,bcos", "name two methods"),
    ],
)
def test_what_is_no_slice_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Slicing.parse(text)
    with pytest.raises(UnknownNameError):
        Slicing.parse("disagreement:bcos,nothing")


def test_confidence_and_disagreement_come_from_what_was_kept(home: Home, store: EvidenceStore) -> None:
    folder, twin = save_pair(home.create(), task=TASK)
    spec = EvaluationSpec((str(folder), str(twin)), ("bcos", "occlusion"), scores=("comprehensiveness",), limit=12)
    evaluation = run_evaluation(spec, home=home, name="one", reporter=SilentReporter())
    task = load_task(task_of(evaluation))
    texts = task.test.take(12, 0).texts
    model = load(folder)
    sure = {name_of(t): max(p.probabilities) for t, p in zip(texts, predict(model, list(texts)), strict=True)}
    found = slices_of(evaluation, Slicing("confidence"), task, store)
    assert [one.title for one in found] == ["lowest third", "middle third", "highest third"]  # of two models by rank
    low, _, high = (one.items[folder.name] for one in found)
    assert len(low) == len(high) == 4 and max(sure[item] for item in low) < min(sure[item] for item in high)
    spec = EvaluationSpec((str(folder),), ("bcos", "occlusion"), scores=("comprehensiveness",), limit=12)
    alone = run_evaluation(spec, home=home, name="two", reporter=SilentReporter())
    found = slices_of(alone, Slicing.parse("disagreement:bcos,occlusion"), task, store)
    alike = {
        name_of(text): rank_agreement(
            *(explain(model, text, method=m, reference="mask").scores for m in ("bcos", "occlusion"))
        )
        for text in texts
    }
    low, high = found[0].items[folder.name], found[-1].items[folder.name]
    assert max(alike[item] for item in low) < min(alike[item] for item in high)
    assert found[0].title.startswith("lowest third: τ ")
    both = slices_of(evaluation, Slicing.parse("disagreement:bcos,occlusion"), task, store)
    assert {row["checkpoint"] for row in sliced_rows(evaluation, both)} == {
        folder.name
    }  # the twin has no contributions
    with pytest.raises(InputError, match="are not in this evaluation, both on one model"):
        slices_of(alone, Slicing.parse("disagreement:bcos,saliency"), task, store)


def test_the_command_slices(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    save_pair(home.create(), task=TASK)
    words = [
        "evaluate",
        "tiny-bcos",
        "--methods",
        "bcos",
        "occlusion",
        "--scores",
        "comprehensiveness",
        "--limit",
        "12",
    ]
    assert main([*words, "--json", "--slice", "length", "word:the", "confidence"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert list(result["slices"]) == ["length", "word:the", "confidence"]
    by_length = [row for row in result["slices"]["length"] if row["method"] == "bcos"]
    assert sum(row["n"] for row in by_length) == 12
    shown = show(result)
    assert "comprehensiveness by length (higher is better)" in shown and "with “the”" in shown
    assert main([*words, "--slice", "nothing"]) == 2
    assert "There is no slice 'nothing'" in capsys.readouterr().err


def test_a_model_that_is_gone_takes_its_texts_with_it(tmp_path: Path) -> None:
    given = by_hand()
    given = replace(given, spec={**given.spec, "task": None, "checkpoints": [str(tmp_path / "mine")]})
    with pytest.raises(InputError, match="those of mine, which is no longer there. Take it back from the trash"):
        task_of(given)

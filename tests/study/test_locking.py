"""Locking: records of every text under every condition, checks with known answers, one hash."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny_pair import save_pair

from bcos_core.errors import DataError, InputError
from bcos_core.home import Home
from bcos_core.model.classifier import Classifier, load, predict
from bcos_core.progress import SilentReporter
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.upgrade import open_database
from bcos_core.study import lock_run, locking
from bcos_core.study.design import Condition, StudyDesign
from bcos_core.study.lock_run import agreeing
from bcos_core.study.locked import LockedStudy
from bcos_core.study.locking import lock
from bcos_core.study.selection import Candidate, Source, select_texts
from bcos_core.text.pair import is_pair
from bcos_core.text.pair import pair as pair_of

TEXTS = [Candidate(f"the film number {n} is good and the plot is thin", "positive", True) for n in range(12)]


@pytest.fixture
def pair(home: Home) -> tuple[str, str]:
    bcos, twin = save_pair(home.create())
    return str(bcos), str(twin)


def _lock(pair: tuple[str, str], **changes: Any) -> LockedStudy:
    conditions = (Condition(pair[0], "bcos"), Condition(pair[1], "input_x_gradient"))
    fields: dict[str, Any] = {"conditions": conditions, "source": Source(count=4), "items_per_rater": 4, **changes}
    return lock(StudyDesign("Tiny", **fields), TEXTS, load, SilentReporter())


def test_every_item_has_a_record_for_every_condition(pair: tuple[str, str]) -> None:
    study = _lock(pair, practice=1, instructed=1, random=1)
    assert [item.kind for item in study.items] == ["item"] * 4 + ["practice", "random", "instructed"]
    assert len({item.text for item in study.items}) == 7
    for item in study.of_kind("item"):
        assert {record.method for record in item.records.values()} == {"bcos", "input_x_gradient"}
        assert all(record.text == item.text for record in item.records.values())
        assert item.cell == ""
    bcos = study.design.conditions[0]
    record = study.items[0].shown(bcos.id)[0]
    assert record.completeness_error < 1e-4
    assert record.target.index == record.predicted


def test_what_was_locked_comes_back_the_same(pair: tuple[str, str]) -> None:
    study = _lock(pair, random=1)
    stored = json.loads(json.dumps(study.to_dict()))
    again = LockedStudy.from_dict(stored)
    assert again == study
    assert again.hash == study.hash
    stored["items"][0]["text"] = "another text"
    assert LockedStudy.from_dict(stored).hash != study.hash


def test_a_random_check_shows_random_scores_and_expects_no_praise(pair: tuple[str, str]) -> None:
    (check,) = _lock(pair, random=1).of_kind("random")
    assert check.shown(check.cell)[0].method == "random"
    assert check.expected == {"interpretability": (1, 2, 3), "agreement": (1, 2, 3)}


def test_in_pairs_the_random_side_must_not_win(pair: tuple[str, str]) -> None:
    study = _lock(pair, protocol="paired", random=2)
    for check in study.of_kind("random"):
        left, right = check.shown(check.cell)
        worse = "left" if left.method == "random" else "right"
        assert {left.method, right.method} == {"random", "bcos"}
        assert worse not in check.expected["preference"] and len(check.expected["preference"]) == 2


def test_an_instructed_check_says_what_it_expects(pair: tuple[str, str]) -> None:
    study = _lock(pair, instructed=3)
    for check in study.of_kind("instructed"):
        for question in study.design.questions:
            (value,) = check.expected[question.name]
            assert question.shown(study.guesses)[value] in check.text
        assert all(score == 0 for record in check.shown(check.cell) for score in record.scores)
    assert len({check.text for check in study.of_kind("instructed")}) == 3


def test_a_condition_without_heatmap_has_the_answer_and_no_scores(pair: tuple[str, str]) -> None:
    plain = Condition(pair[0])
    study = _lock(pair, protocol="simulation", conditions=(Condition(pair[0], "bcos"), plain))
    item = study.items[0]
    shown = item.shown(plain.id)[0]
    assert set(shown.scores) == {0.0}
    (prediction,) = predict(load(pair[0]), [item.text])
    assert shown.logits == pytest.approx(prediction.logits, abs=1e-5)


def test_practice_says_what_the_model_answered(pair: tuple[str, str]) -> None:
    for protocol, says in (("rating", "No answer is wrong"), ("simulation", "Guess what the model says")):
        (practice,) = _lock(pair, protocol=protocol, practice=1).of_kind("practice")
        answer = practice.shown(practice.cell)[0]
        assert f"The model answered “{answer.labels[answer.predicted]}”" in practice.feedback
        assert says in practice.feedback
    trusting = _lock(pair, protocol="trust", practice=1)
    (practice,) = trusting.of_kind("practice")
    record = practice.shown(practice.cell)[0]
    right = record.labels[record.predicted] == "positive"
    assert f"It is {'right' if right else 'wrong'}" in practice.feedback


def test_a_method_that_the_model_cannot_serve_is_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(InputError, match="Only for B-cos models"):
        _lock(pair, conditions=(Condition(pair[1], "bcos"), Condition(pair[0], "bcos")))


def test_models_of_other_classes_are_refused(pair: tuple[str, str], home: Home) -> None:
    def load_other(path: str) -> Classifier:
        classifier = load(path)
        return replace(classifier, labels=("no", "yes")) if path == pair[1] else classifier

    design = StudyDesign(
        "Tiny",
        (Condition(pair[0], "bcos"), Condition(pair[1], "saliency")),
        source=Source(count=4),
        items_per_rater=4,
    )
    with pytest.raises(InputError, match="must have the same classes.*no, yes"):
        lock(design, TEXTS, load_other, SilentReporter())


def test_scores_that_are_not_numbers_stop_the_locking(pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    plain = locking.explain

    def broken(classifier: Classifier, texts: Any, **options: Any) -> Any:
        records = plain(classifier, texts, **options)
        if options["method"] != "input_x_gradient":
            return records
        return [replace(record, scores=(float("nan"),) * len(record.scores)) for record in records]

    monkeypatch.setattr(locking, "explain", broken)
    with pytest.raises(InputError, match="not numbers for 6 of 6 texts"):
        _lock(pair)


def test_locked_paths_are_those_of_the_models(pair: tuple[str, str]) -> None:
    study = _lock(pair)
    assert {Path(path).name for path in study.weights} == {"tiny-bcos", "tiny-conventional"}
    assert all(len(hash) >= 16 for hash in study.weights.values())


def test_a_check_of_a_study_of_pairs_is_a_pair(home: Home) -> None:
    bcos, twin = save_pair(home.create(), text_columns=("premise", "hypothesis"))
    conditions = (Condition(str(bcos), "bcos"), Condition(str(twin), "input_x_gradient"))
    texts = [Candidate(pair_of(f"number {n} is good", f"number {n} is thin"), "positive", True) for n in range(12)]
    design = StudyDesign("Tiny", conditions, source=Source(count=4), items_per_rater=4, instructed=1)
    check = lock(design, texts, load, SilentReporter()).of_kind("instructed")[0]
    assert is_pair(check.text)
    assert "Please answer" in check.text


def test_texts_whose_models_disagree_stand_on_no_common_screen(
    pair: tuple[str, str], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two heatmaps beside each other are about one answer. The models are made to answer by the first letter."""
    said = {"bcos": {"a": 0, "b": 1, "c": 1}, "conventional": {"a": 0, "b": 0, "c": 1}}

    def logits(classifier: Classifier, texts: list[str], store: object) -> list[tuple[float, float]]:
        answers = said["conventional" if "conventional" in classifier.name else "bcos"]
        return [(0.0, 2.0 * answers[text[0]] - 1.0) for text in texts]

    monkeypatch.setattr(lock_run, "logits_on", logits)
    first, other = (load(path) for path in pair)
    found = agreeing(
        [Candidate(f"{letter} text") for letter in "abc"], first, [other], EvidenceStore(open_database(home))
    )
    assert [one.agreed for one in found] == [True, False, True]
    source = Source(count=3, least=1, strata=())
    with pytest.raises(DataError, match="2 texts of 1 to 60 words, to which all its models give the same answer"):
        select_texts(found, source)
    assert [one.text for one in select_texts(found, replace(source, count=2))] in (
        ["a text", "c text"],
        ["c text", "a text"],
    )


def test_a_look_at_a_draft_shows_the_first_of_what_would_be_locked(pair: tuple[str, str]) -> None:
    conditions = (Condition(pair[0], "bcos"), Condition(pair[1], "input_x_gradient"))
    design = StudyDesign("Tiny", conditions, source=Source(count=4), items_per_rater=4, practice=1, random=1)
    whole = lock(design, TEXTS, load, SilentReporter())
    shown = lock(design, TEXTS, load, SilentReporter(), only=2)
    assert [item.id for item in shown.items] == ["item-1", "item-2", "practice-5", "random-6", "instructed-1"]
    for item in shown.items:
        full = whole.item(item.id)
        assert (item.text, item.cell, item.expected, item.feedback) == (
            full.text,
            full.cell,
            full.expected,
            full.feedback,
        )
        for id, record in item.records.items():
            assert record.scores == pytest.approx(full.records[id].scores, abs=1e-5)
    assert not any(item.scores for item in shown.items)

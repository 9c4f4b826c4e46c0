"""Studies about models of several labels and of a score: what is said, what can be asked, and what is refused."""

from __future__ import annotations

import json
import math
from typing import Any

import pandas as pd
import pytest
from tiny_pair import LABELS, save_pair

from bcos_core import explain
from bcos_core.attribution.record import Attribution
from bcos_core.errors import InputError, StudyError
from bcos_core.home import Home
from bcos_core.model.classifier import load, predict
from bcos_core.progress import SilentReporter
from bcos_core.render.blinded import blinded_panel, shown_answer
from bcos_core.render.palette import PALETTES
from bcos_core.study.design import Condition, StudyDesign
from bcos_core.study.edits import try_edit
from bcos_core.study.forms import form_of
from bcos_core.study.locked import LockedStudy
from bcos_core.study.locking import lock
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.selection import Candidate, Source, select_texts, strata_of
from bcos_core.study.simulate import material_of
from bcos_core.study.statement import is_right, statement_of
from bcos_core.tasks.registry import TASK_TYPES

WORDS = ("good", "dull", "long", "loud", "odd", "fine", "slow", "kind", "dark", "warm", "thin", "calm")
LABEL = {"multi-label": "kind, long", "regression": "4"}
PALETTE = next(iter(PALETTES.values()))

Folders = tuple[str, str]


def texts(kind: str) -> list[Candidate]:
    return [
        Candidate(f"the film number {n} is {word} and its plot {word}", LABEL[kind]) for n, word in enumerate(WORDS)
    ]


@pytest.fixture
def folders(home: Home, request: pytest.FixtureRequest) -> Folders:
    bcos, twin = save_pair(home.create(), kind=request.param)
    return str(bcos), str(twin)


def locked_study(folders: Folders, kind: str, **changes: Any) -> LockedStudy:
    fields: dict[str, Any] = {
        "conditions": (Condition(folders[0], "bcos"), Condition(folders[1], "occlusion")),
        "source": Source(count=6, strata=()),
        "items_per_rater": 4,
        "practice": 2,
        "task_type": kind,
        **changes,
    }
    return lock(StudyDesign("Study", **fields), texts(kind), load, SilentReporter())


several_labels = pytest.mark.parametrize("folders", ["multi-label"], indirect=True)
a_score = pytest.mark.parametrize("folders", ["regression"], indirect=True)


@several_labels
def test_an_item_is_about_one_label_under_every_condition(folders: Folders) -> None:
    locked = locked_study(folders, "multi-label")
    labels = LABELS["multi-label"]
    for item in locked.of_kind("item"):
        likeliest = max(range(3), key=predict(load(folders[0]), [item.text])[0].logits.__getitem__)
        for condition, folder in zip(locked.design.conditions, folders, strict=True):
            record = item.records[condition.id]
            assert record.target.index == likeliest  # of the first condition's model, for both
            (answer,) = predict(load(folder), [item.text])
            said, sure = item.said(condition.id), 1 / (1 + math.exp(-answer.logits[likeliest]))
            given = answer.logits[likeliest] >= 0
            assert said.words == (labels[likeliest] if given else f"not {labels[likeliest]}")
            assert said.probability == pytest.approx(sure if given else 1 - sure, abs=1e-5)
            assert item.is_right(condition.id) == (given == (likeliest in (0, 1)))  # kind and long are the text's
            panel = blinded_panel(record, PALETTE, names_class=False)  # the name tells nothing that is to be guessed
            assert panel["legend"]["ends"][1] == f"supports “{labels[likeliest]}”"
    (practice, _) = locked.of_kind("practice")
    assert f"The model answered “{practice.said(practice.cell).words}”, with a probability of" in practice.feedback
    assert "decided whether it has a certain label" in locked.design.instructions
    assert LockedStudy.from_dict(json.loads(json.dumps(locked.to_dict()))) == locked


@several_labels
def test_guessing_is_yes_or_no_about_the_label(folders: Folders) -> None:
    locked = locked_study(folders, "multi-label", protocol="simulation")
    assert [one.allowed for one in form_of(locked).dimensions] == [("yes", "no")] * 2  # type: ignore[union-attr]
    cell = locked.design.cells[0]
    items = locked.of_kind("item")[:2]
    given = [item.records[cell].logits[item.records[cell].target.index] >= 0 for item in items]
    answers = ["yes" if one else "no" for one in given]
    rows = [
        # One guesses both right after the heatmap, the other one only the first, and both before it.
        {"rater": "a", "item": items[0].id, "before": "no" if given[0] else "yes", "after": answers[0]},
        {"rater": "a", "item": items[1].id, "before": answers[1], "after": answers[1]},
        {"rater": "b", "item": items[0].id, "before": answers[0], "after": answers[0]},
        {"rater": "b", "item": items[1].id, "before": answers[1], "after": "no" if given[1] else "yes"},
    ]
    table = pd.DataFrame(rows).assign(cell=cell, condition="B-cos")
    (analysis,) = PROTOCOLS["simulation"].analyse(table, locked)
    assert analysis.values["value"].tolist() == [1.0, 0.0, 0.0, -1.0]
    taste = PROTOCOLS["simulation"].taste_of(material_of(locked))
    for arrival in range(20):
        form_of(locked).check(taste.values(arrival, items[0].id, cell))
    (check,) = locked.of_kind("instructed")
    assert "Please answer “It" in check.text


@several_labels
def test_verdicts_are_about_the_label(folders: Folders) -> None:
    locked = locked_study(folders, "multi-label", protocol="trust")
    cell = locked.design.cells[0]
    rows = [
        {"rater": "a", "item": item.id, "cell": cell, "condition": "B-cos", "right": "yes"}
        for item in locked.of_kind("item")
    ]
    (analysis,) = PROTOCOLS["trust"].analyse(pd.DataFrame(rows), locked)
    assert analysis.values["value"].tolist() == [float(item.is_right(cell) or 0) for item in locked.of_kind("item")]
    for item in locked.of_kind("practice"):
        assert f"It is {'right' if item.is_right(item.cell) else 'wrong'}" in item.feedback
    assert material_of(locked).items["item-1"].right == {
        id: locked.item("item-1").is_right(id) for id in locked.design.cells
    }


@several_labels
def test_an_edit_flips_the_label_it_is_about(folders: Folders) -> None:
    locked = locked_study(
        folders,
        "multi-label",
        protocol="edit",
        instructed=0,
        conditions=(Condition(folders[0], "bcos"), Condition(folders[0])),
    )
    classifier, flips = load(folders[0]), []
    for item in locked.of_kind("item"):
        record = item.records[locked.design.cells[0]]
        for word in WORDS:
            edited = f"{word} {item.text} {word}"
            index, outcome = record.target.index, try_edit(record, edited, classifier)
            (after,) = predict(classifier, [edited])
            flips.append((record.logits[index] >= 0) != (after.logits[index] >= 0))
            assert outcome.flipped == flips[-1]
            fall = record.probabilities[index] - after.probabilities[index]
            assert outcome.change == pytest.approx(fall if record.logits[index] >= 0 else -fall, abs=1e-5)
    assert 0 < sum(flips) < len(flips)


@a_score
@pytest.mark.parametrize("protocol", ["rating", "paired"])
def test_people_rate_explanations_of_a_score(folders: Folders, protocol: str) -> None:
    locked = locked_study(folders, "regression", protocol=protocol)
    for item in locked.of_kind("item"):
        for record in item.records.values():
            assert shown_answer(record) == {"label": f"{record.logits[0]:.4g}", "probability": None}
            panel = blinded_panel(record, PALETTE, names_class=True)
            assert panel["legend"]["ends"] == ["lowers “stars”", "raises “stars”"]
    told = " ".join(item.feedback for item in locked.items) + locked.design.instructions
    assert "blue words raise it" in told and "The model answered “" in told
    assert "probability" not in told and "class" not in told
    assert all(item.is_right(cell) is None for item in locked.of_kind("item") for cell in locked.design.cells)
    scores = [one for item in locked.of_kind("item") for one in item.scores.values()]
    assert all(set(one) == {"comprehensiveness", "sufficiency", "comp_minus_suff"} for one in scores)
    assert material_of(locked).items["item-1"].predictions == {}
    taste = PROTOCOLS[protocol].taste_of(material_of(locked))
    form_of(locked).check(taste.values(0, "item-1", locked.design.cells[0]))
    assert LockedStudy.from_dict(json.loads(json.dumps(locked.to_dict()))).hash == locked.hash


@pytest.mark.parametrize("protocol", ["simulation", "trust", "edit"])
def test_what_cannot_be_asked_of_a_score_is_refused(protocol: str) -> None:
    conditions = (Condition("/models/a", "bcos"), Condition("/models/a", "occlusion"))
    with pytest.raises(InputError, match="cannot be asked about models that answer with a score: .* Choose a protocol"):
        StudyDesign("S", conditions, protocol, Source(strata=()), instructed=0, task_type="regression")
    for source in (Source(strata=("correct",)), Source(strata=(), answered="wrong")):
        with pytest.raises(InputError, match="nearer or further, not right or wrong"):
            StudyDesign("S", conditions, "rating", source, task_type="regression")
    assert "correct" not in strata_of(TASK_TYPES["regression"]) and "correct" in strata_of(TASK_TYPES["multi-label"])


@a_score
def test_a_study_for_other_models_is_refused_where_it_is_locked(folders: Folders) -> None:
    with pytest.raises(
        InputError, match="answers with a score; this study was drawn up for models that answer with one"
    ):
        locked_study(folders, "regression", protocol="trust", task_type="single-label")


@a_score
def test_stored_records_of_another_type_are_refused(folders: Folders) -> None:
    stored = locked_study(folders, "regression").to_dict()
    assert stored["design"].pop("task_type") == "regression"
    with pytest.raises(StudyError, match="about single-label, and its records are of regression"):
        LockedStudy.from_dict(stored)


def test_the_usual_type_is_stored_as_it_was() -> None:
    conditions = (Condition("/models/a", "bcos"), Condition("/models/a", "occlusion"))
    design = StudyDesign("S", conditions)
    assert "task_type" not in design.to_dict() and StudyDesign.from_dict(design.to_dict()) == design


def test_a_sample_of_scores_has_as_many_of_each_third() -> None:
    golds = [float(n * n) for n in range(30)]
    bands = TASK_TYPES["regression"].bands(golds, ("stars",))
    assert bands == ["low"] * 10 + ["middle"] * 10 + ["high"] * 10
    candidates = [Candidate(f"text number {n} of all", str(n * n), band=band) for n, band in enumerate(bands)]
    chosen = select_texts(candidates, Source(count=12, strata=("label",), least=1))
    assert sorted(one.band or "" for one in chosen) == ["high"] * 4 + ["low"] * 4 + ["middle"] * 4


def test_words_are_read_as_labels_again() -> None:
    several, labels = TASK_TYPES["multi-label"], ("a", "a, b", "b", "c")
    for gold in ((), (0,), (0, 3), (2, 3), (3,), (0, 1)):
        assert several.read(several.word(gold, labels), labels) == gold
    assert several.read("a, b", labels) is None  # the second one, or the first and the third
    assert several.read("a, d", labels) is None and several.read("c, a", labels) is None
    assert TASK_TYPES["regression"].read("3.4", ("stars",)) == 3.4
    assert TASK_TYPES["regression"].read("good", ("stars",)) is None
    assert TASK_TYPES["single-label"].read("b", ("a", "b")) == 1


def test_a_record_of_one_label_says_what_it_said(home: Home) -> None:
    record: Attribution = explain(load(save_pair(home.create())[0]), "a good film")
    said = statement_of(record)
    assert said.words == said.guess == record.labels[record.predicted]
    assert said.probability == pytest.approx(record.probabilities[record.predicted], abs=1e-6)
    assert (
        is_right(record, said.words) is True and is_right(record, "neither") is None and is_right(record, None) is None
    )

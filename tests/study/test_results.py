"""Results of studies whose raters answer by a rule, so that what comes out is known beforehand."""

from __future__ import annotations

import codecs
import csv
import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import update

from bcos_core.errors import StudyError
from bcos_core.home import Home
from bcos_core.render.study_export import answers_table, export_study
from bcos_core.storage.upgrade import open_database
from bcos_core.study.answers import Answers
from bcos_core.study.assignment import SlotKind
from bcos_core.study.design import Condition, Exclusion
from bcos_core.study.forms import form_of, plan_of
from bcos_core.study.locked import LockedItem
from bcos_core.study.paragraph import methods_paragraph
from bcos_core.study.participation import Part
from bcos_core.study.raters import Raters
from bcos_core.study.results import analyse, closed_loops, read_answers_of
from bcos_core.study.schema import STUDIES, STUDY_ANSWERS, STUDY_EVENTS
from bcos_core.study.selection import Source
from bcos_core.study.slots import Slots
from bcos_core.study.studies import Studies
from tests.study.answering import answer_all
from tests.study.world import World, make_world

EVERYTHING: dict[str, Any] = {"source": Source(count=8), "items_per_rater": 8, "raters_per_item": 8, "practice": 1}


def _rate(world: World, good: int = 4, bad: int = 2) -> Any:
    """The first condition gets `good`, the second `bad`; checks are passed."""
    first = world.locked.design.conditions[0].id

    def rule(rater: int, item: LockedItem, cell: str) -> dict[str, Any]:
        if item.expected:
            return {name: values[0] for name, values in item.expected.items()}
        value = good if cell == first else bad
        return {"interpretability": value, "agreement": min(5, value + rater % 2)}

    return rule


def test_a_constant_preference_is_found_exactly(home: Home) -> None:
    world = make_world(home, **EVERYTHING)
    answer_all(home, world, 8, _rate(world))
    answered = read_answers_of(open_database(home), world.study.id, world.locked)
    assert len(answered.counted) == 8 * 8 * 2  # practice and checks do not count
    interpretability, agreeing = analyse(answered, world.locked)
    means, differences, *_ = interpretability.results
    titles = [condition.title for condition in world.locked.design.conditions]
    assert means[titles[0]].value == 4 and means[titles[1]].value == 2
    (difference,) = differences.quantities
    assert abs(difference.value or 0) == pytest.approx(2)
    assert agreeing.results[0][titles[0]].value == pytest.approx(4.5)


def test_whoever_fails_the_checks_is_left_out(home: Home) -> None:
    world = make_world(home, **EVERYTHING, instructed=2, exclusion=Exclusion(failed_checks=1))
    passing = _rate(world)

    def rule(rater: int, item: LockedItem, cell: str) -> dict[str, Any]:
        if rater == 3 and item.kind == "instructed":
            return {name: values[0] % 5 + 1 for name, values in item.expected.items()}
        return passing(rater, item, cell)

    answer_all(home, world, 5, rule)
    answered = read_answers_of(open_database(home), world.study.id, world.locked)
    ((rater, reason),) = answered.excluded.items()
    assert reason.startswith("failed 2 of 2 instructed checks")
    assert answered.answers.set_index("rater")["arrival"][rater].unique().tolist() == [3]
    assert answered.counted["rater"].nunique() == 4


def test_the_fast_are_left_out_by_a_rule_about_seconds(home: Home) -> None:
    world = make_world(home, **EVERYTHING, exclusion=Exclusion(failed_checks=9, fastest=600))
    answer_all(home, world, 2, _rate(world))
    answered = read_answers_of(open_database(home), world.study.id, world.locked)
    assert len(answered.excluded) == 2
    assert all("in the median; the rule asks for 600 s" in reason for reason in answered.excluded.values())


def test_a_pair_is_counted_whichever_side_it_stood_on(home: Home) -> None:
    world = make_world(home, protocol="paired", **EVERYTHING)
    first = world.locked.design.conditions[0].id

    def rule(rater: int, item: LockedItem, cell: str) -> dict[str, Any]:
        if item.expected:
            return {name: values[0] for name, values in item.expected.items()}
        sides = cell.split("|")
        preferred = (rater + int(item.id.split("-")[1])) % 4 != 0  # three of four prefer the first condition
        wanted = first if preferred else next(side for side in sides if side != first)
        return {"preference": "left" if sides[0] == wanted else "right"}

    answer_all(home, world, 8, rule)
    (analysis,) = analyse(read_answers_of(open_database(home), world.study.id, world.locked), world.locked)
    scale = analysis.results[0]
    names = [condition.title for condition in world.locked.design.conditions]
    # Bradley–Terry with two conditions: the difference of log worths is the log odds, log(0.75 / 0.25).
    worth = {name: scale[f"log worth of {name}"].value or 0.0 for name in names}
    assert worth[names[0]] - worth[names[1]] == pytest.approx(1.0986, abs=1e-3)


def test_simulation_counts_right_guesses_before_and_after(home: Home) -> None:
    world = make_world(
        home,
        protocol="simulation",
        conditions=lambda bcos, twin: (Condition(bcos, "bcos"), Condition(bcos)),
        **EVERYTHING,
    )
    with_heatmap = world.locked.design.conditions[0]

    def rule(rater: int, item: LockedItem, cell: str) -> dict[str, Any]:
        if item.expected:
            return {name: values[0] for name, values in item.expected.items()}
        record = item.shown(cell)[0]
        right = record.labels[record.predicted]
        wrong = next(label for label in record.labels if label != right)
        return {"before": wrong, "after": right if cell == with_heatmap.id else wrong}

    answer_all(home, world, 8, rule)
    (analysis,) = analyse(read_answers_of(open_database(home), world.study.id, world.locked), world.locked)
    gain = analysis.results[0]
    plain = world.locked.design.conditions[1]
    assert gain[f"accuracy before, {with_heatmap.title}"].value == 0
    assert gain[f"gain, {with_heatmap.title}"].value == 1
    assert gain[f"gain, {plain.title}"].value == 0


def test_a_verdict_is_right_when_it_agrees_with_the_label(home: Home) -> None:
    world = make_world(
        home,
        protocol="trust",
        conditions=lambda bcos, twin: (Condition(bcos, "bcos"), Condition(bcos)),
        **EVERYTHING,
    )
    trusting = world.locked.design.conditions[0]

    def rule(rater: int, item: LockedItem, cell: str) -> dict[str, Any]:
        if item.expected:
            return {name: values[0] for name, values in item.expected.items()}
        record = item.shown(cell)[0]
        truth = "yes" if item.label == record.labels[record.predicted] else "no"
        return {"right": truth if cell == trusting.id else {"yes": "no", "no": "yes"}[truth]}

    answer_all(home, world, 8, rule)
    (analysis,) = analyse(read_answers_of(open_database(home), world.study.id, world.locked), world.locked)
    assert [analysis.results[0][one.title].value for one in world.locked.design.conditions] == [1.0, 0.0]


def test_the_closed_loop_finds_raters_who_follow_a_score(home: Home) -> None:
    world = make_world(home, **EVERYTHING)
    scores = sorted(
        scores["comp_minus_suff"] for item in world.locked.of_kind("item") for scores in item.scores.values()
    )

    def rule(rater: int, item: LockedItem, cell: str) -> dict[str, Any]:
        if item.expected:
            return {name: values[0] for name, values in item.expected.items()}
        if item.kind != "item":
            return {"interpretability": 1, "agreement": 1}
        rank = scores.index(item.scores[cell]["comp_minus_suff"])
        return {"interpretability": 1 + rank * 5 // len(scores), "agreement": 3}

    answer_all(home, world, 8, rule)
    followed, constant = analyse(read_answers_of(open_database(home), world.study.id, world.locked), world.locked)
    found = closed_loops(followed, world.locked)["comp_minus_suff"]
    assert (found["Spearman's ρ, overall"].value or 0) > 0.9
    undefined = closed_loops(constant, world.locked)["comp_minus_suff"]
    assert "ratings are equal" in undefined["Spearman's ρ, overall"].undefined


@pytest.mark.parametrize("protocol", ["rating", "paired", "simulation", "trust", "edit"])
def test_without_answers_everything_is_undefined_and_nothing_fails(home: Home, protocol: str) -> None:
    heatmap = protocol in ("rating", "paired")
    world = make_world(
        home,
        protocol=protocol,
        conditions=lambda bcos, twin: (Condition(bcos, "bcos"), Condition(bcos, "saliency" if heatmap else "")),
        practice=0,
        instructed=0,
    )
    answered = read_answers_of(open_database(home), world.study.id, world.locked)
    for analysis in analyse(answered, world.locked):
        assert all(result.undefined for result in analysis.results), analysis.title
        assert all(
            result.undefined or all(one.value is None for one in result.quantities)
            for result in closed_loops(analysis, world.locked).values()
        )
    assert "0 raters" in methods_paragraph(world.study, world.locked, answered)


def test_only_raters_who_answered_an_item_can_be_left_out(home: Home) -> None:
    world = make_world(home, **EVERYTHING, exclusion=Exclusion(failed_checks=0))
    passing = _rate(world)

    def rule(rater: int, item: LockedItem, cell: str) -> dict[str, Any]:
        if item.expected and rater == 2:
            return {name: values[0] % 5 + 1 for name, values in item.expected.items()}
        return dict(passing(rater, item, cell))

    answer_all(home, world, 3, rule)
    database = open_database(home)
    plan = plan_of(world.study.id, world.locked)
    leaves = Raters(database).consent(Raters(database).join(world.token).rater.id)  # after the practice item
    slot = Slots(database, plan).next(leaves.id)
    assert slot is not None and slot.kind == SlotKind.PRACTICE
    values = {"interpretability": 1, "agreement": 1}
    Answers(database, plan, form_of(world.locked)).save(leaves.id, slot.id, values, key="practice")
    answered = read_answers_of(database, world.study.id, world.locked)
    paragraph = methods_paragraph(world.study, world.locked, answered)
    assert "study, 2 raters rated explanations" in paragraph
    assert "each item once; conditions" in paragraph
    assert "were left out (1 of 3). 1 other rater answered no item. Texts" in paragraph


def test_everybody_who_came_has_one_part(home: Home) -> None:
    """Three who count, one who fails the check, one who withdraws, one who leaves at the consent."""
    world = make_world(home, **EVERYTHING, exclusion=Exclusion(failed_checks=0))
    passing = _rate(world)

    def rule(rater: int, item: LockedItem, cell: str) -> dict[str, Any]:
        if item.expected and rater == 1:
            return {name: values[0] % 5 + 1 for name, values in item.expected.items()}
        return dict(passing(rater, item, cell))

    answer_all(home, world, 5, rule)
    database = open_database(home)
    came = Raters(database).of(world.study.id)
    Raters(database).withdraw(came[4].id)
    Raters(database).join(world.token)
    answered = read_answers_of(database, world.study.id, world.locked)
    parts = list(answered.participation.parts.values())
    assert parts == [Part.COUNTS, Part.LEFT_OUT, Part.COUNTS, Part.COUNTS, Part.WITHDREW, Part.NO_ITEM]
    table = answers_table(answered, world.locked)
    assert table[table["excluded"] != ""]["rater"].nunique() == answered.participation.number(Part.LEFT_OUT)
    paragraph = methods_paragraph(world.study, world.locked, answered)
    assert "study, 3 raters rated" in paragraph
    assert "were left out (1 of 4). 1 other rater answered no item. 1 rater withdrew. Texts" in paragraph


def test_nobody_is_left_out_who_never_saw_an_item(home: Home) -> None:
    world = make_world(home, **EVERYTHING)
    answer_all(home, world, 1, _rate(world))
    database = open_database(home)
    Raters(database).consent(Raters(database).join(world.token).rater.id)
    answered = read_answers_of(database, world.study.id, world.locked)
    assert not answered.excluded
    assert "were left out (0 of 1). 1 other rater" in methods_paragraph(world.study, world.locked, answered)


def test_the_paragraph_says_how_much_was_answered(home: Home) -> None:
    world = make_world(home, **EVERYTHING)
    answer_all(home, world, 1, _rate(world))
    database = open_database(home)
    plan = plan_of(world.study.id, world.locked)
    stops = Raters(database).consent(Raters(database).join(world.token).rater.id)
    for _ in range(3):  # the practice item and two more, of which one may be a check
        slot = Slots(database, plan).next(stops.id)
        assert slot is not None
        values = {"interpretability": 1, "agreement": 1}
        Answers(database, plan, form_of(world.locked)).save(stops.id, slot.id, values, key=slot.id)
    answered = read_answers_of(database, world.study.id, world.locked)
    fewest = answered.counted.groupby("rater")["item"].nunique().min()
    paragraph = methods_paragraph(world.study, world.locked, answered)
    assert f"each item once, and answered {fewest} to 8 of them; conditions" in paragraph
    assert "with equal numbers" not in paragraph


@pytest.mark.parametrize(
    ("changes", "said", "unsaid"),
    [
        (
            {"protocol": "edit", "instructed": 0, "raters_per_item": 1},
            (
                "In an edit to flip study",
                "1 answer was wanted for an item",
                "There was no rule to leave",
            ),
            ("mixed in", "instructed"),
        ),
        ({"instructed": 1}, ("1 instructed attention check was mixed in.", "In a "), ("random scores",)),
        ({"instructed": 0, "random": 2}, ("2 heatmaps of random scores were mixed in.",), ("instructed", "left out")),
    ],
)
def test_the_paragraph_says_what_there_was_and_nothing_else(
    home: Home, changes: dict[str, Any], said: tuple[str, ...], unsaid: tuple[str, ...]
) -> None:
    world = make_world(home, **changes)
    answered = read_answers_of(open_database(home), world.study.id, world.locked)
    paragraph = methods_paragraph(world.study, world.locked, answered)
    assert [words for words in said if words not in paragraph] == []
    assert [words for words in unsaid if words in paragraph] == []


def test_an_export_has_everything_and_only_when_it_is_closed(home: Home, tmp_path: Path) -> None:
    world = make_world(home, **EVERYTHING)
    answer_all(home, world, 3, _rate(world))
    database = open_database(home)
    with pytest.raises(StudyError, match="Close it first"):
        export_study(database, world.study.id, tmp_path / "out")
    Studies(database).close(world.study.id)
    files = {file.name: file for file in export_study(database, world.study.id, tmp_path / "out")}
    answers = pd.read_csv(files["answers.csv"])
    # Three raters: one practice item, eight items and a check, two questions each.
    assert len(answers) == 3 * 10 * 2 == len(pd.read_parquet(files["answers.parquet"]))
    assert set(answers["condition"]) == {condition.title for condition in world.locked.design.conditions}
    items = json.loads(files["items.json"].read_text())
    assert items["hash"] == world.locked.hash and len(items["items"]) == 10
    assert (pd.read_csv(files["events.csv"])["event"] == "answered").sum() == 3 * 10
    codes = pd.read_csv(files["codebook.csv"])
    assert {"interpretability", "agreement"} <= set(codes["name"])
    report = files["report.html"].read_text()
    assert world.locked.hash in report and "<script" not in report
    assert "raters: an interval needs at least 6" in report


def test_an_export_names_models_as_people_do(home: Home, tmp_path: Path) -> None:
    """One method on two models, so that these are what is compared."""
    world = make_world(
        home, conditions=lambda bcos, twin: (Condition(bcos, "occlusion"), Condition(twin, "occlusion")), **EVERYTHING
    )
    answer_all(home, world, 3, _rate(world))
    database = open_database(home)
    Studies(database).close(world.study.id)
    bcos, twin = world.locked.design.checkpoints
    named = {bcos: "Our model", twin: "Its plain twin"}
    written = export_study(database, world.study.id, tmp_path / "out", models=named)
    files = {file.name: file for file in written}
    answers = pd.read_csv(files["answers.csv"])
    assert set(answers["condition"]) == {"Occlusion · Our model", "Occlusion · Its plain twin"}
    codes = pd.read_csv(files["codebook.csv"])
    models = codes[codes["kind"] == "model"].set_index("name")["meaning"]
    assert models["Our model"] == f"folder tiny-bcos, weights {world.locked.weights[bcos]}"
    assert models["Its plain twin"] == f"folder tiny-conventional, weights {world.locked.weights[twin]}"
    assert set(codes[codes["kind"] == "condition"]["meaning"]) == set(answers["condition"])
    report = files["report.html"].read_text()
    assert "Occlusion · Our model" in report
    assert not re.findall(".{30}tiny-.{30}", report)


def test_what_a_rater_writes_stays_one_cell_of_one_record(home: Home, tmp_path: Path) -> None:
    written = 'good\r=HYPERLINK("http://x","y")\r＝1\ud83d'
    world = make_world(home, **EVERYTHING)
    answer_all(home, world, 1, _rate(world))
    database = open_database(home)
    with database.write() as connection:
        connection.execute(update(STUDY_ANSWERS).where(STUDY_ANSWERS.c.position == 0).values(value=written))
        connection.execute(update(STUDY_EVENTS).values(payload={"text": written}))
    Studies(database).close(world.study.id)
    files = {file.name: file for file in export_study(database, world.study.id, tmp_path / "out")}
    kept = written.replace("\ud83d", "\ufffd")
    for name, column, cell in (
        ("answers", "value", kept),
        ("events", "details", json.dumps({"text": kept}, ensure_ascii=False)),
    ):
        with files[f"{name}.csv"].open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines, strict=True))
        assert cell in {row[column] for row in rows}
        assert [row[column] for row in rows] == list(pd.read_parquet(files[f"{name}.parquet"])[column])
    # No reader finds a record that begins with the formula: every bare carriage return stands between quotes.
    data = files["answers.csv"].read_bytes()
    assert data.startswith(codecs.BOM_UTF8) and data.count(b"\r\n") == 1 + 10 * 2


def test_a_report_shows_titles_as_text(home: Home, tmp_path: Path) -> None:
    bad = "<script>alert(1)</script>"
    world = make_world(home, **EVERYTHING)
    database = open_database(home)
    with database.write() as connection:
        connection.execute(update(STUDIES).values(title=bad))
    Studies(database).close(world.study.id)
    files = {file.name: file for file in export_study(database, world.study.id, tmp_path / "out")}
    assert bad not in files["report.html"].read_text()


def test_the_paragraph_calls_models_as_they_are_called(home: Home) -> None:
    world = make_world(home, **EVERYTHING)
    answered = read_answers_of(open_database(home), world.study.id, world.locked)
    bcos = world.locked.design.checkpoints[0]
    paragraph = methods_paragraph(world.study, world.locked, answered, {bcos: "Ours, second try"})
    assert "B-cos contributions · Ours, second try; Gradient × input · tiny-conventional." in paragraph

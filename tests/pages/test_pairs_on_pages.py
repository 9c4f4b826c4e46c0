"""Pages with a task of pairs: two columns, two boxes, two headings with a share each, two texts to rate and to edit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import bcos_core
from bcos_core.home import Home
from bcos_core.jobs.kinds import command_of
from bcos_core.jobs.store import JobStore
from bcos_core.storage.collections import Collections
from bcos_core.storage.upgrade import open_database
from bcos_core.study.design import Condition
from bcos_core.study.selection import Candidate
from bcos_core.text.pair import pair
from bcos_core.text.tasks import TaskChoice
from pages.rate import edit as rating_edit
from pages.rate import rating
from tests.pages.conftest import OpenPage, button, words
from tests.pages.shown import Shown, start_rating
from tests.study.world import make_world
from tests.tiny_pair import save_pair

LABELS = ("follows", "does not follow")
FIRST, SECOND = "Two dogs were found.", "Three animals were found."
TEXT = pair(FIRST, SECOND)


@pytest.fixture
def models(home: Home) -> list[str]:
    task = TaskChoice("embedded", "template-pairs").to_dict()
    folders = save_pair(home, LABELS, task=task, text_columns=("premise", "hypothesis"))
    return [folder.name for folder in folders]


def runs(at: Any) -> list[list[dict[str, Any]]]:
    """What each panel draws."""
    return [
        json.loads(component.proto.json)["runs"]
        for component in at.get("bidi_component")
        if component.proto.component_name == "bcos_heatmap"
    ]


def test_two_columns_are_found_and_may_be_one(open_page: OpenPage, home: Home, store: JobStore) -> None:
    path = home.uploads / "0123456789abcdef" / "rows.jsonl"
    path.parent.mkdir()
    rows = [{"premise": f"Two dogs {n}", "hypothesis": f"Animals {n}", "label": n % 2} for n in range(200)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    at = open_page("train", task="file", file=f"{path.parent.name}/{path.name}")
    assert [box.value for box in at.selectbox][:4] == ["premise", "hypothesis", "label", ""] and not at.error
    at.selectbox[1].set_value("premise").run()
    assert "both the text and the second text" in at.error[0].value
    at.selectbox[1].set_value("").run()  # a guess can be taken back
    assert not at.error and at.selectbox[1].value == ""
    at.selectbox[1].set_value("hypothesis").run()
    button(at, "Start training").click().run()
    (job,) = store.list()
    assert job.spec["task"]["second_column"] == "hypothesis" and "--second-column=hypothesis" in command_of(job)


def test_the_templates_can_be_trained_on(open_page: OpenPage) -> None:
    at = open_page("train", task="template-pairs")
    assert not at.exception and not at.error and "Pairs of sentences" in words(at)


def test_two_boxes_and_two_headings(open_page: OpenPage, home: Home, models: list[str]) -> None:
    at = open_page("compare", model=models[0], method="bcos", text=TEXT)
    assert [(box.label, box.value) for box in at.text_area] == [
        ("First text (premise)", FIRST),
        ("Second text (hypothesis)", SECOND),
    ]
    (drawn,) = runs(at)
    record = bcos_core.explain(bcos_core.load(home.models / models[0]), TEXT)
    headings = [run for run in drawn if run["kind"] == "heading"]
    assert [heading["text"] for heading in headings] == ["First text", "Second text"]
    shares = [sum(record.scores[position] for position in half) for half in record.positions_by_half]
    for heading, share in zip(headings, shares, strict=True):
        assert float(heading["share"].split()[0].replace("−", "-")) == pytest.approx(share, rel=0.02)
    at.text_area[1].set_value("Two animals\x1f were found.").run()
    assert at.query_params["text"] == pair(FIRST, "Two animals  were found.")
    assert not at.exception and len(runs(at)) == 1


def test_what_is_missing_is_asked_for(open_page: OpenPage, models: list[str]) -> None:
    at = open_page("compare", model=models[0], text=FIRST)
    assert "reads two texts together. Type the second text too." in words(at) and not runs(at)
    at.text_area[0].set_value("").run()
    at.text_area[1].set_value(SECOND).run()
    assert "Type the first text too." in words(at)
    at = open_page("compare", model=models[0], text="")
    assert "Type two texts above" in words(at) and not at.exception


def test_a_test_pair_is_on_the_screen_and_can_be_pinned(open_page: OpenPage, home: Home, models: list[str]) -> None:
    at = open_page("compare", model=models[0], method="bcos", example="3")
    first, second = (box.value for box in at.text_area)
    assert first.endswith(".") and second.startswith("On ")
    assert len(runs(at)) == 1 and not at.exception
    Collections(open_database(home)).pin("Pinned", TEXT, "follows")
    at = open_page("studies")
    assert not at.exception


def test_a_model_of_one_text_says_what_it_reads(open_page: OpenPage, home: Home) -> None:
    single, _ = save_pair(home)
    at = open_page("compare", model=single.name, method="bcos", text=TEXT)
    assert "reads one text, and these are two" in words(at) and not runs(at)
    button(at, "One text only").click().run()
    assert [box.value for box in at.text_area] == [FIRST] and len(runs(at)) == 1


def test_a_model_from_elsewhere_may_read_either(open_page: OpenPage, home: Home) -> None:
    foreign, _ = save_pair(home)
    (foreign / "checkpoint.json").unlink()
    at = open_page("compare", model=foreign.name, method="bcos", text=FIRST)
    assert len(runs(at)) == 1
    button(at, "Add a second text").click().run()
    assert "Type the second text too." in words(at)
    at.text_area[1].set_value(SECOND).run()
    (drawn,) = runs(at)
    assert [run["kind"] for run in drawn].count("heading") == 2


def test_scores_that_pairs_cannot_serve_are_not_offered(open_page: OpenPage, models: list[str]) -> None:
    at = open_page("evaluate", model=models[0])
    offered = at.multiselect(key="url-score").options
    assert not any("pointing" in title.lower() for title in offered)
    assert any("rationale" in title.lower() for title in offered)
    assert "read two already" in words(at) and not at.exception


def test_models_and_their_audit_name_pairs(open_page: OpenPage, models: list[str]) -> None:
    at = open_page("models")
    assert not at.exception and models[0] in words(at)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    found = Shown()
    monkeypatch.setattr(rating, "rating_item", found)
    monkeypatch.setattr(rating_edit, "rating_item", found)
    return found


PAIRS = [Candidate(pair(f"Film {n} is good", f"It is thin no. {n}"), "positive", True) for n in range(12)]


def test_a_rater_sees_both_texts(home: Home, shown: Shown, open_page: OpenPage) -> None:
    world = make_world(home, texts=PAIRS, practice=0, instructed=0)
    at = start_rating(open_page, world)
    assert not at.exception
    (panel,) = shown.data["panels"]
    headings = [run for run in panel["runs"] if run["kind"] == "heading"]
    assert headings == [{"kind": "heading", "text": "First text"}, {"kind": "heading", "text": "Second text"}]


def test_either_text_can_be_edited(home: Home, shown: Shown, open_page: OpenPage) -> None:
    world = make_world(
        home,
        texts=PAIRS,
        protocol="edit",
        conditions=lambda bcos, twin: (Condition(bcos, "bcos"), Condition(bcos)),
        practice=0,
        instructed=0,
        tries=3,
    )
    at = start_rating(open_page, world)
    assert [box.label for box in at.text_area] == ["First text", "Second text"]
    at.text_area[1].set_value("It is awful").run()
    at = button(at, "Try it · 3 tries left").click().run()
    assert not at.exception and "4 words changed." in words(at) + "".join(one.value for one in at.success)
    at.text_area[0].set_value(" ").run()
    tries = [one for one in at.button if one.label.startswith("Try it")]
    if not tries[0].disabled:
        tries[0].click().run()
        assert not at.exception and "Nothing is left of the first text" in "".join(one.value for one in at.error)


def test_models_of_either_kind_are_not_measured_together(home: Home, models: list[str], tmp_path: Path) -> None:
    from bcos_core.errors import InputError
    from bcos_core.evaluate.task_of_models import require_task_of
    from bcos_core.model.info import read_info
    from bcos_core.text.tasks import load_task

    task = load_task(TaskChoice("embedded", "template-pairs"))
    require_task_of(read_info(home.models / models[0]), task)
    single, _ = save_pair(home, LABELS)
    with pytest.raises(InputError, match="reads single texts, but .* has pairs of texts"):
        require_task_of(read_info(single), task)


def test_what_was_just_typed_is_the_first_of_two_texts(open_page: OpenPage, home: Home) -> None:
    foreign, _ = save_pair(home)
    (foreign / "checkpoint.json").unlink()
    at = open_page("compare", model=foreign.name, method="bcos", text=FIRST)
    at.text_area[0].set_value("Another first.")  # the click comes before the page is drawn anew
    button(at, "Add a second text").click().run()
    assert [box.value for box in at.text_area] == ["Another first.", ""]
    at.text_area[0].set_value("One more.")
    button(at, "One text only").click().run()
    assert [box.value for box in at.text_area] == ["One more."]

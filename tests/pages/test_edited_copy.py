"""An edited copy of a text on Compare: both versions, the same question, and a link that gives them back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from tiny_pair import LABELS, save_pair

import bcos_core
from bcos_core.attribution.aggregation import word_scores
from bcos_core.home import Home
from bcos_core.text.pair import pair
from bcos_core.text.tasks import TaskChoice
from tests.pages.conftest import OpenPage, button, words

BEFORE, AFTER = "A dull <b>film</b>.", "A fine <b>film</b>."


def drawn(at: AppTest) -> dict[str, dict[str, Any]]:
    found = [one for one in at.get("bidi_component") if one.proto.component_name == "bcos_heatmap"]
    panels = [json.loads(one.proto.json) for one in found]
    return {f"{panel['model']}: {panel['method']}": panel for panel in panels if "cost" in panel}


def scores(panel: dict[str, Any]) -> list[float]:
    return [unit["score"] for run in panel["runs"] if run["kind"] == "unit" for unit in run["units"]]


@pytest.mark.parametrize("kind", LABELS)
def test_both_versions_answer_the_question_of_the_first(open_page: OpenPage, home: Home, kind: str) -> None:
    folders = save_pair(home, kind=kind)
    at = open_page("compare", model=[folder.name for folder in folders], method="occlusion", text=BEFORE)
    button(at, "Edit a copy").click().run()
    assert at.query_params["before"] == BEFORE
    at.text_area[0].set_value(AFTER).run()
    assert not at.exception and not at.error
    assert "“dull” became “fine”." in words(at)
    panels = drawn(at)
    for folder in folders:
        model = bcos_core.load(folder)
        before = bcos_core.explain(model, BEFORE, method="occlusion", target=_asked(folders[0]))
        after = bcos_core.explain(model, AFTER, method="occlusion", target=before.target)
        for record, title in ((before, "before"), (after, "after")):
            panel = panels[f"{folder.name}: Occlusion, {title}"]
            assert scores(panel) == pytest.approx([word.score for word in word_scores(record)], abs=1e-5)
            largest = max(abs(word.score) for one in (before, after) for word in word_scores(one))
            strengths = [unit["strength"] for run in panel["runs"] if run["kind"] == "unit" for unit in run["units"]]
            assert strengths == pytest.approx([word.score / largest for word in word_scores(record)], abs=1e-4)
    button(at, "Back to the original").click().run()
    assert at.text_area[0].value == BEFORE and "before" not in at.query_params


def _asked(first: Any) -> str:
    """What Compare explains: the first model's answer to the original."""
    return bcos_core.explain(bcos_core.load(first), BEFORE).target.label


def test_a_pair_is_edited_in_either_text(open_page: OpenPage, home: Home) -> None:
    task = TaskChoice("embedded", "template-pairs").to_dict()
    save_pair(home, ("follows", "does not follow"), task=task, text_columns=("premise", "hypothesis"))
    before = pair("Two dogs were found.", "Three animals were found.")
    after = pair("Two dogs were found.", "Two animals were found.")
    at = open_page("compare", model="tiny-bcos", method="bcos", text=after, before=before)
    assert not at.exception and "“Three” became “Two”." in words(at)
    assert len(drawn(at)) == 2
    button(at, "Go on with the copy").click().run()
    assert at.text_area[1].value == "Two animals were found." and "before" not in at.query_params


def test_a_long_text_is_kept_and_a_foreign_one_ignored(open_page: OpenPage, home: Home) -> None:
    save_pair(home)
    at = open_page("compare", model="tiny-bcos", method="bcos", text="film " * 500)
    button(at, "Edit a copy").click().run()
    assert "before-kept" in at.query_params and "Nothing is changed yet." in words(at)
    at = open_page("compare", model="tiny-bcos", method="bcos", text=AFTER, before=pair("two", "texts"))
    assert not at.exception and "An edited copy" not in words(at)


def test_words_that_were_struck_are_back_in_the_copy_and_it_says_so(open_page: OpenPage, home: Home) -> None:
    folder, _ = save_pair(home)
    at = open_page("compare", model=folder.name, method="occlusion", text=BEFORE, strike="2-6")
    button(at, "Edit a copy").click().run()
    assert [one.value for one in at.toast] == ["The struck words are back: an edited copy begins as the whole text."]
    assert at.text_area[0].value == BEFORE and "strike" not in at.query_params


def test_what_was_just_typed_is_what_a_click_goes_on_with(open_page: OpenPage, home: Home) -> None:
    folder, _ = save_pair(home)
    at = open_page("compare", model=folder.name, method="occlusion", text=AFTER, before=BEFORE)
    at.text_area[0].set_value("A third text.")  # the click comes before the page is drawn anew
    button(at, "Go on with the copy").click().run()
    assert at.text_area[0].value == "A third text." and "before" not in at.query_params

"""How models learned, on Compare: the slider, the heatmaps of a state, and what is said where nothing was kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from tiny_pair import save_pair

from bcos_core import load
from bcos_core.evaluate.state import observe
from bcos_core.home import CHECKOUT, Home
from bcos_core.text.examples import Examples
from bcos_core.train.course import COURSE_FILE, course_text, keep_state
from tests.pages.conftest import words

TEXTS = Examples(("a charming film", "a dull plot"), (1, 0))
STEPS = (0, 1, 40)


@pytest.fixture
def pair(home: Home) -> tuple[Path, Path]:
    return save_pair(home)


def keep(folder: Path, work: Path, texts: Examples = TEXTS) -> None:
    """The course of a training whose states differ by a factor that is known: scores grow with the steps."""
    model = load(folder)
    seen = observe(
        model,
        texts,
        texts,
        method="bcos" if model.is_bcos else "pullback",
        step=0,
        beat=lambda: None,
    )
    for place, step in enumerate(STEPS):
        records = [{**one, "scores": [score * place for score in one["scores"]]} for one in seen.records]
        keep_state(work, replace(seen, step=step, value=0.5 + 0.1 * place, records=tuple(records)))
    (folder / COURSE_FILE).write_text(course_text(work, metric="accuracy", validation=2))


def compare(**parameters: str | list[str]) -> AppTest:
    page = AppTest.from_file(str(CHECKOUT / "pages" / "compare" / "page.py"), default_timeout=60)
    for name, value in {"method": "bcos", "text": "a fine film", **parameters}.items():
        page.query_params[name] = value
    page.session_state["course"] = True
    page.run()
    assert not page.exception, page.exception
    return page


def heatmaps(page: AppTest) -> dict[tuple[str, str], dict[str, Any]]:
    drawn = [json.loads(one.proto.json) for one in page.get("bidi_component")]
    return {(one["method"], one["model"]): one for one in drawn if " · after " in one.get("method", "")}


def test_where_nothing_was_kept_it_says_how_to_keep_it(pair: tuple[Path, Path]) -> None:
    assert "train one with “Explained texts” above 0" in words(compare(model=[one.name for one in pair]))


def test_a_slider_walks_through_the_training(pair: tuple[Path, Path], tmp_path: Path) -> None:
    for folder in pair:
        keep(folder, tmp_path / folder.name)
    page = compare(model=[one.name for one in pair])
    slider = next(one for one in page.select_slider if one.label == "Optimiser steps done")
    assert [str(option) for option in slider.options] == ["0", "1", "40"] and slider.value == 2
    shown = heatmaps(page)
    assert {name for name, _ in shown} == {"positive · after 40 steps"} and len(shown) == 2
    for (_, model), drawn in shown.items():
        units = [unit for run in drawn["runs"] if run["kind"] == "unit" for unit in run["units"]]
        assert max(abs(unit["strength"]) for unit in units) == 1.0, model
    slider.set_value(1).run()
    assert not page.exception and page.query_params["state"] == "1"
    for drawn in heatmaps(page).values():  # half of the scores, in the same colours
        units = [unit for run in drawn["runs"] if run["kind"] == "unit" for unit in run["units"]]
        assert max(abs(unit["strength"]) for unit in units) == pytest.approx(0.5)
    assert "Accuracy on validation texts 60.0 %" in {drawn["cost"] for drawn in heatmaps(page).values()}
    table = next(one.value for one in page.dataframe if "word" in one.value)
    assert table["word"].tolist() == ["a", "charming", "film"] and table["tiny-bcos: from step"].tolist() == [1, 1, 1]


def test_the_text_on_the_screen_is_looked_at_first(pair: tuple[Path, Path], tmp_path: Path) -> None:
    keep(pair[0], tmp_path / "w")
    page = compare(model=[one.name for one in pair], text="a dull plot")
    assert next(one for one in page.selectbox if one.label == "Explained text").value == 1
    assert "tiny-conventional kept no explanations in its training" in words(page)


def test_a_damaged_course_hides_nothing_else(pair: tuple[Path, Path]) -> None:
    (pair[0] / COURSE_FILE).write_text("{")
    said = words(compare(model=[pair[0].name]))
    assert "course.jsonl is not JSON" in said

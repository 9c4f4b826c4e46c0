"""What a rater's browser gets: the text and its colours, and nothing that tells the conditions apart."""

from __future__ import annotations

import json

import pytest

from bcos_core.attribution.record import Cost
from bcos_core.attribution.registry import METHODS
from bcos_core.render.blinded import blinded_panel, shown_answer
from bcos_core.render.palette import PALETTES
from tests.render.records import record

PALETTE = next(iter(PALETTES.values()))


def test_strengths_are_shares_of_the_strongest_word() -> None:
    # Words: not +0.5, bad −2.0 + 0.25 = −1.75. 0.5 / 1.75 = 0.286, in steps of a twentieth 0.3.
    panel = blinded_panel(record(), PALETTE, names_class=True)
    units = {unit["text"]: unit for run in panel["runs"] for unit in run.get("units", ())}
    assert units["bad"]["strength"] == -1.0
    assert units["Not"]["strength"] == pytest.approx(0.3)
    assert units["bad"]["label"] == "bad, strongly speaks against “positive”"
    assert units["Not"]["label"] == "Not, weakly supports “positive”"


def test_the_text_is_whole() -> None:
    panel = blinded_panel(record(), PALETTE, names_class=True)
    texts = [unit["text"] for run in panel["runs"] for unit in run.get("units", [run])]
    assert "".join(texts) == "Not bad."


def test_the_same_scores_look_the_same_whatever_method_and_model_they_are_from() -> None:
    panels = {
        json.dumps(
            blinded_panel(
                record(
                    method=name, model=f"model-{name}", cost=Cost(n, n, n), additive=bool(n % 2), parameters={"n": n}
                ),
                PALETTE,
                names_class=True,
            )
        )
        for n, name in enumerate(METHODS)
    }
    assert len(panels) == 1
    (sent,) = panels
    assert not [name for name in METHODS if name in sent]
    assert "0.5" not in sent and "model-" not in sent


def test_scores_ten_times_as_large_look_the_same() -> None:
    larger = record(scores=tuple(10 * score for score in record().scores))
    assert blinded_panel(larger, PALETTE, names_class=True) == blinded_panel(record(), PALETTE, names_class=True)


def test_where_the_class_is_to_be_guessed_it_is_not_named() -> None:
    sent = json.dumps(blinded_panel(record(), PALETTE, names_class=False), ensure_ascii=False)
    assert "positive" not in sent
    assert "the model’s answer" in sent


def test_without_colours_there_is_the_text_alone() -> None:
    panel = blinded_panel(record(), PALETTE, names_class=True, coloured=False)
    assert panel["legend"] is None
    assert {unit["strength"] for run in panel["runs"] for unit in run.get("units", ())} == {0.0}
    assert "against" not in json.dumps(panel)


def test_the_answer_has_its_probability() -> None:
    assert shown_answer(record()) == {"label": "positive", "probability": "0.62"}

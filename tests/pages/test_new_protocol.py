"""The example protocol on the pages: drawn up, rated by a person, closed, with results. No page knows it by name."""

from __future__ import annotations

import pytest
from tiny_pair import save_pair

from bcos_core.home import Home
from bcos_core.storage.upgrade import open_database
from bcos_core.study.design import StudyDesign
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.studies import Studies, StudyStatus
from bcos_core.tasks.registry import TASK_TYPES
from pages.rate import rating
from tests.pages.conftest import OpenPage, button, words
from tests.pages.shown import Shown, start_rating
from tests.study.example_protocol import PROTOCOL
from tests.study.world import make_world

ONE_LABEL = TASK_TYPES["single-label"]


@pytest.fixture(autouse=True)
def clarity(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the file lay in `study/protocols`."""
    monkeypatch.setitem(PROTOCOLS._entries, PROTOCOL.name, PROTOCOL)


def test_it_is_drawn_up_on_the_form(home: Home, open_page: OpenPage) -> None:
    save_pair(home)
    at = open_page("studies")
    at = at.button_group(key="study-protocol-new").set_value("clarity").run()
    assert not at.exception
    assert PROTOCOL.description in words(at) and "points on a 1–5 scale) with 80 % power" in words(at)
    at = at.text_input(key="study-prompt-clarity-0-new").set_value("Is it clear?").run()
    at = at.number_input(key="study-random-new").set_value(1).run()
    at = button(at, "Save as a draft").click().run()
    assert not at.exception and "Clarity: 24 texts" in words(at)
    (study,) = Studies(open_database(home)).list()
    design = StudyDesign.from_dict(study.design)
    assert (design.protocol, design.random, design.instructions) == ("clarity", 1, PROTOCOL.instructions_for(ONE_LABEL))
    assert [question.prompt for question in design.questions] == ["Is it clear?"]


def test_it_is_previewed_rated_and_analysed(home: Home, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(home, opened=False, protocol="clarity", random=1)
    at = open_page("studies")
    assert not at.exception and PROTOCOL.instructions_for(ONE_LABEL) in words(at)
    assert button(at, "Rehearse")
    at = button(at, "Open for raters").click().run()
    assert not at.exception

    shown = Shown()
    monkeypatch.setattr(rating, "rating_item", shown)
    at = start_rating(open_page, world)
    for _ in range(5):  # a practice item, two items and two checks
        assert not at.exception and button(at, "Next").disabled
        (question,) = shown.data["questions"]
        assert question["prompt"] == "The colours are clear to me." and len(question["choices"]) == 5
        at = shown.answer(at, "clear", 4)
        at = button(at, "Next").click().run()
    assert "Thank you" in words(at)

    at = button(open_page("studies"), "Close it").click().run()
    assert not at.exception
    assert Studies(open_database(home)).get(world.study.id).status == StudyStatus.CLOSED
    assert "The colours are clear to me." in words(at)
    assert any("In a clarity study," in code.value for code in at.code)

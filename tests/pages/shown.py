"""A rater's page without a browser: what the item's component gets, and what it sends back, by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streamlit.testing.v1 import AppTest

from pages.widgets.rating_item import ITEM_KEY
from tests.pages.conftest import OpenPage, button, words
from tests.study.world import World


class Shown:
    """What the page gives to the item's component, and the way back of an answer."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = {}

    def __call__(self, data: dict[str, Any], *, key: str, on_answer: Callable[[dict[str, Any]], None]) -> None:
        self.data = data

    def send(self, at: AppTest, question: str, value: Any, key: str = "") -> None:
        """What the component sends when a person chooses `value`; it comes with the next run."""
        slot = self.data["slot"]
        answer = {"slot": slot, "question": question, "value": value, "key": key or f"{slot[:20]}{question}{value}"}
        name = f"{ITEM_KEY}{slot}"
        before = at.session_state[name]["given"] if name in at.session_state else []
        at.session_state[name] = {"given": [*before, answer]}

    def answer(self, at: AppTest, question: str, value: Any, key: str = "") -> AppTest:
        self.send(at, question, value, key)
        return at.run()

    def answer_all(self, at: AppTest) -> AppTest:
        """The first answer to each question; where they must differ, the first that is left."""
        for place, question in enumerate(self.data["questions"]):
            choice = question["choices"][place if self.data["distinct"] else 0]
            at = self.answer(at, question["name"], choice["value"])
        return at


def start_rating(open_page: OpenPage, world: World) -> AppTest:
    """The first item, after the invitation and the consent."""
    at = open_page("rate", invite=world.token)
    assert world.locked.design.title in words(at)
    assert button(at, "Start").disabled
    at.checkbox(key="consent").check().run()
    return button(at, "Start").click().run()

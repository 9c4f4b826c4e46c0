"""A new page is one small file and a row: in the menu, at its address, for researchers alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from tiny_pair import save_pair
from transformers import AutoTokenizer

from bcos_core.home import CHECKOUT, Home
from pages.server import roles
from pages.server.rooms import ROOMS, Room
from tests.pages.conftest import OpenPage, button, words

EXAMPLE = Path(__file__).with_name("example_page.py")
ROW = 'Room("tokens", "Tokens", "toc")'
TEXT = "Unbelievably good <b>"


class Stranger(dict[str, Any]):
    is_logged_in = False


@pytest.fixture(autouse=True)
def tokens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As if the file lay in `pages/tokens`, and its row in `pages/server/rooms.py`."""
    room = eval(ROW.replace(")", ", inside=folder)"), {"Room": Room, "folder": tmp_path})
    room.page.parent.mkdir()
    room.page.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setitem(ROOMS._entries, room.name, room)


def test_it_is_small_and_its_row_is_shown() -> None:
    assert len(EXAMPLE.read_text(encoding="utf-8").splitlines()) <= 40
    assert ROW in (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_it_shows_what_its_address_says(home: Home, open_page: OpenPage) -> None:
    folders = save_pair(home)
    at = open_page("tokens", model="tiny-conventional", text=TEXT)
    assert not at.exception and "How a model's tokenizer cuts a text." in words(at)
    assert at.selectbox[0].value == "tiny-conventional"
    tokenizer = AutoTokenizer.from_pretrained(folders[1])
    assert at.dataframe[0].value["token"].tolist() == tokenizer(TEXT).tokens()
    assert "".join(at.dataframe[0].value["in the text"]) == TEXT.replace(" ", "")
    at = at.text_input[0].set_value("good").run()
    assert at.query_params["text"] in ("good", ["good"])
    assert at.dataframe[0].value["token"].tolist() == tokenizer("good").tokens()


def test_bad_input_is_told_in_words(home: Home, open_page: OpenPage) -> None:
    save_pair(home)
    at = open_page("tokens", text=" ", model="nothing")
    assert not at.exception and "Text 1 is empty" in words(at)


def test_without_a_model_it_leads_to_one(open_page: OpenPage) -> None:
    at = open_page("tokens")
    assert "no trained model" in words(at)
    at = button(at, "Start on Home").click().run()
    assert not at.exception and "B-cos language models" in words(at)


def test_it_is_for_researchers_alone(home: Home, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    save_pair(home)
    monkeypatch.setattr(roles, "identity_provider", lambda: True)
    monkeypatch.setattr(st, "user", Stranger())
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        open_page("tokens")
    at = AppTest.from_file(str(ROOMS["tokens"].page), default_timeout=60).run()  # as if nothing stood in front of it
    assert words(at) == "Welcome\nOpen the link of your invitation to take part in a study."

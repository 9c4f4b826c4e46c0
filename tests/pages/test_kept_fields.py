"""Fields that come back: a change that arrives after its form was sent changes nothing, and breaks nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.widgets import kept as module
from pages.widgets.kept import forget, has_kept, kept


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    values: dict[str, Any] = {}
    monkeypatch.setattr(module, "st", SimpleNamespace(session_state=values))
    return values


def test_what_was_changed_comes_back(state: dict[str, Any]) -> None:
    changed = kept("title-new", "Untitled")["on_change"]
    state["title-new"] = "Mine"
    changed()
    del state["title-new"]  # another page was open
    kept("title-new", "Untitled")
    assert state["title-new"] == "Mine"


def test_a_late_change_of_a_form_that_was_sent_is_nothing(state: dict[str, Any]) -> None:
    changed = kept("title-new", "Untitled")["on_change"]
    state["title-new"] = "Mine"
    forget("-new")
    changed()
    assert not has_kept("-new")


def test_a_value_is_set_once_and_then_said_as_what_the_widget_begins_with(state: dict[str, Any]) -> None:
    """A value that is set replaces what is being typed; one that the widget begins with does not, and is what the
    browser shows of a widget that it makes later: one in a closed expander."""
    written: list[Any] = []

    class Watched(dict[str, Any]):
        def __setitem__(self, key: str, value: Any) -> None:
            if key == "title-new":
                written.append(value)
            super().__setitem__(key, value)

    module.st.session_state = Watched(state)  # type: ignore[misc, assignment]
    assert "value" not in kept("title-new", "Untitled")  # of both at once Streamlit warns
    assert kept("title-new", "Untitled")["value"] == "Untitled"
    assert written == ["Untitled"]
    module.st.session_state.pop("title-new")  # another page was open
    assert "value" not in kept("title-new", "Untitled")
    assert written == ["Untitled", "Untitled"]


def test_what_is_sent_to_the_browser_sets_a_field_once() -> None:
    """A message that sets a field replaces what is being typed there, in a run that began before it was."""

    def script() -> None:
        import streamlit as st

        from pages.widgets.kept import kept

        st.text_input("Title", **kept("title", "Untitled"))
        st.selectbox("Letter", ["a", "b"], **kept("letter", "b", options=["a", "b"], begins="index"))
        st.button("Again")

    at = AppTest.from_function(script).run()
    sent = at.text_input[0].proto
    assert (sent.set_value, sent.value) == (True, "Untitled")
    at.button[0].click().run()
    sent = at.text_input[0].proto
    assert (sent.set_value, sent.default, at.selectbox[0].proto.set_value, at.selectbox[0].proto.default) == (
        False,
        "Untitled",
        False,
        1,
    )
    at.text_input[0].set_value("Mine").run()
    sent = at.text_input[0].proto
    assert (sent.set_value, sent.default, at.text_input[0].value) == (False, "Mine", "Mine")
    assert not at.warning and not at.exception


def test_an_option_that_is_gone_is_replaced(state: dict[str, Any]) -> None:
    kept("protocol-new", "b", options=["a", "b"], begins="index")
    assert kept("protocol-new", "b", options=["a", "b"], begins="index")["index"] == 1
    assert "index" not in kept("protocol-new", "a", options=["a", "c"], begins="index")
    assert state["protocol-new"] == "a"
    kept("models-new", ["x", "y"], options=["x", "y"], begins="default")
    assert kept("models-new", [], options=["x", "y"], begins="default")["default"] == ["x", "y"]
    kept("models-new", [], options=["y"], begins="default")
    assert state["models-new"] == ["y"]


def test_a_widget_that_says_none_has_what_was_kept(state: dict[str, Any]) -> None:
    changed = kept("protocol-new", "rating", options=["rating", "edit"])["on_change"]
    state["protocol-new"] = "edit"
    changed()
    state["protocol-new"] = None
    changed()
    kept("protocol-new", "rating", options=["rating", "edit"])
    assert state["protocol-new"] == "edit"

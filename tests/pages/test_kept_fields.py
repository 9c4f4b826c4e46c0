"""Fields that come back: a change that arrives after its form was sent changes nothing, and breaks nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

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


def test_a_value_is_set_on_every_run(state: dict[str, Any]) -> None:
    written: list[Any] = []

    class Watched(dict[str, Any]):
        def __setitem__(self, key: str, value: Any) -> None:
            if key == "title-new":
                written.append(value)
            super().__setitem__(key, value)

    module.st.session_state = Watched(state)  # type: ignore[misc, assignment]
    kept("title-new", "Untitled")
    kept("title-new", "Untitled")
    assert written == ["Untitled", "Untitled"], "the browser may make the widget after the second run"


def test_a_widget_that_says_none_has_what_was_kept(state: dict[str, Any]) -> None:
    changed = kept("protocol-new", "rating", options=["rating", "edit"])["on_change"]
    state["protocol-new"] = "edit"
    changed()
    state["protocol-new"] = None
    changed()
    kept("protocol-new", "rating", options=["rating", "edit"])
    assert state["protocol-new"] == "edit"

"""What raters hear when something fails: what they can do, and nothing about the server."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from bcos_core.errors import AnswerError, BcosError, CheckpointError, StorageError, StudyError, TextError
from bcos_core.home import CHECKOUT, Home
from bcos_core.study.raters import Raters
from pages.widgets import errors
from tests.pages.conftest import OpenPage, words

KEPT = "Something went wrong here. What you have saved is kept. Reload the page to go on."


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (AnswerError("Choose one of 1 to 5."), "Choose one of 1 to 5."),
        (TextError("Nothing is left of the text."), "Nothing is left of the text."),
        (StudyError("The model is not there any more."), "The model is not there any more."),
        (StudyError("No study at HOME/studies.sqlite3."), KEPT),
        (TextError("CHECKOUT/bcos_core failed."), KEPT),
        (StorageError("The database HOME/bcos.sqlite3 cannot be used."), KEPT),
        (CheckpointError("/srv/models/bcos-b1.5 has no weights."), KEPT),
        (FileNotFoundError(2, "No such file", "/srv/secret"), KEPT),
        (KeyError("condition"), KEPT),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_raters_hear(home: Home, monkeypatch: pytest.MonkeyPatch, error: Exception, shown: str) -> None:
    said: list[str] = []
    monkeypatch.setattr(errors, "show_error", said.append)
    places = {"HOME": str(home.root), "CHECKOUT": str(CHECKOUT)}
    if isinstance(error, BcosError):
        (text,) = error.args
        for name, place in places.items():
            text = text.replace(name, place)
        error = type(error)(text)
    with errors.raters_guard():
        raise error
    assert said == [shown]
    log = home.root / "errors.log"
    assert log.is_file() == (shown == KEPT)  # and whoever runs the server finds all of it


@pytest.mark.parametrize("raters_only", ["0", "1"])
def test_a_database_that_cannot_be_read(
    home: Home, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, raters_only: str
) -> None:
    monkeypatch.setenv("BCOS_RATERS_ONLY", raters_only)
    at: AppTest = open_page("rate")

    def broken(self: Raters, key: str) -> None:
        raise StorageError(f"The database {home.database} cannot be used (file is not a database).")

    monkeypatch.setattr(Raters, "resume", broken)
    at.query_params["rater"] = "whoever"
    at = at.run()
    assert not at.exception
    assert KEPT in words(at)
    assert str(home.root) not in words(at) and "sqlite" not in words(at)

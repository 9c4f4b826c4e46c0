"""What pages say of a store of artefacts, and what they keep in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tiny_pair import save_pair

from bcos_core.errors import StoreUnreachableError
from bcos_core.home import Home
from bcos_core.jobs.store import JobStore
from bcos_core.storage.artefacts.objects import OPTIONS_FILE, STORE, Objects
from bcos_core.storage.artefacts.shared import shared
from pages.widgets import uploads
from tests.pages.conftest import OpenPage, words
from tests.pages.test_system_page import cells


@pytest.fixture
def asked(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobStore:
    monkeypatch.setenv(STORE, f"file://{tmp_path}/objects")
    monkeypatch.delenv(OPTIONS_FILE, raising=False)
    return JobStore.open(home)


def test_system_says_where_it_is_and_what_is_in_it(
    asked: JobStore, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    of = shared(asked.home, asked.database)
    assert of is not None
    of.put_now(list(save_pair(asked.home)))
    at = open_page("system")
    assert not at.exception and not at.error
    assert f"file://{tmp_path}/objects: answers; 2 artefacts, " in cells(at)


def test_system_says_that_it_does_not_answer(
    asked: JobStore, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(self: Objects, installation: str, **options: object) -> None:
        raise StoreUnreachableError("The store cannot be reached (it does not answer).")

    monkeypatch.setattr(Objects, "reach", away)
    at = open_page("system")
    assert not at.exception and not at.error
    assert "cannot be reached (it does not answer)" in cells(at) and "0 artefacts" in cells(at)


def test_models_that_are_not_here_yet_are_named(asked: JobStore, open_page: OpenPage) -> None:
    of = shared(asked.home, asked.database)
    assert of is not None
    first, second = save_pair(asked.home)
    of.put_now([first, second])
    shutil.rmtree(second)
    at = open_page("models")
    assert not at.exception
    assert "1 model in the store, not here yet" in [one.label for one in at.expander]
    assert second.name in words(at) and "It is being brought" in words(at)


def test_an_upload_is_in_the_store_when_it_is_accepted(asked: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "job_store", lambda: asked)
    of = shared(asked.home, asked.database)
    path = uploads.store_upload("rows.csv", b"text,label\na,b\n")
    assert of is not None and of.row(f"uploads/{path.parent.name}") is not None
    shutil.rmtree(path.parent)
    assert of.bring(path) and path.read_bytes() == b"text,label\na,b\n"


def test_an_upload_that_cannot_be_kept_for_all_is_refused(asked: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*given: object) -> None:
        raise StoreUnreachableError("The store cannot be written (it does not answer).")

    monkeypatch.setattr(uploads, "job_store", lambda: asked)
    monkeypatch.setattr(Objects, "put", away)
    with pytest.raises(StoreUnreachableError):
        uploads.store_upload("rows.csv", b"text,label\na,b\n")

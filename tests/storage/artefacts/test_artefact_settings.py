"""`BCOS_STORE` and what it needs: wrong ones are refused in words that hold no secret, and none costs nothing."""

from __future__ import annotations

import gc
import json
import logging
import os
import re
import socket
import threading
from pathlib import Path

import pytest
from sqlalchemy import event

from bcos_core.errors import InputError, StoreUnreachableError
from bcos_core.home import Home
from bcos_core.jobs.store import JobStore
from bcos_core.setting_files import read_setting_files
from bcos_core.storage.artefacts.objects import OPTIONS_FILE, STORE, _opened_store, open_objects
from bcos_core.storage.artefacts.shared import shared
from bcos_core.storage.patience import patiently
from tests.ports import free_port
from tests.s3_server import BUCKET, SECRET, S3Server, running_s3

WRONG = "wr0ng-s3cret"


@pytest.fixture(autouse=True)
def no_store(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (STORE, OPTIONS_FILE):
        monkeypatch.delenv(name, raising=False)
    _opened_store.cache_clear()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("/srv/store", "is not an address"),
        ("s3://", "is not an address"),
        ("../x://y", "is not an address"),
        (f"s3://key:{WRONG}@lab/x", "has a user or options in it"),
        (f"s3://lab/x?secret_key={WRONG}", "has a user or options in it"),
        ("memory://x", "ends with its process"),
        ("nonsense://x", "of the kind nonsense://, which fsspec does not know"),
        ("ftp:///x", "cannot be opened"),
    ],
)
def test_an_address_that_is_none_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch, url: str, said: str) -> None:
    monkeypatch.setenv(STORE, url)
    with pytest.raises(InputError, match=said) as refused:
        JobStore.open(home)
    assert WRONG not in str(refused.value)


def test_what_is_not_opened_is_said_in_one_place_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system of fsspec that was not made whole complains once more when it goes."""
    monkeypatch.setenv(STORE, "ftp:///x")
    complaints: list[str] = []
    monkeypatch.setattr("sys.unraisablehook", lambda unraisable: complaints.append(str(unraisable)))
    with pytest.raises(InputError):
        open_objects()
    gc.collect()
    assert not complaints


def test_a_host_and_a_port_are_taken_from_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:  # which says nothing of FTP
        port = listening.getsockname()[1]
        monkeypatch.setenv(STORE, f"ftp://127.0.0.1:{port}/x")
        asked = threading.Thread(target=lambda: listening.accept()[0].close())
        asked.start()
        with pytest.raises(InputError, match="cannot be opened"):
            open_objects()
        asked.join(timeout=30)
        assert not asked.is_alive()


@pytest.mark.parametrize("text", ["", "[1]", '{"access_key": ', WRONG, '{"no_such_option": "' + WRONG + '"}'])
def test_options_that_are_none_are_refused_and_not_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    (tmp_path / "options.json").write_text(text)
    monkeypatch.setenv(STORE, "s3://lab/x")
    monkeypatch.setenv(OPTIONS_FILE, str(tmp_path / "options.json"))
    with pytest.raises(InputError) as refused:
        open_objects()
    assert WRONG not in str(refused.value) and refused.value.__cause__ is None
    monkeypatch.setenv(OPTIONS_FILE, str(tmp_path / "none.json"))
    with pytest.raises(InputError, match="cannot be read"):
        open_objects()


def test_options_of_several_lines_stay_in_their_file(tmp_path: Path) -> None:
    (tmp_path / "options.json").write_text('{\n  "secret_key": "x"\n}')
    environment = {OPTIONS_FILE: str(tmp_path / "options.json")}
    read_setting_files(environment)
    assert environment == {OPTIONS_FILE: str(tmp_path / "options.json")}


def test_options_from_a_file_open_the_store(s3: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    variables = s3.variables
    options = {
        "access_key": variables["AWS_ACCESS_KEY_ID"],
        "secret_key": SECRET,
        "endpoint_override": variables["AWS_ENDPOINT_URL"],
        "region": "us-east-1",
    }
    (tmp_path / "options.json").write_text(json.dumps(options))
    monkeypatch.setenv(STORE, f"s3://{BUCKET}/options")
    monkeypatch.setenv(OPTIONS_FILE, str(tmp_path / "options.json"))
    open_objects().reach("one")
    assert (s3.objects / "options" / "bcos-store.json").is_file()
    (tmp_path / "options.json").write_text(json.dumps({**options, "secret_key": WRONG}))
    _opened_store.cache_clear()
    with pytest.raises(StoreUnreachableError, match="it refuses the key") as refused:
        open_objects().reach("one")
    assert WRONG not in str(refused.value) and variables["AWS_ACCESS_KEY_ID"] + " " not in str(refused.value)


def test_no_secret_is_shown_or_logged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running_s3(tmp_path / "s3") as server:
        for name, value in {**server.variables, "AWS_SECRET_ACCESS_KEY": WRONG}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv(STORE, f"s3://{BUCKET}/x")
        with caplog.at_level(logging.DEBUG), pytest.raises(StoreUnreachableError) as refused:
            open_objects().reach("one")
        assert WRONG not in f"{refused.value}{caplog.text}{open_objects()}"
        monkeypatch.setenv(STORE, "s3://no-such-bucket/x")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        _opened_store.cache_clear()
        with pytest.raises(StoreUnreachableError, match="there is no such bucket"):
            open_objects().reach("one")


def test_a_server_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STORE, "s3://lab/x")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", WRONG)
    with pytest.raises(StoreUnreachableError, match=r"s3://lab/x cannot be reached \(it does not answer\)"):
        open_objects().reach("one")


def test_a_store_that_comes_back_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from bcos_core.storage import patience as module

    said: list[str] = []
    pauses: list[float] = []
    monkeypatch.setattr(module.time, "sleep", pauses.append)

    def act() -> str:
        if len(said) < 3:
            raise StoreUnreachableError("It does not answer.")
        return "done"

    assert patiently(act, said.append, seconds=100) == "done"
    assert pauses == [1.0, 2.0, 4.0] and all("Tried again in" in line for line in said)
    with pytest.raises(StoreUnreachableError):
        patiently(lambda: (_ for _ in ()).throw(StoreUnreachableError("away")), said.append, seconds=0)


def test_without_a_store_no_row_of_it_is_read(home: Home) -> None:
    store = JobStore.open(home)
    statements: list[str] = []
    event.listen(store.database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    job, _ = JobStore.open(home).submit("count", "Counting", {"path": f"{home.root}/models/x"}, "count:a")
    store.cancel(job.id)
    store.delete(job.id, artefacts=True)
    assert shared(home, store.database) is None
    of_a_store = re.compile(r"(FROM|INTO|UPDATE) (artefacts|homes)\b")
    assert statements and not [one for one in statements if of_a_store.search(one)]
    assert os.environ.get(STORE) is None

"""Two hosts with a home each, one database, and one store: a folder, or a bucket of a server on this machine."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from bcos_core.home import Home
from bcos_core.jobs.store import JobStore
from bcos_core.storage.artefacts.mirror import Mirror
from bcos_core.storage.artefacts.objects import OPTIONS_FILE, STORE, _opened_store
from bcos_core.storage.artefacts.shared import Shared, shared
from bcos_core.storage.database import URL_VARIABLE
from tests.s3_server import S3Server, running_s3


@dataclass(frozen=True)
class Host:
    """A home, with what it shares."""

    store: JobStore
    of: Shared

    @property
    def home(self) -> Home:
        return self.store.home

    def make(self, path: str = "models/one", **files: str) -> Path:
        """A folder that could be shared: a file for each name, `big` of some size."""
        folder = self.home.root / path
        folder.mkdir(parents=True)
        for name, text in (files or {"config": "{}", "weights": "1234" * 5000}).items():
            (folder / name).write_text(text)
        return folder

    def step(self) -> Mirror:
        """One pass of a mirror that knows nothing yet."""
        mirror = Mirror(self.of)
        mirror.step()
        return mirror

    def damage(self, name: str, content: bytes | None) -> None:
        """Let an object hold something else, or be gone: by the store's own protocol, as whoever damages it would."""
        if content is not None:
            self.of.objects.write(name, content)
            return
        with suppress(OSError):  # of what is done after the object is gone
            self.of.objects.files.rm_file(f"{self.of.objects.root}/{name}")

    def there(self, path: str) -> Path:
        return self.home.root / path


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with running_s3(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(params=["folder", "s3"])
def objects_folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The files of the objects of the store that `BCOS_STORE` names."""
    monkeypatch.delenv(OPTIONS_FILE, raising=False)
    if request.param == "folder":
        monkeypatch.setenv(STORE, f"file://{tmp_path}/objects")
        yield tmp_path / "objects"
        return
    server: S3Server = request.getfixturevalue("s3")
    # A bucket of its own: in the place of a folder whose last object went, Arrow puts an empty one, which this server,
    # unlike Amazon's, takes for the folder itself. Above a bucket there is none.
    bucket = f"tests-{secrets.token_hex(6)}"
    server.make_bucket(bucket)
    monkeypatch.setenv(STORE, f"s3://{bucket}")
    for name, value in server.variables.items():
        monkeypatch.setenv(name, value)
    yield server.folder / bucket
    _opened_store.cache_clear()


@pytest.fixture
def shared_database(own_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One for all homes: the test's own on PostgreSQL, else an SQLite file outside of them."""
    if not own_database:
        monkeypatch.setenv(URL_VARIABLE, f"sqlite:///{tmp_path}/shared.sqlite3")


@pytest.fixture
def hosts(objects_folder: Path, shared_database: None, tmp_path: Path) -> Iterator[tuple[Host, Host]]:
    yield host(tmp_path / "left"), host(tmp_path / "right")


def host(root: Path) -> Host:
    store = JobStore.open(Home(root.resolve()))
    of = shared(store.home, store.database)
    assert of is not None
    return Host(store, of)


def contents(folder: Path) -> dict[str, str]:
    """Every file of an artefact that is no secret of this program, by name."""
    with suppress(FileNotFoundError):
        files = [file for file in sorted(folder.rglob("*")) if file.is_file() and not file.name.startswith(".")]
        return {file.relative_to(folder).as_posix(): file.read_text() for file in files}
    return {}

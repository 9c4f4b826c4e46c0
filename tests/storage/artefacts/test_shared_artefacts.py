"""What one host puts the others have: whole, as it was, or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
from pathlib import Path

import pytest

from bcos_core.errors import StorageError
from bcos_core.operations import artefacts as operations
from bcos_core.storage.artefacts import shared as shared_module
from bcos_core.storage.artefacts import table
from bcos_core.storage.artefacts.manifest import LARGEST, MOST_FILES, NAME, Entry, Manifest
from bcos_core.storage.artefacts.mirror import missing
from bcos_core.storage.artefacts.objects import PROBE
from bcos_core.storage.artefacts.shared import Shared
from tests.storage.artefacts.conftest import Host, contents

Hosts = tuple[Host, Host]


def hidden(folder: Path) -> list[str]:
    return [one.name for one in folder.glob(".*")]


def test_what_is_put_here_is_there_by_the_manifest_of_its_row(hosts: Hosts, objects_folder: Path) -> None:
    left, right = hosts
    folder = left.make("models/one", config="{}", weights="1234" * 5000)
    (folder / "deep").mkdir()
    (folder / "deep" / "é.txt").write_text("a\nb")
    (folder / ".hidden").write_text("not shared")
    (row,) = left.of.put_now([folder])
    manifest = (objects_folder / row.objects / NAME).read_bytes()
    assert hashlib.sha256(manifest).hexdigest() == row.content
    digest = hashlib.sha256(b"1234" * 5000).hexdigest()
    assert json.loads(manifest)["files"]["weights"] == [20_000, digest]
    assert (row.path, row.kind, row.bytes, row.files) == ("models/one", "models", 20_005, 3)
    assert missing(right.of)[0].path == "models/one"
    assert right.of.bring(right.there("models/one"))
    got = contents(right.there("models/one"))
    assert got == {"config": "{}", "weights": "1234" * 5000, "deep/é.txt": "a\nb"}
    assert not missing(right.of) and not hidden(right.home.models)


def test_the_manifest_of_as_many_files_as_are_shared_can_be_read() -> None:
    entry = Entry(10**12, "0" * 64)
    of = Manifest({f"{n:06d}{'n' * 249}": entry for n in range(MOST_FILES)})
    assert len(of.text) <= LARGEST


def test_what_no_row_names_is_brought_by_nobody(hosts: Hosts) -> None:
    left, right = hosts
    left.make("models/one")
    left.of.put([left.there("models/one")])  # killed before its row was written
    assert not right.of.bring(right.there("models/one"))
    assert not right.there("models/one").exists()
    assert not missing(right.of)


def test_the_same_put_again_sends_nothing(hosts: Hosts, objects_folder: Path) -> None:
    left, _ = hosts
    folder = left.make()
    left.of.put_now([folder])
    before = sorted(objects_folder.iterdir())
    assert not left.of.put_now([folder]) and sorted(objects_folder.iterdir()) == before


def test_what_was_made_again_replaces_what_was_there(hosts: Hosts) -> None:
    left, right = hosts
    folder = left.make("evaluations/e", result="old")
    (first,) = left.of.put_now([folder])
    right.step()
    shutil.rmtree(folder)
    left.make("evaluations/e", result="new", more="x")
    (second,) = left.of.put_now([folder])
    assert second.objects != first.objects
    assert {name.partition("/")[0] for name in left.of.objects.sizes()} == {second.objects, PROBE}
    right.step()
    assert contents(right.there("evaluations/e")) == {"result": "new", "more": "x"}
    assert not hidden(right.home.evaluations)


@pytest.mark.parametrize("damage", ["cut", "changed", "gone", "manifest", "longer"])
def test_an_object_that_is_not_what_was_put_is_refused_and_nothing_is_left(hosts: Hosts, damage: str) -> None:
    left, right = hosts
    (row,) = left.of.put_now([left.make()])
    text = "1234" * 5000
    if damage == "gone":
        left.damage(f"{row.objects}/weights", None)
    elif damage == "manifest":
        manifest = left.of.objects.read(f"{row.objects}/{NAME}", at_most=10_000)
        left.damage(f"{row.objects}/{NAME}", manifest.replace(b"20000", b"20001"))
    else:
        damaged = {"cut": text[:-1], "changed": "x" + text[1:], "longer": text + "x"}[damage]
        left.damage(f"{row.objects}/weights", damaged.encode())
    with pytest.raises(StorageError, match=r"cut or changed|not the one that was put|not in the store .* any more"):
        right.of.bring(right.there("models/one"))
    assert not list(right.home.models.iterdir())
    assert right.step().reasons.keys() == {"models/one"}  # said, and nothing else stops
    assert not list(right.home.models.iterdir())


@pytest.mark.parametrize(
    "name",
    ["../out", "/etc/out", "a/../../out", "a\\b", "", "a//b", "./a", ".stored", "a/.hidden", "about.json", "a\0b"],
)
def test_a_manifest_that_leads_out_of_the_folder_is_refused(hosts: Hosts, name: str) -> None:
    left, right = hosts
    (row,) = left.of.put_now([left.make()])
    text = json.dumps({"files": {name: [1, "0" * 64]}}).encode()
    left.damage(f"{row.objects}/{NAME}", text)
    content = hashlib.sha256(text).hexdigest()
    with left.store.database.write() as connection:
        table.keep(connection, [table.Row(**{**row.__dict__, "content": content})])
    with pytest.raises(StorageError, match="which can be none of it"):
        right.of.bring(right.there("models/one"))
    assert not list(right.home.models.iterdir())


@pytest.mark.parametrize(
    "columns",
    [
        *(
            {"path": one}
            for one in ("models", "models/..", "../outside", "models/../../outside", "models/one/deep", "")
        ),
        *({"path": "models/" + "n" * 300}, {"path": "jobs/one"}, {"path": "models/.one"}, {"path": "models//one"}),
        *({"content": ""}, {"content": "0" * 63 + "/"}, {"objects": ".."}, {"objects": "."}, {"objects": "a/../.."}),
        *({"moved_to": "../elsewhere"}, {"moved_to": "models"}),
    ],
    ids=str,
)
@pytest.mark.parametrize("gone", [True, False])
def test_a_row_that_no_host_has_written_moves_removes_and_fetches_nothing(
    hosts: Hosts, objects_folder: Path, columns: dict[str, str], gone: bool
) -> None:
    """As the backup of a database that somebody else has made may have it."""
    left, right = hosts
    (row,) = left.of.put_now([left.make()])
    if not gone:
        left.of.forget_now([left.there("models/one")])
    outside = right.home.root.parent / "outside"
    mine = right.make("uploads/mine", **{"a.csv": "mine"})
    for folder in (outside, mine):
        folder.mkdir(exist_ok=True)
        (folder / "kept").write_text("kept")
    false = table.Row(**{**row.__dict__, "gone": gone, "path": "models/two", "content": "", **columns})
    with left.store.database.write() as connection:
        connection.execute(table.ARTEFACTS.insert().values(**false.__dict__, change=99))
    mirror = right.step()
    assert "that no host has written" in mirror.reasons[false.path]
    assert (outside / "kept").read_text() == (mine / "kept").read_text() == "kept"
    assert right.home.models.is_dir() and objects_folder.is_dir()
    with pytest.raises(StorageError, match="that no host has written"):
        right.of.follow(false) if gone else right.of.fetch(false)


@pytest.mark.parametrize("name", ["..", ".", "", "a/../..", "/", "a//b", "a\0b"])
def test_an_object_is_never_looked_for_outside_of_the_store(hosts: Hosts, objects_folder: Path, name: str) -> None:
    left, _ = hosts
    (row,) = left.of.put_now([left.make()])
    for does in (left.of.objects.remove, lambda one: left.of.objects.write(one, b"x"), left.of.objects.digest):
        with pytest.raises(StorageError, match="cannot be called"):
            does(name)
    assert (objects_folder / row.objects / NAME).exists()


@pytest.mark.parametrize("name", ["a\\b", os.fsdecode(b"caf\xe9")], ids=["backslash", "half of a character"])
def test_what_no_host_could_read_is_not_put_and_keeps_nothing_else_back(hosts: Hosts, name: str) -> None:
    left, right = hosts
    (left.make("models/inside") / name).write_text("x")
    left.make("models/other")
    put, failed = operations.push(left.of)
    assert [row.path for row in put] == ["models/other"]
    assert [one.path for one in failed] == ["models/inside"] and "Rename it" in failed[0].reason
    assert not operations.check(right.of, read=True).wrong and not operations.pull(right.of)[1]
    (left.there("models/inside") / name).rename(left.there("models/inside") / "x")
    left.make("models/caf\udce9")
    put, failed = operations.push(left.of)
    assert [row.path for row in put] == ["models/inside"] and "Rename it" in failed[0].reason


def test_a_folder_with_the_longest_name_there_is(hosts: Hosts) -> None:
    left, right = hosts
    path = f"models/{'é' * 127}"  # 254 bytes of 255
    for text in ("one", "another"):
        if left.there(path).exists():
            shutil.rmtree(left.there(path))
        left.of.put_now([left.make(path, config=text)])
        brought, failed = operations.pull(right.of)
        assert ([row.path for row in brought], failed) == ([path], [])
        assert contents(right.there(path)) == {"config": text} and not hidden(right.home.models)
    left.of.forget_now([left.there(path)])
    right.step()
    assert not right.there(path).exists() and not hidden(right.home.models)


def test_what_is_damaged_there_and_changed_here_is_not_put_in_the_place_of_what_it_was(hosts: Hosts) -> None:
    left, right = hosts
    folder = left.make("models/one", config="as it was")
    (row,) = left.of.put_now([folder])
    right.step()
    left.damage(f"{row.objects}/config", b"cut")
    (folder / "config").write_text("rotten")
    put, failed = operations.push(left.of, again=True)
    assert not put and [one.path for one in failed] == ["models/one"] and "Nothing was put" in failed[0].reason
    assert left.of.row("models/one") == row
    (mended,), failed = operations.push(right.of, again=True)
    assert mended.content == row.content and not failed
    assert not operations.check(right.of, read=True).wrong
    assert contents(right.there("models/one")) == {"config": "as it was"}


def test_a_link_is_not_put(hosts: Hosts, tmp_path: Path) -> None:
    left, _ = hosts
    (tmp_path / "secret").write_text("secret")
    folder = left.make()
    (folder / "tokenizer").symlink_to(tmp_path / "secret")
    with pytest.raises(StorageError, match="no ordinary file"):
        left.of.put_now([folder])
    assert left.of.row("models/one") is None


def test_a_full_disk_while_fetching_leaves_nothing(hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    left, right = hosts
    left.of.put_now([left.make()])
    with monkeypatch.context() as patch:
        patch.setattr(shared_module, "SPARE", 10**18)
        with pytest.raises(StorageError, match=r"no room .* Free some disk space"):
            right.of.bring(right.there("models/one"))
    real = Path.open

    def full(self: Path, mode: str = "r", *given: object, **more: object) -> object:
        if "x" in mode:
            raise OSError(28, "No space left on device")
        return real(self, mode, *given, **more)  # type: ignore[call-overload]

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", full)
        with pytest.raises(StorageError, match=r"No space left on device.*Free some disk space"):
            right.of.bring(right.there("models/one"))
    assert not list(right.home.models.iterdir())
    assert right.of.bring(right.there("models/one")) and right.there("models/one").is_dir()


def test_a_put_that_is_cut_off_names_nothing(
    hosts: Hosts, objects_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, right = hosts
    folder = left.make("models/one", a="1", b="2", c="3")
    puts = iter(range(100))
    real = type(left.of.objects).put

    def cut(self: object, source: Path, name: str, entry: object) -> None:
        if next(puts) == 1:
            raise KeyboardInterrupt
        real(self, source, name, entry)  # type: ignore[arg-type]

    monkeypatch.setattr(type(left.of.objects), "put", cut)
    with pytest.raises(KeyboardInterrupt):
        left.of.put_now([folder])
    assert not missing(right.of)
    assert [file.name for file in objects_folder.rglob("*") if file.is_file() and file.stat().st_size] == [PROBE]


def test_many_that_fetch_and_put_the_same_at_once_do_each_other_no_harm(hosts: Hosts) -> None:
    left, right = hosts
    folder = left.make()
    right.make()  # the same was made on both
    failed: list[BaseException] = []

    def run(of: Shared, path: Path, put: bool) -> None:
        try:
            of.put_now([path]) if put else of.bring(path)
        except BaseException as error:
            failed.append(error)

    left.of.put_now([folder])
    shutil.rmtree(right.there("models/one"))
    work = [(left.of, folder, True), (right.of, right.there("models/one"), False)] * 3
    threads = [threading.Thread(target=run, args=one) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert contents(right.there("models/one")) == contents(folder)
    assert not hidden(right.home.models)


def test_two_that_put_the_same_path_with_other_content_leave_one_whole(hosts: Hosts) -> None:
    left, right = hosts
    left.make("cells/c", model="left")
    right.make("cells/c", model="right")
    first, second = left.of.put([left.there("cells/c")]), right.of.put([right.there("cells/c")])
    for one in (first, second):
        with one.of.database.write() as connection:
            one.record(connection)
        one.settle()
    (row,) = second.rows
    assert left.of.row("cells/c") == row
    left.step()
    assert contents(left.there("cells/c")) == {"model": "right"}


def test_a_folder_that_a_job_may_be_making_is_left_to_it(hosts: Hosts) -> None:
    left, right = hosts
    job, _ = left.store.submit("count", "Counting", {}, "count:a")
    path = f"evaluations/{job.id}"
    left.of.put_now([left.make(path, result="of an earlier start")])
    right.make(path, result="of this start")
    right.step()
    assert contents(right.there(path)) == {"result": "of this start"}
    assert not operations.check(right.of).differs
    left.store.cancel(job.id)
    assert path in right.step().reasons  # its job is over
    assert contents(right.there(path)) == {"result": "of this start"}


def test_a_folder_that_was_made_here_and_differs_stays_until_a_person_has_decided(hosts: Hosts) -> None:
    left, right = hosts
    (row,) = left.of.put_now([left.make("models/one", config="left")])
    folder = right.make("models/one", config="right")
    os.utime(folder / "config", (0, 0))
    mirror = right.step()
    assert contents(folder) == {"config": "right"} and not hidden(right.home.models)
    assert "was made here" in mirror.reasons[row.path] and "Move it away" in mirror.reasons[row.path]
    found = operations.check(right.of)
    assert not found.whole and [one.path for one in found.differs] == [row.path]
    assert found.differs[0].reason == mirror.reasons[row.path]
    with pytest.raises(StorageError, match="Nothing was replaced"):
        right.of.bring(folder)
    # As it says: both are kept, under two names.
    folder.rename(folder.with_name("mine"))
    assert not right.step().reasons and contents(folder) == {"config": "left"}
    assert [one.path for one in operations.push(right.of)[0]] == ["models/mine"]
    assert operations.check(right.of).whole


def test_an_empty_folder_is_in_nobodys_way(hosts: Hosts) -> None:
    left, right = hosts
    left.of.put_now([left.make("models/one", config="left")])
    right.there("models/one").mkdir(parents=True)
    assert not right.step().reasons and contents(right.there("models/one")) == {"config": "left"}


def test_a_copy_that_was_not_marked_is_known_by_its_content(hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    left, right = hosts
    left.of.put_now([left.make()])
    right.make()
    monkeypatch.setattr(right.of.objects.__class__, "get", None)  # nothing is fetched
    right.step()
    assert right.of.is_here(left.of.row("models/one"))  # type: ignore[arg-type]


def test_homes_at_other_places_mean_the_same(hosts: Hosts) -> None:
    from bcos_core.storage.places import here

    left, right = hosts
    right.step()
    assert here({"model": f"{left.home.root}/models/one"}, right.home) == {"model": f"{right.home.root}/models/one"}


def test_what_is_named_comes_along(hosts: Hosts) -> None:
    left, right = hosts
    data = left.make("uploads/0123456789abcdef", **{"rows.csv": "text,label"}) / "rows.csv"
    left.make("models/twin", **{"config.json": "{}"})
    details = {"task": {"kind": "file", "name": str(data)}, "twin": "twin"}
    model = left.make("models/one", **{"checkpoint.json": json.dumps(details)})
    left.make("models/other", **{"config.json": "{}"})
    put = left.of.put([model], naming={"unrelated": "/models/other"})
    with left.store.database.write() as connection:
        put.record(connection)
    put.settle()
    assert {row.path for row in put.rows} == {"models/one", "models/twin", "uploads/0123456789abcdef"}
    right.of.bring_named({"checkpoints": [str(model)]})  # as the left host calls it
    assert right.there("uploads/0123456789abcdef/rows.csv").read_text() == "text,label"
    assert right.there("models/twin").is_dir()

"""What happens to an artefact on one host is seen on the others; what cannot be brought is said and asked for again."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from tiny_pair import save_pair

from bcos_core.cli.tables import TABLES
from bcos_core.errors import InputError, StorageError, StoreUnreachableError
from bcos_core.jobs.kind import JobKind
from bcos_core.jobs.run import JobRun, Start
from bcos_core.jobs.store import JobState, JobStore
from bcos_core.model.about import About, read_about, write_about
from bcos_core.model.info import list_checkpoints, read_info
from bcos_core.operations import artefacts as operations
from bcos_core.operations.clean import find
from bcos_core.shelf.said import say_everywhere
from bcos_core.shelf.trash import put_away, remove_for_good, take_back, trashed
from bcos_core.shelf.uses import uses_of
from bcos_core.storage import patience
from bcos_core.storage.artefacts import mirror as mirrors
from bcos_core.storage.artefacts import shared as shared_module
from bcos_core.storage.artefacts.mirror import Mirror, missing
from bcos_core.storage.artefacts.objects import PROBE, STORE
from bcos_core.storage.database import URL_VARIABLE, Database
from bcos_core.storage.transfer import copy_database
from bcos_core.text.upload import save_upload
from tests.jobs.counting_job import CountSpec
from tests.s3_server import S3Server
from tests.storage.artefacts.conftest import Host, contents, host

Hosts = tuple[Host, Host]


@pytest.fixture
def models(hosts: Hosts) -> tuple[Path, Path]:
    """Of the left host, put into the store."""
    left, _ = hosts
    pair = save_pair(left.home)
    left.of.put_now(list(pair))
    return pair


def test_a_model_made_here_is_listed_there(hosts: Hosts, models: tuple[Path, Path]) -> None:
    _, right = hosts
    assert not list_checkpoints(right.home).found
    right.step()
    assert {info.path.name for info in list_checkpoints(right.home)} == {path.name for path in models}
    assert read_info(right.there(f"models/{models[0].name}")).content == read_info(models[0]).content


def test_the_trash_is_one_trash(hosts: Hosts, models: tuple[Path, Path]) -> None:
    left, right = hosts
    there = right.step()
    known = list_checkpoints(right.home)
    away = put_away(uses_of([read_info(right.there(f"models/{models[0].name}"))], known, right.store), right.store)
    left.step()
    assert not models[0].exists() and [one.id for one in trashed(left.home)] == [away.id]
    take_back(left.store, away.id)
    assert models[0].is_dir()
    there.step()
    assert right.there(f"models/{models[0].name}").is_dir() and not trashed(right.home).any
    assert not list(right.home.trash.iterdir())
    again = put_away(uses_of([read_info(models[0])], list_checkpoints(left.home), left.store), left.store)
    there.step()
    before = {name.partition("/")[0] for name in left.of.objects.sizes()}
    remove_for_good(right.store, again.id)
    left.step()
    assert not trashed(left.home).any and not list(left.home.trash.iterdir())
    left_over = {name.partition("/")[0] for name in left.of.objects.sizes()}
    assert len(left_over & before - {PROBE}) == 1  # those of the other model


def test_a_model_that_one_host_has_deleted_never_comes_back(hosts: Hosts, models: tuple[Path, Path]) -> None:
    left, right = hosts
    there = right.step()
    left.of.forget_now([models[0]])
    there.step()
    assert not right.there(f"models/{models[0].name}").exists()
    assert models[0].name not in [row.path for row in missing(left.of)]
    left.step()
    assert not models[0].exists()


def test_a_name_given_here_is_its_name_there(hosts: Hosts, models: tuple[Path, Path]) -> None:
    left, right = hosts
    there = right.step()
    copy = right.there(f"models/{models[0].name}")
    say_everywhere(copy, About(), About(name="Mine", tags=("a",)), right.home)
    left.step()
    assert read_about(models[0]).name == "Mine"
    # The left host has not looked since, and changes another field: both changes stay.
    say_everywhere(copy, read_about(copy), replace(read_about(copy), notes="from the right"), right.home)
    say_everywhere(models[0], About(name="Mine", tags=("a",)), About(name="Mine", tags=("b",)), left.home)
    assert read_about(models[0]) == About(name="Mine", tags=("b",), notes="from the right")
    with pytest.raises(InputError, match="changed elsewhere meanwhile"):
        say_everywhere(copy, About(name="Mine"), About(name="Yours", tags=("c",)), right.home)
    there.step()
    assert read_about(copy).tags == ("b",)


def test_a_name_that_two_give_at_once_is_given_once(
    hosts: Hosts, models: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    left, right = hosts
    right.step()
    copy, real = right.there(f"models/{models[0].name}"), shared_module.Shared.say

    def say(self: shared_module.Shared, folder: Path, before: str | None, after: str | None) -> bool:
        if self.home == right.home:  # the left host is quicker
            write_about(models[0], About(name="Left"))
            assert real(left.of, models[0], None, (models[0] / "about.json").read_text())
        return real(self, folder, before, after)

    monkeypatch.setattr(shared_module.Shared, "say", say)
    with pytest.raises(InputError, match="on another host meanwhile"):
        say_everywhere(copy, About(), About(name="Right"), right.home)
    assert read_about(copy).name == "Left"


def run(spec: CountSpec, job: JobRun) -> None:
    made = job.home.evaluations / job.id
    made.mkdir()
    (made / "result.json").write_text("{}")
    if spec.fail:
        raise InputError("It went wrong.")
    job.finish({"total": 1}, [made])


MAKING = JobKind(
    name="count",
    title="Counting",
    specification=CountSpec,
    describe=lambda spec: "Counting",
    key=lambda spec: f"count:{spec.trace}",
    command=lambda spec: [],
    run=run,
)


def work(host: Host, monkeypatch: pytest.MonkeyPatch, **asked: str) -> str:
    """A job that this host claims and runs, in this process."""
    from bcos_core.jobs.claims import claim

    monkeypatch.setenv("BCOS_HOME", str(host.home.root))
    job, _ = MAKING.submit(host.store, CountSpec("a", **asked))  # type: ignore[arg-type]
    claim(host.store, "cpu", supervisor="here", executor="local")
    with suppress(InputError, StoreUnreachableError):
        MAKING.run_started(Start(job.id, 1), host.store.get(job.id).spec)
    return job.id


def test_what_a_job_makes_is_in_the_store_when_it_has_succeeded(hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    left, right = hosts
    id = work(left, monkeypatch)
    assert left.store.get(id).state == JobState.SUCCEEDED
    job = right.store.get(id)
    right.step()
    (artefact,) = job.artefacts
    assert artefact == str(right.home.evaluations / id)  # as this host calls it
    assert contents(Path(artefact)) == {"result.json": "{}"}
    right.store.delete(id, artefacts=True)
    left.step()
    assert not (left.home.evaluations / id).exists() and not missing(left.of)
    assert set(left.of.objects.sizes()) <= {"bcos-store.json"}


def test_what_a_failed_job_left_is_nobodys(hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    left, right = hosts
    id = work(left, monkeypatch, fail="input")
    assert left.store.get(id).state == JobState.FAILED and not missing(right.of)


def test_a_job_fails_in_words_where_the_store_stays_away(hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    left, right = hosts
    monkeypatch.setattr(patience, "PATIENCE_SECONDS", 0.0)

    def away(*given: object) -> None:
        raise StoreUnreachableError("The store file:///x cannot be written (it does not answer).")

    with monkeypatch.context() as patch:
        patch.setattr(type(left.of.objects), "put", away)
        id = work(left, patch)
    job = left.store.get(id)
    assert (job.state, job.message) == (
        JobState.FAILED,
        "The store file:///x cannot be written (it does not answer).",
    )
    assert not missing(right.of)
    assert [path.name for path in operations.only_here(left.of)] == [id]  # `store push`, or the job again


def test_a_start_that_was_overtaken_puts_nothing(hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    left, right = hosts
    from bcos_core.jobs.lease import Lease

    monkeypatch.setattr(Lease, "succeed", lambda *given, **more: False)
    monkeypatch.setenv("BCOS_HOME", str(left.home.root))
    with pytest.raises(Exception, match="that start has taken over"):
        work(left, monkeypatch)
    assert not missing(right.of)
    assert not [name for name in left.of.objects.sizes() if name != "bcos-store.json"]


def test_a_job_brings_what_it_names(hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    left, right = hosts
    data = left.make("uploads/0123456789abcdef", **{"rows.csv": "text,label"}) / "rows.csv"
    left.of.put_now([data.parent])
    job, _ = MAKING.submit(left.store, CountSpec(str(data)))
    from bcos_core.jobs.claims import claim

    claim(right.store, "cpu", supervisor="right", executor="local")
    monkeypatch.setenv("BCOS_HOME", str(right.home.root))
    MAKING.run_started(Start(job.id, 1), JobStore.open(right.home).get(job.id).spec)
    assert right.there("uploads/0123456789abcdef/rows.csv").read_text() == "text,label"


def test_an_upload_takes_no_other_away(hosts: Hosts) -> None:
    left, right = hosts
    here = save_upload(left.home, "a.csv", b"text,label\na,x\n")
    left.of.put_now([here.parent])
    there = save_upload(right.home, "b.csv", here.read_bytes())  # before it is brought
    right.of.put_now([there.parent])
    for one in hosts:
        one.step()
        for path in (here, there):
            assert one.there(str(path.relative_to(path.parents[2]))).read_bytes() == b"text,label\na,x\n"


def test_uploads_are_kept_while_what_may_name_them_is_not_here(hosts: Hosts) -> None:
    from datetime import timedelta

    left, right = hosts
    left.store.submit("count", "Counting", {}, "count:a")
    upload = right.make("uploads/0123456789abcdef", **{"rows.csv": "text,label"})
    assert [one.path for one in find(right.store, kinds=["uploads"], older_than=timedelta(0))] == [upload]
    left.of.put_now([left.make()])
    assert not find(right.store, kinds=["uploads"], older_than=timedelta(0))


def test_a_mirror_that_fetches_nothing_follows_all_the_same(hosts: Hosts, models: tuple[Path, Path]) -> None:
    left, right = hosts
    idle = Mirror(right.of, fetches=False)
    idle.step()
    assert not list_checkpoints(right.home).any and not idle.reasons
    right.step()
    left.of.forget_now([models[0]])
    idle.step()
    assert not right.there(f"models/{models[0].name}").exists()


def test_a_pass_with_no_change_asks_one_thing(hosts: Hosts, models: tuple[Path, Path]) -> None:
    from sqlalchemy import event

    _, right = hosts
    there = right.step()
    said: list[str] = []
    event.listen(right.store.database.engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    there.step()
    assert len([one for one in said if one.lstrip().upper().startswith("SELECT")]) == 1


def test_a_store_that_is_away_is_said_and_looked_at_again(
    hosts: Hosts, models: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, right = hosts
    there, asked = Mirror(right.of), []

    def away(*given: object, **more: object) -> bytes:
        asked.append(given)
        raise StoreUnreachableError("The store cannot be read (it does not answer).")

    with monkeypatch.context() as patch:
        patch.setattr(type(right.of.objects), "read", away)
        assert there.step() is False and len(asked) == 1  # not once for each of them
    monkeypatch.setitem(mirrors._MIRRORS, right.home, there)
    assert set(mirrors.reasons(right.home)) == {f"models/{path.name}" for path in models}
    assert there.step() is True and not there.reasons and not missing(right.of)


def test_what_is_damaged_is_asked_for_ever_more_seldom_until_its_row_is_another(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, right = hosts
    folder = left.make()
    (row,) = left.of.put_now([folder])
    left.damage(f"{row.objects}/weights", b"x234" + b"1234" * 4999)
    now, fetched, real = [0.0], [], shared_module.Shared._fetch

    def fetch(self: shared_module.Shared, *given: Path) -> None:
        fetched.append(now[0])
        real(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(shared_module.Shared, "_fetch", fetch)
    there = Mirror(right.of, clock=lambda: now[0])
    for _ in range(8_000):  # of three seconds each
        there.step()
        assert "cut or changed" in there.reasons["models/one"]
        now[0] += 3.0
        if len(fetched) > 12:
            break
    pauses = [after - before for before, after in pairwise(fetched)]
    assert pauses == [*(3.0 * 2**k for k in range(11)), 3600.0]
    left.of.put_now([folder], again=True)
    there.step()
    assert not there.reasons and right.there("models/one").is_dir()


def test_a_folder_that_was_in_the_way_is_not_waited_for(hosts: Hosts) -> None:
    left, right = hosts
    left.of.put_now([left.make("models/one", config="left")])
    folder = right.make("models/one", config="right")
    there = Mirror(right.of, clock=lambda: 0.0)
    there.step()
    assert there.reasons.keys() == {"models/one"}
    folder.rename(folder.with_name("mine"))
    there.step()
    assert not there.reasons and contents(folder) == {"config": "left"}


def test_a_server_that_went_and_came_back(
    s3: S3Server, tmp_path: Path, shared_database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bcos_core.storage.artefacts.objects import STORE
    from tests.s3_server import BUCKET

    for name, value in s3.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(STORE, f"s3://{BUCKET}/back")
    left, right = host(tmp_path / "left"), host(tmp_path / "right")
    left.of.put_now([left.make()])
    s3.stop()
    try:
        there = right.step()
        assert "it does not answer" in there.reasons["models/one"]
        with pytest.raises(StoreUnreachableError, match="it does not answer"):
            left.of.put_now([left.make("models/two")])
    finally:
        s3.start()
    there.step()
    assert not there.reasons and right.there("models/one").is_dir()
    assert [row.path for row in left.of.put_now([left.there("models/two")])] == ["models/two"]


def test_check_push_and_pull(hosts: Hosts) -> None:
    left, right = hosts
    left.make("models/old")  # before there was a store
    left.make("models/.half")
    put, failed = operations.push(left.of)
    assert [row.path for row in put] == ["models/old"] and not failed
    assert operations.check(left.of).whole
    found = operations.check(right.of)
    assert (found.not_here, found.only_here, found.artefacts) == (("models/old",), (), 1)
    brought, failed = operations.pull(right.of)
    assert [row.path for row in brought] == ["models/old"] and not failed
    right.there("models/old/config").write_text("edited")
    (one,) = operations.check(right.of).differs
    assert one.path == "models/old" and "changed" in one.reason
    left.damage(f"{put[0].objects}/weights", b"x234" + b"1234" * 4999)
    assert not operations.check(left.of).wrong  # sizes alone
    (wrong,) = operations.check(left.of, read=True).wrong
    assert wrong.path == "models/old"
    mended, _ = operations.push(left.of, again=True)
    assert [row.path for row in mended] == ["models/old"] and operations.check(left.of, read=True).whole


def test_the_store_of_another_installation_is_refused(
    hosts: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, right = hosts
    left.of.put_now([left.make()])
    right.of.reach()  # of the same database
    before = left.of.objects.sizes()
    monkeypatch.setenv(URL_VARIABLE, f"sqlite:///{tmp_path}/other.sqlite3")
    other = host(tmp_path / "third")
    folder = other.make("models/two")
    for act in (operations.check, operations.push, operations.pull, lambda of: of.put_now([folder])):
        with pytest.raises(StorageError, match="belongs to another installation") as refused:
            act(other.of)  # type: ignore[operator]
        assert not isinstance(refused.value, StoreUnreachableError)  # a job does not wait for it
    assert "another installation" in operations.store_facts(other.store)[0].value
    assert left.of.objects.sizes() == before and other.of.row("models/two") is None
    left.damage("bcos-store.json", b"[")
    with pytest.raises(StorageError, match="remove that object"):
        left.of.reach()
    left.damage("bcos-store.json", None)  # as it says
    assert operations.check(left.of).whole
    with pytest.raises(StorageError, match="belongs to another installation"):
        other.of.reach()


def test_another_place_in_the_setting_is_no_store_of_this_database(
    hosts: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a host puts there, the others would look for where it is not."""
    left, right = hosts
    before = left.of.put_now([left.make("models/one")])
    monkeypatch.setenv(STORE, f"file://{tmp_path}/elsewhere")
    moved = host(left.home.root)
    folder = moved.make("models/two")
    for act in (operations.check, operations.push, operations.pull, lambda of: of.put_now([folder])):
        with pytest.raises(StorageError, match="elsewhere is empty, and the database has 1 artefact in a") as refused:
            act(moved.of)  # type: ignore[operator]
        assert not isinstance(refused.value, StoreUnreachableError)  # a job does not wait for it
    assert not (tmp_path / "elsewhere").exists() and moved.of.row("models/two") is None
    right.of.reach()  # where it was
    put, failed = operations.push(moved.of, again=True)
    assert sorted(row.path for row in put) == ["models/one", "models/two"] and not failed
    assert operations.check(moved.of, read=True).whole and put[0].objects != before[0].objects


def test_a_copied_database_has_the_same_store(hosts: Hosts, tmp_path: Path) -> None:
    left, _ = hosts
    left.of.put_now([left.make()])
    copied = Database(create_engine(f"sqlite:///{tmp_path}/copy.sqlite3"))
    copy_database(left.store.database, copied, TABLES, left.home)
    of = replace(left.of, database=copied)
    of.reach()
    assert operations.check(of).whole


def test_what_nothing_names_goes_when_it_is_old(hosts: Hosts) -> None:
    from datetime import timedelta

    left, _ = hosts
    put = left.of.put([left.make()])  # and no row
    found = operations.check(left.of)
    assert list(found.left_over) == [put.rows[0].objects] and found.left_over[put.rows[0].objects] > 20_000
    assert not operations.remove_left_over(left.of, found)
    assert list(operations.remove_left_over(left.of, found, older_than=timedelta(0))) == [put.rows[0].objects]
    assert not operations.check(left.of).left_over

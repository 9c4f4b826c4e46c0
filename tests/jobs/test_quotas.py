"""How much may be asked for: refused with the figures, at the very last one, however many ask at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bcos_core.access.actor import Actor, Mode, Role
from bcos_core.errors import InputError, QuotaError
from bcos_core.jobs import quotas
from bcos_core.jobs.job import JobState
from bcos_core.jobs.process import ProcessId
from bcos_core.jobs.quotas import read_quotas, require_disk
from bcos_core.jobs.store import JobStore
from bcos_core.storage.space import size_of, space_of
from bcos_core.storage.stored_files import note_stored
from bcos_core.text.upload import save_upload


@pytest.fixture(autouse=True)
def counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotas, "_counted", {})
    for setting in (quotas.SERVER_JOBS, quotas.PERSON_JOBS, quotas.SERVER_DISK, quotas.PERSON_DISK):
        monkeypatch.delenv(setting, raising=False)


def ask(store: JobStore, name: str) -> str:
    return store.submit("evaluate", name, {}, name)[0].id


def test_without_settings_there_is_no_bound(store: JobStore) -> None:
    for number in range(30):
        ask(store, str(number))
    require_disk(store.home, store.database, more=10**15)


def test_the_last_place_is_given_and_no_further(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(quotas.SERVER_JOBS, "2")
    first, _ = ask(store, "a"), ask(store, "b")
    with pytest.raises(QuotaError, match=r"2 jobs wait or run here, and this server takes 2 at once \(BCOS_QUOTA_JOBS"):
        ask(store, "c")
    assert store.submit("evaluate", "a", {}, "a")[1] is False  # the same work again takes no place
    store.cancel(first)
    third = ask(store, "c")
    with pytest.raises(QuotaError):
        store.resume(first)
    with pytest.raises(QuotaError):
        store.retry(first)
    assert store.get(first).state == JobState.CANCELLED
    store.cancel(third)
    assert store.resume(first).state == JobState.QUEUED


def test_a_person_is_told_their_own_bound(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(quotas.PERSON_JOBS, "1")
    ask(store, "a")
    with pytest.raises(QuotaError, match="1 job of yours waits or runs, and one person may have 1 at once"):
        ask(store, "b")


def test_one_persons_jobs_take_no_place_of_anothers(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, bob = (store.acting(Actor(name, name, Role.RESEARCHER, Mode.PASSWORD)) for name in ("ada", "bob"))
    monkeypatch.setenv(quotas.PERSON_JOBS, "1")
    monkeypatch.setenv(quotas.PERSON_DISK, "0.001")
    first = ask(ada, "a")
    with pytest.raises(QuotaError, match="1 job of yours waits or runs"):
        ask(ada, "b")
    job = store.get(ask(bob, "b"))
    job.work.mkdir(parents=True)
    (job.work / "weights").write_bytes(bytes(1_100_000))
    quotas._counted.clear()
    require_disk(store.home, store.database, "ada")
    with pytest.raises(QuotaError, match="What your jobs have made and you have stored takes 1.1 MB of 1 MB"):
        require_disk(store.home, store.database, "bob")
    ada.cancel(first)
    ask(ada, "c")
    with pytest.raises(QuotaError, match="of yours"):  # of whoever it belongs to, not of the admin who lets it go on
        store.resume(first)


def test_an_upload_counts_for_everybody_who_has_sent_it(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same file of two lies there once, and counts for each; what nobody is known of counts for none."""
    monkeypatch.setenv(quotas.PERSON_DISK, "0.001")
    ada, bob, eve = (store.acting(Actor(name, name, Role.RESEARCHER, Mode.PASSWORD)) for name in ("ada", "bob", "eve"))
    save_upload(store.home, "old.csv", b"x" * 2_000_000)
    for who, data in ((ada, b"a" * 600_000), (bob, b"a" * 600_000), (bob, b"b" * 300_000)):
        note_stored(who.database, store.home, save_upload(store.home, "texts.csv", data).parent)
    used = {who: quotas.disk_of(store.home, store.database, who) for who in ("ada", "bob", "eve")}
    assert used == {"ada": 600_000, "bob": 900_000, "eve": 0}
    require_disk(store.home, store.database, "ada", more=400_000)
    with pytest.raises(QuotaError, match="you have stored takes 900 kB of 1 MB.*This file has 200 kB"):
        require_disk(store.home, store.database, "bob", more=200_000)
    monkeypatch.delenv(quotas.PERSON_DISK)
    assert quotas.disk_of(store.home, eve.database, "") == 2_900_000  # without accounts all is one person's


def test_a_command_on_the_machine_is_not_asked(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(quotas.SERVER_JOBS, "1")
    ask(store, "a")
    job, begun = store.begin("evaluate", "typed", {}, "typed", ProcessId.current())
    assert begun and job.state == JobState.RUNNING


def test_of_many_who_ask_at_once_as_many_get_a_place_as_there_are(
    store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(quotas.SERVER_JOBS, "3")

    def one(name: str) -> bool:
        try:
            ask(store, name)
        except QuotaError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(one, map(str, range(16))))
    assert sum(given) == 3 == len(store.list(active=True))


def test_what_is_stored_is_bounded(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    job = store.get(ask(store, "a"))
    job.work.mkdir(parents=True)
    (job.work / "weights").write_bytes(bytes(500_000))
    (store.home.uploads / "large.csv").write_bytes(bytes(100_000))
    (store.home.models / "elsewhere.bin").write_bytes(bytes(700_000))
    monkeypatch.setenv(quotas.PERSON_DISK, "0.001")
    with pytest.raises(
        QuotaError, match=r"made and you have stored takes 600 kB of 1 MB .BCOS_QUOTA_PERSON_GB.. This file has 400 kB"
    ):
        require_disk(store.home, store.database, more=400_001)
    require_disk(store.home, store.database, more=400_000)  # 600 kB of a person's and 400 kB are just 1 MB
    with pytest.raises(QuotaError, match="takes 1 MB of 1 MB"):  # counted at once, not in half a minute
        require_disk(store.home, store.database, more=1)
    monkeypatch.delenv(quotas.PERSON_DISK)
    monkeypatch.setenv(quotas.SERVER_DISK, "0.001")
    with pytest.raises(QuotaError, match="What lies under BCOS_HOME takes 1[.,0-9]* MB of 1 MB"):
        ask(store, "b")


@pytest.mark.parametrize("setting", [quotas.SERVER_JOBS, quotas.PERSON_DISK])
@pytest.mark.parametrize("given", ["0", "-1", "many", "nan", "inf", "²"])
def test_a_setting_that_is_no_number_is_refused(setting: str, given: str) -> None:
    with pytest.raises(InputError, match=setting):
        read_quotas({setting: given})


@pytest.mark.sqlite_file
def test_a_file_counts_once_and_links_not_at_all(store: JobStore, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "inside").mkdir(parents=True)
    (folder / "one").write_bytes(bytes(100))
    (folder / "inside" / "same").hardlink_to(folder / "one")
    (folder / "inside" / "two").write_bytes(bytes(10))
    (folder / "link").symlink_to(folder / "one")
    (folder / "ring").symlink_to(folder)
    assert size_of(folder) == 110 and size_of(folder / "gone") == 0
    (store.home.models / "m").write_bytes(bytes(50))
    (store.home.root / "errors.log").write_bytes(bytes(7))
    found = space_of(store.home).by_kind
    assert found["models"] == 50 and found["logs"] == 7 and found["database"] > 0
    assert space_of(store.home).total == size_of(store.home.root)

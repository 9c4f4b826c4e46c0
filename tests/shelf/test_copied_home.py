"""A home that was copied or moved goes on knowing its models, its results and its data."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny_pair import save_pair

from bcos_core.evaluate.audit_job import AUDIT, AuditSpec
from bcos_core.evaluate.result import Contender, Evaluation, load_evaluation, save_evaluation
from bcos_core.home import Home
from bcos_core.jobs.lease import Lease
from bcos_core.jobs.made import MadeModel
from bcos_core.jobs.process import ProcessId
from bcos_core.jobs.store import Job, JobStore
from bcos_core.model.identity import changed_data, folder_identity
from bcos_core.model.info import list_checkpoints, read_info
from bcos_core.shelf.uses import uses_of
from bcos_core.storage.places import PLACES_FILE, everywhere, here
from bcos_core.study.studies import Studies
from bcos_core.text.content import choice_hash
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.work import WorkFolder


@pytest.fixture
def file(home: Home) -> Path:
    path = home.create().uploads / "colours.csv"
    path.write_text("text,label\n" + "the film,red\na sea,blue\n" * 40)
    return path


@pytest.fixture
def pair(home: Home, file: Path) -> tuple[Path, Path]:
    choice = TaskChoice("file", str(file), "text", "label")
    return save_pair(home, labels=("blue", "red"), task=choice.to_dict(), data=choice_hash(choice))


def audited(store: JobStore, pair: tuple[Path, Path]) -> Job:
    """As if an audit of the pair had been run, and had made a folder."""
    spec = AuditSpec.of(*map(read_info, pair))
    process, key = ProcessId.current(), AUDIT.key(spec)
    job, _ = store.begin(AUDIT.name, AUDIT.describe(spec), {"checkpoints": list(map(str, pair))}, key, process)
    made = store.home.evaluations / job.id
    chance = Contender(
        pair[0].name, str(pair[0]), "bcos", "random", {"s": {"1": 0.5}}, {"s": {"summary": ""}}, 0, 1, 0, 0.1, {}
    )
    evaluation = Evaluation(job.id, "Colours", (chance,), (), {"checkpoints": list(map(str, pair))}, 1.0)
    save_evaluation(replace(evaluation, contenders=(replace(chance, identity=folder_identity(pair[0])),)), made)
    assert Lease(store, job.id, job.attempt).succeed({"made": str(made)}, [str(made)], [])
    return store.get(job.id)


def moved(home: Home, monkeypatch: pytest.MonkeyPatch, *, keep: bool = False, name: str = "elsewhere") -> JobStore:
    """The home in another folder; with `keep` it is copied, and the old one stays where it was."""
    target = home.root.parent / name
    (shutil.copytree if keep else shutil.move)(home.root, target)
    monkeypatch.setenv("BCOS_HOME", str(target))
    return JobStore.open(Home(target))


def stored_evaluation(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Evaluation:
    monkeypatch.setattr(Evaluation, "_require_whole", lambda self: None)  # its score is of this test alone
    return load_evaluation(folder)


@pytest.mark.parametrize("keep", [True, False], ids=["copied", "moved"])
@pytest.mark.parametrize("noted", [True, False], ids=["noted", "of-an-older-program"])
def test_what_is_stored_under_full_paths_is_found(
    home: Home, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, keep: bool, noted: bool
) -> None:
    store = JobStore.open(home)
    job = audited(store, pair)
    Studies(store.database).create("Which?", {"conditions": [{"checkpoint": str(pair[0]), "method": "bcos"}]})
    locked = Studies(store.database).create("Locked", {"conditions": [{"checkpoint": str(pair[0]), "method": "bcos"}]})
    Studies(store.database).lock(locked, {"design": locked.design}, "f" * 64)
    if not noted:
        (home.root / PLACES_FILE).unlink()
    there = moved(home, monkeypatch, keep=keep)
    names = {str(info.path): info.name for info in list_checkpoints(there.home)}
    bcos, twin = (there.home.models / path.name for path in pair)
    # Jobs: what was asked, what was made; and the same work is known as such.
    found = there.get(job.id)
    assert found.spec == {"checkpoints": [str(bcos), str(twin)]}
    assert found.artefacts == (str(there.home.evaluations / job.id),)
    assert [one.id for one in there.list(key=AUDIT.key(AuditSpec.of(read_info(bcos), read_info(twin))))] == [job.id]
    # Results: the models by their names, and whether they have changed.
    (contender,) = stored_evaluation(Path(found.artefacts[0]), monkeypatch).contenders
    assert contender.path in names and contender.identity == folder_identity(Path(contender.path))
    # Training data.
    info = read_info(bcos)
    assert info.task is not None and info.task["name"] == str(there.home.uploads / "colours.csv")
    assert changed_data(info) is None
    (there.home.uploads / "colours.csv").write_text("text,label\nanother,red\n")
    assert "has changed" in str(changed_data(info))
    # Studies: a draft goes on here, what was locked stays as it was hashed; both need the model.
    drafts = {study.title: study.design for study in Studies(there.database).list()}
    assert drafts["Which?"]["conditions"][0]["checkpoint"] == str(bcos)
    assert drafts["Locked"]["conditions"][0]["checkpoint"] == str(pair[0]) in everywhere(bcos, there.home)
    uses = uses_of([info], list_checkpoints(there.home), there)
    assert {study.title for study in uses.studies} == {"Which?", "Locked"} and [one.id for one in uses.results] == [
        job.id
    ]


def test_a_home_that_moves_twice_or_back_is_known(
    home: Home, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = audited(JobStore.open(home), pair)
    second = moved(home, monkeypatch)
    audited(second, (second.home.models / pair[0].name, second.home.models / pair[1].name))
    third = moved(second.home, monkeypatch, name="third")
    assert {Path(one.artefacts[0]).parent for one in third.list()} == {third.home.evaluations}
    back = moved(third.home, monkeypatch, name="home")
    assert back.get(job.id).artefacts == (str(home.evaluations / job.id),)
    assert {Path(one.artefacts[0]).parent for one in back.list()} == {home.evaluations}


def test_what_lies_elsewhere_stays_there(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    JobStore.open(home)
    inside = moved(home, monkeypatch).home
    root, other = str(inside.root), str(home.root)
    plain: dict[str, Any] = {
        "moved": f"{other}/models/a", "a neighbour": f"{other}-2/models/a", "here": f"{root}/models/a",
        "said": f"see {other}/models/a", "none": None, "number": 1.5, "several": [f"{other}/lab/x"],
    }  # fmt: skip
    assert here(plain) == {**plain, "moved": f"{root}/models/a", "several": [f"{root}/lab/x"]}
    assert everywhere(f"{root}/models/a") == (f"{root}/models/a", f"{other}/models/a")
    assert everywhere("/somewhere/else") == ("/somewhere/else",)


def test_a_home_that_was_moved_into_itself_keeps_its_paths(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """`data` becomes `data/home`: what lies in the new folder lies under the old one, too."""
    home.create()
    (home.root / PLACES_FILE).write_text(json.dumps([str(home.root.parent), str(home.root)]))
    assert here(f"{home.root}/models/a") == f"{home.root}/models/a"


def test_a_training_that_was_interrupted_goes_on_in_the_new_place(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    JobStore.open(home)
    work = WorkFolder(home.jobs / "j" / "work", "j").create()
    work.keep("bcos", MadeModel(str(home.models / "a"), 3))
    there = moved(home, monkeypatch).home
    known = WorkFolder(there.jobs / "j" / "work", "j").known("bcos", MadeModel)
    assert known == MadeModel(str(there.models / "a"), 3)

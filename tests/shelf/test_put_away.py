"""A model is deleted with all that hangs on it in sight, and can be taken back until the trash is emptied."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from tiny_pair import save_pair

from bcos_core.access.actor import Actor, Mode, Role
from bcos_core.attribution.registry import METHODS
from bcos_core.errors import InputError, NotAllowedError
from bcos_core.evaluate.explainer import make_explainer
from bcos_core.evaluate.job import EVALUATE
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.evaluate.vocabulary_job import WORDS, WordsSpec
from bcos_core.home import Home
from bcos_core.jobs.store import Job, JobStore
from bcos_core.model.about import About, write_about
from bcos_core.model.classifier import load
from bcos_core.model.identity import folder_identity, model_subject
from bcos_core.model.info import CheckpointInfo, list_checkpoints, read_info
from bcos_core.shelf.trash import put_away, remove_for_good, take_back, trashed
from bcos_core.shelf.uses import Uses, uses_of
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.study.studies import Studies, Study


@pytest.fixture
def pair(home: Home) -> tuple[Path, Path]:
    return save_pair(home.create())


def looked_at(store: JobStore, *paths: Path) -> Uses:
    known = list_checkpoints(store.home)
    return uses_of([read_info(path) for path in paths], known, store)


def evaluated(store: JobStore, *paths: Path, **options: Any) -> Job:
    spec = EvaluationSpec(tuple(map(str, paths)), ("saliency",), **options)
    return EVALUATE.submit(store, spec)[0]


def ended(store: JobStore, job: Job) -> Job:
    return store.cancel(job.id)


def drawn_up(store: JobStore, path: Path, *, simulated: bool = False) -> Study:
    design = {"conditions": [{"checkpoint": str(path), "method": "bcos"}], "tries": 5}
    return Studies(store.database).create("Which is clearer?", design, simulated=simulated)


def locked(store: JobStore, path: Path, **given: Any) -> Study:
    study = drawn_up(store, path, **given)
    return Studies(store.database).lock(study, {"design": study.design}, "f" * 64)


def test_nothing_hangs_on_a_model_that_nobody_used(pair: tuple[Path, Path], store: JobStore) -> None:
    uses = looked_at(store, *pair)
    assert (uses.twins, uses.studies, uses.results, uses.evidence) == ((), (), (), 0)
    assert uses.sentences == () and uses.refusals == ()


def test_all_that_hangs_on_a_model_is_named(pair: tuple[Path, Path], store: JobStore) -> None:
    write_about(pair[0], About("My model"))
    evaluated(store, *pair)
    ended(store, WORDS.submit(store, WordsSpec(str(pair[0]), "bcos"))[0])
    evaluated(store, pair[1], limit=7)  # of the twin alone
    drawn_up(store, pair[0])
    identity, info = folder_identity(pair[0]), read_info(pair[0])
    explainer = make_explainer(load(pair[0]), METHODS["saliency"], reference="mask", options={}, seed=0)
    evidence = EvidenceStore(store.database)
    evidence.keep(model_subject(identity, info.max_length), "logits", {"a": [0.0, 1.0], "b": [1.0, 0.0]})
    evidence.keep(explainer.name, "explanation", {"a": {"scores": [1.0]}})
    evidence.keep("of another", "logits", {"a": [0.0, 1.0]})
    uses = looked_at(store, pair[0])
    assert [twin.path for twin in uses.twins] == [pair[1]]
    assert [job.kind for job in uses.results] == ["words", "evaluate"] and uses.evidence == 3
    said = "\n".join(uses.sentences)
    assert "My model · conventional would have no twin" in said
    assert "1 draft study: Which is clearer?." in said
    assert "1 result (evaluation)" in said and "1 result (words)" in said
    assert "3 remembered answers and heatmaps" in said


def test_options_and_seeds_that_an_evaluation_has_asked_for_are_counted(
    pair: tuple[Path, Path], store: JobStore
) -> None:
    options = {"steps": METHODS["integrated_gradients"].options["steps"].type(7)}
    spec = EvaluationSpec((str(pair[0]),), ("integrated_gradients",), options={"integrated_gradients": options}, seed=3)
    ended(store, EVALUATE.submit(store, spec)[0])
    method = METHODS["integrated_gradients"]
    explainer = make_explainer(load(pair[0]), method, reference="mask", options=options, seed=3)
    EvidenceStore(store.database).keep(explainer.name, "explanation", {"a": 1})
    assert looked_at(store, pair[0]).evidence == 1


@pytest.mark.parametrize("status", ["locked", "open", "paused"])
def test_a_study_that_needs_it_keeps_it(pair: tuple[Path, Path], store: JobStore, status: str) -> None:
    studies, study = Studies(store.database), locked(store, pair[0])
    if status != "locked":
        studies.open(study.id)
    if status == "paused":
        studies.pause(study.id)
    uses = looked_at(store, pair[0])
    assert uses.refusals == (f"The study 'Which is clearer?' is {status} and needs tiny-bcos. Close it first.",)
    with pytest.raises(InputError, match="Close it first"):
        put_away(uses, store)
    assert pair[0].is_dir() and not looked_at(store, pair[1]).refusals
    if status != "locked":
        studies.close(study.id)
        put_away(looked_at(store, pair[0]), store)
        assert not pair[0].exists()


def test_a_rehearsal_keeps_nothing(pair: tuple[Path, Path], store: JobStore) -> None:
    locked(store, pair[0], simulated=True)
    assert not looked_at(store, pair[0]).refusals


def test_a_job_that_runs_keeps_it(pair: tuple[Path, Path], store: JobStore) -> None:
    job = evaluated(store, pair[0])
    with pytest.raises(InputError, match="Cancel it first"):
        put_away(looked_at(store, pair[0]), store)
    ended(store, job)
    put_away(looked_at(store, pair[0]), store)


def test_it_is_taken_back_as_it_was(pair: tuple[Path, Path], store: JobStore) -> None:
    write_about(pair[0], About("My model", ("kept",), "and its notes"))
    before, names = folder_identity(pair[0]), {info.name for info in list_checkpoints(store.home)}
    done = put_away(looked_at(store, *pair), store)
    assert not any(path.exists() for path in pair) and not list_checkpoints(store.home).any
    assert [one.id for one in trashed(store.home)] == [done.id]
    assert {model.name for model in trashed(store.home)[0].models} == names
    assert take_back(store, done.id) == pair
    assert folder_identity(pair[0]) == before and not trashed(store.home).any
    assert {info.name for info in list_checkpoints(store.home)} == names
    assert read_info(pair[0]).about == About("My model", ("kept",), "and its notes")


def test_what_has_come_in_its_place_is_not_overwritten(pair: tuple[Path, Path], store: JobStore) -> None:
    done = put_away(looked_at(store, pair[0]), store)
    pair[0].mkdir()
    with pytest.raises(InputError, match="another model"):
        take_back(store, done.id)
    assert trashed(store.home)[0].models


@pytest.mark.parametrize("spoilt", ["one", "both", "hidden"])
def test_what_cannot_be_read_is_an_admins_to_take_back(home: Home, store: JobStore, spoilt: str) -> None:
    """Also beside a model that is one's own: all of that time comes back, or nothing."""
    ann = Actor("a" * 32, "Ann", Role.RESEARCHER, Mode.PASSWORD)
    job, _ = store.acting(ann).submit("train", "Hers", {}, "key")
    store.cancel(job.id)
    pair = save_pair(home.create(), job=job.id)
    done = put_away(looked_at(store, *pair), store.acting(ann))
    assert take_back(store.acting(ann), done.id) == pair
    done = put_away(looked_at(store, *pair), store.acting(ann))
    there = store.home.trash / done.id
    for path in pair[: 1 if spoilt == "one" else 2]:
        if spoilt == "hidden":
            (there / path.name).rename(there / f".{path.name}")
            (there / f".{path.name}" / "config.json").unlink()
        else:
            (there / path.name / "config.json").write_text("{")
    with pytest.raises(NotAllowedError, match="take back a model"):
        take_back(store.acting(ann), done.id)
    assert there.is_dir() and not any(path.exists() for path in pair)
    root = Actor("r" * 32, "Root", Role.ADMIN, Mode.PASSWORD)
    assert len(take_back(store.acting(root), done.id)) == 2


def test_its_results_go_only_where_that_was_asked(pair: tuple[Path, Path], store: JobStore) -> None:
    job = ended(store, evaluated(store, pair[0]))
    done = put_away(looked_at(store, pair[0]), store)
    assert store.find(job.id) is not None
    take_back(store, done.id)
    put_away(looked_at(store, pair[0]), store, with_results=True)
    assert store.find(job.id) is None


def test_for_good_means_what_is_remembered_too(pair: tuple[Path, Path], store: JobStore) -> None:
    evidence = EvidenceStore(store.database)
    subjects = {path: model_subject(folder_identity(path), read_info(path).max_length) for path in pair}
    for subject in subjects.values():
        evidence.keep(subject, "logits", {"a": [0.0, 1.0]})
    done = put_away(looked_at(store, pair[0]), store)
    assert evidence.count(subjects.values()) == 2
    assert remove_for_good(store, done.id) == 1
    assert evidence.count([subjects[pair[0]]]) == 0 and evidence.count([subjects[pair[1]]]) == 1
    assert not trashed(store.home).any


def test_what_a_copy_still_has_is_remembered(pair: tuple[Path, Path], store: JobStore) -> None:
    shutil.copytree(pair[0], store.home.models / "copied")
    evidence = EvidenceStore(store.database)
    subject = model_subject(folder_identity(pair[0]), read_info(pair[0]).max_length)
    evidence.keep(subject, "logits", {"a": [0.0, 1.0]})
    done = put_away(looked_at(store, pair[0]), store)
    assert remove_for_good(store, done.id) == 0 and evidence.count([subject]) == 1


@pytest.mark.parametrize("id", ["", "..", "../models", "20261127-072543-zzzz", "20261127-072543-b831"])
def test_only_what_was_put_away_can_be_taken_back(pair: tuple[Path, Path], store: JobStore, id: str) -> None:
    for act in (lambda: take_back(store, id), lambda: remove_for_good(store, id)):
        with pytest.raises(InputError, match="nothing in the trash"):
            act()
    assert all(path.is_dir() for path in pair)


def test_a_model_from_elsewhere_is_not_ours_to_remove(pair: tuple[Path, Path], store: JobStore, tmp_path: Path) -> None:
    shutil.copytree(pair[0], tmp_path / "elsewhere")
    with pytest.raises(InputError, match="does not lie in"):
        looked_at(store, tmp_path / "elsewhere")


def test_rows_that_hold_anything_hang_on_nothing(pair: tuple[Path, Path], store: JobStore) -> None:
    Studies(store.database).create("Odd", {"conditions": [3, {"checkpoint": None}, {"checkpoint": "/a\0b"}]})
    store.submit("evaluate", "Odd", {"checkpoints": 7}, "odd")
    store.submit("words", "Odd", {"checkpoint": "relative"}, "odder")
    uses: Uses = looked_at(store, pair[0])
    assert not uses.studies and not uses.results
    assert isinstance(uses.models[0], CheckpointInfo)


@pytest.mark.parametrize("name", ["My model", "n" * 80])
def test_a_twin_that_stays_alone_keeps_the_name_it_went_by(pair: tuple[Path, Path], store: JobStore, name: str) -> None:
    write_about(pair[0], About(name))
    called = read_info(pair[1]).name
    assert called.endswith(" · conventional") and len(called) <= 80
    away = put_away(looked_at(store, pair[0]), store)
    assert read_info(pair[1]).name == called
    take_back(store, away.id)
    assert read_info(pair[1]).name == called and read_info(pair[0]).name == name


def test_things_of_one_title_are_told_apart_by_their_time(pair: tuple[Path, Path], store: JobStore) -> None:
    ids = [evaluated(store, pair[0], seed=seed).id for seed in (1, 2)]
    evaluated(store, *pair)
    (said,) = (one for one in looked_at(store, pair[0]).sentences if one.startswith("3 results"))
    for job in map(store.get, ids):
        assert f"Evaluation · Saliency · tiny-bcos ({job.created_at:%Y-%m-%d %H:%M:%S})" in said
    assert "tiny-bcos, tiny-conventional." in said or "tiny-bcos, tiny-conventional;" in said

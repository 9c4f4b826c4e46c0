"""A job's models leave by the door that every model leaves by: a study keeps them, and the trash has them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_pair import save_pair

from bcos_core.errors import InputError, JobError
from bcos_core.home import Home
from bcos_core.jobs.job import JobState
from bcos_core.jobs.store import JobStore
from bcos_core.shelf.jobs import delete_job, uses_of_made
from bcos_core.shelf.trash import take_back, trashed
from bcos_core.study.studies import Studies


@pytest.fixture
def pair(home: Home) -> tuple[Path, Path]:
    return save_pair(home.create())


def made(store: JobStore, *artefacts: Path) -> str:
    """The id of an ended job that has made these."""
    job, _ = store.submit("train", "a", {}, "a")
    with store.database.write() as connection:
        store._set(connection, job.id, state=JobState.SUCCEEDED, artefacts=[str(one) for one in artefacts])
    return job.id


def test_its_models_lie_in_the_trash(pair: tuple[Path, Path], store: JobStore) -> None:
    file = store.home.batches / "table"
    file.mkdir()
    id = made(store, *pair, file)
    away = delete_job(store, id, artefacts=True)
    assert away is not None and {model.path for model in away.models} == set(pair)
    assert not any(path.exists() for path in (*pair, file)) and store.find(id) is None
    take_back(store, trashed(store.home).found[0].id)
    assert all(path.is_dir() for path in pair)


def test_a_study_that_needs_one_keeps_all(pair: tuple[Path, Path], store: JobStore) -> None:
    id = made(store, *pair)
    studies = Studies(store.database)
    study = studies.create("Which is clearer?", {"conditions": [{"checkpoint": str(pair[0])}], "tries": 5})
    studies.lock(study, {"design": study.design}, "f" * 64)
    with pytest.raises(InputError, match="Close it first"):
        delete_job(store, id, artefacts=True)
    assert all(path.is_dir() for path in pair) and store.find(id) is not None
    assert delete_job(store, id) is None and all(path.is_dir() for path in pair)


def test_without_models_there_is_nothing_to_ask(store: JobStore) -> None:
    id = made(store, store.home.models / "gone")
    assert uses_of_made(store.get(id), store) is None and delete_job(store, id, artefacts=True) is None
    with pytest.raises(JobError):
        delete_job(store, id)


def test_results_on_a_model_take_no_other_model_with_them(pair: tuple[Path, Path], store: JobStore) -> None:
    """A training that began with a model is no measurement of it alone: what it made stays."""
    from bcos_core.model.info import list_checkpoints, read_info
    from bcos_core.shelf.trash import put_away
    from bcos_core.shelf.uses import uses_of

    job, _ = store.submit("train", "b", {"model": str(pair[0])}, "b")
    with store.database.write() as connection:
        store._set(connection, job.id, state=JobState.SUCCEEDED, artefacts=[str(pair[1])])
    put_away(uses_of([read_info(pair[0])], list_checkpoints(store.home), store), store, with_results=True)
    assert pair[1].is_dir() and not pair[0].exists()

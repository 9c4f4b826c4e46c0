"""No two models get one name: not of a classifier and a language model, and not of two trainings at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tiny_language_model import save_language_model
from tiny_pair import save_pair

from bcos_core.cli.main import main
from bcos_core.errors import InputError, JobError
from bcos_core.home import Home
from bcos_core.jobs.kind import AnyKind
from bcos_core.jobs.store import JobStore
from bcos_core.model.about import About, write_about
from bcos_core.train.job import TRAIN
from bcos_core.train.language.job import LANGUAGE_MODEL
from bcos_core.train.language.spec import LanguageSpec
from bcos_core.train.naming import require_free
from bcos_core.train.quickstart import quickstart_spec
from bcos_core.train.spec import TrainSpec
from tests.train.small_language_task import language_spec, write_language_inputs


@pytest.fixture
def classifier() -> TrainSpec:
    return replace(quickstart_spec(), name="Mine")


@pytest.fixture
def speaker(tmp_path: Path) -> LanguageSpec:
    return replace(language_spec(write_language_inputs(tmp_path / "inputs")), name="mine")


def test_a_name_is_taken_while_a_training_waits_for_it(store: JobStore, classifier: TrainSpec) -> None:
    require_free("Mine", store)
    job, _ = TRAIN.submit(store, classifier)
    with pytest.raises(InputError, match=rf"{job.id} \(queued\) will call its model 'mine' too"):
        require_free("mine", store)
    require_free("", store)
    require_free("Another", store)
    store.cancel(job.id)
    require_free("Mine", store)


def test_of_two_that_found_a_name_free_one_gets_it(
    store: JobStore, classifier: TrainSpec, speaker: LanguageSpec
) -> None:
    """Both have looked before either is asked for: what keeps them apart is the database."""
    both: list[tuple[AnyKind, TrainSpec | LanguageSpec]] = [(TRAIN, classifier), (LANGUAGE_MODEL, speaker)]
    for _, spec in both:
        require_free(spec.name, store)
    for (first, spec), (second, other) in (both, both[::-1]):
        job, _ = first.submit(store, spec)
        for ask in (lambda kind, spec: kind.submit(store, spec), lambda kind, spec: kind.run_here(spec)):
            with pytest.raises(InputError, match=rf"{job.id} \(queued\) will call its model '(?i:mine)' too"):
                ask(second, other)
        assert first.submit(store, spec)[0].id == job.id  # the same work is one job, as ever
        store.cancel(job.id)


def test_a_name_that_was_given_back_can_be_taken_and_then_not_be_resumed(
    store: JobStore, classifier: TrainSpec, speaker: LanguageSpec
) -> None:
    job, _ = TRAIN.submit(store, classifier)
    store.cancel(job.id)
    other, _ = LANGUAGE_MODEL.submit(store, speaker)
    for again in (store.resume, store.retry):
        with pytest.raises(JobError, match="gives its model the same name"):
            again(job.id)
    store.cancel(other.id)
    assert store.resume(job.id).active


def test_models_without_a_name_reserve_none(store: JobStore, classifier: TrainSpec, speaker: LanguageSpec) -> None:
    first, _ = TRAIN.submit(store, replace(classifier, name=""))
    second, is_new = LANGUAGE_MODEL.submit(store, replace(speaker, name=""))
    assert is_new and second.id != first.id


@pytest.mark.parametrize("of_language", [True, False])
def test_a_name_is_free_of_all_kinds_of_models(
    of_language: bool, home: Home, store: JobStore, speaker: LanguageSpec, capsys: pytest.CaptureFixture[str]
) -> None:
    """What has the name speaks or decides; either kind of training is refused it, and either kind of model a rename."""
    folders = save_language_model(home), save_pair(home)[0]
    taken = folders[0 if of_language else 1]
    write_about(taken, About("Taken"))
    refused = f"There is a model called 'taken' already (folder {taken.name})"
    with pytest.raises(InputError, match="already"):
        require_free("taken", store)
    named = ["--name", "taken", "--task"]
    for words in (
        ["train", *named, "short-reviews"],
        ["train", "--task-type", "language-model", "--model", speaker.model, *named, speaker.texts.argument],
        ["models", "rename", folders[1 if of_language else 0].name, "taken"],
    ):
        assert main(words) == 2
        assert refused in capsys.readouterr().err
    assert not store.list()
    assert main(["models", "rename", taken.name, "TAKEN"]) == 0  # its own


def test_a_model_is_not_renamed_to_what_a_training_will_give(
    home: Home, store: JobStore, classifier: TrainSpec, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = save_language_model(home)
    TRAIN.submit(store, classifier)
    assert main(["models", "rename", folder.name, "Mine"]) == 2
    assert "will call its model 'Mine' too" in capsys.readouterr().err

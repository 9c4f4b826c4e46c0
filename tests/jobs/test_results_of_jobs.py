"""The result in a job's row is read into the type that it was written from, or refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bcos_core.errors import JobError
from bcos_core.evaluate.vocabulary import WordUse
from bcos_core.evaluate.vocabulary_run import ModelVocabulary
from bcos_core.home import Home
from bcos_core.jobs.job import Job
from bcos_core.jobs.made import Made, MadeModel, made_by, result_of
from bcos_core.jobs.store import JobStore
from bcos_core.lab.result import LabExample, LabResult, LabRow, Verification

TRAINED = {
    "bcos": {"checkpoint": "/models/a", "accuracy": 0.5, "test_size": 40, "validation_accuracy": 0.6},
    "conventional": None,
    "calibration_cosine": 0.98,
    "seconds": 12.5,
}
LAB = LabResult(
    plant="rare-word",
    words=("pelican", "walnut"),
    training=TRAINED,
    verification=(Verification("a", "bcos", 1.0, 0.9, 10), Verification("b", "conventional", 1.0, 0.8, 10)),
    rows=(LabRow("a", "bcos", "top_3", 1.0, None, None, 1, 0), LabRow("b", "saliency", "rank", None, None, None, 0, 1)),
    examples=(LabExample("a", "a pelican", 1, ((2, 9),)),),
    seconds=3.0,
)
WORDS = ModelVocabulary(
    ("bad", "good"),
    (WordUse(1, "fine", 0.5, 0.1, 0.9, 6, (3, 1), None),),
    texts=60,
    counting={"accuracy": 0.7},
    method="bcos",
)


@pytest.fixture
def finished(tmp_path: Path) -> Callable[[Any], Job]:
    store = JobStore.open(Home(tmp_path / "home").create())

    def job_with(result: Any) -> Job:
        job, _ = store.submit("lab", "A job", {}, str(result))
        values = {"id": job.id, "result": json.dumps(result)}
        with store.database.write() as connection:
            connection.execute(text("UPDATE jobs SET result = :result WHERE id = :id"), values)
        return store.get(job.id)

    return job_with


def test_what_a_training_made(finished: Callable[[Any], Job]) -> None:
    assert made_by(finished(TRAINED)) == Made(MadeModel("/models/a", 40, accuracy=0.5), None, 0.98, 12.5)
    assert made_by(finished({"seconds": 3.0, "agreement": {}})) == Made(seconds=3.0)  # of an audit
    assert made_by(finished(None)) == Made()


@pytest.mark.parametrize(
    "damage",
    [
        {"bcos": {"checkpoint": 3, "accuracy": 0.5, "test_size": 1}},
        {"bcos": {"checkpoint": "a", "accuracy": 1.5, "test_size": 1}},
        {"bcos": {"checkpoint": "a", "accuracy": 0.5, "test_size": -1}},
        {"bcos": {"checkpoint": "a"}},
        {"conventional": []},
        {"seconds": -1.0},
        {"calibration_cosine": "high"},
    ],
)
def test_a_damaged_training(damage: dict[str, Any], finished: Callable[[Any], Job]) -> None:
    with pytest.raises(JobError, match=r"The result of job .* is not as it should be .*“Retry”"):
        made_by(finished({**TRAINED, **damage}))


def test_experiments_and_words_are_read_as_they_were(finished: Callable[[Any], Job]) -> None:
    assert result_of(finished(LAB.to_dict()), LabResult) == LAB
    assert result_of(finished(WORDS.to_dict()), ModelVocabulary) == WORDS


@pytest.mark.parametrize(
    "damage",
    [
        {"plant": "weed"},
        {"words": None},
        {"verification": []},
        {"verification": [{**asdict(LAB.verification[0]), "kind": "other"}] * 2},
        {"rows": [{**asdict(LAB.rows[0]), "method": "<b>"}]},
        {"rows": [{**asdict(LAB.rows[0]), "measure": "top_9"}]},
        {"rows": [{**asdict(LAB.rows[0]), "checkpoint": "c"}]},
        {"rows": [{**asdict(LAB.rows[0]), "mean": "much"}]},
        {"examples": [{**asdict(LAB.examples[0]), "truth": [[1]]}]},
        {"examples": [{**asdict(LAB.examples[0]), "truth": [[-1, 2]]}]},
    ],
)
def test_a_damaged_experiment(damage: dict[str, Any], finished: Callable[[Any], Job]) -> None:
    with pytest.raises(JobError, match="is not as it should be"):
        result_of(finished({**LAB.to_dict(), **damage}), LabResult)


@pytest.mark.parametrize(
    "damage",
    [
        {"method": "guess"},
        {"labels": []},
        {"labels": ["one"]},
        {"uses": [{**asdict(WORDS.uses[0]), "examples": []}]},
        {"uses": [{**asdict(WORDS.uses[0]), "label": -1}]},
        {"uses": [{"word": "fine"}]},
        {"counting": None},
    ],
)
def test_damaged_words(damage: dict[str, Any], finished: Callable[[Any], Job]) -> None:
    with pytest.raises(JobError, match="is not as it should be"):
        result_of(finished({**WORDS.to_dict(), **damage}), ModelVocabulary)

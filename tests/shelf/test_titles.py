"""A job's title says what its models are called now."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_pair import save_pair

from bcos_core.cli.main import main
from bcos_core.evaluate.audit_job import AUDIT, AuditSpec
from bcos_core.evaluate.job import EVALUATE
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.evaluate.vocabulary_job import WORDS, WordsSpec
from bcos_core.home import Home
from bcos_core.jobs.lease import Lease
from bcos_core.jobs.process import ProcessId
from bcos_core.jobs.store import JobStore
from bcos_core.model.info import read_info
from bcos_core.shelf.titles import write_titles_anew
from bcos_core.storage.plain import to_plain
from bcos_core.train.job import TRAIN
from bcos_core.train.quickstart import quickstart_spec


@pytest.fixture
def pair(home: Home) -> tuple[Path, Path]:
    return save_pair(home.create())


def test_a_new_name_is_in_the_titles_of_jobs(pair: tuple[Path, Path], store: JobStore) -> None:
    EVALUATE.submit(store, EvaluationSpec(tuple(map(str, pair)), ("saliency",)))
    AUDIT.submit(store, AuditSpec.of(*map(read_info, pair)))
    WORDS.submit(store, WordsSpec(str(pair[0]), "bcos"))
    spec = replace(quickstart_spec(), name="First name")
    asked = (TRAIN.name, TRAIN.describe(spec), to_plain(spec), TRAIN.key(spec))
    training, _ = store.begin(*asked, ProcessId.current())
    made = {"checkpoint": str(pair[0]), "test_size": None}
    assert Lease(store, training.id, 1).succeed({"bcos": made}, [str(pair[0])], [])
    store.submit("evaluate", "Damaged", {"checkpoints": 7}, "damaged")
    assert main(["models", "rename", "tiny-bcos", "Second name"]) == 0
    titles = {job.kind: job.title for job in store.list() if job.title != "Damaged"}
    assert titles["evaluate"] == "Evaluation · Saliency · Second name, Second name · conventional"
    assert titles["audit"] == "Audit · Second name · Second name · conventional"
    assert titles["words"].startswith("Words · Second name · ")
    assert titles["train"].startswith("Second name · ") and "First name" not in titles["train"]
    assert len(store.list()) == 5 and write_titles_anew(store) == 0


def test_a_job_whose_model_is_gone_keeps_its_title(pair: tuple[Path, Path], store: JobStore) -> None:
    EVALUATE.submit(store, EvaluationSpec(tuple(map(str, pair)), ("saliency",)))
    (before,) = (job.title for job in store.list())
    shutil.rmtree(pair[1])
    assert main(["models", "rename", "tiny-bcos", "Another"]) == 0
    assert [job.title for job in store.list()] == [before]


@pytest.mark.parametrize(
    "words", [["rename", "tiny-bcos", "   "], ["tag", "tiny-bcos", " , "], ["note", "tiny-bcos", " "]]
)
def test_what_is_blank_is_refused_and_changes_nothing(
    pair: tuple[Path, Path], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "rename", "tiny-bcos", "Mine"]) == 0
    assert main(["models", *words, "--json"]) == 2
    said = json.loads(capsys.readouterr().out.splitlines()[-1])["error"]["message"]
    assert "blank" in said and read_info(pair[0]).name == "Mine"
    assert main(["models", "rename", "tiny-bcos", ""]) == 0 and read_info(pair[0]).name == "tiny-bcos"

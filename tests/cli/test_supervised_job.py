"""A job from the queue to its result, by the command that a supervisor starts."""

from __future__ import annotations

from pathlib import Path

from tiny_pair import save_pair

from bcos_core.evaluate.vocabulary_job import WORDS, WordsSpec
from bcos_core.evaluate.vocabulary_run import ModelVocabulary
from bcos_core.home import Home
from bcos_core.jobs.job import JobState
from bcos_core.jobs.made import result_of
from bcos_core.jobs.store import JobStore
from bcos_core.jobs.supervisor import Supervisor
from bcos_core.text.tasks import TaskChoice
from tests.jobs.waiting import wait_until


def test_what_was_asked_is_done(home: Home, store: JobStore) -> None:
    model, _ = save_pair(home.create(), task=TaskChoice("embedded", "short-reviews").to_dict())
    asked = WordsSpec(str(model), "input_x_gradient", limit=8, seed=3)
    job, _ = WORDS.submit(store, asked)
    supervisor = Supervisor(store, devices=("cpu",), grace_seconds=1.0)

    def ended() -> bool:
        supervisor.tick()
        return not store.get(job.id).active

    try:
        wait_until(ended, "the end of the job", seconds=120)
    finally:
        supervisor._shut_down()
    done = store.get(job.id)
    assert done.state == JobState.SUCCEEDED, store.log_tail(job.id)
    found = result_of(done, ModelVocabulary)
    assert found.method == "input_x_gradient" and found.texts == 8 and Path(done.log_path).is_file()
    assert f'"job": "{job.id}"' in store.log_tail(job.id)

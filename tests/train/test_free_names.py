"""Two trainings that wait do not make two models of one name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bcos_core.errors import InputError
from bcos_core.jobs.store import JobStore
from bcos_core.train.job import TRAIN
from bcos_core.train.naming import require_free_for_training
from bcos_core.train.quickstart import quickstart_spec


def test_a_name_is_taken_while_a_training_waits_for_it(store: JobStore) -> None:
    require_free_for_training("Mine", store)
    job, _ = TRAIN.submit(store, replace(quickstart_spec(), name="Mine"))
    with pytest.raises(InputError, match=rf"{job.id} \(queued\) will call its model 'mine' too"):
        require_free_for_training("mine", store)
    require_free_for_training("", store)
    require_free_for_training("Another", store)
    store.cancel(job.id)
    require_free_for_training("Mine", store)

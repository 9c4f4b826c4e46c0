"""The executor that the environment chooses."""

from __future__ import annotations

from bcos_core.home import Home
from bcos_core.jobs.executors.executor import Executor
from bcos_core.jobs.executors.local import LocalExecutor
from bcos_core.jobs.executors.settings import LOCAL, asked_executor, ray_settings


def chosen_executor(home: Home) -> Executor:
    """
    Raises:
        InputError: `BCOS_EXECUTOR`, or what it needs, cannot be used.
    """
    if asked_executor() == LOCAL:
        return LocalExecutor(home)
    from bcos_core.jobs.executors.ray import RayExecutor

    return RayExecutor(home, ray_settings())

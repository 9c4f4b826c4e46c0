"""The executor that the environment chooses."""

from __future__ import annotations

from bcos_core.home import Home
from bcos_core.jobs.executors.executor import Executor
from bcos_core.jobs.executors.local import LocalExecutor
from bcos_core.jobs.executors.settings import LOCAL, RAY, asked_executor, ray_settings, slurm_settings


def chosen_executor(home: Home) -> Executor:
    """
    Raises:
        InputError: `BCOS_EXECUTOR`, or what it needs, cannot be used.
        OutOfReach: a Slurm cluster that is to be asked for its machines does not answer.
    """
    asked = asked_executor()
    if asked == LOCAL:
        return LocalExecutor(home)
    if asked == RAY:
        from bcos_core.jobs.executors.ray import RayExecutor

        return RayExecutor(home, ray_settings())
    from bcos_core.jobs.executors import slurm, slurm_client

    return slurm.SlurmExecutor(home, slurm_settings(slurm_client.nodes))

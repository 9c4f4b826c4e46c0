"""Slurm's own commands, with their errors in words and an end to every wait.

They are called rather than a library that wraps them: `squeue` tells of every job at once how it ended, without the
accounting database that small clusters do not have.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bcos_core.jobs.executors.executor import CannotStart, OutOfReach

ANSWER_SECONDS = 10.0
"""How long a cluster is waited for, each time that it is asked something."""
_ASKED_AGAIN = "It is asked again."
_COLUMNS = ("Name", "State", "exit_code", "Reason")
_SILENT = (
    "unable to contact slurm controller",
    "connection refused",
    "socket timed out",
    "zero bytes were transmitted",
    "communication connection failure",
    "communication shutdown failure",
    "message send failure",
    "message receive failure",
    "in standby mode",
)
"""What the commands say of a controller that does not answer."""
_UNKNOWN = ("protocol authentication error", "munged", "munge encode", "munge decode", "authentication agent")
"""What they say where the two do not believe each other who they are, as without munged."""
_NOT_NOW = (
    "temporarily unable to accept job",
    "not available (inactive or drain)",
    "required node not available",
    "partition in down state",
    "system submissions disabled",
    "unable to create job record",
    "error generating job credential",
    "i/o error writing script/environment",
    "requested nodes are busy",
    "try again",
    "submitjob",  # the names of all limits on how many jobs somebody may have there
)
"""What `sbatch` says of a job that it would take at another time. Whatever else it refuses, it always will."""


@dataclass(frozen=True)
class SlurmJob:
    """`state` is Slurm's word, as "RUNNING"; `status` how the process ended, as `wait` gives it; `reason` why it
    waits."""

    name: str
    state: str
    status: int
    reason: str


def submit(name: str, options: Sequence[str], command: str, environment: Mapping[str, str]) -> None:
    """Submit a shell command as a job of that name.

    Raises:
        CannotStart: the cluster does not take it.
        OutOfReach: it cannot be asked, or takes no job now.
    """
    # Of a supervisor that is itself a job, what Slurm says of that one must not be taken for the new one's.
    given = {key: value for key, value in environment.items() if key == "SLURM_CONF" or not key.startswith("SLURM_")}
    words = ["sbatch", "--parsable", f"--job-name={name}", "--export=ALL", "--no-requeue", *options]
    try:
        _ask([*words, f"--wrap={command}"], environment=given)
    except _Refused as error:
        if _is_any(_NOT_NOW, str(error)):
            raise OutOfReach(f"the cluster takes no job now ({error})", _ASKED_AGAIN) from error
        raise CannotStart(f"The cluster does not take the job ({error}).") from error
    except _Late:
        # It may have come there.
        if not any(job.name == name for job in jobs()):
            raise


def jobs() -> list[SlurmJob]:
    """All jobs of this user, those that have ended not long ago too, the oldest first.

    Raises:
        OutOfReach: the cluster cannot be asked.
    """
    columns = ",".join(f"{column}:|" for column in _COLUMNS)
    words = ["squeue", f"--user={os.getuid()}", "--states=all", "--noheader", "--sort=i", f"--Format={columns}"]
    rows = [line.split("|") for line in _told(words).splitlines()]
    return [
        SlurmJob(name, state, int(status) if status.isdecimal() else 0, reason)
        for name, state, status, reason, *_ in (row for row in rows if len(row) > len(_COLUMNS))
    ]


def nodes() -> set[str]:
    """The names of the cluster's machines.

    Raises:
        OutOfReach: the cluster cannot be asked.
    """
    return set(_told(["sinfo", "--noheader", "--Node", "--format=%n"]).split())


def cancel(name: str, *, at_once: bool = False) -> None:
    """Ask what the job has started to end; Slurm kills what has not ended after its `KillWait`, or `at_once`.

    Raises:
        CannotEnd: the cluster does not do it. That is no news of a job that has ended.
        OutOfReach: the cluster cannot be asked.
    """
    now = ["--signal=KILL", "--full"] if at_once else []
    try:
        _ask(["scancel", f"--user={os.getuid()}", f"--name={name}", *now])
    except _Refused as error:
        raise CannotEnd(str(error)) from error


class CannotEnd(Exception):
    """What `scancel` has said."""


class _Refused(Exception):
    """What the command has said."""


class _Late(OutOfReach):
    """The command was ended before it had an answer."""


def _told(words: Sequence[str]) -> str:
    """The answer to a question that a cluster has no reason to refuse."""
    try:
        return _ask(words)
    except _Refused as error:
        raise OutOfReach(f"the cluster answers with an error ({error})", "Its log may say more.") from error


def _ask(words: Sequence[str], *, environment: Mapping[str, str] | None = None) -> str:
    try:
        answer = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=ANSWER_SECONDS, env=environment,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        said = _in_a_line((error.stderr or b"").decode(errors="replace"))
        if _is_any(_NOT_NOW, said):  # it goes on trying for minutes
            raise _Late(f"the cluster takes no job now ({said})", _ASKED_AGAIN) from error
        reason = f"the cluster has not answered {words[0]} in {ANSWER_SECONDS:.0f} seconds"
        raise _Late(reason, "Check that it runs.") from error
    except OSError as error:
        advice = "Install Slurm's commands on this machine."
        raise OutOfReach(f"{words[0]} could not be started ({error.strerror})", advice) from error
    if answer.returncode == 0:
        return answer.stdout
    said = _in_a_line(answer.stderr)
    if _is_any(_SILENT, answer.stderr):
        raise OutOfReach(f"the cluster's controller does not answer ({said})", "Check that slurmctld runs.")
    if _is_any(_UNKNOWN, answer.stderr):
        advice = "Check that munged runs on both, with one key and the same time of day."
        raise OutOfReach(f"this machine and the cluster do not know each other ({said})", advice)
    raise _Refused(said)


def _is_any(signs: Sequence[str], said: str) -> bool:
    return any(sign in said.lower() for sign in signs)


def _in_a_line(said: str) -> str:
    """The last two things that were said: of a refusal, why, and that it is one."""
    lines = [line.partition("error:")[2].strip() or line.strip() for line in said.splitlines() if line.strip()]
    told = dict.fromkeys(line.strip(" .") for line in lines)
    return ("; ".join(list(told)[-2:]) or "no reason was given")[:300]

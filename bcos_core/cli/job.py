"""`job`: the process of one job, as a supervisor starts it."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from typing import Any

DESCRIPTION = """Run a job that a supervisor has claimed: what was asked, as it was stored. A person waits for jobs with
`jobs wait`, and lets one go on with `jobs resume`."""
EXAMPLE = """example:
  python -m bcos_core job 20261124-153012-ab12 --attempt 1
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "job", help="run one job (started by the supervisor)", description=DESCRIPTION, epilog=EXAMPLE
    )
    parser.add_argument("id", metavar="ID", help="the job's id, as `jobs list` shows it")
    parser.add_argument("--attempt", type=int, required=True, metavar="N", help="which start of it this is, from 1")
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """The job's id, when it is done.

    Raises:
        JobError: there is no such job, or this start of it is not wanted any more.
        InputError: what it was asked cannot be read, or cannot be done.
        SystemExit: with `DATABASE_AWAY`, where the database does not answer.
    """
    say(f"At work on {platform.node()}. What the job needs is loaded first, which takes some seconds.")
    from bcos_core.access.actor import JOB_OWNER
    from bcos_core.errors import DatabaseUnreachableError
    from bcos_core.jobs.kinds import kind_of
    from bcos_core.jobs.process import DATABASE_AWAY
    from bcos_core.jobs.run import Start
    from bcos_core.jobs.store import JobStore
    from bcos_core.storage.patience import patiently

    try:
        job = patiently(lambda: JobStore.open().get(args.id), say)
        os.environ[JOB_OWNER] = job.owner  # to whom what it makes belongs
        kind_of(job.kind).run_started(Start(job.id, args.attempt), job.spec)
    except DatabaseUnreachableError as error:
        say(str(error))
        raise SystemExit(DATABASE_AWAY) from error
    return {"job": job.id}


def say(line: str) -> None:
    """In the job's log, which is where a supervisor sends what its process says."""
    print(line, file=sys.stderr, flush=True)


def show(result: dict[str, Any]) -> str:
    return f"Job {result['job']} is done."
